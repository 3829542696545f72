/* SPDX-License-Identifier: MIT */
/* Commands run to their end, with everything that they start, signals, and a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "process/descendants.h"
#include "process/supervise.h"

/* Each test works in a folder of its own. */
static int enter_folder(void **state)
{
	char *folder = memory_copy_string("/tmp/ipvs-iso-supervise.XXXXXX");
	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Until a signal comes. dash puts a SIGINT off that arrives just before it starts a program, until that has ended. */
#define BUSY "while :; do :; done"

static struct outcome run(struct command command)
{
	struct outcome outcome = {0};
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (supervise_run(&command, &outcome, &error) < 0)
		fail_msg("%s", error.message);
	return outcome;
}

/* The same for a shell script, under the options of `command`. */
static struct outcome run_script_with(struct command command, const char *script)
{
	char *arguments[] = {"sh", "-c", (char *)script, NULL};
	command.arguments = arguments;
	return run(command);
}

static struct outcome run_script(const char *script)
{
	return run_script_with((struct command){0}, script);
}

static char *read_text(const char *path)
{
	struct error error = ERROR_INIT;
	size_t length;
	char *text = file_read(path, &length, &error);
	assert_non_null(text);
	return text;
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Runs `body` in a process of its own, for what has to be so before supervise_prepare(). It returns what failed. */
static void in_new_process(const char *(*body)(void))
{
	int ends[2];
	char why[200] = "";
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		const char *failed = body();
		ssize_t ignored = failed ? write(ends[1], failed, strlen(failed)) : 0;
		(void)ignored;
		_exit(failed != NULL);
	}
	close(ends[1]);
	ssize_t length = read(ends[0], why, sizeof why - 1);
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status != 0 || length != 0)
		fail_msg("%s (wait status %d)", why, status);
}

/* These three come first: this process is not prepared yet. */

static const char *ignore_hangups(void)
{
	signal(SIGHUP, SIG_IGN);
	CLEANUP_OUTCOME struct outcome outcome = run_script("kill -HUP $PPID; kill -HUP $$; exit 3");
	if (outcome.interrupted || outcome.status != 3)
		return "SIGHUP was not ignored";
	return supervise_pending_signal() ? "SIGHUP is pending" : NULL;
}

static void ignored_signals_stay_ignored(void **state)
{
	(void)state;
	in_new_process(ignore_hangups);
}

