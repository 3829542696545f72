/* SPDX-License-Identifier: MIT */
/* Snapshots that are wrong: each is refused, with a message that says what, where and what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "table/json.h"

struct wrong {
	const char *text;
	const char *message; /* without the file's name */
};

static void expect_message(const char *text, size_t length, const char *message)
{
	CLEANUP_TABLE struct table table;
	table_init(&table);
	CLEANUP_ERROR struct error error = {0};
	if (table_from_json(&table, text, length, "s.json", &error) == 0)
		fail_msg("not refused: %s", text);
	CLEANUP_FREE char *expected = memory_printf("s.json:%s", message);
	assert_string_equal(error.message, expected);
	assert_int_equal(error.kind, ERROR_INPUT);
}

static void expect_messages(const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_message(cases[i].text, strlen(cases[i].text), cases[i].message);
}

#define EXPECT_MESSAGES(cases) expect_messages(cases, sizeof(cases) / sizeof *(cases))

#define HEAD "{\"format\": \"ipvs-iso.snapshot\", \"version\": 1"
/* What is wrong stands in a line of its own: the second of the text, the third in a destination. */
#define TOP(members) HEAD ",\n" members "}"
#define SERVICE(members) HEAD ", \"services\": [\n{" members "}]}"
#define ADDRESSED(members) SERVICE("\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 80,\n" members)
#define DESTINATIONS(objects) ADDRESSED("\"destinations\": [\n" objects "\n]")
#define DESTINATION(members) DESTINATIONS("{\"address\": \"10.0.0.2\", \"port\": 80, " members "}")

#define NAME_WANTED "must be a name of 1 to 15 bytes without spaces and slashes, not "

static void says_where_it_is_not_json(void **state)
{
	(void)state;
	static const char short_of[] = "the text ends before the snapshot does: it has been cut short";
	CLEANUP_FREE char *cut = memory_printf("1:45: %s", short_of);
	CLEANUP_FREE char *cut_in_string = memory_printf("2:14: %s", short_of);
	CLEANUP_FREE char *cut_behind_line = memory_printf("2:1: %s", short_of);
	const struct wrong cases[] = {
		{"", "1:1: the file is empty"},
		{" \t\r\n\n", "1:1: the file is empty"},
		{HEAD, cut},
		{HEAD ",\n\"services\": \"", cut_in_string},
		{HEAD ",\n", cut_behind_line},
		{"hello", "1:1: not JSON: invalid token near 'hello'"},
		{"{\"a\"\n  12}", "2:3: not JSON: ':' expected near '12'"},
		{"{\"a\": 1,}", "1:9: not JSON: string or '}' expected near '}'"},
		{"{'a': 1}", "1:2: not JSON: string or '}' expected near '''"},
		{"{\"a\": \"b\nc\"}", "1:7: not JSON: unexpected newline near '\"b'"},
		{"{\"a\": \033}", "1:7: not JSON: invalid token near '?'"},
		{"{\"a\":\n 99999999999999999999}", "2:2: the number is too big"},
		{"{\"a\":\n -99999999999999999999}", "2:2: the number is too big"},
		{"{\"a\": 1e999}", "1:7: the number is too big"},
		{"{\"a\": \"\377\"}", "1:8: not UTF-8 text"},
		{"{\"a\": \"\\u0000\"}", "1:7: text with a NUL character (\\u0000) is not allowed"},
		{"{\"a\\u0000\": 1}", "1:2: text with a NUL character (\\u0000) is not allowed"},
		{"{\"a\": 1,\n \"a\": 2}", "2:2: the key \"a\" stands in this object twice"},
		{"{\"a\\\"b\": 1,\n \"a\\\"b\": 2}", "2:2: the key \"a\\\"b\" stands in this object twice"},
		{HEAD "}\n{}", "2:1: the snapshot is followed by something else"},
	};
	EXPECT_MESSAGES(cases);
}

