/* SPDX-License-Identifier: MIT */
/* The host-wide lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "session/lock.h"
#include "session/lock_holder.h"

/* Each test has a folder of its own, and works in it. */
static int directory;

static int enter_folder(void **state)
{
	char *folder = memory_copy_string("/tmp/ipvs-iso-lock.XXXXXX");
	*state = folder;
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsetenv(LOCK_ENVIRONMENT);
	return directory < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", (char *)*state);
	free(*state);
	close(directory);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static int take(const char *command)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int lock = lock_take(directory, 0, command, 0, NULL, NULL, &error);
	if (lock < 0)
		fail_msg("%s", error.message);
	return lock;
}

static void assert_busy(int64_t wait_ms, const char *why)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(lock_take(directory, 0, "me", wait_ms, NULL, NULL, &error), -1);
	if (!strstr(error.message, why))
		fail_msg("\"%s\" is not in \"%s\"", why, error.message);
	assert_int_equal(error.kind, ERROR_BUSY);
	assert_non_null(error.remedy);
}

static void assert_free(void)
{
	int lock = take("me");
	close(lock);
}

/* A process that does something and waits to be told to end by the closing of a pipe. */
struct helper {
	pid_t pid;
	int orders;
};

static struct helper start(void (*body)(int news, int orders))
{
	int news[2], orders[2];
	char byte;
	assert_int_equal(pipe2(news, O_CLOEXEC), 0);
	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(news[0]);
		close(orders[1]);
		body(news[1], orders[0]);
		_exit(0);
	}
	close(news[1]);
	close(orders[0]);
	assert_int_equal(read(news[0], &byte, 1), 1);
	close(news[0]);
	return (struct helper){.pid = pid, .orders = orders[1]};
}

static int end(struct helper helper)
{
	int status;
	close(helper.orders);
	assert_int_equal(waitpid(helper.pid, &status, 0), helper.pid);
	return status;
}

static void say_ready(int news)
{
	ssize_t ignored = write(news, "", 1);
	(void)ignored;
	close(news);
}

static void wait_for_order(int orders)
{
	char byte;
	ssize_t ignored = read(orders, &byte, 1);
	(void)ignored;
}

static void hold(int news, int orders)
{
	struct error error = ERROR_INIT;
	if (lock_take(directory, 0, "make check", 0, NULL, NULL, &error) < 0)
		_exit(1);
	say_ready(news);
	wait_for_order(orders);
}

static void hold_a_moment(int news, int orders)
{
	struct error error = ERROR_INIT;
	int lock = lock_take(directory, 0, "make check", 0, NULL, NULL, &error);
	say_ready(news);
	(void)orders;
	usleep(100000);
	close(lock);
}

static void a_free_lock_is_taken_and_says_by_whom(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	struct lock_holder holder;
	assert_int_equal(lock_query(directory, 0, &holder, &error), 0);

	time_t before = time(NULL);
	int lock = take("go test ./...");
	assert_int_equal(fcntl(lock, F_GETFD), FD_CLOEXEC);
	struct stat file;
	assert_int_equal(stat("lock", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);

	assert_int_equal(lock_query(directory, 0, &holder, &error), 1);
	assert_int_equal(holder.pid, getpid());
	assert_string_equal(holder.command, "go test ./...");
	assert_in_range(holder.since, before, time(NULL));
	lock_holder_clear(&holder);

	close(lock);
	assert_int_equal(lock_query(directory, 0, &holder, &error), 0);
	assert_free();
}

static void a_held_lock_is_busy_and_names_its_holder(void **state)
{
	(void)state;
	struct helper holder = start(hold);
	CLEANUP_FREE char *who = memory_printf("the lock is held by process %d (make check), since 2", (int)holder.pid);
	assert_busy(0, who);
	assert_int_equal(end(holder), 0);
	assert_free();
}

static void waiting_ends_in_time_and_costs_nothing(void **state)
{
	(void)state;
	struct helper holder = start(hold);
	struct rusage before, after;
	struct sigaction action_before, action_after;
	sigset_t mask_before, mask_after;

	sigaction(SIGALRM, NULL, &action_before);
	sigprocmask(SIG_SETMASK, NULL, &mask_before);
	getrusage(RUSAGE_SELF, &before);
	int64_t started = duration_now();
	assert_busy(400, "still held after 0.4 s by process");
	assert_in_range(duration_now() - started, 400, 1500);
	getrusage(RUSAGE_SELF, &after);
	/* It slept until the deadline: polling would have woken it more often. */
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 10);

	sigaction(SIGALRM, NULL, &action_after);
	sigprocmask(SIG_SETMASK, NULL, &mask_after);
	assert_ptr_equal(action_after.sa_handler, action_before.sa_handler);
	for (int signal = 1; signal < SIGRTMIN; signal++)
		assert_int_equal(sigismember(&mask_after, signal), sigismember(&mask_before, signal));
	assert_int_equal(end(holder), 0);
}

