/* SPDX-License-Identifier: MIT */
#include "report/characters.h"

#include <string.h>

#define REPLACEMENT 0xfffd
#define PICTURES 0x2400 /* of the control characters from 0 to 0x1f */
#define PICTURE_OF_DELETE 0x2421
#define WIDE_NUMBER_SIGN 0xff03

/* How long the UTF-8 sequence is that begins with `byte`, and the bits of the character in that; 0: with none. */
static size_t sequence_length(unsigned char byte, uint32_t *bits)
{
	if (byte < 0x80) {
		*bits = byte;
		return 1;
	}
	if (byte >= 0xc2 && byte < 0xe0) {
		*bits = byte & 0x1f;
		return 2;
	}
	if (byte >= 0xe0 && byte < 0xf0) {
		*bits = byte & 0x0f;
		return 3;
	}
	if (byte >= 0xf0 && byte < 0xf5) {
		*bits = byte & 0x07;
		return 4;
	}
	return 0;
}

/* RFC 3629. What is none takes one byte. */
static uint32_t decode(const char **at, const char *end)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t character = 0;
	size_t length = sequence_length((unsigned char)**at, &character);
	bool valid = length && length <= (size_t)(end - *at);
	for (size_t i = 1; valid && i < length; i++) {
		unsigned char byte = (unsigned char)(*at)[i];
		valid = (byte & 0xc0) == 0x80;
		character = character << 6 | (byte & 0x3f);
	}
	bool surrogate = character >= 0xd800 && character < 0xe000;
	valid = valid && character >= least[length] && character <= 0x10ffff && !surrogate;
	*at += valid ? length : 1;
	return valid ? character : REPLACEMENT;
}

static bool turns_text_round(uint32_t character)
{
	return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

static bool is_no_character(uint32_t character)
{
	return (character & 0xfffe) == 0xfffe || (character >= 0xfdd0 && character <= 0xfdef);
}

/* Behind all that is not ASCII. */
static const char *skip_to_ascii(const char *at, const char *end)
{
	while (at < end && (unsigned char)*at >= 0x80)
		at++;
	return at;
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool characters_begin_command(const char *at, const char *end)
{
	if (*at != '#')
		return false;
	at = skip_to_ascii(at + 1, end);
	if (at == end || *at != '#')
		return false;
	do
		at = skip_to_ascii(at + 1, end);
	while (at < end && is_letter(*at));
	return at < end && *at == '[';
}

uint32_t character_next(const char **at, const char *end)
{
	/* What ends a line elsewhere is no news. */
	if (end - *at > 1 && (*at)[0] == '\r' && (*at)[1] == '\n')
		++*at;
	bool command = characters_begin_command(*at, end);
	uint32_t character = decode(at, end);
	if (command)
		return WIDE_NUMBER_SIGN;
	if (character == '\t' || character == '\n')
		return character;
	if (character < 0x20)
		return PICTURES + character;
	if (character == 0x7f)
		return PICTURE_OF_DELETE;
	bool second_controls = character >= 0x80 && character < 0xa0;
	if (second_controls || turns_text_round(character) || is_no_character(character))
		return REPLACEMENT;
	return character;
}

void character_put(FILE *stream, uint32_t character)
{
	if (character < 0x80) {
		putc((int)character, stream);
		return;
	}
	if (character < 0x800) {
		putc((int)(0xc0 | character >> 6), stream);
	} else {
		if (character < 0x10000) {
			putc((int)(0xe0 | character >> 12), stream);
		} else {
			putc((int)(0xf0 | character >> 18), stream);
			putc((int)(0x80 | (character >> 12 & 0x3f)), stream);
		}
		putc((int)(0x80 | (character >> 6 & 0x3f)), stream);
	}
	putc((int)(0x80 | (character & 0x3f)), stream);
}

void character_put_on_line(FILE *stream, uint32_t character)
{
	character_put(stream, character < 0x20 ? PICTURES + character : character);
}

void characters_write(FILE *stream, const char *bytes, size_t length, character_writer *write)
{
	if (!length)
		return; /* `bytes` may be NULL */
	const char *end = bytes + length;
	while (bytes < end)
		write(stream, character_next(&bytes, end));
}

void characters_write_text(FILE *stream, const char *text, character_writer *write)
{
	characters_write(stream, text, strlen(text), write);
}

static bool begins_with_two_colons(const char *at, const char *end)
{
	if (*at != ':')
		return false;
	at = skip_to_ascii(at + 1, end);
	return at < end && *at == ':';
}

void characters_write_lines(FILE *stream, const char *bytes, size_t length, character_writer *write, const char *colon)
{
	if (!length)
		return; /* `bytes` may be NULL */
	const char *end = bytes + length;
	bool at_start = true;
	while (bytes < end) {
		if (at_start && begins_with_two_colons(bytes, end)) {
			fputs(colon, stream);
			at_start = false;
			bytes++;
			continue;
		}
		uint32_t character = character_next(&bytes, end);
		write(stream, character);
		/* Those who look trim spaces of every kind: only what is ASCII and visible is sure to stay. */
		bool stays = character > ' ' && character < 0x7f;
		at_start = character == '\n' || (at_start && !stays);
	}
}