/* Services and destinations are parsed one by one; what is not JSON is still said first, wherever it stands. */
static void looks_for_what_is_not_json_before_all_else(void **state)
{
	(void)state;
#define WRONG "{\"address\": 5}"
	static const struct wrong cases[] = {
		{DESTINATIONS(WRONG) "\n}", "6:1: the snapshot is followed by something else"},
		{DESTINATIONS(WRONG ",\n{\"port\": 1, \"port\": 2}"),
		 "5:13: the key \"port\" stands in this object twice"},
		{DESTINATIONS(WRONG ",\n{\"port\" 1}"), "5:9: not JSON: ':' expected near '1'"},
		{DESTINATIONS(WRONG "\n" WRONG), "5:1: not JSON: ']' expected near '{'"},
		{DESTINATIONS(WRONG ",\n"), "6:1: not JSON: unexpected token near ']'"},
		{DESTINATIONS(",\n" WRONG), "4:1: not JSON: unexpected token near ','"},
		{DESTINATIONS(WRONG) ", \"services\": []}", "5:5: the snapshot is followed by something else"},
		{SERVICE("}, {}\n{"), "3:1: not JSON: ']' expected near '{'"},
		{SERVICE("},\n"), "3:1: not JSON: unexpected token near '}'"},
		{TOP("\"services\": [5,\n]"), "3:1: not JSON: unexpected token near ']'"},
		{TOP("\"services\": [5}\n]"), "2:15: not JSON: ']' expected near '}'"},
		{TOP("\"services\": [5],\n\"services\": []"), "3:1: the key \"services\" stands in this object twice"},
		{TOP("\"services\": [5],\n\"\\u0073ervices\": []"),
		 "3:1: the key \"services\" stands in this object twice"},
		{TOP("\"\\u0073ervices\": [\n5]"), "3:1: services[0]: must be an object, not 5"},
	};
#undef WRONG
	EXPECT_MESSAGES(cases);
}

/* Each of these would be a good snapshot but for a byte between the parts. */
static void looks_at_what_is_between_the_parts(void **state)
{
	(void)state;
#define GOOD "{\"address\": \"10.0.0.2\", \"port\": 80}"
	static const struct wrong cases[] = {
		{DESTINATIONS(GOOD ",\n"), "6:1: not JSON: unexpected token near ']'"},
		{DESTINATIONS("\n," GOOD), "5:1: not JSON: unexpected token near ','"},
		{DESTINATIONS(GOOD "\n;"), "5:1: not JSON: ']' expected near ';'"},
		{TOP("\"services\": [\n,]"), "3:1: not JSON: unexpected token near ','"},
	};
	EXPECT_MESSAGES(cases);
	/* Behind a number jansson would skip it. */
	static const char nul[] = DESTINATIONS("{\"address\": \"10.0.0.2\", \"port\":\n80\0}");
	expect_message(nul, sizeof nul - 1, "5:3: a NUL byte is not allowed");
#undef GOOD
}

static void refuses_nul_bytes(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":\n \"x\0y\"}";
	expect_message(text, sizeof text - 1, "2:4: a NUL byte is not allowed");
	expect_message("\0", 1, "1:1: a NUL byte is not allowed");
}

static void refuses_what_is_nested_too_deeply(void **state)
{
	(void)state;
	enum { DEPTH = 100000 };
	CLEANUP_FREE char *text = memory_allocate(DEPTH, 1);
	memset(text, '[', DEPTH);
	expect_message(text, DEPTH, "1:2049: objects and arrays are nested too deeply");
}

static void refuses_a_cut_snapshot_wherever_it_ends(void **state)
{
	(void)state;
	static const char whole[] = DESTINATION("\"tunnel\": {\"type\": \"gue\", \"port\": 5}");
	for (size_t length = 0; length < sizeof whole - 1; length++) {
		CLEANUP_TABLE struct table table;
		table_init(&table);
		CLEANUP_ERROR struct error error = {0};
		CLEANUP_FREE char *cut = memory_copy_bytes(whole, length);
		assert_int_equal(table_from_json(&table, cut, length, "s.json", &error), -1);
		assert_null(strchr(error.message, '\n'));
	}
}

