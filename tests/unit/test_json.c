/* SPDX-License-Identifier: MIT */
/* Snapshots that are right: what is written, and that reading it gives the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/json.h"

#define HEAD "{\"format\": \"ipvs-iso.snapshot\", \"version\": 1"

static void read_text(struct table *table, const char *text)
{
	CLEANUP_ERROR struct error error = {0};
	table_init(table);
	if (table_from_json(table, text, strlen(text), "snapshot.json", &error) < 0)
		fail_msg("%s", error.message);
}

/* Reading and writing again gives the same text. */
static void expect_stable(const char *text)
{
	CLEANUP_TABLE struct table table;
	read_text(&table, text);
	size_t length;
	CLEANUP_FREE char *again = table_to_json(&table, &length);
	assert_string_equal(again, text);
	assert_int_equal(length, strlen(text));
}

/* A table with one service, read from the text of that. */
static void read_service(struct table *table, const char *service)
{
	CLEANUP_FREE char *text = memory_printf(HEAD ", \"services\": [%s]}", service);
	read_text(table, text);
	assert_int_equal(table->services.count, 1);
}

static const char everything[] =
	"{\n"
	"  \"format\": \"ipvs-iso.snapshot\",\n"
	"  \"version\": 1,\n"
	"  \"timeouts\": {\"tcp\": 21474836, \"tcp_fin\": 1, \"udp\": 17},\n"
	"  \"daemons\": [\n"
	"    {\"role\": \"master\", \"interface\": \"eth0.100\", \"sync_id\": 255, \"max_length\": 1400, "
	"\"group\": \"224.0.0.82\", \"port\": 8849, \"ttl\": 255},\n"
	"    {\"role\": \"backup\", \"interface\": \"q\\\"\\\\\\u0001\", \"sync_id\": 0, \"group\": \"ff02::81\"}\n"
	"  ],\n"
	"  \"sysctl\": {\n"
	"    \"am_droprate\": 10,\n"
	"    \"est_cpulist\": \"0-3,5\",\n"
	"    \"est_nice\": -5,\n"
	"    \"huge\": \"1234567890123456789\",\n"
	"    \"leading_zero\": \"007\",\n"
	"    \"minus_zero\": \"-0\",\n"
	"    \"mixed\": \"3 x\",\n"
	"    \"nothing\": \"\",\n"
	"    \"sync_threshold\": [3, 50],\n"
	"    \"trailing_space\": \"3 \",\n"
	"    \"two_spaces\": \"3  50\"\n"
	"  },\n"
	"  \"services\": [\n"
	"    {\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 0, \"scheduler\": \"sh\", \"flags\": "
	"[\"persistent\", \"sh-fallback\", \"sh-port\", \"scheduler-3\", \"0x40\", \"0x80000000\"], "
	"\"persistence_timeout\": 42949672, \"netmask\": \"255.255.255.0\", \"destinations\": []},\n"
	"    {\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 65535, \"scheduler\": \"none\", "
	"\"netmask\": \"0.0.0.0\", \"destinations\": [\n"
	"      {\"address\": \"10.0.0.9\", \"port\": 65535, \"forward\": \"masquerade\", \"weight\": 2147483647, "
	"\"upper_threshold\": 4294967295, \"lower_threshold\": 4294967295},\n"
	"      {\"address\": \"10.0.0.2\", \"port\": 0, \"forward\": \"local\", \"weight\": 0},\n"
	"      {\"address\": \"10.0.0.2\", \"port\": 1, \"forward\": \"tunnel\", \"weight\": 1, "
	"\"tunnel\": {\"type\": \"gue\", \"port\": 6080, \"flags\": [\"checksum\", \"remote-checksum\", "
	"\"0x8000\"]}},\n"
	"      {\"address\": \"10.0.0.2\", \"port\": 2, \"forward\": \"route\", \"weight\": 1, "
	"\"tunnel\": {\"type\": \"gre\"}},\n"
	"      {\"address\": \"10.0.0.2\", \"port\": 3, \"forward\": \"bypass\", \"weight\": 1, "
	"\"tunnel\": {\"type\": \"ipip\", \"flags\": [\"checksum\"]}},\n"
	"      {\"address\": \"10.0.0.2\", \"port\": 4, \"forward\": \"0x7\", \"weight\": 1, "
	"\"upper_threshold\": 5, \"tunnel\": {\"type\": \"0xff\"}}\n"
	"    ]},\n"
	"    {\"protocol\": \"udp\", \"address\": \"fd00::1\", \"port\": 53, \"scheduler\": \"mh\", \"flags\": "
	"[\"one-packet\", \"mh-fallback\", \"mh-port\"], \"netmask\": 64, \"pe\": \"sip\", \"destinations\": []},\n"
	"    {\"protocol\": \"0x32\", \"address\": \"10.0.0.1\", \"port\": 1, \"scheduler\": \"rr\", "
	"\"destinations\": []},\n"
	"    {\"protocol\": \"sctp\", \"address\": \"10.0.0.1\", \"port\": 1, \"scheduler\": \"rr\", \"flags\": "
	"[\"scheduler-1\", \"scheduler-2\"], \"destinations\": []},\n"
	"    {\"fwmark\": 1, \"family\": \"ipv4\", \"scheduler\": \"rr\", \"destinations\": []},\n"
	"    {\"fwmark\": 1, \"family\": \"ipv6\", \"scheduler\": \"rr\", \"netmask\": 1, \"destinations\": []},\n"
	"    {\"fwmark\": 4294967295, \"family\": \"ipv4\", \"scheduler\": \"rr\", \"destinations\": []}\n"
	"  ]\n"
	"}\n";

