/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PICTURE_OF_NEWLINE "\u240a"

/* What is named in a message must not break its line. Frees `text`; the caller frees what comes of it. */
static char *on_one_line(char *text)
{
	if (!strchr(text, '\n'))
		return text;
	char *line;
	size_t length;
	FILE *stream = memory_stream(&line, &length);
	for (const char *at = text; *at; at++)
		*at == '\n' ? fputs(PICTURE_OF_NEWLINE, stream) : fputc(*at, stream);
	fclose(stream);
	free(text);
	return line;
}

static int replace(struct error *error, enum error_kind kind, char *message)
{
	error_clear(error);
	error->kind = kind;
	error->message = message;
	return -1;
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *message = memory_vprintf(format, arguments);
	va_end(arguments);
	return replace(error, kind, on_one_line(message));
}

static enum error_kind kind_of_errno(int number)
{
	switch (number) {
	case EPERM:
	case EACCES:
		return ERROR_PERMISSION;
	case ENOENT:
		return ERROR_NOT_FOUND;
	default:
		return ERROR_FAILED;
	}
}

int error_set_errno(struct error *error, int number, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	CLEANUP_FREE char *doing = on_one_line(memory_vprintf(format, arguments));
	va_end(arguments);
	return replace(error, kind_of_errno(number), memory_printf("%s: %s", doing, strerror(number)));
}

int error_context(struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	CLEANUP_FREE char *context = on_one_line(memory_vprintf(format, arguments));
	va_end(arguments);
	char *message = memory_printf("%s: %s", context, error->message);
	free(error->message);
	error->message = message;
	return -1;
}

int error_add_lines(struct error *error, const char *lines)
{
	char *message = memory_printf("%s%s", error->message, lines);
	free(error->message);
	error->message = message;
	return -1;
}

int error_remedy(struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *before = error->remedy; /* it may be one of the arguments */
	error->remedy = on_one_line(memory_vprintf(format, arguments));
	free(before);
	va_end(arguments);
	return -1;
}

void error_clear(struct error *error)
{
	free(error->message);
	free(error->remedy);
	*error = ERROR_INIT;
}
