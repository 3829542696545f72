/* SPDX-License-Identifier: MIT */
/* Merging adds and changes and removes nothing, whatever is in the two tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "table/diff.h"
#include "table/json.h"
#include "table/merge.h"
#include "table/rules.h"

#define HEAD "{\"format\": \"ipvs-iso.snapshot\", \"version\": 1"

/* Reads a snapshot's members; timeouts that are not named are of no concern. */
static void read_members(struct table *table, const char *members)
{
	CLEANUP_FREE char *text = memory_printf("%s%s}", HEAD, members);
	CLEANUP_ERROR struct error error = {0};
	table_init(table);
	table->timeouts = (struct timeouts){0};
	if (table_from_json(table, text, strlen(text), "test", &error) < 0)
		fail_msg("%s", error.message);
}

static void expect_difference(const struct table *from, const struct table *to, const char *expected)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, from, to);
	char *text;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	for (size_t i = 0; i < changes.list.count; i++) {
		CLEANUP_FREE char *line = change_text(&changes.list.items[i]);
		fprintf(out, "%c %s\n", "+~-"[changes.list.items[i].action], line);
	}
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

/* The changes that a merge makes to `table`, a line each. */
static void expect_changes(const char *table, const char *addition, const char *expected)
{
	CLEANUP_TABLE struct table from, added, merged;
	read_members(&from, table);
	read_members(&added, addition);
	table_init(&merged);
	table_merge(&merged, &from, &added);

	expect_difference(&from, &merged, expected);
}

#define SERVICE(port, members) \
	"{\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": " #port ", \"scheduler\": \"rr\"" members "}"
#define DESTINATION(number, members) \
	"{\"address\": \"10.0.1." #number "\", \"port\": 80, \"forward\": \"masquerade\"" members "}"
#define WITH(destinations) ", \"destinations\": [" destinations "]"
#define SERVICES(list) ", \"services\": [" list "]"

static void what_is_in_the_table_alone_stays(void **state)
{
	(void)state;
	static const char full[] = ", \"timeouts\": {\"tcp\": 5, \"tcp_fin\": 6, \"udp\": 7}"
				   ", \"daemons\": [{\"role\": \"backup\", \"interface\": \"lo\", \"sync_id\": 1}]"
				   ", \"sysctl\": {\"a\": 1}" SERVICES(SERVICE(1, WITH(DESTINATION(1, ""))));
	expect_changes(full, "", "");
	expect_changes(full, full, "");
	expect_changes(full, ", \"timeouts\": {\"tcp_fin\": 8}", "~ --set 5 8 7 (was: --set 5 6 7)\n");
}

static void what_is_new_is_added(void **state)
{
	(void)state;
	expect_changes(
		SERVICES(SERVICE(2, WITH(DESTINATION(1, "")))),
		SERVICES(SERVICE(1, "") "," SERVICE(2, WITH(DESTINATION(3, "") "," DESTINATION(2, ""))) "," SERVICE(
			3, WITH(DESTINATION(1, "")))) ", \"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", "
						      "\"sync_id\": 1}]",
		"+ -A -t 10.0.0.1:1 -s rr\n"
		"+ -a -t 10.0.0.1:2 -r 10.0.1.2:80 -m -w 1\n"
		"+ -a -t 10.0.0.1:2 -r 10.0.1.3:80 -m -w 1\n"
		"+ -A -t 10.0.0.1:3 -s rr\n"
		"+ -a -t 10.0.0.1:3 -r 10.0.1.1:80 -m -w 1\n"
		"+ --start-daemon master --mcast-interface lo --syncid 1\n");
}

static void what_differs_is_changed_where_it_stands(void **state)
{
	(void)state;
	static const char daemon[] = ", \"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", \"sync_id\": %d}]";
	CLEANUP_FREE char *old = memory_printf(daemon, 1);
	CLEANUP_FREE char *new = memory_printf(daemon, 2);
	expect_changes(old, new, "~ --start-daemon master --mcast-interface lo --syncid 2 (was: --syncid 1)\n");
	/* The order of the addition does not matter to those that are there. */
	expect_changes(
		SERVICES(SERVICE(1, WITH(DESTINATION(1, "") "," DESTINATION(2, "") "," DESTINATION(3, "")))),
		SERVICES(SERVICE(1, ", \"persistence_timeout\": 9, \"flags\": [\"persistent\"]" WITH(DESTINATION(
					    3, ", \"weight\": 7") "," DESTINATION(4, "") "," DESTINATION(1, "")))),
		"~ -A -t 10.0.0.1:1 -s rr -p 9 (was: without -p 9)\n"
		"~ -a -t 10.0.0.1:1 -r 10.0.1.3:80 -m -w 7 (was: -w 1)\n"
		"+ -a -t 10.0.0.1:1 -r 10.0.1.4:80 -m -w 1\n");
	expect_changes(", \"sysctl\": {\"a\": 1, \"b\": 1}", ", \"sysctl\": {\"a\": 2}",
		       "~ net.ipv4.vs.a = 2 (was: 1)\n");
}

