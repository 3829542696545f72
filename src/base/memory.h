/* SPDX-License-Identifier: MIT */
/*
 * Memory that is there, or the process ends.
 *
 * Running out of memory is not an error that travels up: nothing sensible could be done with it. The process writes a
 * line and ends with 125. That is safe at any moment because the journal is on disk before the first change to a table.
 */
#ifndef IPVS_ISO_BASE_MEMORY_H
#define IPVS_ISO_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Frees the pointer that it stands on when that goes out of scope. */
#define CLEANUP_FREE __attribute__((cleanup(memory_cleanup_free)))
void memory_cleanup_free(void *pointer_to_pointer);

/* `count` zeroed items of `size` bytes; aborts when the product overflows or there is no memory. The caller frees. */
void *memory_allocate(size_t count, size_t size);

/* As realloc(3) for `count` items of `size` bytes, with the same checks. New room is not zeroed. */
void *memory_resize(void *pointer, size_t count, size_t size);

/* Copies of a string, of at most `length` bytes of one, of a block. NULL stays NULL. The caller frees. */
char *memory_copy_string(const char *string);
char *memory_copy_bytes(const char *bytes, size_t length); /* a NUL is put behind them */

/* As asprintf(3), but returns the text. The caller frees. */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *memory_vprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/*
 * A stream that writes into memory, as open_memstream(3) makes one: when it is closed, `text` and `length` are what was
 * written, and the caller frees the text.
 */
FILE *memory_stream(char **text, size_t *length);

#endif