struct news {
	int calls;
	pid_t pid;
	bool right_command;
};

static void note_holder(const struct lock_holder *holder, void *context)
{
	struct news *news = context;
	news->calls++;
	news->pid = holder->pid;
	news->right_command = holder->command && strcmp(holder->command, "make check") == 0;
}

static void check_waiting(int64_t wait_ms)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct news news = {0};
	struct helper holder = start(hold_a_moment);
	CLEANUP_CLOSE int lock = lock_take(directory, 0, "me", wait_ms, note_holder, &news, &error);
	assert_true(lock >= 0);
	assert_int_equal(news.calls, 1);
	assert_int_equal(news.pid, holder.pid);
	assert_true(news.right_command);
	assert_int_equal(end(holder), 0);

	/* Nobody to wait for: nothing is said. */
	close(lock);
	lock = lock_take(directory, 0, "me", wait_ms, note_holder, &news, &error);
	assert_true(lock >= 0);
	assert_int_equal(news.calls, 1);
}

static void who_waits_gets_it_when_it_is_free(void **state)
{
	(void)state;
	check_waiting(LOCK_WAIT_FOR_EVER);
	check_waiting(60000);
	check_waiting(INT64_MAX);
}

static void wait_with_signals_blocked(int news, int orders)
{
	struct error error = ERROR_INIT;
	sigset_t all;
	(void)orders;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	say_ready(news);
	lock_take(directory, 0, "me", LOCK_WAIT_FOR_EVER, NULL, NULL, &error);
}

static void a_signal_ends_the_wait(void **state)
{
	(void)state;
	struct helper holder = start(hold);
	struct helper waiting = start(wait_with_signals_blocked);
	assert_int_equal(kill(waiting.pid, SIGTERM), 0);
	int status = end(waiting);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(end(holder), 0);
}

static void hold_through_a_child(int news, int orders)
{
	struct error error = ERROR_INIT;
	if (lock_take(directory, 0, "make check", 0, NULL, NULL, &error) < 0)
		_exit(1);
	if (fork() == 0) {
		say_ready(news);
		wait_for_order(orders);
		_exit(0);
	}
}

static void the_lock_lives_as_long_as_who_inherited_it(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	struct helper holder = start(hold_through_a_child);
	struct lock_holder who;
	assert_int_equal(waitpid(holder.pid, NULL, 0), holder.pid);

	/* The process that took it has ended, and is not shown as if it had not. */
	assert_int_equal(lock_query(directory, 0, &who, &error), 1);
	assert_int_equal(who.pid, 0);
	assert_string_equal(who.command, "make check");
	lock_holder_clear(&who);
	assert_busy(0, "held by a run whose own process is gone or out of sight (make check)");

	close(holder.orders);
	CLEANUP_CLOSE int lock = lock_take(directory, 0, "me", 60000, NULL, NULL, &error);
	assert_true(lock >= 0);
}

static void commands_may_hold_any_bytes(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	struct lock_holder holder;
	int lock = take("odd \xff\"\n\\ bytes");
	assert_int_equal(lock_query(directory, 0, &holder, &error), 1);
	assert_string_equal(holder.command, "odd \xff\"\n\\ bytes");
	lock_holder_clear(&holder);
	close(lock);

	/* A shorter text leaves nothing of a longer one. */
	lock = take("x");
	assert_int_equal(lock_query(directory, 0, &holder, &error), 1);
	assert_string_equal(holder.command, "x");
	lock_holder_clear(&holder);
	close(lock);
}

