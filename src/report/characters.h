/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as characters that every format and every terminal can show. What a unit wrote, or is called, may hold
 * anything; and XML, for one, cannot hold most control characters at all, however they are escaped.
 */
#ifndef IPVS_ISO_REPORT_CHARACTERS_H
#define IPVS_ISO_REPORT_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Whether the # at `at`, before `end`, begins a workflow command of those that are looked for anywhere in a line, as in
 * "##[error]", "##vso[...]" and "##teamcity[...]". What is not ASCII within makes no difference, for some who look pass
 * over what is invisible.
 */
bool characters_begin_command(const char *at, const char *end);

/*
 * The character that `*at` points to, and moves it behind that; it must be before `end`. Tab and line feed are
 * themselves (a carriage return before a line feed is skipped); other control characters below U+0080 are their
 * pictures (U+2400...). U+FFFD stands for each byte that is no UTF-8, for other control characters, for what is no
 * character, and for those that turn round the text around them; U+FF03, the wide #, for one that begins a command.
 */
uint32_t character_next(const char **at, const char *end);

/* Writes one in UTF-8. */
void character_put(FILE *stream, uint32_t character);

/* Writes one as a format needs it. */
typedef void character_writer(FILE *stream, uint32_t character);

/* As it is, but tab and line feed as their pictures: for what has to stay on a line. */
character_writer character_put_on_line;

/* Writes a block of bytes, and a string, character by character. */
void characters_write(FILE *stream, const char *bytes, size_t length, character_writer *write);
void characters_write_text(FILE *stream, const char *text, character_writer *write);

/* Stands for a colon where a format has no other way to write one. */
#define CHARACTERS_COLON "\uff1a"

/*
 * Writes a block of bytes that begins a line and may have more of them, so that no line is a workflow command. Such a
 * line begins with :: and anything invisible before that; the first of the colons is written as `colon`.
 */
void characters_write_lines(FILE *stream, const char *bytes, size_t length, character_writer *write, const char *colon);

#endif