static void sysctls_that_are_not_named_stay(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table from, added, merged;
	read_members(&from, ", \"sysctl\": {\"a\": 1, \"c\": 1}");
	read_members(&added, ", \"sysctl\": {\"b\": 2, \"c\": 2}");
	table_init(&merged);
	table_merge(&merged, &from, &added);
	assert_int_equal(merged.sysctls.count, 3);
	assert_string_equal(merged.sysctls.items[0].name, "a");
	assert_string_equal(merged.sysctls.items[0].value, "1");
	assert_string_equal(merged.sysctls.items[1].value, "2");
	assert_string_equal(merged.sysctls.items[2].value, "2");
}

static void into_nothing_it_is_the_addition(void **state)
{
	(void)state;
	expect_changes("", SERVICES(SERVICE(1, WITH(DESTINATION(1, "") "," DESTINATION(2, "")))),
		       "+ -A -t 10.0.0.1:1 -s rr\n"
		       "+ -a -t 10.0.0.1:1 -r 10.0.1.2:80 -m -w 1\n"
		       "+ -a -t 10.0.0.1:1 -r 10.0.1.1:80 -m -w 1\n");
}

/* What `table` has beyond `known`, and what adding it to `known` makes of that, a line each. */
static void expect_beyond(const char *table, const char *known, const char *expected)
{
	CLEANUP_TABLE struct table from, of, beyond;
	read_members(&from, table);
	read_members(&of, known);
	table_init(&beyond);
	table_beyond(&beyond, &from, &of);
	assert_int_equal(beyond.sysctls.count, 0);
	CLEANUP_TABLE struct table merged;
	table_init(&merged);
	table_merge(&merged, &of, &beyond);
	expect_difference(&of, &merged, expected);
}

static void beyond_what_is_known_there_are_only_additions(void **state)
{
	(void)state;
	static const char known[] =
		", \"timeouts\": {\"tcp\": 5, \"tcp_fin\": 6, \"udp\": 7}"
		", \"daemons\": [{\"role\": \"backup\", \"interface\": \"lo\", \"sync_id\": 1}]"
		", \"sysctl\": {\"a\": 1}" SERVICES(SERVICE(
			1, WITH(DESTINATION(1, "") "," DESTINATION(2, ""))) "," SERVICE(2, WITH(DESTINATION(1, ""))));
	expect_beyond(known, known, "");
	expect_beyond("", known, "");
	/* Other options, another place, less: nothing. A service that both have has the options that are known. */
	expect_beyond(", \"timeouts\": {\"tcp\": 9}"
		      ", \"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", \"sync_id\": 1},"
		      "{\"role\": \"backup\", \"interface\": \"lo\", \"sync_id\": 2}]"
		      ", \"sysctl\": {\"a\": 2}" SERVICES(SERVICE(
			      1, ", \"persistence_timeout\": 9, \"flags\": [\"persistent\"]" WITH(
					 DESTINATION(2, "") "," DESTINATION(3, "") "," DESTINATION(
						 1, ", \"weight\": 7"))) "," SERVICE(3, WITH(DESTINATION(1, "")))),
		      known,
		      "+ -a -t 10.0.0.1:1 -r 10.0.1.3:80 -m -w 1\n"
		      "+ -A -t 10.0.0.1:3 -s rr\n"
		      "+ -a -t 10.0.0.1:3 -r 10.0.1.1:80 -m -w 1\n"
		      "+ --start-daemon master --mcast-interface lo --syncid 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_the_table_alone_stays),
		cmocka_unit_test(what_is_new_is_added),
		cmocka_unit_test(what_differs_is_changed_where_it_stands),
		cmocka_unit_test(sysctls_that_are_not_named_stay),
		cmocka_unit_test(into_nothing_it_is_the_addition),
		cmocka_unit_test(beyond_what_is_known_there_are_only_additions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
