/* SPDX-License-Identifier: MIT */
/* ipvs_apply(): changes carried out, and those that the kernel refuses explained. */
#include "kernel/ipvs.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/encode.h"
#include "kernel/interface.h"
#include "kernel/netlink.h"
#include "kernel/sysctls.h"
#include "table/rules.h"

/* What went wrong so far: the first in full, the others counted. */
struct refusals {
	struct error first;
	size_t count;
};

static void refusals_clear(struct refusals *refusals)
{
	error_clear(&refusals->first);
}

static const char *verb(const struct change *change)
{
	switch (change->action) {
	case CHANGE_ADD:
		return "add";
	case CHANGE_EDIT:
		return "change";
	case CHANGE_REMOVE:
		return "remove";
	}
	return "do";
}

/* What the kernel means by an error where its usual text says something else. */
static const char *meaning(const struct change *change, int number)
{
	switch (number) {
	case ESRCH:
		return change->subject == SUBJECT_DAEMON ? "no such daemon runs" : "no such service";
	case EEXIST:
		return "it is there already";
	case ENOENT:
		return change->subject == SUBJECT_DESTINATION ? "no such destination" : strerror(number);
	default:
		return strerror(number);
	}
}

static void explain_service(struct error *error, const struct service *service, int number)
{
	if (number == ENOENT && service->persistence_engine[0])
		error_remedy(error,
			     "the kernel has no scheduler '%s' or no persistence engine '%s': "
			     "load the modules ip_vs_%s and ip_vs_pe_%s",
			     service->scheduler, service->persistence_engine, service->scheduler,
			     service->persistence_engine);
	else if (number == ENOENT)
		error_remedy(error, "the kernel has no scheduler '%s': load the module ip_vs_%s", service->scheduler,
			     service->scheduler);
	else if (number == EAFNOSUPPORT)
		error_remedy(error, "the kernel has no IPv6: load the module ipv6");
	if (number == ENOENT || number == EAFNOSUPPORT)
		error->kind = ERROR_UNAVAILABLE;
}

/* The kernel gives one EINVAL for several rules of its own (ip_vs_add_dest() in ip_vs_ctl.c). */
static void explain_destination(struct error *error, const struct change *change, int number)
{
	const struct destination *destination = change->destination_to;
	if (number == ERANGE)
		error_remedy(error, "the lower threshold may not be above the upper one");
	if (number != EINVAL || !destination)
		return;
	if (destination->address.family != change->service_to->family)
		error_remedy(error, "a destination of another family than its service's must be a tunnel (-i), "
				    "and no sync daemon may run");
	else if (destination->tunnel.type == TUNNEL_GUE && !destination->tunnel.port)
		error_remedy(error, "a GUE tunnel needs a port");
	else
		error_remedy(error, "a destination must have a unicast address, and loopback must be up: "
				    "ip link set lo up");
}

static void explain_unreachable(struct error *error, const struct sync_daemon *daemon)
{
	char group[ADDRESS_TEXT_ROOM] = "the multicast group";
	if (daemon->group.family)
		address_format(&daemon->group, group);
	if (interface_state(daemon->interface) == INTERFACE_DOWN)
		error_remedy(error, "the network interface '%s' is down: ip link set %s up", daemon->interface,
			     daemon->interface);
	else
		error_remedy(error, "the network interface '%s' has no route to %s: add one, or take another interface",
			     daemon->interface, group);
}

static void explain_daemon(struct error *error, const struct change *change, int number)
{
	if (number == ENODEV && change->daemon_to)
		error_remedy(error, "there is no network interface '%s': add it, and ip link set %s up",
			     change->daemon_to->interface, change->daemon_to->interface);
	else if ((number == ENETUNREACH || number == ENETDOWN) && change->daemon_to)
		explain_unreachable(error, change->daemon_to);
	else if (number == EINVAL)
		error_remedy(error, "a sync daemon cannot run while a destination is of another family than its "
				    "service's");
}

static void explain(struct error *error, const struct change *change, int number)
{
	switch (change->subject) {
	case SUBJECT_SERVICE:
		if (change->service_to)
			explain_service(error, change->service_to, number);
		break;
	case SUBJECT_DESTINATION:
		explain_destination(error, change, number);
		break;
	case SUBJECT_DAEMON:
		explain_daemon(error, change, number);
		break;
	case SUBJECT_TIMEOUTS:
	case SUBJECT_SYSCTL:
		break;
	}
}

