/* SPDX-License-Identifier: MIT */
/* Answers that get lost on the way. Asked is generic netlink itself, which every kernel has and everybody may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/netlink.h"

static void connect_to_generic_netlink(struct ipvs *ipvs)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	*ipvs = (struct ipvs){.sysctls = -1};
	assert_int_equal(netlink_connect(ipvs, &error), 0);
	ipvs->family = GENL_ID_CTRL;
}

static int count(const struct nlmsghdr *message, void *context, struct error *error)
{
	(void)message;
	(void)error;
	++*(size_t *)context;
	return 0;
}

/* All families. As netlink_ask(). */
static int ask_for_families(struct ipvs *ipvs, size_t *families)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_REQUEST struct nl_msg *request = netlink_request(ipvs, CTRL_CMD_GETFAMILY);
	*families = 0;
	int result = netlink_ask(ipvs, request, true, count, families, NULL, &error);
	if (result < 0)
		print_error("%s\n", error.message);
	return result;
}

static void asks_again_with_more_room_for_what_was_cut(void **state)
{
	(void)state;
	struct ipvs ipvs;
	connect_to_generic_netlink(&ipvs);
	size_t families;
	assert_int_equal(ask_for_families(&ipvs, &families), 0);
	assert_true(families > 0);

	/* A socket of its own: the kernel remembers how much was once received at a time. */
	netlink_close(&ipvs);
	connect_to_generic_netlink(&ipvs);
	ipvs.received_room = 64;
	size_t seen;
	int attempts = 0;
	int result;
	while ((result = ask_for_families(&ipvs, &seen)) == 1)
		assert_true(++attempts < 10);
	assert_int_equal(result, 0);
	assert_true(attempts > 0);
	assert_true(ipvs.received_room > 64);
	assert_int_equal(seen, families);
	netlink_close(&ipvs);
}

static void count_refusal(const void *subject, int number, const char *reason, void *context)
{
	(void)subject;
	(void)reason;
	assert_int_equal(number, EOPNOTSUPP);
	++*(size_t *)context;
}

/* Requests of one batch that make no sense. As batch_send(). */
static int send_nonsense(struct ipvs *ipvs, size_t requests, size_t *refused, struct error *error)
{
	CLEANUP_BATCH struct batch batch = {.ipvs = ipvs, .refused = count_refusal, .context = refused};
	*refused = 0;
	for (size_t i = 0; i < requests; i++) {
		CLEANUP_REQUEST struct nl_msg *request = netlink_request(ipvs, UINT8_MAX);
		assert_int_equal(batch_add(&batch, request, NULL, error), 0);
	}
	return batch_send(&batch, error);
}

static void hears_of_every_refusal(void **state)
{
	(void)state;
	enum { REQUESTS = 3000 };
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct ipvs ipvs;
	connect_to_generic_netlink(&ipvs);
	size_t refused;
	assert_int_equal(send_nonsense(&ipvs, REQUESTS, &refused, &error), 0);
	assert_int_equal(refused, REQUESTS);
	netlink_close(&ipvs);
}

static void says_that_acknowledgements_were_lost_and_goes_on(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct ipvs ipvs;
	connect_to_generic_netlink(&ipvs);
	const int tiny = 1; /* the kernel makes its least of it */
	assert_int_equal(setsockopt(nl_socket_get_fd(ipvs.socket), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
	size_t refused;
	assert_int_equal(send_nonsense(&ipvs, 300, &refused, &error), -1);
	assert_non_null(strstr(error.message, "answers of the kernel's IPVS were lost"));

	size_t families;
	assert_int_equal(ask_for_families(&ipvs, &families), 0);
	assert_true(families > 0);
	netlink_close(&ipvs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_again_with_more_room_for_what_was_cut),
		cmocka_unit_test(hears_of_every_refusal),
		cmocka_unit_test(says_that_acknowledgements_were_lost_and_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
