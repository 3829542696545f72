/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as characters that every format and every terminal can show. What a unit wrote, or is called, may hold
 * anything; and XML, for one, cannot hold most control characters at all, however they are escaped.
 */
#ifndef IPVS_ISO_REPORT_CHARACTERS_H
#define IPVS_ISO_REPORT_CHARACTERS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The character that `*at` points to, and moves it behind that; it must be before `end`. Tab and line feed are
 * themselves (a carriage return before a line feed is skipped); other control characters below U+0080 are their
 * pictures (U+2400...). U+FFFD stands for each byte that is no UTF-8, for other control characters, for what is no
 * character, and for those that turn round the text around them.
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

#endif