static void a_damaged_note_says_nothing(void **state)
{
	(void)state;
	static const char *const notes[] = {
		"",
		"{\"pid\":",
		"[1,2]",
		"{}",
		"{\"pid\":\"1\",\"since\":[],\"command\":7}",
		"{\"pid\":-1}",
		"{\"pid\":99999999999}",
		"{\"pid\":1,\"pid_namespace\":5}",
	};
	struct error error = ERROR_INIT;
	CLEANUP_CLOSE int lock = take("me");
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		struct lock_holder holder = {.pid = 5, .since = 6};
		assert_int_equal(ftruncate(lock, 0), 0);
		assert_int_equal(pwrite(lock, notes[i], strlen(notes[i]), 0), strlen(notes[i]));
		assert_int_equal(lock_query(directory, 0, &holder, &error), 1);
		assert_int_equal(holder.pid, 0);
		assert_int_equal(holder.since, 0);
		assert_null(holder.command);
		assert_busy(0, "a run whose own process is gone or out of sight");
	}
}

/* The number of a process means another one later; its note has the time of its start, too. */
static void a_holder_whose_number_is_used_again_is_dead(void **state)
{
	(void)state;
	CLEANUP_CLOSE int lock = take("me");
	struct lock_holder holder;
	char note[512] = "";
	assert_true(pread(lock, note, sizeof note - 1, 0) > 0);
	lock_holder_read(lock, &holder);
	assert_int_equal(holder.pid, getpid());
	assert_false(holder.dead);
	lock_holder_clear(&holder);

	char *ticks = strstr(note, "\"started\":");
	assert_non_null(ticks);
	ticks += strlen("\"started\":");
	*ticks = *ticks == '1' ? '2' : '1';
	assert_int_equal(pwrite(lock, note, strlen(note), 0), strlen(note));
	lock_holder_read(lock, &holder);
	assert_int_equal(holder.pid, 0);
	assert_true(holder.dead);
	lock_holder_clear(&holder);
}

static void a_holder_that_has_ended_its_session_is_dead(void **state)
{
	(void)state;
	CLEANUP_CLOSE int lock = take("me");
	struct lock_holder holder;
	lock_holder_end(lock);
	lock_holder_read(lock, &holder);
	assert_int_equal(holder.pid, 0);
	assert_true(holder.dead);
	assert_string_equal(holder.command, "me");
	lock_holder_clear(&holder);
}

static void a_lock_that_is_taken_away_is_missed(void **state)
{
	(void)state;
	CLEANUP_CLOSE int lock = take("me");
	CLEANUP_CLOSE int copy = dup(lock);
	assert_true(lock_is_kept(directory, 0, lock));
	assert_int_equal(flock(copy, LOCK_UN), 0);
	assert_false(lock_is_kept(directory, 0, lock));
	CLEANUP_CLOSE int other = take("other");
	assert_false(lock_is_kept(directory, 0, lock));
	assert_true(lock_is_kept(directory, 0, other));
	assert_int_equal(unlink(LOCK_NAME), 0);
	assert_false(lock_is_kept(directory, 0, other));
}

static void export(int descriptor)
{
	CLEANUP_FREE char *number = memory_printf("%d", descriptor);
	setenv(LOCK_ENVIRONMENT, number, 1);
}

/* The host's lock, where it has been inherited; else -1. */
static int inherited(void)
{
	CLEANUP_LOCKS struct locks locks = {0};
	locks_inherited(directory, &locks);
	assert_int_equal(lock_depth(directory), locks.descriptors.count);
	return locks.descriptors.count > 0 ? locks.descriptors.items[0] : -1;
}

/* Becomes another program and back, as far as descriptors go: this one is inherited, that one is O_CLOEXEC. */
static void an_inherited_lock_is_recognised(void **state)
{
	(void)state;
	int lock = take("me");
	fcntl(lock, F_SETFD, 0);
	export(lock);
	pid_t child = fork();
	if (child == 0)
		_exit(inherited() == lock && fcntl(lock, F_GETFD) == FD_CLOEXEC ? 0 : 1);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);

	/* Also when the one that took it has closed it. */
	CLEANUP_CLOSE int copy = dup(lock);
	close(lock);
	export(copy);
	assert_int_equal(inherited(), copy);
}

/* Frees the value. */
static void assert_depth(unsigned depth, char *value)
{
	setenv(LOCK_ENVIRONMENT, value, 1);
	if (lock_depth(directory) != depth)
		fail_msg("\"%s\" is taken for %u locks, not %u", value, lock_depth(directory), depth);
	free(value);
}