static void keeps_every_attribute(void **state)
{
	(void)state;
	expect_stable(everything);
}

/* Another way than through the text that the reader's own mistakes could agree with. */
static void reads_every_attribute_into_the_model(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_text(&table, everything);
	assert_int_equal(table.timeouts.tcp, 21474836);
	assert_int_equal(table.timeouts.tcp_fin, 1);
	assert_int_equal(table.timeouts.udp, 17);

	const struct sync_daemon *daemon = &table.daemons.items[0];
	assert_int_equal(daemon->role, DAEMON_MASTER);
	assert_string_equal(daemon->interface, "eth0.100");
	assert_int_equal(daemon->sync_id, 255);
	assert_int_equal(daemon->max_length, 1400);
	assert_int_equal(daemon->group.v4.s_addr, htonl(0xe0000052));
	assert_int_equal(daemon->port, 8849);
	assert_int_equal(daemon->ttl, 255);
	assert_int_equal(table.daemons.items[1].role, DAEMON_BACKUP);
	assert_int_equal(table.daemons.items[1].group.family, AF_INET6);
	assert_string_equal(table.daemons.items[1].interface, "q\"\\\001");

	assert_string_equal(table.sysctls.items[0].value, "10");
	assert_string_equal(table.sysctls.items[1].value, "0-3,5");
	assert_string_equal(table.sysctls.items[2].value, "-5");
	assert_string_equal(table.sysctls.items[8].name, "sync_threshold");
	assert_string_equal(table.sysctls.items[8].value, "3 50");

	const struct service *service = &table.services.items[0];
	assert_int_equal(service->protocol, IPPROTO_TCP);
	assert_int_equal(service->family, AF_INET);
	assert_int_equal(service->address.v4.s_addr, htonl(0x0a000001));
	assert_int_equal(service->port, 0);
	assert_string_equal(service->scheduler, "sh");
	assert_int_equal(service->flags, 0x80000079);
	assert_int_equal(service->timeout, 42949672);
	assert_int_equal(service->netmask, 0xffffff00);

	const struct destination *destination = &table.services.items[1].destinations.items[0];
	assert_int_equal(destination->address.v4.s_addr, htonl(0x0a000009));
	assert_int_equal(destination->port, 65535);
	assert_int_equal(destination->forward, FORWARD_MASQUERADE);
	assert_int_equal(destination->weight, INT32_MAX);
	assert_int_equal(destination->upper_threshold, UINT32_MAX);
	assert_int_equal(destination->lower_threshold, UINT32_MAX);
	assert_int_equal(destination[1].forward, FORWARD_LOCAL);
	assert_int_equal(destination[2].forward, FORWARD_TUNNEL);
	assert_int_equal(destination[2].tunnel.type, TUNNEL_GUE);
	assert_int_equal(destination[2].tunnel.port, 6080);
	assert_int_equal(destination[2].tunnel.flags, 0x8003);
	assert_int_equal(destination[3].forward, FORWARD_ROUTE);
	assert_int_equal(destination[3].tunnel.type, TUNNEL_GRE);
	assert_int_equal(destination[4].forward, FORWARD_BYPASS);
	assert_int_equal(destination[5].forward, 7);
	assert_int_equal(destination[5].tunnel.type, 255);

	service = &table.services.items[2];
	assert_int_equal(service->family, AF_INET6);
	assert_int_equal(service->netmask, 64);
	assert_int_equal(service->flags, SERVICE_FLAG_ONE_PACKET | SERVICE_FLAG_SCHEDULER_1 | SERVICE_FLAG_SCHEDULER_2);
	assert_string_equal(service->persistence_engine, "sip");
	assert_int_equal(table.services.items[3].protocol, 50);
	assert_int_equal(table.services.items[5].fwmark, 1);
	assert_int_equal(table.services.items[5].netmask, 0xffffffff);
	assert_int_equal(table.services.items[5].protocol, 0);
	assert_int_equal(table.services.items[6].family, AF_INET6);
}

