/* SPDX-License-Identifier: MIT */
/* What can be waited for, and the difference that is shown when it does not come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/condition.h"
#include "table/rules.h"

/* Adds the service with that mark, and destinations 10.0.0.D of weight W for each pair "DW" of digits, newest first. */
static void add_service(struct table *table, uint32_t fwmark, const char *scheduler, const char *destinations)
{
	struct service *service = array_append(&table->services);
	service_init(service, AF_INET);
	service->fwmark = fwmark;
	snprintf(service->scheduler, sizeof service->scheduler, "%s", scheduler);
	for (const char *at = destinations; *at; at += 2) {
		struct destination *destination = array_append(&service->destinations);
		destination_init(destination);
		destination->address.family = AF_INET;
		destination->address.v4.s_addr = htonl(0x0a000000u + (uint32_t)(at[0] - '0'));
		destination->weight = (uint32_t)(at[1] - '0');
	}
	table_sort(table);
}

/* What `condition` says of `table`: each difference as "M RULE" in a line; empty where it holds. The caller frees. */
static char *differences(const struct condition *condition, const struct table *table)
{
	static const char markers[] = {[CHANGE_ADD] = '+', [CHANGE_EDIT] = '~', [CHANGE_REMOVE] = '-'};
	CLEANUP_CHANGES struct changes changes = {0};
	bool holds = condition_holds(condition, table, &changes);
	assert_int_equal(holds, changes.list.count == 0);
	char *text;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	for (size_t i = 0; i < changes.list.count; i++) {
		const struct change *change = &changes.list.items[i];
		CLEANUP_FREE char *rule = change_text(change);
		fprintf(stream, "%c %s\n", markers[change->action], rule);
	}
	fclose(stream);
	return text;
}

static void assert_differences(const struct condition *condition, const struct table *table, const char *expected)
{
	CLEANUP_FREE char *text = differences(condition, table);
	assert_string_equal(text, expected);
}

static void a_table_contains_services_among_others(void **state)
{
	(void)state;
	struct condition condition = {.kind = CONDITION_CONTAINS};
	CLEANUP_TABLE struct table live;
	table_init(&live);
	table_init(&condition.wanted);
	add_service(&condition.wanted, 3, "rr", "1122");
	add_service(&condition.wanted, 5, "wlc", "");
	condition.wanted.timeouts.tcp = 1;

	/* More services before, between and behind; more destinations, in another order. */
	add_service(&live, 1, "rr", "11");
	add_service(&live, 3, "rr", "332211");
	add_service(&live, 4, "rr", "");
	add_service(&live, 5, "wlc", "77");
	add_service(&live, 9, "rr", "");
	assert_differences(&condition, &live, "");
	condition.kind = CONDITION_EQUALS;
	CLEANUP_FREE char *text = differences(&condition, &live);
	assert_non_null(strstr(text, "+ -A -f 9 -s rr\n"));
	table_clear(&condition.wanted);
}

static void what_is_missing_or_other_is_no_part_of_a_table(void **state)
{
	(void)state;
	struct condition condition = {.kind = CONDITION_CONTAINS};
	CLEANUP_TABLE struct table live;
	table_init(&live);
	table_init(&condition.wanted);
	add_service(&condition.wanted, 3, "rr", "1122");
	add_service(&condition.wanted, 5, "wlc", "11");
	add_service(&condition.wanted, 7, "wlc", "11");
	assert_differences(&condition, &live, "- -A -f 3 -s rr\n- -A -f 5 -s wlc\n- -A -f 7 -s wlc\n");

	add_service(&live, 3, "rr", "2911");
	add_service(&live, 5, "rr", "33");
	assert_differences(&condition, &live,
			   "~ -a -f 3 -r 10.0.0.2:0 -g -w 9 (was: -w 2)\n"
			   "~ -A -f 5 -s rr (was: -s wlc)\n"
			   "- -a -f 5 -r 10.0.0.1:0 -g -w 1\n"
			   "- -A -f 7 -s wlc\n");
	table_clear(&condition.wanted);
}

static void the_empty_table_is_part_of_any(void **state)
{
	(void)state;
	struct condition condition = {.kind = CONDITION_CONTAINS};
	CLEANUP_TABLE struct table live;
	table_init(&live);
	table_init(&condition.wanted);
	assert_differences(&condition, &live, "");
	add_service(&live, 3, "rr", "11");
	assert_differences(&condition, &live, "");
	condition.kind = CONDITION_EQUALS;
	assert_differences(&condition, &live, "+ -A -f 3 -s rr\n+ -a -f 3 -r 10.0.0.1:0 -g -w 1\n");
}

static void services_are_counted(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table live;
	table_init(&live);
	add_service(&live, 3, "rr", "1122");
	add_service(&live, 4, "rr", "");
	for (size_t count = 0; count < 4; count++) {
		CLEANUP_CHANGES struct changes changes = {0};
		const struct condition condition = {.kind = CONDITION_SERVICES, .services = count};
		assert_int_equal(condition_holds(&condition, &live, &changes), count == 2);
		assert_int_equal(changes.list.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_contains_services_among_others),
		cmocka_unit_test(what_is_missing_or_other_is_no_part_of_a_table),
		cmocka_unit_test(the_empty_table_is_part_of_any),
		cmocka_unit_test(services_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