static const char *start_children_before(void)
{
	struct error error = ERROR_INIT;
	struct process_list list = {0};
	int ends[2];
	char byte;
	if (pipe(ends) < 0)
		return "no pipe";
	pid_t child = fork();
	if (child == 0) {
		if (fork() != 0)
			pause();
		ssize_t ignored = write(ends[1], "", 1);
		(void)ignored;
		pause();
		_exit(0);
	}
	if (read(ends[0], &byte, 1) != 1)
		return "no grandchild";
	CLEANUP_OUTCOME struct outcome outcome = run_script("sleep 1000 & exit 0");
	if (outcome.leftovers.count != 1 || strcmp(outcome.leftovers.items[0].command_line, "sleep 1000") != 0)
		return "not just the sleep was left over";
	if (descendants_list(getpid(), NULL, &list, &error) < 0 || list.processes.count != 2)
		return "the processes from before are not both there";
	for (size_t i = 0; i < list.processes.count; i++)
		process_signal(&list.processes.items[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	process_list_clear(&list);
	return NULL;
}

static void processes_from_before_are_left_alone(void **state)
{
	(void)state;
	in_new_process(start_children_before);
}

static const char *receive_signals_outside(void)
{
	struct error error = ERROR_INIT;
	if (supervise_prepare(&error) < 0)
		return "not prepared";
	if (supervise_pending_signal())
		return "a signal that nobody sent";
	kill(getpid(), SIGTERM);
	if (supervise_pending_signal() != SIGTERM)
		return "SIGTERM is lost";
	kill(getpid(), SIGINT);
	if (supervise_pending_signal() != SIGTERM)
		return "SIGTERM was the first";
	/* What nobody has asked for yet goes to the command. */
	kill(getpid(), SIGQUIT);
	CLEANUP_OUTCOME struct outcome outcome = run_script("ulimit -c 0; sleep 1000");
	return outcome.interrupted == SIGQUIT && outcome.signal == SIGQUIT ? NULL : "SIGQUIT is lost";
}

static void signals_outside_a_run_are_kept(void **state)
{
	(void)state;
	in_new_process(receive_signals_outside);
}

/* "SigBlk: ... SigIgn: ..." of a status file in /proc. */
static char *signals_of(const char *path)
{
	CLEANUP_FREE char *text = read_text(path);
	const char *blocked = strstr(text, "SigBlk:");
	const char *caught = strstr(text, "SigCgt:");
	assert_true(blocked && caught && blocked < caught);
	return memory_copy_bytes(blocked, (size_t)(caught - blocked));
}

static void commands_start_with_the_signals_from_before(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	CLEANUP_FREE char *before = signals_of("/proc/self/status");
	assert_int_equal(supervise_prepare(&error), 0);
	CLEANUP_FREE char *prepared = signals_of("/proc/self/status");
	assert_string_not_equal(before, prepared);

	char *arguments[] = {"cp", "/proc/self/status", "status", NULL};
	CLEANUP_OUTCOME struct outcome outcome = run((struct command){.arguments = arguments});
	assert_int_equal(outcome.status, 0);
	CLEANUP_FREE char *inside = signals_of("status");
	assert_string_equal(inside, before);
	/* And afterwards here is what was here. */
	CLEANUP_FREE char *after = signals_of("/proc/self/status");
	assert_string_equal(after, prepared);
}

static void the_status_is_the_commands(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		int status, signal;
	} cases[] = {
		{"exit 0", 0, 0},
		{"exit 42", 42, 0},
		{"exit 255", 255, 0},
		{"kill -KILL $$", 137, SIGKILL},
		{"ulimit -c 0; kill -SEGV $$", 139, SIGSEGV},
		/* Not sent to us, so we are not interrupted. */
		{"kill -INT $$", 130, SIGINT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP_OUTCOME struct outcome outcome = run_script(cases[i].script);
		assert_int_equal(outcome.status, cases[i].status);
		assert_int_equal(outcome.signal, cases[i].signal);
		assert_int_equal(outcome.interrupted, 0);
		assert_false(outcome.timed_out);
		assert_int_equal(outcome.leftovers.count, 0);
		assert_no_children();
	}
}

static void check_not_run(struct command command, enum error_kind kind, const char *message)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_OUTCOME struct outcome outcome = {0};
	assert_int_equal(supervise_run(&command, &outcome, &error), -1);
	assert_string_equal(error.message, message);
	assert_int_equal(error.kind, kind);
	assert_no_children();
}

static void check_program_not_run(const char *program, enum error_kind kind, const char *message)
{
	char *arguments[] = {(char *)program, NULL};
	check_not_run((struct command){.arguments = arguments}, kind, message);
}

static void check_remedy(const char *program, const char *remedy)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_OUTCOME struct outcome outcome = {0};
	char *arguments[] = {(char *)program, NULL};
	const struct command command = {.arguments = arguments};
	assert_int_equal(supervise_run(&command, &outcome, &error), -1);
	if (remedy)
		assert_string_equal(error.remedy, remedy);
	else
		assert_null(error.remedy);
}

static void a_command_line_that_was_quoted_whole_gets_a_hint(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	assert_int_equal(file_write("a script", "#!/no/such/shell\n", 17, 0755, &error), 0);

	check_remedy("no-such test ./...",
		     "'no-such test ./...' is one word: leave its quotes out, or run it with sh -c");
	check_remedy("no-such\ttest", "'no-such\ttest' is one word: leave its quotes out, or run it with sh -c");
	char name[300] = "for file in";
	memset(name + strlen(name), 'x', sizeof name - strlen(name) - 1);
	CLEANUP_FREE char *remedy = memory_printf("'%s' is one word: leave its quotes out, or run it with sh -c", name);
	check_remedy(name, remedy);

	check_remedy("no-such", NULL);
	check_remedy("./a script", NULL);
}