static void take_refusal(const void *subject, int number, const char *reason, void *context)
{
	const struct change *change = subject;
	struct refusals *refusals = context;
	if (refusals->count++ > 0)
		return;

	CLEANUP_FREE char *text = change_text(change);
	enum error_kind kind = number == EPERM ? ERROR_PERMISSION : ERROR_FAILED;
	error_set(&refusals->first, kind, "the kernel refused to %s '%s': %s%s%s%s", verb(change), text,
		  meaning(change, number), reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
	explain(&refusals->first, change, number);
}

/* Adds a request to the batch and frees it. */
static int add(struct batch *batch, struct nl_msg *request, const struct change *change, struct error *error)
{
	int result = batch_add(batch, request, change, error);
	nlmsg_free(request);
	return result;
}

static int add_service(struct batch *batch, const struct change *change, struct error *error)
{
	struct nl_msg *request;
	if (change->action == CHANGE_REMOVE)
		request = encode_service_name(batch->ipvs, IPVS_CMD_DEL_SERVICE, change->service_from);
	else if (change->action == CHANGE_EDIT)
		request = encode_service(batch->ipvs, IPVS_CMD_SET_SERVICE, change->service_to);
	else
		request = encode_service(batch->ipvs, IPVS_CMD_NEW_SERVICE, change->service_to);
	return add(batch, request, change, error);
}

static int add_destination(struct batch *batch, const struct change *change, struct error *error)
{
	struct nl_msg *request;
	if (change->action == CHANGE_REMOVE)
		request = encode_destination(batch->ipvs, IPVS_CMD_DEL_DEST, change->service_from,
					     change->destination_from);
	else
		request = encode_destination(batch->ipvs,
					     change->action == CHANGE_EDIT ? IPVS_CMD_SET_DEST : IPVS_CMD_NEW_DEST,
					     change->service_to, change->destination_to);
	return add(batch, request, change, error);
}

/* The kernel cannot edit a daemon that runs. */
static int add_daemon(struct batch *batch, const struct change *change, struct error *error)
{
	if (change->action != CHANGE_ADD &&
	    add(batch, encode_daemon(batch->ipvs, IPVS_CMD_DEL_DAEMON, change->daemon_from), change, error) < 0)
		return -1;
	if (change->action != CHANGE_REMOVE &&
	    add(batch, encode_daemon(batch->ipvs, IPVS_CMD_NEW_DAEMON, change->daemon_to), change, error) < 0)
		return -1;
	return 0;
}

/* A sysctl is written at once, so what stands before it in the list is sent first. */
static int write_sysctl(struct batch *batch, const struct change *change, struct refusals *refusals,
			struct error *error)
{
	if (batch_send(batch, error) < 0)
		return -1;
	CLEANUP_ERROR struct error refused = ERROR_INIT;
	if (sysctl_write(batch->ipvs, change->sysctl_to, &refused) == 0 || refusals->count++ > 0)
		return 0;
	CLEANUP_FREE char *text = change_text(change);
	error_set(&refusals->first, refused.kind, "cannot set '%s': %s", text, refused.message);
	return 0;
}

static int carry_out(struct batch *batch, const struct change *change, struct refusals *refusals, struct error *error)
{
	switch (change->subject) {
	case SUBJECT_SERVICE:
		return add_service(batch, change, error);
	case SUBJECT_DESTINATION:
		return add_destination(batch, change, error);
	case SUBJECT_TIMEOUTS:
		return add(batch, encode_timeouts(batch->ipvs, change->timeouts_to), change, error);
	case SUBJECT_DAEMON:
		return add_daemon(batch, change, error);
	case SUBJECT_SYSCTL:
		return write_sysctl(batch, change, refusals, error);
	}
	return 0;
}

int ipvs_apply(struct ipvs *ipvs, const struct changes *changes, struct error *error)
{
	__attribute__((cleanup(refusals_clear))) struct refusals refusals = {0};
	CLEANUP_BATCH struct batch batch = {.ipvs = ipvs, .refused = take_refusal, .context = &refusals};

	for (size_t i = 0; i < changes->list.count; i++) {
		if (carry_out(&batch, &changes->list.items[i], &refusals, error) < 0)
			return -1;
	}
	if (batch_send(&batch, error) < 0)
		return -1;
	if (refusals.count == 0)
		return 0;

	if (refusals.count == 1)
		error_set(error, refusals.first.kind, "%s", refusals.first.message);
	else
		error_set(error, refusals.first.kind, "%s (and %zu more that followed)", refusals.first.message,
			  refusals.count - 1);
	if (refusals.first.remedy)
		error_remedy(error, "%s", refusals.first.remedy);
	return -1;
}