static void writes_an_empty_table(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	CLEANUP_FREE char *text = table_to_json(&table, NULL);
	assert_string_equal(text, "{\n"
				  "  \"format\": \"ipvs-iso.snapshot\",\n"
				  "  \"version\": 1,\n"
				  "  \"timeouts\": {\"tcp\": 900, \"tcp_fin\": 120, \"udp\": 300},\n"
				  "  \"daemons\": [],\n"
				  "  \"sysctl\": {},\n"
				  "  \"services\": []\n"
				  "}\n");
	expect_stable(text);
}

static void writes_counters_and_passes_over_them(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table, copy;
	read_text(&table, HEAD ", \"services\": [{\"fwmark\": 1, \"family\": \"ipv4\", \"destinations\": [{"
			       "\"address\": \"10.0.0.1\", \"port\": 0}]}]}");
	struct service *service = &table.services.items[0];
	*array_append(&service->counters) = (struct counters){.connections = INT64_MAX, .bytes_out = 5000000000};
	*array_append(&service->counters) =
		(struct counters){.packets_in = 6, .packets_out = 7, .bytes_in = 8, .active = 9};
	CLEANUP_FREE char *text = table_to_json(&table, NULL);
	assert_non_null(strstr(text, "\"stats\": {\"connections\": 9223372036854775807, \"packets_in\": 0, "
				     "\"packets_out\": 0, \"bytes_in\": 0, \"bytes_out\": 5000000000}, \"dest"));
	assert_non_null(strstr(text, "\"stats\": {\"connections\": 0, \"packets_in\": 6, \"packets_out\": 7, "
				     "\"bytes_in\": 8, \"bytes_out\": 0, \"active\": 9, \"inactive\": 0, "
				     "\"persistent\": 0}}"));
	read_text(&copy, text);
	assert_int_equal(copy.services.items[0].counters.count, 0);
	table_copy(&copy, &table);
	assert_int_equal(copy.services.items[0].counters.count, 0);
}

