/* SPDX-License-Identifier: MIT */
#include "base/array.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

void *array_grow(void *items, size_t *room, size_t count, size_t size)
{
	if (count == *room) {
		size_t more = *room ? *room / 2 + 1 : 4;
		size_t wanted;
		if (__builtin_add_overflow(*room, more, &wanted))
			wanted = SIZE_MAX;
		items = memory_resize(items, wanted, size);
		*room = wanted;
	}
	memset((char *)items + count * size, 0, size);
	return items;
}

void *array_shrink(void *items, size_t *room, size_t count, size_t size)
{
	if (count == *room)
		return items;
	*room = count;
	return memory_resize(items, count, size);
}
