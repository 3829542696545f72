/* SPDX-License-Identifier: MIT */
/* The model: defaults, copies, orders and comparisons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "table/table.h"

static struct address address(const char *text)
{
	struct address parsed;
	assert_true(address_parse(&parsed, text));
	return parsed;
}

static struct service addressed(uint8_t protocol, const char *text, uint16_t port)
{
	struct service service;
	struct address parsed = address(text);
	service_init(&service, parsed.family);
	service.protocol = protocol;
	service.address = parsed;
	service.port = port;
	return service;
}

static struct service marked(uint32_t fwmark, sa_family_t family)
{
	struct service service;
	service_init(&service, family);
	service.fwmark = fwmark;
	return service;
}

static void starts_with_the_kernels_defaults(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	assert_int_equal(table.timeouts.tcp, 900);
	assert_int_equal(table.timeouts.tcp_fin, 120);
	assert_int_equal(table.timeouts.udp, 300);
	assert_int_equal(table.services.count + table.daemons.count + table.sysctls.count, 0);

	struct service service;
	service_init(&service, AF_INET);
	assert_string_equal(service.scheduler, "wlc");
	assert_int_equal(service.netmask, 0xffffffff);
	assert_int_equal(service.family, AF_INET);
	service_init(&service, AF_INET6);
	assert_int_equal(service.netmask, 128);

	struct destination destination;
	destination_init(&destination);
	assert_int_equal(destination.weight, 1);
	assert_int_equal(destination.forward, FORWARD_ROUTE);
}

static void parses_and_formats_addresses(void **state)
{
	(void)state;
	char text[ADDRESS_TEXT_ROOM];
	static const char *const good[] = {"0.0.0.0", "255.255.255.255", "::", "fd00::1", "::ffff:1.2.3.4"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct address parsed = address(good[i]);
		assert_string_equal(address_format(&parsed, text), good[i]);
	}
	static const char *const bad[] = {"",      "1.2.3",      "1.2.3.256", "1.2.3.4 ", "01.2.3.4",
					  "[::1]", "fe80::1%lo", "localhost", "1::2::3"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct address unchanged = address("10.0.0.9");
		assert_false(address_parse(&unchanged, bad[i]));
		assert_string_equal(address_format(&unchanged, text), "10.0.0.9");
	}
	struct address none = {0};
	assert_string_equal(address_format(&none, text), "");
}

static void zeroes_the_unused_bytes_of_addresses(void **state)
{
	(void)state;
	static const struct in6_addr zeros;
	struct address parsed;
	/* The long one leaves its bytes behind: here, and on the stack. */
	assert_true(address_parse(&parsed, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
	assert_true(address_parse(&parsed, "0.0.0.0"));
	assert_memory_equal(&parsed.v6, &zeros, sizeof zeros);
}

static void orders_addresses(void **state)
{
	(void)state;
	static const char *const sorted[] = {"9.0.0.1", "10.0.0.1", "10.0.0.2", "200.0.0.1", "::1", "fd00::1"};
	for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++) {
		for (size_t j = 0; j < sizeof sorted / sizeof *sorted; j++) {
			struct address a = address(sorted[i]), b = address(sorted[j]);
			int order = address_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void sorts_services_by_name(void **state)
{
	(void)state;
	struct service sorted[] = {
		addressed(IPPROTO_TCP, "10.0.0.1", 80),
		addressed(IPPROTO_TCP, "10.0.0.1", 443),
		addressed(IPPROTO_TCP, "10.0.0.2", 1),
		addressed(IPPROTO_TCP, "fd00::1", 80),
		addressed(IPPROTO_UDP, "10.0.0.1", 1),
		addressed(IPPROTO_SCTP, "10.0.0.1", 1),
		marked(1, AF_INET),
		marked(1, AF_INET6),
		marked(2, AF_INET),
		marked(UINT32_MAX, AF_INET),
	};
	size_t count = sizeof sorted / sizeof *sorted;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	for (size_t i = 0; i < count; i++)
		*array_append(&table.services) = sorted[(i * 7 + 3) % count];
	table_sort(&table);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(service_compare(&table.services.items[i], &sorted[i]), 0);
		for (size_t j = 0; j < count; j++) {
			int order = service_compare(&sorted[i], &sorted[j]);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void compares_services_by_name_alone(void **state)
{
	(void)state;
	struct service a = addressed(IPPROTO_TCP, "10.0.0.1", 80), b = a;
	strcpy(b.scheduler, "rr");
	b.flags = SERVICE_FLAG_PERSISTENT;
	assert_int_equal(service_compare(&a, &b), 0);
}

static void compares_every_option_of_services(void **state)
{
	(void)state;
	struct service a = addressed(IPPROTO_TCP, "10.0.0.1", 80), b = addressed(IPPROTO_UDP, "10.0.0.2", 81);
	assert_true(service_options_equal(&a, &b));
#define DIFFERS(change)                                      \
	do {                                                 \
		b = a;                                       \
		change;                                      \
		assert_false(service_options_equal(&a, &b)); \
	} while (0)
	DIFFERS(strcpy(b.scheduler, "rr"));
	DIFFERS(strcpy(b.persistence_engine, "sip"));
	DIFFERS(b.flags = SERVICE_FLAG_ONE_PACKET);
	DIFFERS(b.timeout = 1);
	DIFFERS(b.netmask = 0xffffff00);
#undef DIFFERS
}

static void compares_destinations(void **state)
{
	(void)state;
	struct destination a, b;
	destination_init(&a);
	a.address = address("10.0.0.1");
	a.port = 80;
	b = a;
	assert_int_equal(destination_compare(&a, &b), 0);
	assert_true(destination_options_equal(&a, &b));
	b.port = 81;
	assert_true(destination_compare(&a, &b) < 0);
	assert_true(destination_options_equal(&a, &b));
	b.address = address("9.0.0.1");
	assert_true(destination_compare(&a, &b) > 0);
#define DIFFERS(change)                                           \
	do {                                                      \
		b = a;                                            \
		change;                                           \
		assert_false(destination_options_equal(&a, &b));  \
		assert_int_equal(destination_compare(&a, &b), 0); \
	} while (0)
	DIFFERS(b.forward = FORWARD_TUNNEL);
	DIFFERS(b.weight = 0);
	DIFFERS(b.upper_threshold = 1);
	DIFFERS(b.lower_threshold = 1);
	DIFFERS(b.tunnel.type = TUNNEL_GRE);
	DIFFERS(b.tunnel.port = 1);
	DIFFERS(b.tunnel.flags = 1);
#undef DIFFERS
}

static void compares_daemons_with_the_kernels_defaults(void **state)
{
	(void)state;
	struct sync_daemon a = {.role = DAEMON_MASTER, .interface = "lo", .sync_id = 1}, b = a;
	b.group = address("224.0.0.81");
	b.port = 8848;
	b.ttl = 1;
	b.max_length = 1472;
	assert_true(daemon_equal(&a, &b));
	a.max_length = 1400;
	assert_false(daemon_equal(&a, &b));
	a.max_length = 0;
#define DIFFERS(change)                             \
	do {                                        \
		b = a;                              \
		change;                             \
		assert_false(daemon_equal(&a, &b)); \
	} while (0)
	DIFFERS(b.role = DAEMON_BACKUP);
	DIFFERS(strcpy(b.interface, "eth0"));
	DIFFERS(b.sync_id = 2);
	DIFFERS(b.group = address("224.0.0.82"));
	DIFFERS(b.group = address("ff02::81"));
	DIFFERS(b.port = 8849);
	DIFFERS(b.ttl = 2);
#undef DIFFERS
}

static void copies_deeply(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table copy = {0};
	{
		CLEANUP_TABLE struct table table;
		table_init(&table);
		table.timeouts.udp = 7;
		*array_append(&table.daemons) = (struct sync_daemon){.role = DAEMON_BACKUP, .interface = "lo"};
		*array_append(&table.sysctls) = (struct sysctl){memory_copy_string("b"), memory_copy_string("1")};
		*array_append(&table.sysctls) = (struct sysctl){memory_copy_string("a"), memory_copy_string("3 50")};
		*array_append(&table.services) = marked(1, AF_INET);
		*array_append(&table.services) = marked(2, AF_INET);
		for (uint16_t port = 5; port > 0; port--) {
			struct destination *destination = array_append(&table.services.items[1].destinations);
			destination_init(destination);
			destination->port = port;
		}
		table_copy(&copy, &table);
		table_copy(&copy, &table); /* over what it holds */
		table.services.items[1].destinations.items[0].port = 99;
		table.sysctls.items[0].value[0] = 'x';
	}
	assert_int_equal(copy.timeouts.udp, 7);
	assert_int_equal(copy.daemons.count, 1);
	assert_string_equal(copy.daemons.items[0].interface, "lo");
	assert_string_equal(copy.sysctls.items[0].value, "1");
	assert_int_equal(copy.services.count, 2);
	assert_int_equal(copy.services.items[0].destinations.count, 0);
	assert_int_equal(copy.services.items[1].destinations.count, 5);
	*array_append(&copy.services.items[1].destinations) = (struct destination){.port = 0};
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(copy.services.items[1].destinations.items[i].port, 5 - i);

	table_sort(&copy);
	assert_string_equal(copy.sysctls.items[0].name, "a");
	assert_int_equal(copy.services.items[1].destinations.items[0].port, 5);

	table_clear(&copy);
	assert_int_equal(copy.services.count + copy.sysctls.count + copy.daemons.count, 0);
	assert_int_equal(copy.timeouts.udp, 300);
}

static void sorts_daemons_master_first(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	*array_append(&table.daemons) = (struct sync_daemon){.role = DAEMON_BACKUP};
	*array_append(&table.daemons) = (struct sync_daemon){.role = DAEMON_MASTER};
	table_sort(&table);
	assert_int_equal(table.daemons.items[0].role, DAEMON_MASTER);
	assert_int_equal(table.daemons.items[1].role, DAEMON_BACKUP);
}

static void has_words_for_numbers(void **state)
{
	(void)state;
	assert_string_equal(forwarding_method_name(FORWARD_MASQUERADE), "masquerade");
	assert_string_equal(forwarding_method_name(FORWARD_LOCAL), "local");
	assert_string_equal(forwarding_method_name(FORWARD_TUNNEL), "tunnel");
	assert_string_equal(forwarding_method_name(FORWARD_ROUTE), "route");
	assert_string_equal(forwarding_method_name(FORWARD_BYPASS), "bypass");
	assert_null(forwarding_method_name((enum forwarding_method)5));
	assert_string_equal(tunnel_type_name(TUNNEL_IPIP), "ipip");
	assert_string_equal(tunnel_type_name(TUNNEL_GUE), "gue");
	assert_string_equal(tunnel_type_name(TUNNEL_GRE), "gre");
	assert_null(tunnel_type_name((enum tunnel_type)3));
	assert_string_equal(protocol_name(IPPROTO_TCP), "tcp");
	assert_string_equal(protocol_name(IPPROTO_UDP), "udp");
	assert_string_equal(protocol_name(IPPROTO_SCTP), "sctp");
	assert_null(protocol_name(0));
	assert_string_equal(daemon_role_name(DAEMON_MASTER), "master");
	assert_string_equal(daemon_role_name(DAEMON_BACKUP), "backup");
	assert_null(daemon_role_name((enum daemon_role)3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_with_the_kernels_defaults),
		cmocka_unit_test(parses_and_formats_addresses),
		cmocka_unit_test(zeroes_the_unused_bytes_of_addresses),
		cmocka_unit_test(orders_addresses),
		cmocka_unit_test(sorts_services_by_name),
		cmocka_unit_test(compares_services_by_name_alone),
		cmocka_unit_test(compares_every_option_of_services),
		cmocka_unit_test(compares_destinations),
		cmocka_unit_test(compares_daemons_with_the_kernels_defaults),
		cmocka_unit_test(copies_deeply),
		cmocka_unit_test(sorts_daemons_master_first),
		cmocka_unit_test(has_words_for_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