static void checks_the_whole(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{"\n [1]", "2:2: must be an object, not an array"},
		{"5", "1:1: must be an object, not 5"},
		{"null", "1:1: must be an object, not null"},
		{"{}", "1:1: the key \"format\" is missing"},
		{"{\"format\": \"x\", \"version\": 1}", "1:12: format: must be \"ipvs-iso.snapshot\", not \"x\""},
		{"{\"format\": 1, \"version\": 1}", "1:12: format: must be \"ipvs-iso.snapshot\", not 1"},
		{"{\"format\": \"ipvs-iso.snapshot\"}", "1:1: the key \"version\" is missing"},
		{"{\"format\": \"ipvs-iso.snapshot\",\n\"version\": 2, \"new\": 1}",
		 "2:12: version: is 2, and this program reads only version 1"},
		{"{\"format\": \"ipvs-iso.snapshot\",\n\"version\": \"1\"}",
		 "2:12: version: is \"1\", and this program reads only version 1"},
		{"{\"format\": \"ipvs-iso.result\", \"version\": 2, \"units\": []}",
		 "1:12: format: must be \"ipvs-iso.snapshot\", not \"ipvs-iso.result\""},
		{TOP("\"servces\": []"), "2:1: unknown key \"servces\"; did you mean \"services\"?"},
		{TOP("\"timeouts\": {},\n  \"nothing like it\": []"), "3:3: unknown key \"nothing like it\""},
		{TOP("\"a.b\": []"), "2:1: unknown key \"a.b\""},
		{TOP("\"\\u0061\\nb\": []"), "2:1: unknown key \"a\\nb\""},
		{TOP("\"a_key_that_is_far_too_long_to_be_shown_in_a_message_and_like_none\": []"),
		 "2:1: unknown key \"a_key_that_is_far_too_long_to_be_shown_...\""},
		{TOP("\"services\": {}"), "2:13: services: must be an array, not an object"},
	};
	EXPECT_MESSAGES(cases);
}

static void checks_timeouts(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{TOP("\"timeouts\": []"), "2:13: timeouts: must be an object, not an array"},
		{TOP("\"timeouts\": {\"tcp\": 0}"),
		 "2:21: timeouts.tcp: must be a whole number from 1 to 21474836, not 0"},
		{TOP("\"timeouts\": {\"tcp_fin\": \"120\"}"),
		 "2:25: timeouts.tcp_fin: must be a whole number from 1 to 21474836, not \"120\""},
		{TOP("\"timeouts\": {\"udp\": 21474837}"),
		 "2:21: timeouts.udp: must be a whole number from 1 to 21474836, not 21474837"},
		{TOP("\"timeouts\": {\"udp\": 9223372036854775807}"),
		 "2:21: timeouts.udp: must be a whole number from 1 to 21474836, not 9223372036854775807"},
		{TOP("\"timeouts\": {\"udp\": 1.0}"),
		 "2:21: timeouts.udp: must be a whole number from 1 to 21474836, not 1.0"},
		{TOP("\"timeouts\": {\"tcpfin\": 1}"),
		 "2:14: timeouts: unknown key \"tcpfin\"; did you mean \"tcp_fin\"?"},
	};
	EXPECT_MESSAGES(cases);
}

#define DAEMON(members) \
	TOP("\"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", \"sync_id\": 1,\n" members "}]")