static void what_cannot_be_run_is_told_apart(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	assert_int_equal(file_write("plain", "x", 1, 0644, &error), 0);
	assert_int_equal(file_write("script", "#!/no/such/shell\n", 17, 0755, &error), 0);
	assert_int_equal(mkdir("folder", 0755), 0);

	check_program_not_run("no-such-command-anywhere", ERROR_NOT_FOUND,
			      "cannot run no-such-command-anywhere: command not found");
	check_program_not_run("./missing", ERROR_NOT_FOUND, "cannot run ./missing: command not found");
	check_program_not_run("./script", ERROR_NOT_FOUND,
			      "cannot run ./script: the interpreter that it names is missing");
	check_program_not_run("./plain", ERROR_NOT_RUNNABLE, "cannot run ./plain: Permission denied");
	check_program_not_run("./folder", ERROR_NOT_RUNNABLE, "cannot run ./folder: Permission denied");
	check_program_not_run("./plain/x", ERROR_NOT_RUNNABLE, "cannot run ./plain/x: Not a directory");

	char *arguments[] = {"true", NULL};
	check_not_run((struct command){.arguments = arguments, .directory = "missing"}, ERROR_FAILED,
		      "cannot run true in missing: No such file or directory");
	check_not_run((struct command){.arguments = arguments, .inherited = (int[]){987}, .inherited_count = 1},
		      ERROR_FAILED, "cannot pass the lock's descriptors on to true: Bad file descriptor");
}

static void directory_and_environment_are_the_commands(void **state)
{
	struct error error = ERROR_INIT;
	assert_int_equal(mkdir("inner", 0755), 0);
	assert_int_equal(file_write("inner/only-here", "#!/bin/sh\npwd >out; echo $FRUIT >>out\n", 38, 0755, &error),
			 0);
	CLEANUP_FREE char *path = memory_printf("PATH=%s/inner:/bin:/usr/bin", (char *)*state);
	char *arguments[] = {"only-here", NULL};
	char *environment[] = {path, "FRUIT=pear", NULL};
	CLEANUP_OUTCOME struct outcome outcome =
		run((struct command){.arguments = arguments, .environment = environment, .directory = "inner"});
	assert_int_equal(outcome.status, 0);
	CLEANUP_FREE char *written = read_text("inner/out");
	CLEANUP_FREE char *expected = memory_printf("%s/inner\npear\n", (char *)*state);
	assert_string_equal(written, expected);
}

/* What does not see processes may not say that there are none. */
static void unseen_processes_are_killed_or_said_to_survive(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_PROCESS_LIST struct process_list left = {0};
	struct rlimit usual;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	CLEANUP_OUTCOME struct outcome outcome =
		run_script("sleep 600 & setsid sleep 601 & prlimit --pid=$PPID --nofile=3:");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.leftovers.count, 1);
	assert_true(outcome.leftovers.items[0].survived);
	assert_non_null(strstr(outcome.leftovers.items[0].command_line, "[unknown: cannot open /proc"));

	assert_int_equal(descendants_list(getpid(), NULL, &left, &error), 0);
	assert_int_equal(left.processes.count, 1);
	CLEANUP_FREE char *survivor = descendants_command_line(left.processes.items[0].pid);
	assert_string_equal(survivor, "sleep 601");
	assert_int_equal(process_signal(&left.processes.items[0], SIGKILL), 0);
	assert_int_equal(waitpid(left.processes.items[0].pid, NULL, 0), left.processes.items[0].pid);
}

