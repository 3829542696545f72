/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "report/characters.h"

void say(FILE *stream, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	CLEANUP_FREE char *line = memory_vprintf(format, arguments);
	va_end(arguments);
	characters_write_lines(stream, line, strlen(line), character_put_on_line, CHARACTERS_COLON);
	putc('\n', stream);
}

void say_message(FILE *stream, const char *before, const char *message)
{
	fputs(before, stream);
	characters_write_lines(stream, message, strlen(message), character_put, CHARACTERS_COLON);
	putc('\n', stream);
}

void say_name(FILE *stream, const char *name)
{
	if (isatty(fileno(stream)))
		say(stream, "%s", name);
	else
		fprintf(stream, "%s\n", name);
}
