/* SPDX-License-Identifier: MIT */
#include "base/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

void queue_clear(struct queue *queue)
{
	free(queue->bytes);
	*queue = (struct queue){0};
}

void queue_reserve(struct queue *queue, size_t length)
{
	if (queue->room - queue->end >= length)
		return;
	if (queue->start > 0) {
		memmove(queue->bytes, queue->bytes + queue->start, queue_length(queue));
		queue->end -= queue->start;
		queue->start = 0;
	}
	if (queue->room - queue->end >= length)
		return;
	/* Frames are bounded, so the sum cannot overflow. */
	queue->room = (queue->end + length) * 2;
	queue->bytes = memory_resize(queue->bytes, queue->room, 1);
}

void queue_put(struct queue *queue, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	queue_reserve(queue, length);
	memcpy(queue->bytes + queue->end, bytes, length);
	queue->end += length;
}

void queue_drop(struct queue *queue, size_t length)
{
	queue->start += length;
	if (queue->start == queue->end)
		queue->start = queue->end = 0;
}

int queue_write(struct queue *queue, int descriptor, size_t limit)
{
	size_t length = queue_length(queue);
	if (limit > 0 && length > limit)
		length = limit;
	if (length == 0)
		return 0;
	ssize_t put = write(descriptor, queue->bytes + queue->start, length);
	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	queue_drop(queue, (size_t)put);
	return 0;
}
