/* SPDX-License-Identifier: MIT */
/* Where things stand in JSON text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "table/locate.h"

static void expect(const char *text, const char *path, bool key, size_t line, size_t column)
{
	struct location location = {0};
	if (!json_locate(text, strlen(text), path, key, &location))
		fail_msg("nothing found at \"%s\"", path);
	assert_int_equal(location.line, line);
	assert_int_equal(location.column, column);
}

static void expect_nothing(const char *text, const char *path)
{
	struct location location = {.line = 7, .column = 8};
	assert_false(json_locate(text, strlen(text), path, false, &location));
	assert_int_equal(location.line, 7);
	assert_int_equal(location.column, 8);
}

static const char sample[] = "\n"
			     "  {\"a\": 1,\n"
			     "   \"list\" : [ 10, \"]\\\"}\", {\"x\": [[], {}], \"y\": true},\n"
			     "      -1.5e3 ],\n"
			     "   \"b\":{\"a\":null}}\n";

static void finds_values(void **state)
{
	(void)state;
	expect(sample, "", false, 2, 3);
	expect(sample, "a", false, 2, 9);
	expect(sample, "list", false, 3, 13);
	expect(sample, "list[0]", false, 3, 15);
	expect(sample, "list[1]", false, 3, 19);
	expect(sample, "list[2]", false, 3, 27);
	expect(sample, "list[2].x[0]", false, 3, 34);
	expect(sample, "list[2].x[1]", false, 3, 38);
	expect(sample, "list[2].y", false, 3, 48);
	expect(sample, "list[3]", false, 4, 7);
	expect(sample, "b.a", false, 5, 13);
}

static void finds_keys(void **state)
{
	(void)state;
	expect(sample, "a", true, 2, 4);
	expect(sample, "list", true, 3, 4);
	expect(sample, "list[2].y", true, 3, 43);
	expect(sample, "b.a", true, 5, 9);
	expect("{\"a\": {\"\": 1}, \"\": 2}", "a.", true, 1, 8);
	expect("{\"a\": {\"\": 1}, \"\": 2}", "", true, 1, 16);
}

static void finds_nothing_where_there_is_nothing(void **state)
{
	(void)state;
	static const char *const paths[] = {"c",
					    "a.b",
					    "a[0]",
					    "list[4]",
					    "list.x",
					    "b[0]",
					    "list[2].x[2]",
					    "b.aa",
					    "list[x]",
					    "list[",
					    "list[99999999999999999999999]",
					    "lis",
					    "b.",
					    "b[a",
					    "list[2]_x"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		expect_nothing(sample, paths[i]);
	expect_nothing("", "");
	expect_nothing("{\"a\":", "a");
	expect_nothing("{\"a\": ", "a");
	expect_nothing(" \n", "a");
	expect_nothing("[]", "[0]");
}

static void counts_columns_in_bytes(void **state)
{
	(void)state;
	expect("{\"\u00e9\": {\"a\": 1}}", "\u00e9.a", false, 1, 14);
}

static void resolves_escapes_in_keys(void **state)
{
	(void)state;
	expect("{\"\\u0061\\\"b\": 1}", "a\"b", false, 1, 15);
	expect("{\"\\u0061\\\"b\": 1}", "a\"b", true, 1, 2);
}

static void takes_keys_as_they_are(void **state)
{
	(void)state;
	expect("{\"a.b\": 1, \"a\": {\"b\": 2}}", "a.b", false, 1, 9);
	expect("{\"a\": {\"c\": 2}, \"a.b\": 1}", "a.b", false, 1, 24);
	expect("{\"a[0]\": 1}", "a[0]", false, 1, 10);
	expect("{\"a\": {\"\": 5}}", "a.", false, 1, 12);
}

static void locates_offsets(void **state)
{
	(void)state;
	struct location location = json_location("ab\nc", 0);
	assert_int_equal(location.line, 1);
	assert_int_equal(location.column, 1);
	location = json_location("ab\nc", 2);
	assert_int_equal(location.line, 1);
	assert_int_equal(location.column, 3);
	location = json_location("ab\nc", 3);
	assert_int_equal(location.line, 2);
	assert_int_equal(location.column, 1);
}

/* Whatever is cut off or replaced: nothing outside the text is read (the sanitizers would say), and it ends. */
static void survives_broken_text(void **state)
{
	(void)state;
	static const char *const paths[] = {"", "list[2].x[1]", "list[3]", "b.a", "zz"};
	static const char replacements[] = {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', ' ', 'x'};
	struct location location;
	for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
		for (size_t length = 0; length < sizeof sample; length++) {
			char *copy = test_malloc(length + 1);
			memcpy(copy, sample, length);
			json_locate(copy, length, paths[p], false, &location);
			for (size_t r = 0; length && r < sizeof replacements; r++) {
				copy[length - 1] = replacements[r];
				json_locate(copy, length, paths[p], true, &location);
			}
			test_free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_values),
		cmocka_unit_test(finds_keys),
		cmocka_unit_test(finds_nothing_where_there_is_nothing),
		cmocka_unit_test(counts_columns_in_bytes),
		cmocka_unit_test(resolves_escapes_in_keys),
		cmocka_unit_test(takes_keys_as_they_are),
		cmocka_unit_test(locates_offsets),
		cmocka_unit_test(survives_broken_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
