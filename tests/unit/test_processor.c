/* SPDX-License-Identifier: MIT */
/* Which processor a guest is kept on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>

#include "guest/processor.h"

static void test_each_turn_has_another_until_all_are_taken(void **state)
{
	(void)state;
	cpu_set_t allowed;
	cpu_set_t taken;
	assert_int_equal(0, sched_getaffinity(0, sizeof allowed, &allowed));
	CPU_ZERO(&taken);
	const int first = processor_here();
	const size_t count = (size_t)CPU_COUNT(&allowed);
	for (size_t turn = 0; turn < count; turn++) {
		int processor = processor_after(first, turn);
		assert_true(CPU_ISSET(processor, &allowed));
		assert_false(CPU_ISSET(processor, &taken));
		CPU_SET(processor, &taken);
		assert_int_equal(processor, processor_after(first, turn + count));
	}
	assert_int_equal(first, processor_after(first, 0));
}

static void test_one_that_is_not_allowed_is_passed_over(void **state)
{
	(void)state;
	cpu_set_t allowed;
	assert_int_equal(0, sched_getaffinity(0, sizeof allowed, &allowed));
	const int here = processor_here();
	for (int first = 0; first < CPU_SETSIZE; first++)
		assert_true(CPU_ISSET(processor_after(first, 0), &allowed));
	processor_keep(here);
	for (int first = 0; first < CPU_SETSIZE; first += 97)
		assert_int_equal(here, processor_after(first, (size_t)first));
	assert_int_equal(0, sched_setaffinity(0, sizeof allowed, &allowed));
}

static void test_any_stays_any(void **state)
{
	(void)state;
	cpu_set_t before;
	cpu_set_t after;
	assert_int_equal(PROCESSOR_ANY, processor_after(PROCESSOR_ANY, 1));
	assert_int_equal(0, sched_getaffinity(0, sizeof before, &before));
	processor_keep(PROCESSOR_ANY);
	assert_int_equal(0, sched_getaffinity(0, sizeof after, &after));
	assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_turn_has_another_until_all_are_taken),
		cmocka_unit_test(test_one_that_is_not_allowed_is_passed_over),
		cmocka_unit_test(test_any_stays_any),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