static void only_the_named_descriptors_are_inherited(void **state)
{
	(void)state;
	CLEANUP_CLOSE int first = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 50);
	CLEANUP_CLOSE int second = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 50);
	CLEANUP_CLOSE int other = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 60);
	const int kept[] = {first, second};
	CLEANUP_FREE char *script =
		memory_printf("cd /proc/$$/fd && [ -e %d ] && [ -e %d ] && [ ! -e %d ]", first, second, other);
	CLEANUP_OUTCOME struct outcome outcome =
		run_script_with((struct command){.inherited = kept, .inherited_count = 2}, script);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(fcntl(first, F_GETFD), FD_CLOEXEC);
}

static void the_command_leads_a_group_of_its_own(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome = run_script("set -- $(cat /proc/$$/stat); [ $5 = $$ ]");
	assert_int_equal(outcome.status, 0);
}

static void time_runs_out(void **state)
{
	(void)state;
	int64_t started = duration_now();
	CLEANUP_OUTCOME struct outcome outcome = run_script_with((struct command){.timeout_ms = 60}, "sleep 1000");
	assert_true(outcome.timed_out);
	assert_int_equal(outcome.status, 128 + SIGTERM);
	assert_int_equal(outcome.interrupted, 0);
	assert_in_range(outcome.duration_ms, 60, 20000);
	assert_true(duration_now() - started >= outcome.duration_ms);
	assert_no_children();
}

static void who_ignores_sigterm_is_killed(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome = run_script_with(
		(struct command){.timeout_ms = 500, .kill_after_ms = 80}, "trap '' TERM; while :; do sleep 1000; done");
	assert_true(outcome.timed_out);
	assert_int_equal(outcome.status, 128 + SIGKILL);
	assert_in_range(outcome.duration_ms, 580, 20000);
	assert_no_children();
}

static void a_stopped_command_ends_in_time_too(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome = run_script_with(
		(struct command){.timeout_ms = 500, .kill_after_ms = 60000}, "kill -STOP $$; sleep 1000");
	assert_true(outcome.timed_out);
	assert_int_equal(outcome.status, 128 + SIGTERM);
}

static void time_runs_out_for_those_who_left_the_group(void **state)
{
	(void)state;
	/* The command waits for a process in another session, which only SIGTERM ends. */
	CLEANUP_OUTCOME struct outcome outcome =
		run_script_with((struct command){.timeout_ms = 500, .kill_after_ms = 60000},
				"trap 'exit 9' TERM; setsid -w sleep 1000");
	assert_true(outcome.timed_out);
	assert_int_equal(outcome.status, 9);
	assert_int_equal(outcome.leftovers.count, 0);
}

static void assert_left(const struct outcome *outcome, size_t count)
{
	assert_int_equal(outcome->leftovers.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(outcome->leftovers.items[i].command_line, "sleep 1000");
		assert_false(outcome->leftovers.items[i].survived);
		assert_int_equal(kill(outcome->leftovers.items[i].pid, 0), -1);
		assert_int_equal(errno, ESRCH);
	}
	assert_no_children();
}

static void what_is_left_is_named_and_ended(void **state)
{
	(void)state;
	int64_t started = duration_now();
	CLEANUP_OUTCOME struct outcome outcome =
		run_script("sleep 1000 & (sleep 1000 & setsid sleep 1000 & exec setsid -f sleep 1000); exit 5");
	assert_int_equal(outcome.status, 5);
	assert_left(&outcome, 4);
	/* SIGTERM was enough, so nobody waits for the grace to be over. */
	assert_true(duration_now() - started < SUPERVISE_LEFTOVER_GRACE_MS);
}

static void what_is_left_and_stopped_is_ended(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome =
		run_script_with((struct command){.kill_after_ms = 60000},
				"sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; kill -STOP $!");
	assert_left(&outcome, 1);
}

static void what_is_left_and_ignores_sigterm_is_killed(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome = run_script_with((struct command){.kill_after_ms = 100},
								 "trap '' TERM; sleep 1000 & setsid -f sleep 1000");
	assert_left(&outcome, 2);
}

