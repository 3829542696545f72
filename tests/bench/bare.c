/* SPDX-License-Identifier: MIT */
/*
 * Usage: bare restore|read SERVICES DESTINATIONS
 *
 * What the kernel's part costs: adds that many services with that many destinations each to an empty table, or reads
 * them, with requests that are built beforehand and answers that are only looked at for errors, and prints the seconds
 * between the first request and the last answer. Requests and buffers are as src/kernel/netlink.c has them; there is
 * no table, no text, no checking. For tests/bench/measure.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH_BYTES (128u * 1024)
#define RECEIVED_ROOM (64u * 1024)
#define REQUEST_ROOM 512
#define FENCE 1u /* sequence number; those of the requests are 0 */

/* Requests one behind another, and where each begins. */
struct requests {
	char *bytes;
	size_t *starts; /* one more than there are requests: the last is the end */
	size_t count;
};

struct door {
	struct nl_sock *socket;
	int family;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct door open_door(void)
{
	struct nl_sock *asking = nl_socket_alloc();
	struct door door = {.socket = nl_socket_alloc()};
	if (!asking || !door.socket || genl_connect(asking) < 0 || genl_connect(door.socket) < 0)
		die("netlink");
	door.family = genl_ctrl_resolve(asking, IPVS_GENL_NAME);
	if (door.family < 0)
		die("IPVS");
	nl_socket_free(asking);
	const int room = 1024 * 1024;
	setsockopt(nl_socket_get_fd(door.socket), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	setsockopt(nl_socket_get_fd(door.socket), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	return door;
}

/* ---- requests ---- */

static void put_address(struct nl_msg *request, int type, uint32_t number)
{
	struct in6_addr address = {0};
	number = htonl(number);
	memcpy(&address, &number, sizeof number);
	nla_put(request, type, sizeof address, &address);
}

/* 10.0.0.0 and on. */
static void put_service_name(struct nl_msg *request, size_t service)
{
	nla_put_u16(request, IPVS_SVC_ATTR_AF, AF_INET);
	nla_put_u16(request, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
	put_address(request, IPVS_SVC_ATTR_ADDR, 0x0a000000 + (uint32_t)service);
	nla_put_u16(request, IPVS_SVC_ATTR_PORT, htons(80));
}

static struct nl_msg *make_request(const struct door *door, uint8_t command, int flags, size_t service, bool whole)
{
	struct nl_msg *request = nlmsg_alloc_size(REQUEST_ROOM);
	genlmsg_put(request, 0, 0, door->family, 0, NLM_F_REQUEST | flags, command, IPVS_GENL_VERSION);
	struct nlattr *nest = nla_nest_start(request, IPVS_CMD_ATTR_SERVICE);
	put_service_name(request, service);
	if (whole) {
		const struct ip_vs_flags service_flags = {.mask = ~(uint32_t)IP_VS_SVC_F_HASHED};
		nla_put_string(request, IPVS_SVC_ATTR_SCHED_NAME, "wlc");
		nla_put(request, IPVS_SVC_ATTR_FLAGS, sizeof service_flags, &service_flags);
		nla_put_u32(request, IPVS_SVC_ATTR_TIMEOUT, 0);
		nla_put_u32(request, IPVS_SVC_ATTR_NETMASK, UINT32_MAX);
	}
	nla_nest_end(request, nest);
	return request;
}

/* 172.16.0.0 and on. */
static void put_destination(struct nl_msg *request, size_t destination)
{
	struct nlattr *nest = nla_nest_start(request, IPVS_CMD_ATTR_DEST);
	nla_put_u16(request, IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
	put_address(request, IPVS_DEST_ATTR_ADDR, 0xac100000 + (uint32_t)destination);
	nla_put_u16(request, IPVS_DEST_ATTR_PORT, htons(8080));
	nla_put_u32(request, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_DROUTE);
	nla_put_u32(request, IPVS_DEST_ATTR_WEIGHT, 1);
	nla_put_u32(request, IPVS_DEST_ATTR_U_THRESH, 0);
	nla_put_u32(request, IPVS_DEST_ATTR_L_THRESH, 0);
	nla_put_u8(request, IPVS_DEST_ATTR_TUN_TYPE, 0);
	nla_put_u16(request, IPVS_DEST_ATTR_TUN_PORT, 0);
	nla_put_u16(request, IPVS_DEST_ATTR_TUN_FLAGS, 0);
	nla_nest_end(request, nest);
}

static struct requests requests_for(size_t count)
{
	struct requests requests = {.bytes = malloc(count * REQUEST_ROOM), .starts = calloc(count + 1, sizeof(size_t))};
	if (!requests.bytes || !requests.starts)
		die("memory");
	return requests;
}

static void requests_free(struct requests *requests)
{
	free(requests->bytes);
	free(requests->starts);
}

static void append(struct requests *requests, struct nl_msg *request)
{
	const struct nlmsghdr *header = nlmsg_hdr(request);
	size_t start = requests->starts[requests->count];
	memcpy(requests->bytes + start, header, header->nlmsg_len);
	requests->starts[++requests->count] = start + NLMSG_ALIGN(header->nlmsg_len);
	nlmsg_free(request);
}

/* ---- talking ---- */

static void send_bytes(const struct door *door, const void *bytes, size_t length)
{
	if (send(nl_socket_get_fd(door->socket), bytes, length, 0) < 0)
		die("send");
}

/* Looks through answers, and tells whether the end is among them. */
static bool is_end(const char *bytes, size_t length)
{
	int left = (int)length;
	bool end = false;
	for (struct nlmsghdr *message = (struct nlmsghdr *)bytes; nlmsg_ok(message, left);
	     message = nlmsg_next(message, &left)) {
		const struct nlmsgerr *answer = nlmsg_data(message);
		if (message->nlmsg_type == NLMSG_ERROR && answer->error) {
			fprintf(stderr, "bare: %s\n", strerror(-answer->error));
			exit(1);
		}
		end = end || message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;
	}
	return end;
}

/* The last data and the end of a dump are two datagrams, which recvmmsg(2) takes at once. */
static void receive_to_end(const struct door *door)
{
	static char received[2][RECEIVED_ROOM];
	struct iovec places[] = {{received[0], RECEIVED_ROOM}, {received[1], RECEIVED_ROOM}};
	struct mmsghdr datagrams[] = {
		{.msg_hdr = {.msg_iov = &places[0], .msg_iovlen = 1}},
		{.msg_hdr = {.msg_iov = &places[1], .msg_iovlen = 1}},
	};
	for (bool end = false; !end;) {
		int got = recvmmsg(nl_socket_get_fd(door->socket), datagrams, 2, MSG_WAITFORONE, NULL);
		if (got < 0)
			die("recvmmsg");
		for (int i = 0; i < got; i++)
			end = is_end(received[i], datagrams[i].msg_len) || end;
	}
}

static double restore(const struct door *door, size_t services, size_t destinations)
{
	struct requests requests = requests_for(services * (destinations + 1));
	for (size_t i = 0; i < services; i++) {
		append(&requests, make_request(door, IPVS_CMD_NEW_SERVICE, 0, i, true));
		for (size_t j = 0; j < destinations; j++) {
			struct nl_msg *request = make_request(door, IPVS_CMD_NEW_DEST, 0, i, false);
			put_destination(request, j);
			append(&requests, request);
		}
	}
	const struct nlmsghdr fence = {
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.nlmsg_seq = FENCE,
	};

	double start = seconds();
	for (size_t from = 0, to; from < requests.count; from = to) {
		for (to = from + 1; to < requests.count; to++) {
			if (requests.starts[to + 1] - requests.starts[from] > BATCH_BYTES)
				break;
		}
		send_bytes(door, requests.bytes + requests.starts[from], requests.starts[to] - requests.starts[from]);
		send_bytes(door, &fence, sizeof fence);
		receive_to_end(door);
	}
	double end = seconds();
	requests_free(&requests);
	return end - start;
}

static double read_all(const struct door *door, size_t services)
{
	struct nl_msg *list = nlmsg_alloc_size(REQUEST_ROOM);
	genlmsg_put(list, 0, 0, door->family, 0, NLM_F_REQUEST | NLM_F_DUMP, IPVS_CMD_GET_SERVICE, IPVS_GENL_VERSION);
	struct requests requests = requests_for(services);
	for (size_t i = 0; i < services; i++)
		append(&requests, make_request(door, IPVS_CMD_GET_DEST, NLM_F_DUMP, i, false));

	double start = seconds();
	send_bytes(door, nlmsg_hdr(list), nlmsg_hdr(list)->nlmsg_len);
	receive_to_end(door);
	for (size_t i = 0; i < services; i++) {
		send_bytes(door, requests.bytes + requests.starts[i], requests.starts[i + 1] - requests.starts[i]);
		receive_to_end(door);
	}
	double end = seconds();
	requests_free(&requests);
	nlmsg_free(list);
	return end - start;
}

int main(int count, char **arguments)
{
	if (count != 4) {
		fprintf(stderr, "usage: bare restore|read SERVICES DESTINATIONS\n");
		return 2;
	}
	size_t services = strtoul(arguments[2], NULL, 10);
	size_t destinations = strtoul(arguments[3], NULL, 10);
	const struct door door = open_door();
	bool reads = strcmp(arguments[1], "read") == 0;
	printf("%.6f\n", reads ? read_all(&door, services) : restore(&door, services, destinations));
	return 0;
}
