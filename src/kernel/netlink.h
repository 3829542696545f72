/* SPDX-License-Identifier: MIT */
/*
 * Requests to the kernel's IPVS over generic netlink: one at a time with an answer, or many to a buffer. What is in
 * them is not known here (encode.h, decode.h). Internal to src/kernel/; ipvs.h is the door for everybody else.
 */
#ifndef IPVS_ISO_KERNEL_NETLINK_H
#define IPVS_ISO_KERNEL_NETLINK_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"

struct ipvs {
	struct nl_sock *socket;
	int family;      /* generic netlink's number for IPVS */
	int sysctls;     /* the folder above that of the sysctls, or -1: see sysctls.h */
	int connections; /* the folder of the file that lists them, or -1: see connections.h */
	char *received;  /* where answers are received: several datagrams of `received_room` bytes */
	size_t received_room;
	size_t batch_bytes;    /* how much may be sent at once */
	size_t batch_requests; /* how many requests, so that an error for each of them can be received */
};

/* Connects a zeroed `ipvs`; netlink_close() frees what it holds, also after a failure. */
int netlink_connect(struct ipvs *ipvs, struct error *error);
void netlink_close(struct ipvs *ipvs);

/* Looks up the kernel's number for IPVS. False when this kernel has no IPVS at the moment. */
bool netlink_find_family(struct ipvs *ipvs);

/* Frees the request that it stands on when that goes out of scope. */
#define CLEANUP_REQUEST __attribute__((cleanup(netlink_cleanup_request)))
void netlink_cleanup_request(struct nl_msg **request);

/* A request with IPVS_CMD_* `command`, to be filled with attributes. The caller frees it with nlmsg_free(). */
struct nl_msg *netlink_request(const struct ipvs *ipvs, uint8_t command);

/* Puts an attribute into a request. Requests have room for everything that IPVS knows. */
void netlink_put(struct nl_msg *request, int type, const void *data, size_t length);

/* Called with each message of an answer. Returns -1 with an error when it makes no sense; the rest is then skipped. */
typedef int netlink_answer(const struct nlmsghdr *message, void *context, struct error *error);

/*
 * Sends a request and waits for its end. `dump` asks for all there are, else there is one answer or none; `answer` may
 * be NULL. Returns 0, or -1 with an error whose errno value is in `refused` where it came from the kernel (0 where
 * it did not; may be NULL), or 1 when a dump was interrupted by a change, or a part of it was lost because it came in
 * larger pieces than there was room for (next time there is): what was answered is worth nothing, ask again.
 */
int netlink_ask(struct ipvs *ipvs, struct nl_msg *request, bool dump, netlink_answer *answer, void *context,
		int *refused, struct error *error);

/*
 * Called for each request of a batch that the kernel refused: with what was given to batch_add(), the errno value, and
 * what the kernel says about it, or NULL.
 */
typedef void batch_refused(const void *subject, int number, const char *reason, void *context);

/* Requests that are sent together. Start with the first three set and the rest zeros, end with batch_clear(). */
struct batch {
	struct ipvs *ipvs;
	batch_refused *refused;
	void *context;
	char *bytes;
	size_t used;
	uint32_t first; /* sequence number of the first request; the others follow it */
	ARRAY(const void *) subjects;
};

#define CLEANUP_BATCH __attribute__((cleanup(batch_clear)))
void batch_clear(struct batch *batch);

/* Appends a request, which is copied, and sends what there is when the batch is full. */
int batch_add(struct batch *batch, struct nl_msg *request, const void *subject, struct error *error);

/* Sends what there is. The kernel has carried it out, in order, when this returns. */
int batch_send(struct batch *batch, struct error *error);

#endif
