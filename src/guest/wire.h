/* SPDX-License-Identifier: MIT */
/*
 * The line between the host and a guest: frames over one serial line, in both directions.
 *
 * A frame is a type (one byte), a length (four bytes, little endian) and that many bytes. Frames from the guest begin
 * with a nonce, which the host makes by chance and tells the guest before the first unit: who else writes to the line,
 * as root in the guest may find a way to, can neither speak for the guest nor break the line. One line for everything,
 * and not one for each stream: so everything that a unit wrote has arrived when its result does, and the end of its
 * standard input can be said.
 *
 * Nothing here blocks: what cannot be sent at once waits in a queue, so that neither side stops listening because the
 * other is slow.
 */
#ifndef IPVS_ISO_GUEST_WIRE_H
#define IPVS_ISO_GUEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/queue.h"

enum frame_type {
	/* From the guest */
	FRAME_HELLO = 1, /* it is up and waits for FRAME_SETUP; the kernel's release */
	FRAME_READY,     /* its file system is in place and IPVS is there; no content */
	FRAME_FAILED,    /* it could not be set up; the reason */
	FRAME_STDOUT,    /* what the unit wrote */
	FRAME_STDERR,
	FRAME_WANT_INPUT, /* the unit's standard input is empty; no content */
	FRAME_RESULT,     /* the unit has ended; unit_result_to_json() */
	FRAME_ALIVE,      /* nothing to say, but still there; no content */
	FRAME_RECEIVED,   /* four bytes, little endian: how many bytes have been taken off the line; wire.c's own */

	/* From the host */
	FRAME_SETUP,         /* request.h: struct guest_setup */
	FRAME_RUN,           /* request.h: struct guest_request */
	FRAME_INPUT,         /* more standard input; no content: its end */
	FRAME_OUTPUT_CLOSED, /* one byte, 1 or 2: nobody takes the unit's stdout or stderr any more */
	FRAME_SIGNAL,        /* one byte: a signal for the unit */
	FRAME_POWER_OFF,     /* no content */
};

/*
 * So many bytes at most are on their way to a guest. Its end of the line is a terminal to its kernel, with a buffer of
 * 4096 bytes (N_TTY_BUF_SIZE); once that is nearly full, User-mode Linux 6.1 stops listening and may not begin again.
 * In the other direction there is no such limit.
 */
#define WIRE_WINDOW 3840

/* No frame is longer: a fixture of a hundred thousand rules takes some 20 MiB. */
#define FRAME_LENGTH_MAX (256u << 20)

#define WIRE_NONCE_LENGTH 16

/* One end of the line. `descriptor` is non-blocking and not owned. */
struct wire {
	int descriptor;
	bool in_guest;    /* this end acknowledges what it receives; the other keeps to WIRE_WINDOW */
	size_t in_flight; /* bytes that the other end has not acknowledged */
	/* Of frames from the guest: zeros until it has been told. */
	char nonce[WIRE_NONCE_LENGTH];
	bool nonce_seen; /* what comes without it is from somebody else, and dropped */
	struct queue incoming, outgoing;
	size_t taken; /* length of the frame that wire_next() returned last, to be dropped by the next call */
};

struct frame {
	enum frame_type type;
	const char *bytes; /* until the next call with this wire */
	size_t length;
};

void wire_clear(struct wire *wire);

/* Puts a frame into the outgoing queue. */
void wire_send(struct wire *wire, enum frame_type type, const char *bytes, size_t length);
void wire_send_text(struct wire *wire, enum frame_type type, const char *text);

/* Whether there is something that may be sent now: whether to wait for the line to become writable. */
bool wire_can_send(const struct wire *wire);

/* Writes what the line takes. -1 with errno when it is broken. */
int wire_flush(struct wire *wire);

/* Reads what has come: 1 something, 0 nothing now, -1 the other end is gone or the line broken (errno; 0 at the
   end). */
int wire_receive(struct wire *wire);

/* The next whole frame, if one has come: 1, 0 none, -1 what came is no frame. */
int wire_next(struct wire *wire, struct frame *frame);

#endif