static double processor_seconds(void)
{
	struct rusage used;
	assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void write_line(const char *path, const char *line)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fprintf(file, "%s\n", line) > 0);
	assert_int_equal(fclose(file), 0);
}

/* Not even SIGKILL wakes it, so trying costs next to nothing, and not for long. */
static void what_is_left_and_frozen_is_given_up(void **state)
{
	(void)state;
	CLEANUP_FREE char *group = memory_printf("/sys/fs/cgroup/freezer/ipvs-iso-test-%d", (int)getpid());
	if (mkdir(group, 0755) < 0)
		skip(); /* no cgroup v1, or we may not */
	CLEANUP_FREE char *freezer = memory_printf("%s/freezer.state", group);
	CLEANUP_FREE char *script = memory_printf("cd %s; for i in 1 2; do sleep 1000 & echo $! >cgroup.procs; done; "
						  "echo FROZEN >freezer.state; "
						  "until grep -q FROZEN freezer.state; do :; done",
						  group);
	int64_t started = duration_now();
	double used = processor_seconds();
	CLEANUP_OUTCOME struct outcome outcome = run_script_with((struct command){.kill_after_ms = 100}, script);
	used = processor_seconds() - used;
	int64_t taken = duration_now() - started;

	write_line(freezer, "THAWED");
	while (wait(NULL) > 0)
		;
	assert_int_equal(rmdir(group), 0);
	assert_int_equal(outcome.leftovers.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(outcome.leftovers.items[i].survived);
		assert_non_null(strstr(outcome.leftovers.items[i].why, "frozen"));
	}
	assert_true(taken < 20000);
	assert_true(used < 2);
}

static void who_ends_in_a_moment_is_not_left(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome = run_script("(sleep 0.01; touch done) & exit 0");
	assert_int_equal(outcome.leftovers.count, 0);
	assert_int_equal(access("done", F_OK), 0);
	assert_no_children();
}

#define STORM_MS 20000

/* This program itself, as a command: some processes that get away from every look, and ignore SIGTERM. */
static int storm(void)
{
	signal(SIGTERM, SIG_IGN);
	/* However this test fails, the storm ends. */
	int64_t end = duration_now() + STORM_MS;
	for (int i = 0; i < 10; i++) {
		if (fork() != 0)
			continue;
		while (duration_now() < end) {
			if (fork() > 0)
				_exit(0);
		}
		_exit(0);
	}
	return 0;
}

static char *this_program;

/* This program itself, as a command: chains of processes, of which each starts the next and ends a moment later. */
static int chains(void)
{
	const struct timespec moment = {.tv_nsec = 500000};
	int64_t end = duration_now() + STORM_MS;
	for (int i = 0; i < 8; i++) {
		bool first = fork() == 0;
		while (first && duration_now() < end) {
			nanosleep(&moment, NULL);
			if (fork() > 0)
				_exit(0);
		}
	}
	return 0;
}

static void who_has_gone_is_not_named_but_that_there_was_somebody_is(void **state)
{
	(void)state;
	char *arguments[] = {this_program, "chains", NULL};
	CLEANUP_OUTCOME struct outcome outcome = run((struct command){.arguments = arguments, .kill_after_ms = 1});
	assert_true(outcome.leftovers.count > 0);
	for (size_t i = 0; i < outcome.leftovers.count; i++)
		assert_string_not_equal(outcome.leftovers.items[i].command_line, "[gone]");
	assert_no_children();
}

static void a_storm_of_forks_ends(void **state)
{
	(void)state;
	/* It takes a machine's every process: for a guest (tests/bats/guest-processes.bats), not for who runs `make
	   check`. */
	if (!getenv("IPVS_ISO_TEST_STORM"))
		skip();
	char *arguments[] = {this_program, "storm", NULL};
	CLEANUP_OUTCOME struct outcome outcome = run((struct command){.arguments = arguments, .kill_after_ms = 200});
	assert_true(outcome.leftovers.count > 0);
	for (size_t i = 0; i < outcome.leftovers.count; i++)
		assert_false(outcome.leftovers.items[i].survived);
	assert_no_children();
}

