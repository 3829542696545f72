/* SPDX-License-Identifier: MIT */
/* Lengths of time and sizes of memory, as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "base/duration.h"

static void check_duration(const char *text, int64_t expected)
{
	int64_t milliseconds = -1;
	if (!duration_parse(&milliseconds, text))
		fail_msg("\"%s\" is refused", text);
	if (milliseconds != expected)
		fail_msg("\"%s\" is %lld ms, not %lld", text, (long long)milliseconds, (long long)expected);
}

static void durations_are_numbers_with_units(void **state)
{
	(void)state;
	check_duration("0", 0);
	check_duration("5", 5000);
	check_duration("250ms", 250);
	check_duration("7s", 7000);
	check_duration("2m", 120000);
	check_duration("1h", 3600000);
	check_duration("1d", 86400000);
	check_duration("007", 7000);
}

static void several_parts_are_added(void **state)
{
	(void)state;
	check_duration("5m30s", 330000);
	check_duration("1h30m", 5400000);
	check_duration("1s500ms", 1500);
	check_duration("1d2h3m4s5ms", 93784005);
	check_duration("1.5m.5s", 90500);
}

static void fractions_are_rounded_up(void **state)
{
	(void)state;
	check_duration("1.5", 1500);
	check_duration(".5", 500);
	check_duration("2.", 2000);
	check_duration("0.5m", 30000);
	check_duration("0.0001", 1);
	check_duration("0.1ms", 1);
	check_duration("1.0010", 1001);
	check_duration("1.0010000000000000000000000000000001", 1002);
	check_duration("0.99999999999999999999999999", 1000);
	check_duration("0.00000000000000000000000000", 0);
}

static void the_greatest_duration_fits(void **state)
{
	(void)state;
	check_duration("9223372036854775807ms", INT64_MAX);
	check_duration("9223372036854775.807", INT64_MAX);
}

static void other_text_is_no_duration(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		".",
		"s",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1 s",
		"1,5",
		"1e3",
		"0x10",
		"1ms1",
		"5m30",
		"5m s",
		"1m-30s",
		"9223372036854775807ms1ms",
		"1min",
		"1S",
		"1..2",
		"inf",
		"nan",
		"1.5.",
		"ms",
		"9223372036854775808ms",
		"9223372036854775.8071",
		"106751991168d",
		"99999999999999999999999",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int64_t milliseconds = 42;
		if (duration_parse(&milliseconds, wrong[i]))
			fail_msg("\"%s\" is taken", wrong[i]);
		assert_int_equal(milliseconds, 42);
	}
}

static void now_is_the_monotonic_clock(void **state)
{
	(void)state;
	struct timespec clock;
	int64_t before = duration_now();
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &clock), 0);
	int64_t after = duration_now();
	int64_t between = (int64_t)clock.tv_sec * 1000 + clock.tv_nsec / 1000000;
	assert_true(before <= between && between <= after);
}

static void sizes_are_whole_numbers_with_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} right[] = {
		{"0", 0},
		{"512", 512},
		{"4K", 4096},
		{"512M", 512u << 20},
		{"2G", UINT64_C(2) << 30},
		{"1T", UINT64_C(1) << 40},
	};
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		uint64_t bytes = 1;
		assert_true(size_parse(&bytes, right[i].text));
		assert_int_equal(bytes, right[i].bytes);
	}

	static const char *const wrong[] = {
		"", "K", "-1", "1.5G", "1 G", "1GB", "1X", "16777216T", "9223372036854775808"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint64_t bytes = 42;
		if (size_parse(&bytes, wrong[i]))
			fail_msg("\"%s\" is taken", wrong[i]);
		assert_int_equal(bytes, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_numbers_with_units),   cmocka_unit_test(several_parts_are_added),
		cmocka_unit_test(fractions_are_rounded_up),           cmocka_unit_test(the_greatest_duration_fits),
		cmocka_unit_test(other_text_is_no_duration),          cmocka_unit_test(now_is_the_monotonic_clock),
		cmocka_unit_test(sizes_are_whole_numbers_with_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
