/* SPDX-License-Identifier: MIT */
#include "report/markup.h"

void markup_put(FILE *stream, uint32_t character)
{
	switch (character) {
	case '<':
		fputs("&lt;", stream);
		break;
	case '>': /* of "]]>", which may not stand in a text */
		fputs("&gt;", stream);
		break;
	case '&':
		fputs("&amp;", stream);
		break;
	default:
		character_put(stream, character);
	}
}

void markup_put_lines(FILE *stream, const char *bytes, size_t length)
{
	characters_write_lines(stream, bytes, length, markup_put, "&#58;");
}

void markup_put_in_attribute(FILE *stream, uint32_t character)
{
	if (character == '"' || character < 0x20)
		fprintf(stream, "&#%u;", (unsigned)character);
	else
		markup_put(stream, character);
}