static void a_signal_is_passed_on(void **state)
{
	(void)state;
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		CLEANUP_FREE char *script = memory_printf("ulimit -c 0; kill -%d $PPID; " BUSY, signals[i]);
		CLEANUP_OUTCOME struct outcome outcome = run_script(script);
		assert_int_equal(outcome.interrupted, signals[i]);
		assert_int_equal(outcome.signal, signals[i]);
		assert_int_equal(outcome.leftovers.count, 0);
	}
	assert_int_equal(supervise_pending_signal(), 0);
}

static void a_command_may_end_as_it_likes_on_a_signal(void **state)
{
	(void)state;
	/* The same signal twice within a moment is one. */
	CLEANUP_OUTCOME struct outcome outcome = run_script(
		"trap : TERM; kill -TERM $PPID; sleep 0.01; kill -TERM $PPID; sleep 0.01; sleep 0.01; exit 7");
	assert_int_equal(outcome.interrupted, SIGTERM);
	assert_int_equal(outcome.status, 7);
}

static void the_second_signal_kills(void **state)
{
	(void)state;
	CLEANUP_OUTCOME struct outcome outcome = run_script("trap '' INT TERM; setsid -f sleep 1000; kill -INT $PPID; "
							    "kill -TERM $PPID; while :; do sleep 1000; done");
	assert_int_equal(outcome.interrupted, SIGINT);
	assert_int_equal(outcome.signal, SIGKILL);
	assert_no_children();
}

static void the_second_signal_cuts_the_grace_short(void **state)
{
	(void)state;
	/* The process left over is a child of ours by the time it is told to end. */
	int64_t started = duration_now();
	CLEANUP_OUTCOME struct outcome outcome =
		run_script_with((struct command){.kill_after_ms = 60000},
				"self=$PPID; (trap 'kill -INT $self; kill -QUIT $self' TERM; "
				"while :; do sleep 0.01; done) & sleep 0.05");
	assert_int_equal(outcome.interrupted, SIGINT);
	assert_true(duration_now() - started < 30000);
	assert_no_children();
}

/*
 * A terminal. A shell of ours leads its session and starts a job in the foreground that runs a script under
 * supervise_run(). The shell tells what becomes of the job, and continues it when told.
 */
struct terminal_job {
	pid_t shell;
	int terminal; /* the side of the one who types */
	int news;
	int orders;
};

static _Noreturn void be_job(const char *script, int news)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct outcome outcome = {0};
	char *arguments[] = {"sh", "-c", (char *)script, NULL};
	const struct command command = {.arguments = arguments};

	signal(SIGTTOU, SIG_DFL);
	if (supervise_run(&command, &outcome, &error) < 0)
		_exit(99);
	dprintf(news, "interrupted %d\n", outcome.interrupted);
	/* The shell's terminal is where it was. */
	_exit(tcgetpgrp(STDIN_FILENO) == getpgrp() ? outcome.status : 98);
}

