/* SPDX-License-Identifier: MIT */
#include "guest/wire.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_LENGTH 5
#define READ_LENGTH 65536

static const char nothing_told[WIRE_NONCE_LENGTH];

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
	if (wire->in_guest)
		queue_put(&wire->outgoing, wire->nonce, sizeof wire->nonce);
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

/* Goes to where a frame from the guest may begin: 1, 0 where that has not come yet, -1 for what cannot be one. */
static int find_nonce(struct wire *wire)
{
	struct queue *incoming = &wire->incoming;
	while (queue_length(incoming) >= WIRE_NONCE_LENGTH) {
		const char *bytes = incoming->bytes + incoming->start;
		if (memcmp(bytes, wire->nonce, WIRE_NONCE_LENGTH) == 0) {
			wire->nonce_seen = memcmp(bytes, nothing_told, WIRE_NONCE_LENGTH) != 0;
			return 1;
		}
		if (!wire->nonce_seen)
			return memcmp(bytes, nothing_told, WIRE_NONCE_LENGTH) == 0 ? 1 : -1;
		size_t length = queue_length(incoming);
		const char *next = memmem(bytes + 1, length - 1, wire->nonce, WIRE_NONCE_LENGTH);
		/* Its end may be the beginning of one. */
		queue_drop(incoming, next ? (size_t)(next - bytes) : length - (WIRE_NONCE_LENGTH - 1));
	}
	return 0;
}

static int next_frame(struct wire *wire, struct frame *frame)
{
	const size_t start = wire->in_guest ? 0 : WIRE_NONCE_LENGTH;
	queue_drop(&wire->incoming, wire->taken);
	wire->taken = 0;
	for (;;) {
		int found = wire->in_guest ? 1 : find_nonce(wire);
		if (found <= 0 || queue_length(&wire->incoming) < start + HEADER_LENGTH)
			return found < 0 ? -1 : 0;

		const char *header = wire->incoming.bytes + wire->incoming.start + start;
		uint32_t length;
		memcpy(&length, header + 1, sizeof length);
		length = le32toh(length);
		if (header[0] < FRAME_HELLO || header[0] > FRAME_POWER_OFF || length > FRAME_LENGTH_MAX) {
			if (!wire->nonce_seen)
				return -1;
			/* Somebody wrote into the middle of it. */
			queue_drop(&wire->incoming, 1);
			continue;
		}
		if (queue_length(&wire->incoming) - start - HEADER_LENGTH < length)
			return 0;
		*frame = (struct frame){
			.type = (enum frame_type)header[0],
			.bytes = header + HEADER_LENGTH,
			.length = length,
		};
		wire->taken = start + HEADER_LENGTH + (size_t)length;
		return 1;
	}
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
