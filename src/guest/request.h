/* SPDX-License-Identifier: MIT */
/* What the host asks of a guest, as JSON: strings may hold any bytes (base/bytes.h). */
#ifndef IPVS_ISO_GUEST_REQUEST_H
#define IPVS_ISO_GUEST_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "guest/wire.h"

/* How a guest shall be made to look like the host. */
struct guest_setup {
	char *directory; /* shared for writing, and where units start; owned */
	char *hostname;  /* owned */
	char nonce[WIRE_NONCE_LENGTH];
};

/* One unit. Lists end with NULL; all of it is owned. */
struct guest_request {
	char *name;
	char **arguments;
	char **environment; /* NAME=VALUE */
	char *fixture;      /* a snapshot, which is the clean state; or NULL */
	char *user;         /* who the command runs as; or NULL */
	unsigned file_mask; /* umask */
	unsigned caller;    /* the user who started the run, on the host */
	bool keep;
	bool sandbox; /* in a sandbox of its own (unit/sandbox.h) */
	int64_t timeout_ms, kill_after_ms;
};

#define CLEANUP_GUEST_SETUP __attribute__((cleanup(guest_setup_clear)))
#define CLEANUP_GUEST_REQUEST __attribute__((cleanup(guest_request_clear)))
void guest_setup_clear(struct guest_setup *setup);
void guest_request_clear(struct guest_request *request);

/* Into JSON, for the caller to free; and back. */
char *guest_setup_to_json(const struct guest_setup *setup);
int guest_setup_from_json(struct guest_setup *setup, const char *bytes, size_t length, struct error *error);
char *guest_request_to_json(const struct guest_request *request);
int guest_request_from_json(struct guest_request *request, const char *bytes, size_t length, struct error *error);

#endif