static void takes_defaults_for_what_is_left_out(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_text(&table, HEAD ", \"timeouts\": {\"udp\": 5}, \"daemons\": [{\"role\": \"backup\", \"interface\": "
			       "\"lo\", \"sync_id\": 3}], \"services\": [{\"protocol\": \"tcp\", \"address\": "
			       "\"::1\", \"port\": 80, \"destinations\": [{\"address\": \"::2\", \"port\": 81}]}]}");
	assert_int_equal(table.timeouts.tcp, 900);
	assert_int_equal(table.timeouts.tcp_fin, 120);
	assert_int_equal(table.timeouts.udp, 5);
	const struct sync_daemon *daemon = &table.daemons.items[0];
	assert_int_equal(daemon->max_length + daemon->group.family + daemon->port + daemon->ttl, 0);
	assert_int_equal(table.sysctls.count, 0);
	const struct service *service = &table.services.items[0];
	assert_string_equal(service->scheduler, "wlc");
	assert_string_equal(service->persistence_engine, "");
	assert_int_equal(service->flags + service->timeout, 0);
	assert_int_equal(service->netmask, 128);
	const struct destination *destination = &service->destinations.items[0];
	assert_int_equal(destination->weight, 1);
	assert_int_equal(destination->forward, FORWARD_ROUTE);
	assert_int_equal(destination->upper_threshold + destination->lower_threshold, 0);
	assert_int_equal(destination->tunnel.type + destination->tunnel.port + destination->tunnel.flags, 0);
}

static void reads_the_least_there_can_be(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_text(&table, HEAD "}");
	assert_int_equal(table.services.count, 0);
	assert_int_equal(table.timeouts.tcp, 900);
}

static void reads_every_word_for_a_flag(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		uint32_t flags;
	} cases[] = {
		{"\"flag-1\", \"flag-2\", \"flag-3\"", 0x38},
		{"\"scheduler-1\", \"scheduler-2\", \"scheduler-3\"", 0x38},
		{"\"sh-fallback\", \"mh-port\"", 0x18},
		{"\"mh-fallback\", \"sh-port\"", 0x18},
		{"\"0x1\", \"0x4\", \"0x8\"", 0xd},
		{"", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP_FREE char *service =
			memory_printf("{\"fwmark\": 1, \"family\": \"ipv4\", \"flags\": [%s]}", cases[i].words);
		CLEANUP_TABLE struct table table;
		read_service(&table, service);
		assert_int_equal(table.services.items[0].flags, cases[i].flags);
	}
}

/* The keys that say the family may stand behind those that depend on it. */
static void reads_keys_in_any_order(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_service(&table, "{\"destinations\": [{\"address\": \"fd00::2\", \"port\": 1}], \"netmask\": 56, "
			     "\"port\": 80, \"address\": \"fd00::1\", \"protocol\": \"udp\"}");
	assert_int_equal(table.services.items[0].netmask, 56);
	assert_int_equal(table.services.items[0].destinations.count, 1);
}

static void allows_tunnels_to_the_other_family(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_service(&table, "{\"fwmark\": 1, \"family\": \"ipv4\", \"destinations\": [{\"address\": \"fd00::2\", "
			     "\"port\": 0, \"forward\": \"tunnel\"}]}");
	assert_int_equal(table.services.items[0].destinations.items[0].address.family, AF_INET6);
}

static void never_writes_the_kernels_own_flag(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	struct service *service = array_append(&table.services);
	service_init(service, AF_INET);
	service->fwmark = 5;
	service->flags = SERVICE_FLAG_HASHED;
	CLEANUP_FREE char *text = table_to_json(&table, NULL);
	assert_non_null(strstr(text, "    {\"fwmark\": 5, \"family\": \"ipv4\", \"scheduler\": \"wlc\", "
				     "\"destinations\": []}\n"));
}