static void checks_daemons(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{TOP("\"daemons\": {}"), "2:12: daemons: must be an array, not an object"},
		{TOP("\"daemons\": [true]"), "2:13: daemons[0]: must be an object, not true"},
		{TOP("\"daemons\": [{\"interface\": \"lo\", \"sync_id\": 1}]"),
		 "2:13: daemons[0]: the key \"role\" is missing"},
		{TOP("\"daemons\": [{\"role\": \"master\", \"sync_id\": 1}]"),
		 "2:13: daemons[0]: the key \"interface\" is missing"},
		{TOP("\"daemons\": [{\"role\": \"master\", \"interface\": \"lo\"}]"),
		 "2:13: daemons[0]: the key \"sync_id\" is missing"},
		{TOP("\"daemons\": [{\"role\": \"boss\", \"interface\": \"lo\", \"sync_id\": 1}]"),
		 "2:22: daemons[0].role: must be one of master, backup, not \"boss\""},
		{TOP("\"daemons\": [{\"role\": \"backup\", \"interface\": \"a/b\", \"sync_id\": 1}]"),
		 "2:45: daemons[0].interface: " NAME_WANTED "\"a/b\""},
		{TOP("\"daemons\": [{\"role\": \"backup\", \"interface\": \"lo\", \"sync_id\": 256}]"),
		 "2:62: daemons[0].sync_id: must be a whole number from 0 to 255, not 256"},
		{DAEMON("\"max_length\": 65536"),
		 "3:15: daemons[0].max_length: must be a whole number from 0 to 65535, not 65536"},
		{DAEMON("\"group\": \"10.0.0.1\""),
		 "3:10: daemons[0].group: must be a multicast address, not \"10.0.0.1\""},
		{DAEMON("\"group\": \"fd00::1\""),
		 "3:10: daemons[0].group: must be a multicast address, not \"fd00::1\""},
		{DAEMON("\"group\": \"x\""), "3:10: daemons[0].group: must be an IPv4 or IPv6 address, not \"x\""},
		{DAEMON("\"port\": -1"), "3:9: daemons[0].port: must be a whole number from 0 to 65535, not -1"},
		{DAEMON("\"ttl\": 256"), "3:8: daemons[0].ttl: must be a whole number from 0 to 255, not 256"},
		{DAEMON("\"syncid\": 1"), "3:1: daemons[0]: unknown key \"syncid\"; did you mean \"sync_id\"?"},
		{TOP("\"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", \"sync_id\": 1},\n"
		     "{\"role\": \"master\", \"interface\": \"eth0\", \"sync_id\": 2}]"),
		 "3:1: daemons[1]: names the same role as daemons[0] (line 2, column 13)"},
		{TOP("\"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", \"sync_id\": 1}],\n\"services\": "
		     "[{\"fwmark\": 1, "
		     "\"family\": \"ipv4\", \"destinations\": [\n{\"address\": \"::1\", \"port\": 0, \"forward\": "
		     "\"tunnel\"}]}]"),
		 "4:1: services[0].destinations[0]: is of another address family than its service, which the kernel "
		 "does "
		 "not allow beside sync daemons"},
	};
	EXPECT_MESSAGES(cases);
}

static void checks_sysctls(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{TOP("\"sysctl\": 5"), "2:11: sysctl: must be an object, not 5"},
		{TOP("\"sysctl\": {\"../x\": 5}"),
		 "2:12: sysctl: \"../x\" is no name of a file in /proc/sys/net/ipv4/vs"},
		{TOP("\"sysctl\": {\"..\": 5}"), "2:12: sysctl: \"..\" is no name of a file in /proc/sys/net/ipv4/vs"},
		{TOP("\"sysctl\": {\"\": 5}"), "2:12: sysctl: \"\" is no name of a file in /proc/sys/net/ipv4/vs"},
		{TOP("\"sysctl\": {\"a\": true}"),
		 "2:17: sysctl.a: must be a whole number, an array of them, or text, not true"},
		{TOP("\"sysctl\": {\"a\": 1.5}"),
		 "2:17: sysctl.a: must be a whole number, an array of them, or text, not 1.5"},
		{TOP("\"sysctl\": {\"a\": [1, \"x\"]}"), "2:21: sysctl.a[1]: must be a whole number, not \"x\""},
		{TOP("\"sysctl\": {\"a\": []}"), "2:17: sysctl.a: must not be an empty array"},
	};
	EXPECT_MESSAGES(cases);
}

#define NAMED_BY ": a service is named by protocol, address and port, or by fwmark and family"

