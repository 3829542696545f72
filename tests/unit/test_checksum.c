/* SPDX-License-Identifier: MIT */
/* Checksums are those that other programs make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/checksum.h"

/* What gzip(1) writes behind each, in the eight bytes at its end. */
static void it_is_that_of_gzip(void **state)
{
	(void)state;
	static const char all_bits[] = {0, '\xff', '\x80', '\x7f'};
	assert_int_equal(checksum_add(0, "", 0), 0);
	assert_int_equal(checksum_add(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(checksum_add(0, all_bits, sizeof all_bits), 0x64e51f17);
}

static void it_is_the_same_in_pieces(void **state)
{
	(void)state;
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	const size_t length = strlen(text);
	for (size_t first = 0; first <= length; first++)
		assert_int_equal(checksum_add(checksum_add(0, text, first), text + first, length - first), 0x414fa339);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_that_of_gzip),
		cmocka_unit_test(it_is_the_same_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
