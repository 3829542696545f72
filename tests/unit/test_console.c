/* SPDX-License-Identifier: MIT */
/* What is shown of a kernel's messages when it has died. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "guest/console.h"

/* A console and the pipe that it reads from. */
struct fixture {
	struct console console;
	int read_end, write_end;
};

static int open_fixture(void **state)
{
	static struct fixture fixture;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	fixture = (struct fixture){.read_end = ends[0], .write_end = ends[1]};
	*state = &fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	console_clear(&fixture->console);
	close(fixture->read_end);
	if (fixture->write_end >= 0)
		close(fixture->write_end);
	return 0;
}

static void print_bytes(struct fixture *fixture, const char *bytes, size_t length)
{
	while (length) {
		size_t part = length < 1000 ? length : 1000;
		assert_int_equal(write(fixture->write_end, bytes, part), part);
		assert_int_equal(console_receive(&fixture->console, fixture->read_end), 1);
		bytes += part;
		length -= part;
	}
}

static void print_text(struct fixture *fixture, const char *text)
{
	print_bytes(fixture, text, strlen(text));
}

static void check_last_lines(const struct fixture *fixture, const char *expected)
{
	CLEANUP_FREE char *lines = console_last_lines(&fixture->console);
	assert_string_equal(lines, expected);
}

static void tells_nothing_yet_from_the_end(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(console_receive(&fixture->console, fixture->read_end), 0);
	check_last_lines(fixture, "");
	print_text(fixture, "one\n");
	assert_int_equal(console_receive(&fixture->console, fixture->read_end), 0);
	close(fixture->write_end);
	fixture->write_end = -1;
	assert_int_equal(console_receive(&fixture->console, fixture->read_end), -1);
	check_last_lines(fixture, "\n    one");
}

static void shows_the_last_twelve_lines(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 1; i <= 20; i++) {
		CLEANUP_FREE char *line = memory_printf("line %d\n", i);
		print_text(fixture, line);
	}
	check_last_lines(fixture, "\n    line 9\n    line 10\n    line 11\n    line 12\n    line 13\n    line 14"
				  "\n    line 15\n    line 16\n    line 17\n    line 18\n    line 19\n    line 20");
	print_text(fixture, "cut sh");
	CLEANUP_FREE char *lines = console_last_lines(&fixture->console);
	assert_non_null(strstr(lines, "\n    line 20\n    cut sh"));
	assert_null(strstr(lines, "line 9\n"));
}

static void begins_with_the_panic(void **state)
{
	struct fixture *fixture = *state;
	print_text(fixture, "Booting\nKernel panic - not syncing: why\n");
	for (int i = 1; i <= 40; i++) {
		CLEANUP_FREE char *line = memory_printf("trace %d\n", i);
		print_text(fixture, line);
	}
	CLEANUP_FREE char *lines = console_last_lines(&fixture->console);
	assert_ptr_equal(strstr(lines, "\n    Kernel panic - not syncing: why\n    trace 1\n"), lines);
	assert_null(strstr(lines, "trace 12"));
}

static void takes_carriage_returns_and_nuls_for_blanks(void **state)
{
	struct fixture *fixture = *state;
	print_bytes(fixture, "one\r\ntwo\0three\r\n", 16);
	check_last_lines(fixture, "\n    one \n    two three ");
}

static void forgets_what_is_old(void **state)
{
	struct fixture *fixture = *state;
	print_text(fixture, "the first line\n");
	for (int i = 0; i < 10000; i++) {
		CLEANUP_FREE char *line = memory_printf("line %d\n", i);
		print_text(fixture, line);
	}
	assert_in_range(fixture->console.length, 20000, 50000);
	CLEANUP_FREE char *lines = console_last_lines(&fixture->console);
	assert_non_null(strstr(lines, "\n    line 9988\n"));
	assert_string_equal(strstr(lines, "\n    line 9999"), "\n    line 9999");
	assert_null(strstr(fixture->console.bytes, "the first line"));

	/* One endless line is no reason to show nothing, or to run past the end. */
	CLEANUP_FREE char *endless = memory_allocate(100001, 1);
	memset(endless, 'x', 100000);
	print_text(fixture, endless);
	CLEANUP_FREE char *all = console_last_lines(&fixture->console);
	assert_int_equal(strspn(all, "\n x"), strlen(all));
}

static void can_be_used_again_after_clearing(void **state)
{
	struct fixture *fixture = *state;
	print_text(fixture, "old\n");
	console_clear(&fixture->console);
	check_last_lines(fixture, "");
	print_text(fixture, "new\n");
	check_last_lines(fixture, "\n    new");
}

static void tells_when_its_kernel_was_told_to_end(void **state)
{
	struct fixture *fixture = *state;
	assert_null(console_ending(&fixture->console));
	print_text(fixture, "reboot: Restart");
	assert_null(console_ending(&fixture->console));
	print_text(fixture, "ing system\n");
	assert_non_null(strstr(console_ending(&fixture->console), "`reboot -f`"));
	console_clear(&fixture->console);
	print_bytes(fixture, "\0\nsysrq: Power Off\r\n", 19);
	assert_non_null(strstr(console_ending(&fixture->console), "powered off"));
	console_clear(&fixture->console);
	print_text(fixture, "Kernel panic - not syncing: sysrq triggered crash\n");
	assert_null(console_ending(&fixture->console));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_nothing_yet_from_the_end, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(shows_the_last_twelve_lines, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(begins_with_the_panic, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(takes_carriage_returns_and_nuls_for_blanks, open_fixture,
						close_fixture),
		cmocka_unit_test_setup_teardown(forgets_what_is_old, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(tells_when_its_kernel_was_told_to_end, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(can_be_used_again_after_clearing, open_fixture, close_fixture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