static void checks_what_names_a_service(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{SERVICE(""), "2:1: services[0]: the key \"protocol\" is missing" NAMED_BY},
		{SERVICE("\"protocol\": \"tcp\", \"port\": 1"),
		 "2:1: services[0]: the key \"address\" is missing" NAMED_BY},
		{SERVICE("\"protocol\": \"tcp\", \"address\": \"::\""),
		 "2:1: services[0]: the key \"port\" is missing" NAMED_BY},
		{SERVICE("\"fwmark\": 1"), "2:1: services[0]: the key \"family\" is missing" NAMED_BY},
		{SERVICE("\"fwmark\": 1, \"family\": \"ipv4\",\n\"port\": 80"),
		 "3:1: services[0]: a service named by fwmark has no \"port\""},
		{ADDRESSED("\"family\": \"ipv4\""), "3:1: services[0]: a service named by address has no \"family\""},
		{SERVICE("\"fwmark\": 0, \"family\": \"ipv4\""),
		 "2:12: services[0].fwmark: must be a whole number from 1 to 4294967295, not 0"},
		{SERVICE("\"fwmark\": 4294967296, \"family\": \"ipv4\""),
		 "2:12: services[0].fwmark: must be a whole number from 1 to 4294967295, not 4294967296"},
		{SERVICE("\"fwmark\": 1, \"family\": \"inet\""),
		 "2:25: services[0].family: must be one of ipv4, ipv6, not \"inet\""},
		{SERVICE("\"protocol\": \"icmp\", \"address\": \"::\", \"port\": 1"),
		 "2:14: services[0].protocol: must be one of tcp, udp, sctp, not \"icmp\""},
		{SERVICE("\"protocol\": \"0x100\", \"address\": \"::\", \"port\": 1"),
		 "2:14: services[0].protocol: must be one of tcp, udp, sctp, not \"0x100\""},
		{SERVICE("\"protocol\": \"tcp\", \"address\": \"10.0.0.300\", \"port\": 1"),
		 "2:32: services[0].address: must be an IPv4 or IPv6 address, not \"10.0.0.300\""},
		{SERVICE("\"protocol\": \"tcp\", \"address\": 1, \"port\": 1"),
		 "2:32: services[0].address: must be an IPv4 or IPv6 address, not 1"},
		{SERVICE("\"protocol\": \"tcp\", \"address\": \"::\", \"port\": 65536"),
		 "2:46: services[0].port: must be a whole number from 0 to 65535, not 65536"},
		{HEAD
		 ", \"services\": [\n{\"fwmark\": 7, \"family\": \"ipv4\"},\n{\"fwmark\": 7, \"family\": \"ipv6\"},\n"
		 " {\"fwmark\": 7, \"family\": \"ipv4\", \"scheduler\": \"rr\"}]}",
		 "4:2: services[2]: names the same service as services[0] (line 2, column 1)"},
	};
	EXPECT_MESSAGES(cases);
}

#define FLAG_WANTED                                                                                        \
	"must be one of persistent, one-packet, sh-fallback, mh-fallback, sh-port, mh-port, scheduler-1, " \
	"scheduler-2, scheduler-3, flag-1, flag-2, flag-3, not "

