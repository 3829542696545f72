/* SPDX-License-Identifier: MIT */
#include "table/json_syntax.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "table/locate.h"

#define FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)

static int fail_at(const struct json_source *source, size_t offset, const char *message)
{
	struct location at = json_location(source->bytes, offset);
	return error_set(source->error, ERROR_INPUT, "%s:%zu:%zu: %s", source->name, at.line, at.column, message);
}

/*
 * Where the token begins that jansson stopped behind, at `behind`. It keeps only the end; but where it knows the token,
 * its text says so at the end: near 'TOKEN'.
 */
static size_t token_start(const struct json_source *source, size_t behind, const char *text)
{
	static const char near[] = " near '";
	const char *token = strstr(text, near);
	size_t length = token ? strlen(token) - strlen(near) - 1 : 0;
	if (length && length <= behind && !memcmp(source->bytes + behind - length, token + strlen(near), length))
		return behind - length;
	return behind ? behind - 1 : 0;
}

/* Where the number begins whose last byte is before `behind`: jansson does not show a long one. */
static size_t number_start(const struct json_source *source, size_t behind)
{
	while (behind && strchr("+-.0123456789Ee", source->bytes[behind - 1]))
		behind--;
	return behind;
}

/* Where the string begins whose closing quote is before `behind`. */
static size_t string_start(const struct json_source *source, size_t behind)
{
	size_t at = behind - 1;
	for (;;) {
		while (at && source->bytes[--at] != '"') {
		}
		/* A quote behind an odd number of backslashes belongs to the string. */
		size_t backslashes = 0;
		while (backslashes < at && source->bytes[at - backslashes - 1] == '\\')
			backslashes++;
		if (!at || backslashes % 2 == 0)
			return at;
	}
}

/* A message is one line. */
static char *printable(char *text)
{
	for (char *at = text; *at; at++) {
		if (iscntrl((unsigned char)*at))
			*at = '?';
	}
	return text;
}

static int fail_duplicate_key(const struct json_source *source, size_t behind)
{
	size_t start = string_start(source, behind);
	json_t *key = json_loadb(source->bytes + start, behind - start, JSON_DECODE_ANY, NULL);
	CLEANUP_FREE char *shown = json_show(key);
	json_decref(key);
	CLEANUP_FREE char *message = memory_printf("the key %s stands in this object twice", shown);
	return fail_at(source, start, message);
}

static int fail_cut(const struct json_source *source)
{
	CLEANUP_FREE char *message =
		memory_printf("the text ends before the %s does: it has been cut short", source->subject);
	return fail_at(source, source->length, message);
}

static int fail_syntax(const struct json_source *source, json_error_t *failure)
{
	size_t behind = failure->position > 0 ? (size_t)failure->position : 0;
	if (behind > source->length)
		behind = source->length;
	size_t start = token_start(source, behind, failure->text);
	switch (json_error_code(failure)) {
	case json_error_premature_end_of_input:
		return fail_cut(source);
	case json_error_duplicate_key:
		return fail_duplicate_key(source, behind);
	case json_error_stack_overflow:
		return fail_at(source, start, "objects and arrays are nested too deeply");
	case json_error_numeric_overflow:
		return fail_at(source, number_start(source, behind), "the number is too big");
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return fail_at(source, start, "text with a NUL character (\\u0000) is not allowed");
	case json_error_invalid_utf8:
		return fail_at(source, behind, "not UTF-8 text");
	case json_error_end_of_input_expected: {
		CLEANUP_FREE char *message = memory_printf("the %s is followed by something else", source->subject);
		return fail_at(source, start, message);
	}
	default: {
		CLEANUP_FREE char *message = memory_printf("not JSON: %s", printable(failure->text));
		return fail_at(source, start, message);
	}
	}
}

