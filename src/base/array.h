/* SPDX-License-Identifier: MIT */
/*
 * Growing arrays of any one type.
 *
 *     ARRAY(int) numbers = {0};
 *     *array_append(&numbers) = 7;
 *     array_free(&numbers);
 */
#ifndef IPVS_ISO_BASE_ARRAY_H
#define IPVS_ISO_BASE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>

/* Starts as zeros. `items` is owned by the array; pointers into it last until the next array_append(). */
#define ARRAY(type)           \
	struct {              \
		type *items;  \
		size_t count; \
		size_t room;  \
	}

/* Makes room for one more item and yields a pointer to it, zeroed. */
#define array_append(array)                                                                                   \
	((array)->items = array_grow((array)->items, &(array)->room, (array)->count, sizeof *(array)->items), \
	 &(array)->items[(array)->count++])

/* Gives back the room that no item is in. */
#define array_fit(array) \
	((array)->items = array_shrink((array)->items, &(array)->room, (array)->count, sizeof *(array)->items))

/* Frees the items' memory, not what they point to, and makes the array empty. */
#define array_free(array)              \
	do {                           \
		free((array)->items);  \
		(array)->items = NULL; \
		(array)->count = 0;    \
		(array)->room = 0;     \
	} while (0)

/* What array_append() is made of: returns items with room for count + 1 of them, the new one zeroed. */
void *array_grow(void *items, size_t *room, size_t count, size_t size);

/* What array_fit() is made of: returns items with room for `count` of them. */
void *array_shrink(void *items, size_t *room, size_t count, size_t size);

#endif
