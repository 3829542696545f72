/* SPDX-License-Identifier: MIT */
/*
 * What has to hold for every table, tried on thousands made by chance. IPVS_ISO_ROUNDS says how many, IPVS_ISO_SEED
 * which. tests/random/live_tables.c does the same with a kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../random/random_table.h"
#include "base/memory.h"
#include "table/diff.h"
#include "table/json.h"
#include "table/merge.h"
#include "table/rules.h"
#include "table/rules_read.h"
#include "table/rules_write.h"

#define ROUNDS 3000

static struct chance chance;

static uint64_t rounds(void)
{
	return random_setting("IPVS_ISO_ROUNDS", ROUNDS);
}

/* Nothing would have to be done to make one table the other. */
static void assert_no_changes(const struct table *from, const struct table *to, const char *text)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, from, to);
	if (changes.list.count == 0)
		return;
	CLEANUP_FREE char *first = change_text(&changes.list.items[0]);
	fail_msg("%s\nin\n%s", first, text);
}

static int no_port(const char *name, const char *protocol)
{
	(void)name;
	(void)protocol;
	return -1;
}

static void json_gives_the_same_table_and_the_same_text(void **state)
{
	(void)state;
	for (uint64_t i = rounds(); i > 0; i--) {
		CLEANUP_TABLE struct table table, again;
		CLEANUP_ERROR struct error error = {0};
		size_t length, second_length;
		table_init(&table);
		table_init(&again);
		random_table(&table, &chance, RANDOM_ANYTHING);
		CLEANUP_FREE char *text = table_to_json(&table, &length);
		if (table_from_json(&again, text, length, "table", &error) < 0)
			fail_msg("%s\nin\n%s", error.message, text);
		assert_no_changes(&table, &again, text);
		CLEANUP_FREE char *second = table_to_json(&again, &second_length);
		assert_int_equal(length, second_length);
		assert_string_equal(text, second);
	}
}

static void rules_give_the_same_table_and_the_same_text(void **state)
{
	(void)state;
	for (uint64_t i = rounds(); i > 0; i--) {
		CLEANUP_TABLE struct table table, again;
		CLEANUP_ERROR struct error error = {0};
		size_t length;
		table_init(&table);
		table_init(&again);
		random_table(&table, &chance, RANDOM_SAYABLE);
		CLEANUP_FREE char *unsaid = NULL;
		CLEANUP_FREE char *text = table_to_rules(&table, &length, &unsaid);
		assert_string_equal(unsaid, "");
		if (table_from_rules(&again, text, length, "table", no_port, &error) < 0)
			fail_msg("%s\nin\n%s", error.message, text);
		again.any_daemons = false;
		assert_no_changes(&table, &again, text);
		CLEANUP_FREE char *second_unsaid = NULL;
		CLEANUP_FREE char *second = table_to_rules(&again, NULL, &second_unsaid);
		assert_string_equal(text, second);
	}
}

/* Whatever a table holds, what is written as rules can be read: what ipvsadm cannot say is left out or made sayable. */
static void rules_of_any_live_table_can_be_read(void **state)
{
	(void)state;
	for (uint64_t i = rounds(); i > 0; i--) {
		CLEANUP_TABLE struct table table, again;
		CLEANUP_ERROR struct error error = {0};
		size_t length;
		table_init(&table);
		table_init(&again);
		random_table(&table, &chance, RANDOM_LIVE);
		CLEANUP_FREE char *unsaid = NULL;
		CLEANUP_FREE char *text = table_to_rules(&table, &length, &unsaid);
		if (table_from_rules(&again, text, length, "table", no_port, &error) < 0)
			fail_msg("%s\nin\n%s", error.message, text);
	}
}

static void merging_removes_nothing_and_adds_everything(void **state)
{
	(void)state;
	for (uint64_t i = rounds(); i > 0; i--) {
		CLEANUP_TABLE struct table table, addition, merged, again;
		table_init(&table);
		table_init(&addition);
		table_init(&merged);
		table_init(&again);
		random_table(&table, &chance, RANDOM_ANYTHING);
		random_table(&addition, &chance, RANDOM_ANYTHING);
		table_merge(&merged, &table, &addition);

		CLEANUP_CHANGES struct changes changes = {0};
		table_diff(&changes, &table, &merged);
		for (size_t j = 0; j < changes.list.count; j++)
			assert_int_not_equal(changes.list.items[j].action, CHANGE_REMOVE);
		CLEANUP_CHANGES struct changes left = {0};
		table_diff(&left, &addition, &merged);
		for (size_t j = 0; j < left.list.count; j++) {
			const struct change *change = &left.list.items[j];
			assert_true(change->action == CHANGE_ADD || change->reorders);
		}
		table_merge(&again, &merged, &addition);
		assert_no_changes(&merged, &again, "a merge that was done already");
	}
}

static int seed(void **state)
{
	(void)state;
	chance = random_seed();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_gives_the_same_table_and_the_same_text),
		cmocka_unit_test(rules_give_the_same_table_and_the_same_text),
		cmocka_unit_test(rules_of_any_live_table_can_be_read),
		cmocka_unit_test(merging_removes_nothing_and_adds_everything),
	};
	return cmocka_run_group_tests(tests, seed, NULL);
}