/* What editors put before the text to say how it is encoded. */
static int check_encoding(const struct json_source *source)
{
	static const char mark[] = "\xef\xbb\xbf", big[] = "\xfe\xff", little[] = "\xff\xfe";
	if (source->length >= 3 && !memcmp(source->bytes, mark, 3))
		fail_at(source, 0, "there is a byte order mark before the text");
	else if (source->length >= 2 && (!memcmp(source->bytes, big, 2) || !memcmp(source->bytes, little, 2)))
		fail_at(source, 0, "UTF-16 text, or no text at all");
	else
		return 0;
	return error_remedy(source->error, "save it as UTF-8 without a byte order mark");
}

/* What can be seen of the whole text before it is parsed. */
static int check_bytes(const struct json_source *source)
{
	if (check_encoding(source) < 0)
		return -1;
	const char *end = source->bytes + source->length;
	if (json_skip_space(source->bytes, end) == end)
		return fail_at(source, 0, "the file is empty");
	const char *nul = memchr(source->bytes, '\0', source->length);
	return nul ? fail_at(source, (size_t)(nul - source->bytes), "a NUL byte is not allowed") : 0;
}

json_t *json_parse_whole(const struct json_source *source)
{
	if (check_bytes(source) < 0)
		return NULL;
	json_error_t failure;
	json_t *value = json_loadb(source->bytes, source->length, FLAGS, &failure);
	if (!value)
		fail_syntax(source, &failure);
	return value;
}

int json_check_syntax(const struct json_source *source)
{
	if (source->length <= JSON_PIECE_MAX) {
		json_t *value = json_parse_whole(source);
		json_decref(value);
		return value ? 0 : -1;
	}
	if (check_bytes(source) < 0)
		return -1;
	size_t end = source->length;
	while (isspace((unsigned char)source->bytes[end - 1]))
		end--;
	return source->bytes[end - 1] == '}' ? 0 : fail_cut(source);
}

int json_fail_piece(const struct json_source *source, const struct json_place *place)
{
	if (source->length <= JSON_PIECE_MAX)
		return json_fail(source, place, "not JSON");
	return json_fail(source, place, "not JSON, or more than %zu MiB in one piece", JSON_PIECE_MAX >> 20);
}

/* As json_loadb(3). */
static json_t *load(const char *bytes, size_t length)
{
	return length <= JSON_PIECE_MAX ? json_loadb(bytes, length, FLAGS, NULL) : NULL;
}

json_t *json_parse(struct json_span text, const char *key, struct json_span *elements)
{
	*elements = (struct json_span){.from = text.end, .end = text.end};
	/* Behind a number jansson would skip it. */
	if (memchr(text.from, '\0', (size_t)(text.end - text.from)))
		return NULL;
	const char *array = key ? json_find(text.from, text.end, key) : NULL;
	const char *behind = array && *array == '[' ? json_skip_value(array, text.end) : NULL;
	if (!behind || behind[-1] != ']')
		return load(text.from, (size_t)(text.end - text.from));

	*elements = (struct json_span){.from = array + 1, .end = behind - 1};
	size_t before = (size_t)(elements->from - text.from);
	size_t after = (size_t)(text.end - elements->end);
	CLEANUP_FREE char *rest = memory_allocate(before + after, 1);
	memcpy(rest, text.from, before);
	memcpy(rest + before, elements->end, after);
	return load(rest, before + after);
}

bool json_next_element(struct json_span *elements, struct json_span *element)
{
	const char *from = json_skip_space(elements->from, elements->end);
	const char *behind = json_skip_value(from, elements->end);
	if (behind == from) {
		elements->from = from;
		return false;
	}
	*element = (struct json_span){.from = from, .end = behind};
	elements->from = json_skip_space(behind, elements->end);
	if (elements->from == elements->end)
		return true;
	/* Behind a comma there must be another one. */
	const char *next = json_skip_space(elements->from + 1, elements->end);
	if (*elements->from != ',' || next == elements->end)
		return false;
	elements->from = next;
	return true;
}
