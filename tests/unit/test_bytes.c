/* SPDX-License-Identifier: MIT */
/* Strings of any bytes in JSON: what goes in comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

static void check_round_trip(const char *text, bool is_string)
{
	json_t *json = bytes_to_json(text);
	assert_non_null(json);
	assert_int_equal(json_is_string(json), is_string);

	/* By way of JSON text, as it goes over a line or into a file. */
	CLEANUP_FREE char *line = json_dumps(json, JSON_ENCODE_ANY);
	json_decref(json);
	json = json_loads(line, JSON_DECODE_ANY, NULL);
	assert_non_null(json);
	CLEANUP_FREE char *back = bytes_from_json(json);
	json_decref(json);
	assert_non_null(back);
	assert_string_equal(back, text);
}

static void utf8_stays_a_string(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"plain",
		" two\tthree\n",
		"\"quoted\" \\ 'twice'",
		"\x01\x1b[31m\x7f",
		"gr\u00fc\u00df \u6771\u4eac",
		/* the greatest code point, and the least of four bytes */
		"\xf4\x8f\xbf\xbf",
		"\xf0\x90\x80\x80",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_round_trip(texts[i], true);
}

static void other_bytes_are_kept_as_hex(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"\xff",
		("a\xfe"
		 "b"),
		"\x80",
		"cut short \xc3",
		"\xc0\xaf",         /* an overlong slash */
		"\xed\xa0\x80",     /* a surrogate */
		"\xf4\x90\x80\x80", /* beyond the greatest code point */
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_round_trip(texts[i], false);

	char every_byte[256];
	for (int byte = 1; byte < 256; byte++)
		every_byte[byte - 1] = (char)byte;
	every_byte[255] = '\0';
	check_round_trip(every_byte, false);
}

static void blocks_may_hold_nul(void **state)
{
	(void)state;
	static const char *const blocks[] = {"", "text", "\xff\xfe", "a\0b", "\0\0\0"};
	static const size_t lengths[] = {0, 4, 2, 3, 3};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		json_t *json = bytes_block_to_json(blocks[i], lengths[i]);
		/* Whatever reads it: no JSON text has a NUL in it. */
		assert_int_equal(json_is_string(json), i < 2);
		size_t length = 99;
		CLEANUP_FREE char *back = bytes_block_from_json(json, &length);
		json_decref(json);
		assert_int_equal(length, lengths[i]);
		assert_memory_equal(back, blocks[i], length);
	}
	json_t *nothing = bytes_block_to_json(NULL, 0);
	assert_string_equal(json_string_value(nothing), "");
	json_decref(nothing);

	json_t *nul = json_pack("{s:s}", "hex", "6100");
	assert_null(bytes_from_json(nul));
	json_decref(nul);
}

static void refuses_what_is_neither(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"null",
		"1",
		"true",
		"[]",
		"[\"61\"]",
		"{}",
		"{\"hex\": 61}",
		"{\"hex\": \"6\"}",
		"{\"hex\": \"6x\"}",
		"{\"hex\": \"FF\"}",
		"{\"hex\": null}",
		"{\"text\": \"61\"}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *json = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		assert_non_null(json);
		assert_null(bytes_from_json(json));
		json_decref(json);
	}
	assert_null(bytes_from_json(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_stays_a_string),
		cmocka_unit_test(other_bytes_are_kept_as_hex),
		cmocka_unit_test(blocks_may_hold_nul),
		cmocka_unit_test(refuses_what_is_neither),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
