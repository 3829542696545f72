/* SPDX-License-Identifier: MIT */
#include "guest/init.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/memory.h"
#include "guest/line.h"
#include "guest/request.h"
#include "guest/root.h"
#include "guest/serve.h"
#include "guest/wire.h"

/* Blocks until all that was sent is on its way. */
static void flush_line(struct wire *wire)
{
	struct pollfd line = {.fd = wire->descriptor, .events = POLLOUT};
	while (queue_length(&wire->outgoing) && wire_flush(wire) == 0) {
		if (queue_length(&wire->outgoing))
			poll(&line, 1, -1);
	}
}

static int wait_for_setup(struct wire *wire, struct guest_setup *setup, struct error *error)
{
	struct frame frame;
	int got;
	while ((got = wire_next(wire, &frame)) == 0) {
		struct pollfd line = {.fd = wire->descriptor, .events = POLLIN};
		poll(&line, 1, -1);
		if (wire_receive(wire) < 0)
			return error_set(error, ERROR_FAILED, "the line to the host is broken");
		flush_line(wire);
	}
	if (got < 0 || frame.type != FRAME_SETUP)
		return error_set(error, ERROR_FAILED, "the host said something else than how to set up");
	return guest_setup_from_json(setup, frame.bytes, frame.length, error);
}

static int set_up(struct wire *wire, struct guest_setup *setup, struct error *error)
{
	struct utsname kernel;
	uname(&kernel);
	wire_send_text(wire, FRAME_HELLO, kernel.release);
	flush_line(wire);
	if (wait_for_setup(wire, setup, error) < 0)
		return -1;
	memcpy(wire->nonce, setup->nonce, sizeof wire->nonce);
	if (guest_root_make(setup, error) < 0)
		return -1;
	guest_line_hide(wire->descriptor);
	return 0;
}

_Noreturn void guest_init(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_GUEST_SETUP struct guest_setup setup = {0};
	struct wire wire = {.descriptor = guest_line_open(&error), .in_guest = true};

	if (wire.descriptor < 0) {
		fprintf(stderr, "ipvs-iso: %s\n", error.message);
	} else if (set_up(&wire, &setup, &error) < 0) {
		wire_send_text(&wire, FRAME_FAILED, error.message);
		flush_line(&wire);
	} else {
		wire_send(&wire, FRAME_READY, NULL, 0);
		guest_serve(&wire, setup.directory);
	}
	sync();
	reboot(RB_POWER_OFF);
	/* Not reached; process 1 must not end, or the kernel panics. */
	for (;;)
		pause();
}