static void each_level_of_nesting_has_a_lock_of_its_own(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_LOCKS struct locks locks = {0};
	CLEANUP_LOCKS struct locks found = {0};
	CLEANUP_CLOSE int host = take("host");
	CLEANUP_CLOSE int turn = lock_take(directory, 1, "turn", 0, NULL, NULL, &error);
	assert_true(turn >= 0);
	*array_append(&locks.descriptors) = host;
	*array_append(&locks.descriptors) = turn;
	locks_export(&locks);
	locks_inherited(directory, &found);
	assert_int_equal(found.descriptors.count, 2);
	assert_int_equal(found.descriptors.items[0], host);
	assert_int_equal(found.descriptors.items[1], turn);

	/* The list ends with the first that is not the lock of its depth. */
	assert_depth(1, memory_printf("%d", host));
	assert_depth(1, memory_printf("%d,", host));
	assert_depth(1, memory_printf("%d,x", host));
	assert_depth(1, memory_printf("%d,%d", host, host));
	assert_depth(0, memory_printf("%d %d", host, turn));
	assert_depth(0, memory_printf("%d,%d", turn, host));
	assert_depth(0, memory_printf(",%d,%d", host, turn));
	assert_depth(2, memory_printf("%d,%d,%d", host, turn, host));
	CLEANUP_CLOSE int other = open("nested-1", O_RDWR | O_CLOEXEC);
	assert_depth(1, memory_printf("%d,%d", host, other));
}

static void assert_not_inherited(const char *value)
{
	setenv(LOCK_ENVIRONMENT, value, 1);
	if (inherited() != -1)
		fail_msg("\"%s\" is taken for the lock", value);
}

static void a_forged_variable_does_not_pass(void **state)
{
	(void)state;
	static const char *const values[] = {"",           "-1", "x", "1x", " 3", "999", "99999999999999999999",
					     "4294967296", "0"};
	assert_int_equal(inherited(), -1);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		assert_not_inherited(values[i]);

	/* The file itself, opened anew: while nobody has the lock, and while somebody else has it. */
	CLEANUP_CLOSE int other = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	export(other);
	assert_int_equal(inherited(), -1);
	struct helper holder = start(hold);
	assert_int_equal(inherited(), -1);
	assert_int_equal(end(holder), 0);
	/* Asking has not taken it. */
	assert_free();

	/* Shared is not held. */
	assert_int_equal(flock(other, LOCK_SH), 0);
	assert_int_equal(inherited(), -1);

	/* Another file, locked. */
	CLEANUP_CLOSE int another = open("another", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(another, LOCK_EX), 0);
	export(another);
	assert_int_equal(inherited(), -1);
}

static void check_place(int folder, const char *why)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int failed = lock_check_place(folder, &error);
	if (failed < 0 && !why)
		fail_msg("%s", error.message);
	assert_int_equal(failed, why ? -1 : 0);
	if (why)
		assert_non_null(strstr(error.message, why));
	assert_true(!why || error.remedy);
}

static void the_lock_of_this_table_in_another_folder_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir("other", 0700), 0);
	CLEANUP_CLOSE int other = open("other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSE int lock = take("outer");
	check_place(other, NULL);
	export(lock);
	check_place(directory, NULL);
	check_place(other, "not the one in this folder");
	assert_int_equal(lseek(lock, 0, SEEK_CUR), lseek(lock, 0, SEEK_END)); /* as its writer left it */

	/* One that is not held is none. */
	CLEANUP_CLOSE int again = open("lock", O_RDWR | O_CLOEXEC);
	export(again);
	check_place(other, NULL);

	/* In another network namespace there is another table. */
	char note[1024] = "";
	assert_true(pread(lock, note, sizeof note - 1, 0) > 0);
	char *namespace = strstr(note, "\"network_namespace\":\"");
	assert_non_null(namespace);
	namespace[strlen("\"network_namespace\":\"")] = 'x';
	assert_int_equal(pwrite(lock, note, strlen(note), 0), strlen(note));
	export(lock);
	check_place(other, NULL);
}

/* In a child: nothing to be seen in /proc. False where that cannot be had. */
static bool hide_proc(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0 &&
	       mount("none", "/proc", "tmpfs", 0, NULL) == 0;
}

#define CANNOT_HIDE 77