static void checks_the_options_of_a_service(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{HEAD ", \"services\": [\n5]}", "2:1: services[0]: must be an object, not 5"},
		{ADDRESSED("\"sheduler\": \"rr\""),
		 "3:1: services[0]: unknown key \"sheduler\"; did you mean \"scheduler\"?"},
		{ADDRESSED("\"scheduler\": \"\""), "3:14: services[0].scheduler: " NAME_WANTED "\"\""},
		{ADDRESSED("\"scheduler\": \"sixteen_letters_\""),
		 "3:14: services[0].scheduler: " NAME_WANTED "\"sixteen_letters_\""},
		{ADDRESSED("\"scheduler\": \"r r\""), "3:14: services[0].scheduler: " NAME_WANTED "\"r r\""},
		{ADDRESSED("\"pe\": null"), "3:7: services[0].pe: " NAME_WANTED "null"},
		{ADDRESSED("\"flags\": \"persistent\""),
		 "3:10: services[0].flags: must be an array, not \"persistent\""},
		{ADDRESSED("\"flags\": [\"hashed\"]"), "3:11: services[0].flags[0]: " FLAG_WANTED "\"hashed\""},
		{ADDRESSED("\"flags\": [1]"), "3:11: services[0].flags[0]: " FLAG_WANTED "1"},
		{ADDRESSED("\"flags\": [\"0x3\"]"), "3:11: services[0].flags[0]: " FLAG_WANTED "\"0x3\""},
		{ADDRESSED("\"flags\": [\"0x0\"]"), "3:11: services[0].flags[0]: " FLAG_WANTED "\"0x0\""},
		{ADDRESSED("\"flags\": [\"0x040\"]"), "3:11: services[0].flags[0]: " FLAG_WANTED "\"0x040\""},
		{ADDRESSED("\"flags\": [\"0x100000000\"]"),
		 "3:11: services[0].flags[0]: " FLAG_WANTED "\"0x100000000\""},
		{ADDRESSED("\"flags\": [\"0x2\"]"),
		 "3:11: services[0].flags[0]: \"0x2\" is the kernel's own and cannot be set"},
		{ADDRESSED("\"flags\": [\"sh-port\", \"flag-2\"]"),
		 "3:22: services[0].flags[1]: \"flag-2\" is a flag that stands here already"},
		{ADDRESSED("\"persistence_timeout\": 42949673"),
		 "3:24: services[0].persistence_timeout: must be a whole number from 0 to 42949672, not 42949673"},
		{ADDRESSED("\"netmask\": 24"),
		 "3:12: services[0].netmask: must be an IPv4 mask such as \"255.255.255.0\", not 24"},
		{ADDRESSED("\"netmask\": \"ffff::\""),
		 "3:12: services[0].netmask: must be an IPv4 mask such as \"255.255.255.0\", not \"ffff::\""},
		{SERVICE("\"fwmark\": 1, \"family\": \"ipv6\",\n\"netmask\": 0"),
		 "3:12: services[0].netmask: must be a whole number from 1 to 128, not 0"},
		{SERVICE("\"fwmark\": 1, \"family\": \"ipv6\",\n\"netmask\": 129"),
		 "3:12: services[0].netmask: must be a whole number from 1 to 128, not 129"},
		{ADDRESSED("\"destinations\": {}"), "3:17: services[0].destinations: must be an array, not an object"},
	};
	EXPECT_MESSAGES(cases);
}

#define PLACE "services[0].destinations[0]"

static void checks_destinations(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		{DESTINATIONS("\"10.0.0.2:80\""), "4:1: " PLACE ": must be an object, not \"10.0.0.2:80\""},
		{DESTINATIONS("{\"port\": 80}"), "4:1: " PLACE ": the key \"address\" is missing"},
		{DESTINATIONS("{\"address\": \"10.0.0.2\"}"), "4:1: " PLACE ": the key \"port\" is missing"},
		{DESTINATION("\"stats\": {\"active\": -1}"),
		 "4:57: services[0].destinations[0].stats.active: must be a whole number that is not negative, not -1"},
		{ADDRESSED("\"stats\": {\"conns\": 1}"), "3:11: services[0].stats: unknown key \"conns\""},
		{DESTINATION("\"wieght\": 1"), "4:37: " PLACE ": unknown key \"wieght\"; did you mean \"weight\"?"},
		{DESTINATION("\"forward\": \"nat\""),
		 "4:48: " PLACE ".forward: must be one of masquerade, local, tunnel, route, bypass, not \"nat\""},
		{DESTINATION("\"forward\": \"0x8\""),
		 "4:48: " PLACE ".forward: must be one of masquerade, local, tunnel, route, bypass, not \"0x8\""},
		{DESTINATION("\"weight\": \"x\""),
		 "4:47: " PLACE ".weight: must be a whole number from 0 to 2147483647, not \"x\""},
		{DESTINATION("\"weight\": -1"),
		 "4:47: " PLACE ".weight: must be a whole number from 0 to 2147483647, not -1"},
		{DESTINATION("\"weight\": 2147483648"),
		 "4:47: " PLACE ".weight: must be a whole number from 0 to 2147483647, not 2147483648"},
		{DESTINATION("\"upper_threshold\": 4294967296"),
		 "4:56: " PLACE ".upper_threshold: must be a whole number from 0 to 4294967295, not 4294967296"},
		{DESTINATION("\"lower_threshold\": 1"),
		 "4:56: " PLACE ".lower_threshold: must not be above upper_threshold, which is 0"},
		{DESTINATION("\"lower_threshold\": 6, \"upper_threshold\": 5"),
		 "4:56: " PLACE ".lower_threshold: must not be above upper_threshold, which is 5"},
		{DESTINATION("\"tunnel\": \"gue\""), "4:47: " PLACE ".tunnel: must be an object, not \"gue\""},
		{DESTINATION("\"tunnel\": {\"type\": \"vxlan\"}"),
		 "4:56: " PLACE ".tunnel.type: must be one of ipip, gue, gre, not \"vxlan\""},
		{DESTINATION("\"tunnel\": {\"type\": \"gue\"}"),
		 "4:47: " PLACE ".tunnel: a tunnel of type gue needs a port from 1 to 65535"},
		{DESTINATION("\"tunnel\": {\"port\": 65536}"),
		 "4:56: " PLACE ".tunnel.port: must be a whole number from 0 to 65535, not 65536"},
		{DESTINATION("\"tunnel\": {\"flags\": [\"csum\"]}"),
		 "4:58: " PLACE ".tunnel.flags[0]: must be one of checksum, remote-checksum, not \"csum\""},
		{DESTINATION("\"tunnel\": {\"flags\": [\"0x10000\"]}"),
		 "4:58: " PLACE ".tunnel.flags[0]: must be one of checksum, remote-checksum, not \"0x10000\""},
		{DESTINATION("\"tunnel\": {\"flag\": []}"),
		 "4:48: " PLACE ".tunnel: unknown key \"flag\"; did you mean \"flags\"?"},
		{DESTINATIONS("{\"address\": \"::1\", \"port\": 80}"),
		 "4:13: " PLACE
		 ".address: must be an IPv4 address like the service's, unless \"forward\" is \"tunnel\""},
		{SERVICE("\"fwmark\": 1, \"family\": \"ipv6\", \"destinations\": [\n{\"address\": \"10.0.0.1\", "
			 "\"port\": 0}]"),
		 "3:13: " PLACE
		 ".address: must be an IPv6 address like the service's, unless \"forward\" is \"tunnel\""},
		{DESTINATIONS("{\"address\": \"10.0.0.2\", \"port\": 1},\n{\"address\": \"10.0.0.2\", \"port\": 2},\n"
			      " {\"address\": \"10.0.0.2\", \"port\": 1, \"weight\": 3}"),
		 "6:2: services[0].destinations[2]: names the same destination as " PLACE " (line 4, column 1)"},
	};
	EXPECT_MESSAGES(cases);
}

