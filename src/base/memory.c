/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	static const char message[] = "ipvs-iso: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
	(void)ignored;
	_exit(125);
}

void memory_cleanup_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void *memory_allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);
	if (!memory && count && size)
		out_of_memory();
	return memory;
}

void *memory_resize(void *pointer, size_t count, size_t size)
{
	void *memory = reallocarray(pointer, count, size);
	if (!memory && count && size)
		out_of_memory();
	return memory;
}

char *memory_copy_string(const char *string)
{
	return string ? memory_copy_bytes(string, strlen(string)) : NULL;
}

char *memory_copy_bytes(const char *bytes, size_t length)
{
	size_t room;
	if (__builtin_add_overflow(length, 1, &room))
		out_of_memory();
	char *copy = memory_allocate(room, 1);
	memcpy(copy, bytes, length);
	return copy;
}

char *memory_vprintf(const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	return text;
}

FILE *memory_stream(char **text, size_t *length)
{
	FILE *stream = open_memstream(text, length);
	if (!stream)
		out_of_memory();
	return stream;
}

char *memory_printf(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = memory_vprintf(format, arguments);
	va_end(arguments);
	return text;
}