static _Noreturn void be_shell(const char *script, int news, int orders)
{
	signal(SIGTTOU, SIG_IGN);
	pid_t job = fork();
	if (job == 0) {
		setpgid(0, 0);
		while (tcgetpgrp(STDIN_FILENO) != getpgrp())
			tcsetpgrp(STDIN_FILENO, getpgrp());
		be_job(script, news);
	}
	for (;;) {
		int status;
		char order;
		if (waitpid(job, &status, WUNTRACED) != job)
			_exit(97);
		if (!WIFSTOPPED(status)) {
			dprintf(news, WIFEXITED(status) ? "status %d\n" : "signal %d\n",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
			_exit(0);
		}
		tcsetpgrp(STDIN_FILENO, getpgrp());
		dprintf(news, "stopped %d\n", WSTOPSIG(status));
		if (read(orders, &order, 1) != 1)
			_exit(96);
		tcsetpgrp(STDIN_FILENO, job);
		kill(-job, SIGCONT);
	}
}

static struct terminal_job start_job(const char *script)
{
	int news[2], orders[2];
	assert_int_equal(pipe2(news, O_CLOEXEC), 0);
	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	CLEANUP_FREE char *name = memory_copy_string(ptsname(terminal));

	pid_t shell = fork();
	if (shell == 0) {
		setsid();
		int other_side = open(name, O_RDWR);
		ioctl(other_side, TIOCSCTTY, 0);
		for (int descriptor = 0; descriptor < 3; descriptor++)
			dup2(other_side, descriptor);
		be_shell(script, news[1], orders[0]);
	}
	close(news[1]);
	close(orders[0]);
	return (struct terminal_job){.shell = shell, .terminal = terminal, .news = news[0], .orders = orders[1]};
}

/* Reads until `text` has come; what else comes is skipped. */
static void wait_for(int descriptor, const char *text)
{
	char seen[4096] = "";
	size_t length = 0;
	while (!strstr(seen, text)) {
		if (length == sizeof seen - 1 || read(descriptor, seen + length, 1) != 1)
			fail_msg("\"%s\" has not come, but \"%s\"", text, seen);
		seen[++length] = '\0';
	}
}

static void type(const struct terminal_job *job, const char *keys)
{
	assert_int_equal(write(job->terminal, keys, strlen(keys)), strlen(keys));
}

static void end_job(const struct terminal_job *job, const char *news)
{
	wait_for(job->news, news);
	close(job->news);
	close(job->orders);
	close(job->terminal);
	assert_int_equal(waitpid(job->shell, NULL, 0), job->shell);
}

#define CTRL_C "\x03"
#define CTRL_BACKSLASH "\x1c"
#define CTRL_Z "\x1a"

static void the_command_can_read_the_terminal(void **state)
{
	(void)state;
	struct terminal_job job = start_job("read line; [ \"$line\" = hello ] && exit 4");
	type(&job, "hello\n");
	end_job(&job, "interrupted 0\nstatus 4\n");
}

static void the_command_can_set_the_terminal(void **state)
{
	(void)state;
	struct terminal_job job = start_job("stty -echo && exit 4");
	end_job(&job, "interrupted 0\nstatus 4\n");
}

static void ctrl_c_reaches_the_command(void **state)
{
	(void)state;
	struct terminal_job job = start_job("echo ready; " BUSY);
	wait_for(job.terminal, "ready");
	type(&job, CTRL_C);
	end_job(&job, "interrupted 2\nstatus 130\n");
}

static void the_second_ctrl_c_kills(void **state)
{
	(void)state;
	struct terminal_job job =
		start_job("trap '' INT; echo ready; trap 'echo quit' QUIT; while :; do sleep 0.05; done");
	wait_for(job.terminal, "ready");
	type(&job, CTRL_C);
	type(&job, CTRL_BACKSLASH);
	end_job(&job, "status 137\n");
}

static void ctrl_c_is_noticed_where_the_command_has_the_terminal(void **state)
{
	(void)state;
	struct terminal_job job = start_job("read line; echo ready; " BUSY);
	type(&job, "\n");
	wait_for(job.terminal, "ready");
	type(&job, CTRL_C);
	end_job(&job, "interrupted 2\nstatus 130\n");
}

static void ctrl_z_stops_all_and_fg_continues(void **state)
{
	(void)state;
	struct terminal_job job = start_job("echo $$ >pid; trap 'exit 6' CONT; echo ready; " BUSY);
	wait_for(job.terminal, "ready");
	type(&job, CTRL_Z);
	wait_for(job.news, "stopped 20\n");

	struct process_list list = {0};
	struct error error = ERROR_INIT;
	CLEANUP_FREE char *text = read_text("pid");
	pid_t pid = (pid_t)strtol(text, NULL, 10);
	bool stopped = false;
	while (!stopped) {
		assert_int_equal(descendants_list(job.shell, NULL, &list, &error), 0);
		for (size_t i = 0; i < list.processes.count; i++)
			stopped = stopped || (list.processes.items[i].pid == pid && list.processes.items[i].stopped);
		assert_true(list.processes.count > 1);
	}
	process_list_clear(&list);
	assert_int_equal(write(job.orders, "f", 1), 1);
	end_job(&job, "interrupted 0\nstatus 6\n");
}

static void ctrl_z_works_where_the_command_has_the_terminal(void **state)
{
	(void)state;
	struct terminal_job job = start_job("read line; echo ready; read line; exit 5");
	type(&job, "\n");
	wait_for(job.terminal, "ready");
	type(&job, CTRL_Z);
	wait_for(job.news, "stopped 20\n");
	assert_int_equal(write(job.orders, "f", 1), 1);
	type(&job, "\n");
	end_job(&job, "interrupted 0\nstatus 5\n");
}

int main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "chains") == 0)
		return chains();
	if (count == 2 && strcmp(arguments[1], "storm") == 0)
		return storm();
	/* SIGTERM is blocked before long, so timeout(1) alone could not end this if it hung. */
	alarm(50);
	/* A folder in it that may not be searched would make "permission denied" of "not found". */
	setenv("PATH", "/usr/bin:/bin", 1);
	this_program = realpath("/proc/self/exe", NULL);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ignored_signals_stay_ignored),
		cmocka_unit_test(processes_from_before_are_left_alone),
		cmocka_unit_test(signals_outside_a_run_are_kept),
		cmocka_unit_test_setup_teardown(commands_start_with_the_signals_from_before, enter_folder,
						leave_folder),
		cmocka_unit_test(the_status_is_the_commands),
		cmocka_unit_test_setup_teardown(what_cannot_be_run_is_told_apart, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_command_line_that_was_quoted_whole_gets_a_hint, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(directory_and_environment_are_the_commands, enter_folder, leave_folder),
		cmocka_unit_test(unseen_processes_are_killed_or_said_to_survive),
		cmocka_unit_test(only_the_named_descriptors_are_inherited),
		cmocka_unit_test(the_command_leads_a_group_of_its_own),
		cmocka_unit_test(time_runs_out),
		cmocka_unit_test(who_ignores_sigterm_is_killed),
		cmocka_unit_test(a_stopped_command_ends_in_time_too),
		cmocka_unit_test(time_runs_out_for_those_who_left_the_group),
		cmocka_unit_test(what_is_left_is_named_and_ended),
		cmocka_unit_test(what_is_left_and_stopped_is_ended),
		cmocka_unit_test(what_is_left_and_ignores_sigterm_is_killed),
		cmocka_unit_test(what_is_left_and_frozen_is_given_up),
		cmocka_unit_test_setup_teardown(who_ends_in_a_moment_is_not_left, enter_folder, leave_folder),
		cmocka_unit_test(who_has_gone_is_not_named_but_that_there_was_somebody_is),
		cmocka_unit_test(a_storm_of_forks_ends),
		cmocka_unit_test(a_signal_is_passed_on),
		cmocka_unit_test(a_command_may_end_as_it_likes_on_a_signal),
		cmocka_unit_test(the_second_signal_kills),
		cmocka_unit_test(the_second_signal_cuts_the_grace_short),
		cmocka_unit_test(the_command_can_read_the_terminal),
		cmocka_unit_test(the_command_can_set_the_terminal),
		cmocka_unit_test(ctrl_c_reaches_the_command),
		cmocka_unit_test(the_second_ctrl_c_kills),
		cmocka_unit_test(ctrl_c_is_noticed_where_the_command_has_the_terminal),
		cmocka_unit_test_setup_teardown(ctrl_z_stops_all_and_fg_continues, enter_folder, leave_folder),
		cmocka_unit_test(ctrl_z_works_where_the_command_has_the_terminal),
	};
	if (getenv("IPVS_ISO_TEST_STORM"))
		cmocka_set_test_filter("a_storm_of_forks_ends");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(this_program);
	return failed;
}
