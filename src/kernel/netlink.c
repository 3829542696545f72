/* SPDX-License-Identifier: MIT */
#include "kernel/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "base/memory.h"

/* For one datagram. The kernel never puts more than 32 KiB of a dump into one (netlink_dump() in af_netlink.c). */
#define RECEIVED_ROOM (64u * 1024)

/* How many are received at once: the last data of a dump and its end are two, and there is a dump for each service. */
#define DATAGRAMS 2

/* What is asked for; an unprivileged limit of the system may make it less, and then batches are smaller. */
#define RECEIVE_BUFFER (1024 * 1024)
#define SEND_BUFFER (256 * 1024)

/* The most that is put into one batch, however large the buffers are. */
#define BATCH_BYTES (128u * 1024)

/* What the kernel charges a receive buffer for a short answer is 768 bytes on a 64-bit machine; this leaves a
   margin. */
#define ERROR_CHARGE 2048u

/* Room for the longest request: a service with its scheduler and engine, and a destination with everything. */
#define REQUEST_ROOM 512

/* The kernel answers before sendmsg(2) returns, so this passes only when an answer was lost. */
#define ANSWER_SECONDS 30

static int netlink_failed(struct error *error, int code, const char *what)
{
	return error_set(error, ERROR_FAILED, "%s: %s", what, nl_geterror(code));
}

/* Asks for a buffer of `size` bytes, beyond the system's limit where we may, and returns what the kernel gave. */
static size_t size_buffer(int descriptor, int force, int option, int size)
{
	if (setsockopt(descriptor, SOL_SOCKET, force, &size, sizeof size) < 0)
		setsockopt(descriptor, SOL_SOCKET, option, &size, sizeof size);
	int given = 0;
	socklen_t length = sizeof given;
	if (getsockopt(descriptor, SOL_SOCKET, option, &given, &length) < 0 || given < 0)
		return 0;
	return (size_t)given;
}

/* Makes room for datagrams of `length` bytes. What was received is lost. */
static void give_room(struct ipvs *ipvs, size_t length)
{
	free(ipvs->received);
	ipvs->received_room = NLMSG_ALIGN(length);
	ipvs->received = memory_allocate(DATAGRAMS, ipvs->received_room);
}

int netlink_connect(struct ipvs *ipvs, struct error *error)
{
	ipvs->socket = nl_socket_alloc();
	if (!ipvs->socket)
		return error_set(error, ERROR_FAILED, "cannot make a netlink socket");
	int failed = genl_connect(ipvs->socket);
	if (failed < 0)
		return netlink_failed(error, failed, "cannot connect to generic netlink");

	int descriptor = nl_socket_get_fd(ipvs->socket);
	/* Answers to errors need not repeat the request, and may explain themselves. Both since Linux 4.12. */
	int yes = 1;
	setsockopt(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
	setsockopt(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);

	const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0)
		return error_set_errno(error, errno, "cannot limit the time that the kernel has for an answer");

	size_t receive_room = size_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	size_t send_room = size_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	/* The kernel refuses a datagram that is longer than the send buffer less 32 bytes (netlink_sendmsg()). */
	ipvs->batch_bytes = send_room / 2 < BATCH_BYTES ? send_room / 2 : BATCH_BYTES;
	ipvs->batch_requests = receive_room / ERROR_CHARGE > 0 ? receive_room / ERROR_CHARGE : 1;
	give_room(ipvs, RECEIVED_ROOM);
	return 0;
}

void netlink_close(struct ipvs *ipvs)
{
	nl_socket_free(ipvs->socket);
	free(ipvs->received);
	ipvs->socket = NULL;
	ipvs->received = NULL;
}

bool netlink_find_family(struct ipvs *ipvs)
{
	/* On a socket of its own: libnl checks sequence numbers, and does not know of the answers that receive()
	   took. */
	struct nl_sock *asking = nl_socket_alloc();
	int family = asking && genl_connect(asking) == 0 ? genl_ctrl_resolve(asking, IPVS_GENL_NAME) : -1;
	nl_socket_free(asking);
	if (family < 0)
		return false;
	ipvs->family = family;
	return true;
}