static void sorts_services_and_keeps_the_order_of_destinations(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_text(&table, HEAD ", \"sysctl\": {\"b\": 1, \"a\": 2}, \"services\": ["
			       "{\"fwmark\": 2, \"family\": \"ipv4\"},"
			       "{\"fwmark\": 1, \"family\": \"ipv4\", \"destinations\": ["
			       "{\"address\": \"10.0.0.3\", \"port\": 1}, {\"address\": \"10.0.0.1\", \"port\": 1}, "
			       "{\"address\": \"10.0.0.2\", \"port\": 1}]},"
			       "{\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 80}]}");
	assert_string_equal(table.sysctls.items[0].name, "a");
	assert_int_equal(table.services.items[0].port, 80);
	assert_int_equal(table.services.items[1].fwmark, 1);
	assert_int_equal(table.services.items[2].fwmark, 2);
	static const uint32_t order[] = {0x0a000003, 0x0a000001, 0x0a000002};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(table.services.items[1].destinations.items[i].address.v4.s_addr, htonl(order[i]));
}

static void replaces_what_the_table_held(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_text(&table, everything);
	table.timeouts = (struct timeouts){.tcp = 1, .udp = 2};
	CLEANUP_ERROR struct error error = {0};
	assert_int_equal(table_from_json(&table, HEAD "}", strlen(HEAD "}"), "-", &error), 0);
	assert_int_equal(table.services.count + table.daemons.count + table.sysctls.count, 0);
	assert_int_equal(table.timeouts.tcp, 1);
	assert_int_equal(table.timeouts.tcp_fin, 0);
	assert_int_equal(table.timeouts.udp, 2);
}

static void leaves_the_table_alone_on_failure(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	read_text(&table, everything);
	static const char *const bad[] = {
		"",
		HEAD,
		HEAD ", \"x\": 1}",
		HEAD ", \"timeouts\": {\"tcp\": 5}, \"sysctl\": {\"a\": 1}, \"services\": [{\"fwmark\": 1, \"family\": "
		     "\"ipv4\", \"destinations\": [{\"address\": \"10.0.0.1\", \"port\": 0}, 5]}]}",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CLEANUP_ERROR struct error error = {0};
		assert_int_equal(table_from_json(&table, bad[i], strlen(bad[i]), "-", &error), -1);
		assert_int_equal(error.kind, ERROR_INPUT);
	}
	CLEANUP_FREE char *text = table_to_json(&table, NULL);
	assert_string_equal(text, everything);
}

/* Takes seconds where looking for duplicates is quadratic; and the one duplicate is found among them all. */
static void finds_a_duplicate_among_many(void **state)
{
	(void)state;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	fputs(HEAD ", \"services\": [{\"fwmark\": 1, \"family\": \"ipv4\", \"destinations\": [\n", out);
	for (unsigned i = 0; i < 50000; i++)
		fprintf(out, "{\"address\": \"10.0.%u.%u\", \"port\": 1},\n", i / 256, i % 256);
	fputs("{\"address\": \"10.0.1.0\", \"port\": 1}]}]}", out);
	assert_int_equal(fclose(out), 0);
	CLEANUP_TABLE struct table table;
	table_init(&table);
	CLEANUP_ERROR struct error error = {0};
	assert_int_equal(table_from_json(&table, text, length, "many.json", &error), -1);
	assert_string_equal(error.message,
			    "many.json:50002:1: services[0].destinations[50000]: names the same destination as "
			    "services[0].destinations[256] (line 258, column 1)");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_every_attribute),
		cmocka_unit_test(reads_every_attribute_into_the_model),
		cmocka_unit_test(writes_an_empty_table),
		cmocka_unit_test(writes_counters_and_passes_over_them),
		cmocka_unit_test(takes_defaults_for_what_is_left_out),
		cmocka_unit_test(reads_the_least_there_can_be),
		cmocka_unit_test(reads_every_word_for_a_flag),
		cmocka_unit_test(reads_keys_in_any_order),
		cmocka_unit_test(allows_tunnels_to_the_other_family),
		cmocka_unit_test(never_writes_the_kernels_own_flag),
		cmocka_unit_test(sorts_services_and_keeps_the_order_of_destinations),
		cmocka_unit_test(replaces_what_the_table_held),
		cmocka_unit_test(leaves_the_table_alone_on_failure),
		cmocka_unit_test(finds_a_duplicate_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
