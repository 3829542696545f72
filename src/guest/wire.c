/* SPDX-License-Identifier: MIT */
#include "guest/wire.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_LENGTH 5
#define READ_LENGTH 65536

void wire_clear(struct wire *wire)
{
	queue_clear(&wire->incoming);
	queue_clear(&wire->outgoing);
	wire->taken = 0;
}

void wire_send(struct wire *wire, enum frame_type type, const char *bytes, size_t length)
{
	uint32_t length_on_line = htole32((uint32_t)length);
	char header[HEADER_LENGTH] = {(char)type};
	memcpy(header + 1, &length_on_line, sizeof length_on_line);
	queue_put(&wire->outgoing, header, sizeof header);
	queue_put(&wire->outgoing, bytes, length);
}

void wire_send_text(struct wire *wire, enum frame_type type, const char *text)
{
	wire_send(wire, type, text, strlen(text));
}

/* How much may be sent now; 0: nothing. */
static size_t sendable(const struct wire *wire)
{
	size_t waiting = queue_length(&wire->outgoing);
	if (wire->in_guest)
		return waiting;
	size_t window = wire->in_flight < WIRE_WINDOW ? WIRE_WINDOW - wire->in_flight : 0;
	return waiting < window ? waiting : window;
}

bool wire_can_send(const struct wire *wire)
{
	return sendable(wire) > 0;
}

int wire_flush(struct wire *wire)
{
	size_t length = sendable(wire);
	if (length == 0)
		return 0;
	size_t before = queue_length(&wire->outgoing);
	int failed = queue_write(&wire->outgoing, wire->descriptor, length);
	wire->in_flight += before - queue_length(&wire->outgoing);
	return failed;
}

static void acknowledge(struct wire *wire, size_t length)
{
	uint32_t length_on_line = htole32((uint32_t)length);
	char bytes[sizeof length_on_line];
	memcpy(bytes, &length_on_line, sizeof bytes);
	wire_send(wire, FRAME_RECEIVED, bytes, sizeof bytes);
}

int wire_receive(struct wire *wire)
{
	queue_drop(&wire->incoming, wire->taken);
	wire->taken = 0;
	queue_reserve(&wire->incoming, READ_LENGTH);
	ssize_t got = read(wire->descriptor, wire->incoming.bytes + wire->incoming.end, READ_LENGTH);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (got == 0) {
		errno = 0;
		return -1;
	}
	wire->incoming.end += (size_t)got;
	if (wire->in_guest)
		acknowledge(wire, (size_t)got);
	return 1;
}

static int next_frame(struct wire *wire, struct frame *frame)
{
	queue_drop(&wire->incoming, wire->taken);
	wire->taken = 0;
	if (queue_length(&wire->incoming) < HEADER_LENGTH)
		return 0;

	const char *header = wire->incoming.bytes + wire->incoming.start;
	uint32_t length;
	memcpy(&length, header + 1, sizeof length);
	length = le32toh(length);
	if (header[0] < FRAME_HELLO || header[0] > FRAME_POWER_OFF || length > FRAME_LENGTH_MAX)
		return -1;
	if (queue_length(&wire->incoming) - HEADER_LENGTH < length)
		return 0;
	*frame = (struct frame){
		.type = (enum frame_type)header[0],
		.bytes = header + HEADER_LENGTH,
		.length = length,
	};
	wire->taken = HEADER_LENGTH + (size_t)length;
	return 1;
}

/* The other end has taken so much off the line. */
static int take_acknowledgement(struct wire *wire, const struct frame *frame)
{
	uint32_t length;
	if (frame->length != sizeof length)
		return -1;
	memcpy(&length, frame->bytes, sizeof length);
	length = le32toh(length);
	if (length > wire->in_flight)
		return -1;
	wire->in_flight -= length;
	return 0;
}

int wire_next(struct wire *wire, struct frame *frame)
{
	int got;
	while ((got = next_frame(wire, frame)) > 0 && frame->type == FRAME_RECEIVED) {
		if (take_acknowledgement(wire, frame) < 0)
			return -1;
	}
	return got;
}
