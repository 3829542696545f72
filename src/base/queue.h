/* SPDX-License-Identifier: MIT */
/* Bytes that wait until somebody takes them. */
#ifndef IPVS_ISO_BASE_QUEUE_H
#define IPVS_ISO_BASE_QUEUE_H

#include <stddef.h>

/* Starts as zeros. */
struct queue {
	char *bytes;  /* owned */
	size_t start; /* of what is still to be taken */
	size_t end;
	size_t room;
};

void queue_clear(struct queue *queue);

/* Appends a copy. */
void queue_put(struct queue *queue, const char *bytes, size_t length);

/* Makes room for `length` more bytes behind the end, for a caller that puts them there and moves the end itself. */
void queue_reserve(struct queue *queue, size_t length);

/* Takes so many bytes, which are there, off the start. */
void queue_drop(struct queue *queue, size_t length);

static inline size_t queue_length(const struct queue *queue)
{
	return queue->end - queue->start;
}

/*
 * Writes to a descriptor what it takes at once, at most `limit` bytes (0: no limit). 0, also when it takes nothing now;
 * -1 with errno.
 */
int queue_write(struct queue *queue, int descriptor, size_t limit);

#endif
