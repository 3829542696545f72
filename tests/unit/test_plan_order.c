/* SPDX-License-Identifier: MIT */
/* Shards, rounds and the order of a plan's units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/plan_order.h"

#define MANY 3000

static void add_numbered(struct plan *plan, unsigned from, unsigned to)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	for (unsigned i = from; i < to; i++) {
		CLEANUP_FREE char *name = memory_printf("example.com/module/package%u", i);
		char *const arguments[] = {"run", name, NULL};
		assert_int_equal(plan_add_made(plan, name, arguments, &error), 0);
	}
}

/* The names with spaces between them, of which each has to stand with the arguments that it had. */
static char *names(const struct plan *plan)
{
	char *text = memory_copy_string("");
	for (size_t i = 0; i < plan->units.count; i++) {
		const struct planned_unit *unit = &plan->units.items[i];
		const char *own = unit->arguments[1];
		assert_memory_equal(unit->name, own, strlen(own));
		assert_null(unit->arguments[2]);
		char *longer = memory_printf("%s%s%s", text, i ? " " : "", unit->name);
		free(text);
		text = longer;
	}
	return text;
}

static void add_three(struct plan *plan)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	static const char *const three[] = {"a", "b", "c"};
	for (size_t i = 0; i < 3; i++) {
		char *const arguments[] = {"run", (char *)three[i], NULL};
		assert_int_equal(plan_add_made(plan, three[i], arguments, &error), 0);
	}
}

static void check_three(const struct plan_order *order, const char *expected)
{
	CLEANUP_PLAN struct plan plan = {0};
	add_three(&plan);
	plan_arrange(&plan, order);
	CLEANUP_FREE char *actual = names(&plan);
	assert_string_equal(actual, expected);
}

static void without_a_wish_all_is_as_listed(void **state)
{
	(void)state;
	check_three(&(struct plan_order){0}, "a b c");
	check_three(&(struct plan_order){.rounds = 1, .shard = 1, .shards = 1}, "a b c");
}

static void rounds_follow_one_another_and_are_named(void **state)
{
	(void)state;
	check_three(&(struct plan_order){.rounds = 3}, "a #1 b #1 c #1 a #2 b #2 c #2 a #3 b #3 c #3");
}

/* What the seeds make of it is a promise: a seed in a report has to find the order again, also with a later version. */
static void a_seed_means_the_same_order_for_ever(void **state)
{
	(void)state;
	check_three(&(struct plan_order){.shuffled = true, .seed = 0}, "c a b");
	check_three(&(struct plan_order){.shuffled = true, .seed = 1}, "a b c");
	check_three(&(struct plan_order){.shuffled = true, .seed = UINT32_MAX}, "b a c");
	check_three(&(struct plan_order){.shuffled = true, .seed = 1, .rounds = 3},
		    "a #1 b #1 c #1 c #2 b #2 a #2 b #3 c #3 a #3");
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(((const struct planned_unit *)left)->name, ((const struct planned_unit *)right)->name);
}

static void shuffling_loses_no_unit(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan listed = {0};
	CLEANUP_PLAN struct plan shuffled = {0};
	add_numbered(&listed, 0, MANY);
	add_numbered(&shuffled, 0, MANY);
	plan_arrange(&shuffled, &(struct plan_order){.shuffled = true, .seed = 7});
	size_t at_their_place = 0;
	for (size_t i = 0; i < MANY; i++)
		at_their_place += strcmp(listed.units.items[i].name, shuffled.units.items[i].name) == 0;
	assert_true(at_their_place < 20);

	qsort(listed.units.items, MANY, sizeof *listed.units.items, compare_names);
	qsort(shuffled.units.items, MANY, sizeof *shuffled.units.items, compare_names);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(listed.units.items[i].name, shuffled.units.items[i].name);
}

/* Each of the three units comes first about as often as the others, over many seeds. */
static void every_order_is_as_likely(void **state)
{
	(void)state;
	unsigned first[3] = {0};
	for (uint32_t seed = 0; seed < MANY; seed++) {
		CLEANUP_PLAN struct plan plan = {0};
		add_three(&plan);
		plan_arrange(&plan, &(struct plan_order){.shuffled = true, .seed = seed});
		first[plan.units.items[0].name[0] - 'a']++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_in_range(first[i], MANY / 3 - MANY / 20, MANY / 3 + MANY / 20);
}

static void shards_are_even_and_have_every_unit_once(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 2, 3, 4, 7, 16};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		size_t all = 0;
		for (unsigned shard = 1; shard <= counts[i]; shard++) {
			CLEANUP_PLAN struct plan plan = {0};
			add_numbered(&plan, 0, MANY);
			plan_arrange(&plan, &(struct plan_order){.shard = shard, .shards = counts[i]});
			size_t even = MANY / counts[i];
			assert_in_range(plan.units.count, even - even / 4, even + even / 4);
			all += plan.units.count;
		}
		assert_int_equal(all, MANY);
	}
}

static void names_that_are_much_alike_are_shared_out_too(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan plan = {0};
	CLEANUP_ERROR struct error error = ERROR_INIT;
	for (const char *letter = "abcdefghijklmnopqrstuvwxyz"; *letter; letter++) {
		char name[] = {*letter, *letter, '\0'};
		char *const arguments[] = {"run", name, NULL};
		assert_int_equal(plan_add_made(&plan, name, arguments, &error), 0);
	}
	plan_arrange(&plan, &(struct plan_order){.shard = 1, .shards = 2});
	assert_in_range(plan.units.count, 6, 20);
}

/* A unit stays in its shard when others come or go, and whatever their order. */
static void a_units_shard_is_its_own(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan all = {0};
	CLEANUP_PLAN struct plan some = {0};
	const struct plan_order order = {.shard = 2, .shards = 3};
	add_numbered(&all, 0, 60);
	add_numbered(&some, 40, 60);
	add_numbered(&some, 0, 20);
	plan_arrange(&all, &order);
	plan_arrange(&some, &order);
	size_t met = 0;
	for (size_t i = 0; i < some.units.count; i++) {
		for (size_t j = 0; j < all.units.count; j++)
			met += strcmp(some.units.items[i].name, all.units.items[j].name) == 0;
	}
	assert_true(some.units.count > 0);
	assert_int_equal(met, some.units.count);
	check_three(&(struct plan_order){.shard = 1, .shards = 2}, "a c");
	check_three(&(struct plan_order){.shard = 2, .shards = 2}, "b");
}

static void a_shard_may_be_empty(void **state)
{
	(void)state;
	size_t empty = 0;
	for (unsigned shard = 1; shard <= 10; shard++) {
		CLEANUP_PLAN struct plan plan = {0};
		add_three(&plan);
		plan_arrange(&plan, &(struct plan_order){.shard = shard, .shards = 10, .rounds = 2, .shuffled = true});
		empty += plan.units.count == 0;
	}
	assert_true(empty >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_wish_all_is_as_listed),
		cmocka_unit_test(rounds_follow_one_another_and_are_named),
		cmocka_unit_test(a_seed_means_the_same_order_for_ever),
		cmocka_unit_test(shuffling_loses_no_unit),
		cmocka_unit_test(every_order_is_as_likely),
		cmocka_unit_test(shards_are_even_and_have_every_unit_once),
		cmocka_unit_test(names_that_are_much_alike_are_shared_out_too),
		cmocka_unit_test(a_units_shard_is_its_own),
		cmocka_unit_test(a_shard_may_be_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
