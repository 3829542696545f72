/* SPDX-License-Identifier: MIT */
/* A running guest, seen from the host: a worker at the other end of a line, which takes one unit after another. */
#ifndef IPVS_ISO_GUEST_GUEST_H
#define IPVS_ISO_GUEST_GUEST_H

#include <stdint.h>

#include "base/error.h"
#include "guest/directory.h"
#include "guest/kernel.h"
#include "guest/request.h"
#include "process/output.h"
#include "result/result.h"

#define GUEST_MEMORY_DEFAULT (UINT64_C(1) << 30)
#define GUEST_MEMORY_MIN (UINT64_C(64) << 20)
#define GUEST_PATIENCE_DEFAULT_MS 60000

struct guest_options {
	const struct guest_kernel *kernel;
	const char *directory; /* shared, and where units start: see guest/directory.h */
	uint64_t memory;       /* bytes; rounded down to MiB */
	int64_t patience_ms; /* a guest that says nothing for so long hangs; it speaks every second while all is well */
};

struct guest;

#define CLEANUP_GUEST __attribute__((cleanup(guest_cleanup)))
void guest_cleanup(struct guest **guest);

/*
 * Boots a guest and waits until it is ready. The signals of supervise_prepare() must be blocked: one of them ends the
 * wait, and stands in `interrupted` then (else 0).
 * NULL on failure, with the kernel's last lines in the message where it has said any.
 */
struct guest *guest_start(const struct guest_options *options, int *interrupted, struct error *error);

/* Its kernel, for people: "uml 6.1.176". Lives as long as the guest. */
const char *guest_description(const struct guest *guest);

/*
 * Runs a unit in it: standard input is this process's, what it prints goes to `output`, signals that arrive are passed
 * on. A unit that does not end, some seconds past its own limits or after a signal, is ended with its guest. -1 when
 * the guest has died or hangs: it can only be stopped then. A unit that a signal cut short together with its guest has
 * result->interrupted set and is no failure of the guest.
 */
int guest_run(struct guest *guest, const struct guest_request *request, struct output *output,
	      struct unit_result *result, struct error *error);

/* Whether it can take another unit. */
bool guest_is_usable(const struct guest *guest);

/* Powers it off, or ends it where it does not listen; frees it. NULL is allowed. */
void guest_stop(struct guest *guest);

#endif