static void cuts_and_escapes_what_it_shows(void **state)
{
	(void)state;
	static const struct wrong cases[] = {
		/* As it stands in the file, but for control characters; no character is cut in two. */
		{ADDRESSED("\"scheduler\": \"\303\251\\u001b 1234567890123456789012345678901234567890\""),
		 "3:14: services[0].scheduler: " NAME_WANTED "\"\303\251\\u001B 123456789012345678901234567890...\""},
		{ADDRESSED("\"scheduler\": \"12345678901234567890123456789012345678\303\251\""),
		 "3:14: services[0].scheduler: " NAME_WANTED "\"12345678901234567890123456789012345678...\""},
		{"{\"format\": \"ipvs-iso.snapshot\", \"version\": 1,\n\"schl\303\274ssel\": 1}",
		 "2:1: unknown key \"schl\303\274ssel\""},
		{ADDRESSED("\"scheduler\": {\"a\": 1}"), "3:14: services[0].scheduler: " NAME_WANTED "an object"},
	};
	EXPECT_MESSAGES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_where_it_is_not_json),
		cmocka_unit_test(looks_for_what_is_not_json_before_all_else),
		cmocka_unit_test(looks_at_what_is_between_the_parts),
		cmocka_unit_test(refuses_nul_bytes),
		cmocka_unit_test(refuses_what_is_nested_too_deeply),
		cmocka_unit_test(refuses_a_cut_snapshot_wherever_it_ends),
		cmocka_unit_test(checks_the_whole),
		cmocka_unit_test(checks_timeouts),
		cmocka_unit_test(checks_daemons),
		cmocka_unit_test(checks_sysctls),
		cmocka_unit_test(checks_what_names_a_service),
		cmocka_unit_test(checks_the_options_of_a_service),
		cmocka_unit_test(checks_destinations),
		cmocka_unit_test(cuts_and_escapes_what_it_shows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