void netlink_cleanup_request(struct nl_msg **request)
{
	nlmsg_free(*request);
}

struct nl_msg *netlink_request(const struct ipvs *ipvs, uint8_t command)
{
	struct nl_msg *request = nlmsg_alloc_size(REQUEST_ROOM);
	if (!request ||
	    !genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, ipvs->family, 0, 0, command, IPVS_GENL_VERSION))
		abort(); /* out of memory, as in base/memory.h */
	return request;
}

void netlink_put(struct nl_msg *request, int type, const void *data, size_t length)
{
	if (nla_put(request, type, (int)length, data) < 0)
		abort(); /* REQUEST_ROOM is not what its comment says */
}

/*
 * Sends requests, and behind them a message that does nothing and is acknowledged: the fence. The kernel works in
 * order, so its acknowledgement tells that the requests are carried out. An acknowledgement of theirs would not do:
 * there is none for a request that fails with EINTR (netlink_rcv_skb() in af_netlink.c), as IPVS_CMD_DEL_DAEMON does,
 * having stopped the daemon, when its thread had not run yet. `fence` 0 sends none, for dumps, which have an end of
 * their own.
 */
static int send_bytes(struct ipvs *ipvs, void *bytes, size_t length, uint32_t fence, struct error *error)
{
	struct nlmsghdr noop = {
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.nlmsg_seq = fence,
		.nlmsg_pid = nl_socket_get_local_port(ipvs->socket),
	};
	struct iovec parts[] = {
		{.iov_base = bytes, .iov_len = length},
		{.iov_base = &noop, .iov_len = sizeof noop},
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct msghdr header = {
		.msg_name = &kernel,
		.msg_namelen = sizeof kernel,
		.msg_iov = parts,
		.msg_iovlen = fence ? 2 : 1,
	};
	ssize_t sent;
	do {
		sent = sendmsg(nl_socket_get_fd(ipvs->socket), &header, 0);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_set_errno(error, errno, "cannot send to the kernel's IPVS");
	return 0;
}

/* Called with each message that is received. */
typedef void message_taker(const struct nlmsghdr *message, void *context);

static void take_messages(const char *bytes, size_t length, message_taker *take, void *context)
{
	int left = (int)length;
	for (const struct nlmsghdr *message = (const struct nlmsghdr *)bytes; nlmsg_ok(message, left);
	     message = nlmsg_next((struct nlmsghdr *)message, &left))
		take(message, context);
}

static int receive_failed(int number, struct error *error)
{
	if (number == EAGAIN)
		return error_set(error, ERROR_FAILED, "the kernel does not answer: nothing from its IPVS in %d s",
				 ANSWER_SECONDS);
	return error_set_errno(error, number, "cannot receive from the kernel's IPVS");
}

/*
 * After a loss: throws away what else is there. A dump goes on when one of its datagrams is received, so that there is
 * always a next one until it is over.
 */
static int discard(const struct ipvs *ipvs, struct error *error)
{
	ssize_t got;
	do {
		got = recv(nl_socket_get_fd(ipvs->socket), ipvs->received, ipvs->received_room, MSG_DONTWAIT);
	} while (got >= 0 || errno == EINTR || errno == ENOBUFS);
	return errno == EAGAIN ? 1 : receive_failed(errno, error);
}

/*
 * Receives the datagrams that are there, and at least one. 0, -1 with an error, or 1 when something was lost, for the
 * receive buffer overran (ENOBUFS) or a datagram was longer than there was room for: then nothing else is under way,
 * and there is more room.
 */
static int receive(struct ipvs *ipvs, message_taker *take, void *context, struct error *error)
{
	struct sockaddr_nl senders[DATAGRAMS] = {0};
	struct iovec places[DATAGRAMS];
	struct mmsghdr datagrams[DATAGRAMS];
	for (size_t i = 0; i < DATAGRAMS; i++) {
		places[i] = (struct iovec){ipvs->received + i * ipvs->received_room, ipvs->received_room};
		datagrams[i] = (struct mmsghdr){
			.msg_hdr =
				{
					.msg_name = &senders[i],
					.msg_namelen = sizeof senders[i],
					.msg_iov = &places[i],
					.msg_iovlen = 1,
				},
		};
	}
	int got;
	do {
		/* MSG_TRUNC makes a length the true one, also of what was cut. */
		got = recvmmsg(nl_socket_get_fd(ipvs->socket), datagrams, DATAGRAMS, MSG_WAITFORONE | MSG_TRUNC, NULL);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == ENOBUFS)
		return discard(ipvs, error);
	if (got < 0)
		return receive_failed(errno, error);
	for (int i = 0; i < got; i++) {
		if (senders[i].nl_pid != 0)
			continue; /* another process wrote to our socket */
		if (datagrams[i].msg_len > ipvs->received_room) {
			give_room(ipvs, datagrams[i].msg_len);
			return discard(ipvs, error);
		}
		take_messages(places[i].iov_base, datagrams[i].msg_len, take, context);
	}
	return 0;
}

static int answers_lost(struct error *error)
{
	return error_set(
		error, ERROR_FAILED,
		"answers of the kernel's IPVS were lost: they did not fit into the netlink socket's receive buffer");
}

/* What the kernel says about an error, in a text that lasts as long as the message; NULL where it says nothing. */
static const char *reason_of(const struct nlmsghdr *message)
{
	const struct nlmsgerr *answer = nlmsg_data(message);
	size_t length = (size_t)nlmsg_datalen(message);
	size_t skip = sizeof *answer;
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) || length <= skip)
		return NULL;
	if (!(message->nlmsg_flags & NLM_F_CAPPED) && answer->msg.nlmsg_len > NLMSG_HDRLEN)
		skip += NLMSG_ALIGN(answer->msg.nlmsg_len - NLMSG_HDRLEN);
	if (skip >= length)
		return NULL;

	const struct nlattr *attributes = (const struct nlattr *)((const char *)answer + skip);
	struct nlattr *text = nla_find(attributes, (int)(length - skip), NLMSGERR_ATTR_MSG);
	if (!text || nla_len(text) < 1 || ((const char *)nla_data(text))[nla_len(text) - 1])
		return NULL;
	return nla_data(text);
}

