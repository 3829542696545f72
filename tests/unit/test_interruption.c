/* SPDX-License-Identifier: MIT */
/* Which signals are a request to end, and which a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "process/signals.h"

static void each_request_counts_and_the_first_is_kept(void **state)
{
	(void)state;
	const int signals[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2,   SIGALRM,  SIGVTALRM, SIGPROF,
			       SIGXCPU, SIGABRT, SIGSEGV, SIGIO,   SIGPWR,  SIGSTKFLT, SIGRTMIN, SIGRTMAX};
	struct interruption interruption = {0};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		assert_true(interruption_note(&interruption, signals[i]));
		assert_int_equal(SIGTERM, interruption.first);
		assert_int_equal(signals[i], interruption.last);
		assert_int_equal(i + 1, interruption.count);
	}
}

static void the_same_signal_at_once_is_the_same_request(void **state)
{
	(void)state;
	struct interruption interruption = {0};
	assert_true(interruption_note(&interruption, SIGINT));
	assert_false(interruption_note(&interruption, SIGINT));
	assert_int_equal(1, interruption.count);
	interruption.last_at -= 101;
	assert_true(interruption_note(&interruption, SIGINT));
	assert_int_equal(2, interruption.count);
}

static void other_signals_are_no_request(void **state)
{
	(void)state;
	static const int signals[] = {SIGCHLD, SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU, SIGWINCH, SIGURG, SIGPIPE, SIGXFSZ};
	struct interruption interruption = {0};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		assert_false(interruption_note(&interruption, signals[i]));
	assert_int_equal(0, interruption.count);
	assert_int_equal(0, interruption.first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_counts_and_the_first_is_kept),
		cmocka_unit_test(the_same_signal_at_once_is_the_same_request),
		cmocka_unit_test(other_signals_are_no_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
