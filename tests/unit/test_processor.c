/* SPDX-License-Identifier: MIT */
/* Which processor a guest is kept on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>

#include "base/file.h"
#include "base/memory.h"
#include "guest/processor.h"

static int require_few_processors(void **state)
{
	static cpu_set_t allowed;
	*state = &allowed;
	return sched_getaffinity(0, sizeof allowed, &allowed);
}

static int allow_all_again(void **state)
{
	return sched_setaffinity(0, sizeof(cpu_set_t), *state);
}

static void each_is_taken_once_until_it_is_given_back(void **state)
{
	const cpu_set_t *allowed = *state;
	cpu_set_t seen;
	CPU_ZERO(&seen);
	/* Guests of others may have some of them. */
	size_t count = (size_t)CPU_COUNT(allowed);
	CLEANUP_FREE int *taken = memory_allocate(count, sizeof *taken);
	size_t free_ones = 0;
	int processor = PROCESSOR_ANY;
	for (int got; free_ones < count && (got = processor_take(&processor)) >= 0; free_ones++) {
		taken[free_ones] = got;
		assert_true(CPU_ISSET(processor, allowed));
		assert_false(CPU_ISSET(processor, &seen));
		CPU_SET(processor, &seen);
	}
	assert_int_equal(-1, processor_take(&processor));
	assert_int_equal(PROCESSOR_ANY, processor);
	for (size_t i = 0; i < free_ones; i++) {
		file_cleanup_close(&taken[i]);
		taken[i] = processor_take(&processor);
		assert_true(taken[i] >= 0);
	}
	for (size_t i = 0; i < free_ones; i++)
		file_cleanup_close(&taken[i]);
}

static void one_that_may_not_be_used_is_not_taken(void **state)
{
	const cpu_set_t *allowed = *state;
	for (int only = 0; only < CPU_SETSIZE; only++) {
		int processor;
		if (!CPU_ISSET(only, allowed))
			continue;
		processor_keep(only);
		CLEANUP_CLOSE int taken = processor_take(&processor);
		if (taken >= 0)
			assert_int_equal(only, processor);
		CLEANUP_CLOSE int second = processor_take(&processor);
		assert_int_equal(-1, second);
	}
}

static void any_leaves_all_of_them(void **state)
{
	const cpu_set_t *allowed = *state;
	cpu_set_t after;
	processor_keep(PROCESSOR_ANY);
	assert_int_equal(0, sched_getaffinity(0, sizeof after, &after));
	assert_true(CPU_EQUAL(allowed, &after));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, require_few_processors, allow_all_again)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_is_taken_once_until_it_is_given_back),
		TEST(one_that_may_not_be_used_is_not_taken),
		TEST(any_leaves_all_of_them),
	};
	cpu_set_t allowed;
	/* More than CPU_SETSIZE: guests are not kept anywhere. */
	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