/* The errno value in an NLMSG_ERROR, 0 in an acknowledgement. */
static int number_of(const struct nlmsghdr *message)
{
	if (nlmsg_datalen(message) < (int)sizeof(struct nlmsgerr))
		return EPROTO;
	return -((const struct nlmsgerr *)nlmsg_data(message))->error;
}

/* The errno value that a dump ended with. */
static int number_of_done(const struct nlmsghdr *message)
{
	int number = 0;
	if (nlmsg_datalen(message) >= (int)sizeof number)
		memcpy(&number, nlmsg_data(message), sizeof number);
	return number < 0 ? -number : 0;
}

/* How far one request has come. */
struct exchange {
	uint32_t sequence;
	uint32_t fence; /* sequence number of the fence, or 0 for a dump */
	netlink_answer *answer;
	void *context;
	bool done, interrupted, failed;
	int refused;
	struct error *error;
};

static void refuse(struct exchange *exchange, int number, const char *reason)
{
	if (exchange->failed)
		return;
	exchange->failed = true;
	exchange->refused = number;
	if (reason)
		error_set_errno(exchange->error, number, "the kernel's IPVS refused (%s)", reason);
	else
		error_set_errno(exchange->error, number, "the kernel's IPVS refused");
}

static void take_answer(const struct nlmsghdr *message, void *context)
{
	struct exchange *exchange = context;
	if (exchange->fence && message->nlmsg_seq == exchange->fence && message->nlmsg_type == NLMSG_ERROR)
		exchange->done = true;
	if (message->nlmsg_seq != exchange->sequence)
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		exchange->interrupted = true;

	int number;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_ERROR:
		number = number_of(message);
		if (number)
			refuse(exchange, number, reason_of(message));
		/* A dump that is refused has no other end. */
		exchange->done = exchange->done || !exchange->fence;
		break;
	case NLMSG_DONE:
		number = number_of_done(message);
		if (number)
			refuse(exchange, number, NULL);
		exchange->done = true;
		break;
	default:
		/* After a failure the rest is still received, or it would be in the way of the next request. */
		if (!exchange->failed && exchange->answer &&
		    exchange->answer(message, exchange->context, exchange->error) < 0)
			exchange->failed = true;
	}
}