static void an_inherited_lock_is_recognised_without_proc(void **state)
{
	(void)state;
	CLEANUP_CLOSE int lock = take("outer");
	CLEANUP_CLOSE int other = open("lock", O_RDWR | O_CLOEXEC);
	pid_t child = fork();
	if (child == 0) {
		if (!hide_proc())
			_exit(CANNOT_HIDE);
		export(lock);
		int found = inherited();
		export(other);
		int forged = inherited();
		flock(lock, LOCK_UN);
		int of_free = inherited();
		_exit(found == lock && forged == -1 && of_free == -1 && flock(lock, LOCK_EX | LOCK_NB) == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_HIDE)
		skip();
	assert_int_equal(status, 0);
}

/* The holder's note, as if it were in another PID namespace. */
static void move_holder_out_of_sight(void)
{
	CLEANUP_CLOSE int file = open("lock", O_RDWR | O_CLOEXEC);
	char note[1024] = "";
	assert_true(pread(file, note, sizeof note - 1, 0) > 0);
	char *number = strstr(note, "\"pid_namespace\":");
	assert_non_null(number);
	number += strlen("\"pid_namespace\":");
	*number = *number == '1' ? '2' : '1';
	assert_int_equal(pwrite(file, note, strlen(note), 0), strlen(note));
}

static void who_may_be_below_a_holder_out_of_sight_does_not_wait(void **state)
{
	(void)state;
	struct helper holder = start(hold);
	move_holder_out_of_sight();

	/* Nothing says that we are inside of a run, or it names a descriptor that is open: somebody forged it. */
	assert_busy(50, "still held");
	export(directory);
	assert_busy(50, "still held");

	setenv(LOCK_ENVIRONMENT, "987", 1);
	assert_busy(LOCK_WAIT_FOR_EVER, "this process may run below it: the descriptor that " LOCK_ENVIRONMENT);
	assert_int_equal(end(holder), 0);
	assert_free();
}

static void below_the_holder_nobody_waits(void **state)
{
	(void)state;
	/* As if a program between us and ourselves had closed the descriptor. */
	CLEANUP_CLOSE int lock = take("outer");
	pid_t child = fork();
	if (child == 0) {
		struct error error = ERROR_INIT;
		close(lock);
		int taken = lock_take(directory, 0, "inner", LOCK_WAIT_FOR_EVER, NULL, NULL, &error);
		_exit(taken == -1 && error.kind == ERROR_BUSY && strstr(error.message, "lost on the way") ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void who_has_it_does_not_wait_for_itself(void **state)
{
	(void)state;
	/* Nothing says that it was inherited. */
	CLEANUP_CLOSE int lock = take("outer");
	assert_busy(1000, "(outer), since ");
	assert_busy(1000, "this process runs below it, but " LOCK_ENVIRONMENT);
	/* Not of the run that took it either, once that has ended. */
	lock_holder_end(lock);
	assert_busy(1000, "this process runs below it, but " LOCK_ENVIRONMENT);

	/* A script that locks the file itself: exec 9>lock; flock 9 */
	assert_int_equal(ftruncate(lock, 0), 0);
	close(lock);
	lock = open("lock", O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_busy(1000, ", which is no run, and this process runs below it");
	assert_int_equal(flock(lock, LOCK_SH), 0);
	assert_busy(1000, ", which is no run, and this process runs below it");
}

static void hold_without_a_note(int news, int orders)
{
	if (flock(open("lock", O_RDWR | O_CLOEXEC), LOCK_EX) < 0)
		_exit(1);
	say_ready(news);
	wait_for_order(orders);
}

static void an_old_note_misleads_nobody(void **state)
{
	(void)state;
	/* Who has the lock has not written that down yet: the note says that we have it. */
	close(take("me"));
	struct helper holder = start(hold_without_a_note);
	assert_busy(50, "still held");
	assert_int_equal(end(holder), 0);
}

static void what_is_no_file_of_ours_is_refused(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(symlink("elsewhere", "lock"), 0);
	assert_int_equal(lock_take(directory, 0, "me", 0, NULL, NULL, &error), -1);
	assert_int_equal(access("elsewhere", F_OK), -1);
	assert_int_equal(unlink("lock"), 0);

	assert_int_equal(mkfifo("lock", 0600), 0);
	assert_int_equal(lock_take(directory, 0, "me", 0, NULL, NULL, &error), -1);
	assert_int_equal(error.kind, ERROR_PERMISSION);
	assert_int_equal(unlink("lock"), 0);

	if (geteuid() != 0)
		return;
	assert_int_equal(file_write("lock", "", 0, 0666, &error), 0);
	assert_int_equal(chown("lock", 65534, 65534), 0);
	assert_int_equal(lock_take(directory, 0, "me", 0, NULL, NULL, &error), -1);
	assert_int_equal(error.kind, ERROR_PERMISSION);
}

static void hold_and_remove_the_file(int news, int orders)
{
	struct error error = ERROR_INIT;
	lock_take(directory, 0, "make check", 0, NULL, NULL, &error);
	say_ready(news);
	(void)orders;
	usleep(50000);
	unlink("lock");
}

static void a_removed_file_is_not_locked(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	struct helper holder = start(hold_and_remove_the_file);
	CLEANUP_CLOSE int lock = lock_take(directory, 0, "me", 60000, NULL, NULL, &error);
	assert_true(lock >= 0);
	assert_int_equal(end(holder), 0);
	/* What is held is the file that others will see. */
	struct lock_holder who;
	assert_int_equal(lock_query(directory, 0, &who, &error), 1);
	assert_int_equal(who.pid, getpid());
	lock_holder_clear(&who);
}

struct room {
	int inside, entered, overlaps;
};

#define RIVALS 16
#define ROUNDS 20

static void compete(struct room *room)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct error error = ERROR_INIT;
		int lock = lock_take(directory, 0, "rival", i % 2 ? 60000 : LOCK_WAIT_FOR_EVER, NULL, NULL, &error);
		if (lock < 0)
			_exit(1);
		if (__atomic_add_fetch(&room->inside, 1, __ATOMIC_SEQ_CST) != 1)
			room->overlaps++;
		usleep(200);
		room->entered++; /* atomic only if the lock works */
		__atomic_sub_fetch(&room->inside, 1, __ATOMIC_SEQ_CST);
		close(lock);
	}
	_exit(0);
}

static void two_never_hold_it_at_once(void **state)
{
	(void)state;
	struct room *room = mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(room, MAP_FAILED);
	pid_t rivals[RIVALS];
	for (int i = 0; i < RIVALS; i++) {
		rivals[i] = fork();
		if (rivals[i] == 0)
			compete(room);
	}
	for (int i = 0; i < RIVALS; i++) {
		int status;
		assert_int_equal(waitpid(rivals[i], &status, 0), rivals[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(room->overlaps, 0);
	assert_int_equal(room->entered, RIVALS * ROUNDS);
	munmap(room, sizeof *room);
}

static void ask_all_the_time(int news, int orders)
{
	(void)orders;
	struct error error = ERROR_INIT;
	say_ready(news);
	for (;;) {
		struct lock_holder holder = {0};
		lock_query(directory, 0, &holder, &error);
		lock_holder_clear(&holder);
	}
}

static void who_asks_does_not_make_it_busy(void **state)
{
	(void)state;
	assert_free();
	struct helper curious = start(ask_all_the_time);
	for (int i = 0; i < 2000; i++)
		assert_free();
	assert_int_equal(kill(curious.pid, SIGKILL), 0);
	end(curious);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_lock_is_taken_and_says_by_whom),
		TEST(a_held_lock_is_busy_and_names_its_holder),
		TEST(waiting_ends_in_time_and_costs_nothing),
		TEST(who_waits_gets_it_when_it_is_free),
		TEST(a_signal_ends_the_wait),
		TEST(the_lock_lives_as_long_as_who_inherited_it),
		TEST(commands_may_hold_any_bytes),
		TEST(a_damaged_note_says_nothing),
		TEST(a_holder_whose_number_is_used_again_is_dead),
		TEST(a_holder_that_has_ended_its_session_is_dead),
		TEST(a_lock_that_is_taken_away_is_missed),
		TEST(an_inherited_lock_is_recognised),
		TEST(each_level_of_nesting_has_a_lock_of_its_own),
		TEST(a_forged_variable_does_not_pass),
		TEST(the_lock_of_this_table_in_another_folder_is_refused),
		TEST(an_inherited_lock_is_recognised_without_proc),
		TEST(who_may_be_below_a_holder_out_of_sight_does_not_wait),
		TEST(below_the_holder_nobody_waits),
		TEST(who_has_it_does_not_wait_for_itself),
		TEST(an_old_note_misleads_nobody),
		TEST(what_is_no_file_of_ours_is_refused),
		TEST(a_removed_file_is_not_locked),
		TEST(two_never_hold_it_at_once),
		TEST(who_asks_does_not_make_it_busy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