/* A number for a fence, which is never 0. */
static uint32_t fence_sequence(struct ipvs *ipvs)
{
	uint32_t sequence = nl_socket_use_seq(ipvs->socket);
	return sequence ? sequence : nl_socket_use_seq(ipvs->socket);
}

int netlink_ask(struct ipvs *ipvs, struct nl_msg *request, bool dump, netlink_answer *answer, void *context,
		int *refused, struct error *error)
{
	struct nlmsghdr *header = nlmsg_hdr(request);
	header->nlmsg_seq = nl_socket_use_seq(ipvs->socket);
	header->nlmsg_pid = nl_socket_get_local_port(ipvs->socket);
	header->nlmsg_flags |= NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0);
	uint32_t fence = dump ? 0 : fence_sequence(ipvs);
	if (refused)
		*refused = 0;
	if (send_bytes(ipvs, header, header->nlmsg_len, fence, error) < 0)
		return -1;

	struct exchange exchange = {
		.sequence = header->nlmsg_seq,
		.fence = fence,
		.answer = answer,
		.context = context,
		.error = error,
	};
	while (!exchange.done) {
		int lost = receive(ipvs, take_answer, &exchange, error);
		if (lost && !exchange.failed)
			return lost < 0 || dump ? lost : answers_lost(error);
		if (lost)
			break;
	}
	if (refused)
		*refused = exchange.refused;
	if (exchange.failed)
		return -1;
	return exchange.interrupted ? 1 : 0;
}

void batch_clear(struct batch *batch)
{
	free(batch->bytes);
	batch->bytes = NULL;
	array_free(&batch->subjects);
}

int batch_add(struct batch *batch, struct nl_msg *request, const void *subject, struct error *error)
{
	struct nlmsghdr *header = nlmsg_hdr(request);
	size_t length = NLMSG_ALIGN(header->nlmsg_len);
	bool full =
		batch->used + length > batch->ipvs->batch_bytes || batch->subjects.count == batch->ipvs->batch_requests;
	if (full && batch_send(batch, error) < 0)
		return -1;

	if (!batch->bytes)
		batch->bytes = memory_allocate(batch->ipvs->batch_bytes + REQUEST_ROOM, 1);
	header->nlmsg_seq = nl_socket_use_seq(batch->ipvs->socket);
	header->nlmsg_pid = nl_socket_get_local_port(batch->ipvs->socket);
	header->nlmsg_flags |= NLM_F_REQUEST;
	if (batch->subjects.count == 0)
		batch->first = header->nlmsg_seq;
	*array_append(&batch->subjects) = subject;
	memcpy(batch->bytes + batch->used, header, header->nlmsg_len);
	batch->used += length;
	return 0;
}

/* A batch whose answers are awaited. */
struct delivery {
	struct batch *batch;
	uint32_t fence;
	bool done;
};

static void take_acknowledgement(const struct nlmsghdr *message, void *context)
{
	struct delivery *delivery = context;
	const struct batch *batch = delivery->batch;
	if (message->nlmsg_type != NLMSG_ERROR)
		return;
	delivery->done = delivery->done || message->nlmsg_seq == delivery->fence;
	uint32_t index = message->nlmsg_seq - batch->first;
	int number = number_of(message);
	if (index < batch->subjects.count && number)
		batch->refused(batch->subjects.items[index], number, reason_of(message), batch->context);
}

int batch_send(struct batch *batch, struct error *error)
{
	if (batch->subjects.count == 0)
		return 0;
	struct delivery delivery = {.batch = batch, .fence = fence_sequence(batch->ipvs)};
	if (send_bytes(batch->ipvs, batch->bytes, batch->used, delivery.fence, error) < 0)
		return -1;
	while (!delivery.done) {
		int lost = receive(batch->ipvs, take_acknowledgement, &delivery, error);
		if (lost)
			return lost < 0 ? -1 : answers_lost(error);
	}
	batch->used = 0;
	batch->subjects.count = 0;
	return 0;
}
