/* SPDX-License-Identifier: MIT */
#include "session/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/proc.h"
#include "session/lock_holder.h"
#include "session/lock_proof.h"
#include "session/state.h"

/* A wake-up that comes just before the wait would be lost; the next one follows after so long. */
#define WAKE_UP_AGAIN_NS 50000000L

#define NEVER INT64_MAX

/* How often a note that is missing is looked for again, and how far apart. */
#define NOTE_LOOKS 50
#define NOTE_PAUSE_MS 10

#define CLEANUP_HOLDER __attribute__((cleanup(lock_holder_clear)))

void locks_clear(struct locks *locks)
{
	array_free(&locks->descriptors);
}

char *lock_name(unsigned depth)
{
	return depth == 0 ? memory_copy_string(LOCK_NAME) : memory_printf("nested-%u", depth);
}

static int check_lock(int descriptor, const char *name, struct error *error)
{
	struct stat file;
	if (fstat(descriptor, &file) < 0)
		return error_set_errno(error, errno, "cannot look at the file \"%s\"", name);
	if (!S_ISREG(file.st_mode) || file.st_uid != geteuid())
		return error_set(error, ERROR_PERMISSION, "\"%s\" is not a regular file of ours", name);
	return 0;
}

/* Above what shells and scripts choose for themselves; bash begins at 10 with its own. */
#define LOCK_DESCRIPTOR_MIN 100

/* Opens the lock file: -1 with an error; ERROR_NOT_FOUND where there is none and `flags` do not make it. */
static int open_lock(int directory, const char *name, int flags, struct error *error)
{
	/* O_NONBLOCK: a FIFO that somebody put there must not hang us before it is refused. */
	int descriptor = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open the file \"%s\"", name);
	if (check_lock(descriptor, name, error) < 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

/* Whether the descriptor is the lock file as it is in the folder now. */
static bool is_lock_file(int directory, const char *name, int descriptor)
{
	struct stat file, named;
	return fstat(descriptor, &file) == 0 && fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(named.st_mode) && file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

/* One call of flock(2): 1 when it took the lock, 0 when somebody has it or a signal came (errno tells), -1 on
   failure. */
static int try_flock(int descriptor, int operation)
{
	if (flock(descriptor, operation) == 0)
		return 1;
	return errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

/* What it usually does is nothing, so nobody sends it to end us. */
#define WAKING SIGURG

static void on_waking(int signal)
{
	(void)signal;
}

/* Wakes us at the deadline, and again until the timer is deleted. */
static int start_timer(timer_t *timer, int64_t deadline)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = WAKING};
	const struct itimerspec at = {
		.it_value = {.tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000},
		.it_interval = {.tv_nsec = WAKE_UP_AGAIN_NS},
	};
	if (timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return -1;
	/* The clock is that of duration_now(). With valid arguments it cannot fail. */
	timer_settime(*timer, TIMER_ABSTIME, &at, NULL);
	return 0;
}

/* 1 when it took the lock, 0 when the deadline came first, -1 with errno. */
static int wait_in_kernel(int descriptor, int64_t deadline)
{
	for (;;) {
		int taken = try_flock(descriptor, LOCK_EX);
		if (taken != 0)
			return taken;
		if (duration_now() >= deadline)
			return 0;
	}
}

/* The same; signals have their usual effect meanwhile. */
static int wait_until(int descriptor, int64_t deadline)
{
	struct sigaction waking_before;
	sigset_t usual, mask_before;
	timer_t timer = NULL;

	/* Without SA_RESTART, so that flock(2) returns. */
	sigaction(WAKING, &(struct sigaction){.sa_handler = on_waking}, &waking_before);
	bool timed = deadline != NEVER;
	int taken = timed ? start_timer(&timer, deadline) : 0;
	if (taken == 0) {
		sigfillset(&usual);
		sigdelset(&usual, SIGCHLD); /* lost otherwise */
		sigprocmask(SIG_UNBLOCK, &usual, &mask_before);
		taken = wait_in_kernel(descriptor, deadline);
		int number = errno;
		if (timed)
			timer_delete(timer);
		sigprocmask(SIG_SETMASK, &mask_before, NULL);
		errno = number;
	}
	sigaction(WAKING, &waking_before, NULL);
	return taken;
}

static int64_t deadline_after(int64_t wait_ms)
{
	int64_t deadline;
	if (wait_ms == LOCK_WAIT_FOR_EVER || __builtin_add_overflow(duration_now(), wait_ms, &deadline))
		return NEVER;
	return deadline;
}

/* The number that `text` begins with, and what is behind it in `rest`; -1 where it begins with none. */
static int parse_descriptor(const char *text, const char **rest)
{
	size_t digits = strspn(text, "0123456789");
	*rest = text + digits;
	errno = 0;
	long number = strtol(text, NULL, 10);
	return digits == 0 || errno || number > INT_MAX ? -1 : (int)number;
}

/* The descriptor that LOCK_ENVIRONMENT names for that depth; -1 where it names none. */
static int named_descriptor(unsigned depth)
{
	const char *text = getenv(LOCK_ENVIRONMENT);
	for (unsigned at = 0; text; at++) {
		const char *rest;
		int descriptor = parse_descriptor(text, &rest);
		if (descriptor < 0 || (*rest && *rest != ',') || at == depth)
			return *rest && *rest != ',' ? -1 : descriptor;
		text = *rest ? rest + 1 : NULL;
	}
	return -1;
}

/* Whether it names one for that depth that is not open any more. */
static bool named_is_closed(unsigned depth)
{
	int descriptor = named_descriptor(depth);
	return descriptor >= 0 && fcntl(descriptor, F_GETFD) < 0;
}

static int say_busy(const struct lock_holder *holder, int64_t wait_ms, struct error *error)
{
	CLEANUP_FREE char *who = lock_holder_text(holder);
	if (wait_ms == 0)
		error_set(error, ERROR_BUSY, "the lock is held by %s", who);
	else
		error_set(error, ERROR_BUSY, "the lock was still held after %.1f s by %s", (double)wait_ms / 1000, who);
	return error_remedy(error, "wait longer for it (--wait), or end what holds it; 'ipvs-iso status' names it");
}

/* Says that the wait would never end. */
static int say_below(const struct lock_holder *holder, struct error *error)
{
	CLEANUP_FREE char *who = lock_holder_text(holder);
	error_set(error, ERROR_BUSY, "the lock is held by %s, and this process runs below it%s", who,
		  holder->stranger ? ""
				   : ", but " LOCK_ENVIRONMENT
				     ", or the descriptor that it names, was lost on the way");
	if (holder->stranger)
		return error_remedy(error, "have it lock a file of its own: ipvs-iso takes its lock itself");
	return error_remedy(error, "have the programs between pass on both, which sudo does not (Python's subprocess: "
				   "close_fds=False)");
}

static int say_perhaps_below(const struct lock_holder *holder, struct error *error)
{
	CLEANUP_FREE char *who = lock_holder_text(holder);
	error_set(error, ERROR_BUSY,
		  "the lock is held by %s, and this process may run below it: the descriptor that " LOCK_ENVIRONMENT
		  " names was closed on the way",
		  who);
	return error_remedy(
		error,
		"have the programs between pass on that descriptor, which sudo does not; or unset " LOCK_ENVIRONMENT
		" where this is no part of a run");
}

/* Who holds the lock. Whoever has just taken a new one has neither marked it nor written a note yet. */
static void find_holder(int descriptor, int64_t wait_ms, int64_t deadline, struct lock_holder *holder)
{
	const struct timespec pause = {.tv_nsec = NOTE_PAUSE_MS * 1000000L};
	for (int look = 0; look < NOTE_LOOKS && (wait_ms == 0 || duration_now() < deadline); look++) {
		lock_holder_clear(holder);
		bool held = lock_holder_find(descriptor, holder);
		if (!held) /* it has just been released, or who has it is out of sight */
			lock_holder_read(descriptor, holder);
		if (holder->dead || (holder->command && !holder->stranger))
			return;
		nanosleep(&pause, NULL);
	}
}

/* Fails where this process is, or may be, below who holds the lock. */
static int check_below(int descriptor, unsigned depth, const struct lock_holder *holder, struct error *error)
{
	if (lock_held_above(descriptor))
		return say_below(holder, error);
	/* Whoever holds it is seen, and is none of those above us, or nobody can tell. */
	bool seen = holder->pid != 0 && proc_is_ours();
	if (!seen && !holder->stranger && named_is_closed(depth))
		return say_perhaps_below(holder, error);
	return 0;
}

/* Somebody holds the lock. 0 when it is ours at last. */
static int wait_for_lock(int descriptor, unsigned depth, int64_t wait_ms, int64_t deadline,
			 lock_waiting_function *waiting, void *context, struct error *error)
{
	CLEANUP_HOLDER struct lock_holder holder = {0};
	find_holder(descriptor, wait_ms, deadline, &holder);
	if (check_below(descriptor, depth, &holder, error) < 0)
		return -1;
	if (wait_ms == 0)
		return say_busy(&holder, wait_ms, error);
	if (waiting)
		waiting(&holder, context);

	int taken = wait_until(descriptor, deadline);
	if (taken < 0)
		return error_set_errno(error, errno, "cannot wait for the lock");
	if (taken > 0)
		return 0;
	/* It may be somebody else by now. */
	lock_holder_clear(&holder);
	if (!lock_holder_find(descriptor, &holder))
		lock_holder_read(descriptor, &holder);
	return say_busy(&holder, wait_ms, error);
}

/* Takes the lock on an open file. */
static int lock_file(int descriptor, unsigned depth, int64_t wait_ms, int64_t deadline, lock_waiting_function *waiting,
		     void *context, struct error *error)
{
	int taken = try_flock(descriptor, LOCK_EX | LOCK_NB);
	if (taken < 0)
		return error_set_errno(error, errno, "cannot lock the file");
	return taken ? 0 : wait_for_lock(descriptor, depth, wait_ms, deadline, waiting, context, error);
}

/* Scripts give numbers to descriptors of their own (exec 7>file), and one of those would take the lock's place. */
static int out_of_the_way(int descriptor)
{
	int high = fcntl(descriptor, F_DUPFD_CLOEXEC, LOCK_DESCRIPTOR_MIN);
	if (high < 0)
		return descriptor; /* there is a limit on descriptors below that */
	close(descriptor);
	return high;
}

int lock_take(int directory, unsigned depth, const char *command, int64_t wait_ms, lock_waiting_function *waiting,
	      void *context, struct error *error)
{
	CLEANUP_FREE char *name = lock_name(depth);
	int64_t deadline = deadline_after(wait_ms);
	for (;;) {
		int descriptor = open_lock(directory, name, O_RDWR | O_CREAT, error);
		if (descriptor < 0)
			return -1;
		int failed = lock_file(descriptor, depth, wait_ms, deadline, waiting, context, error);
		/* Somebody may have removed the file while we waited, and locked a new one. */
		if (failed == 0 && is_lock_file(directory, name, descriptor)) {
			lock_mark(descriptor);
			if (command)
				lock_holder_write(descriptor, command);
			return out_of_the_way(descriptor);
		}
		close(descriptor);
		if (failed < 0)
			return -1;
		waiting = NULL; /* said once is enough */
	}
}

bool lock_is_kept(int directory, unsigned depth, int descriptor)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *name = lock_name(depth);
	if (!is_lock_file(directory, name, descriptor))
		return false;
	/* Not asked of /proc, which the unit may have hidden. Who has the lock can take it again, but so can anybody
	   while nobody has it. */
	CLEANUP_CLOSE int other = open_lock(directory, name, O_RDONLY, &ignored);
	return other >= 0 && flock(other, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	       flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

/* Whether /proc tells what this process has open, and locked. */
static bool proc_tells(void)
{
	return access("/proc/self/fdinfo", F_OK) == 0;
}

static bool holds(int directory, unsigned depth, int descriptor)
{
	CLEANUP_FREE char *name = lock_name(depth);
	if (!is_lock_file(directory, name, descriptor))
		return false;
	/* Where /proc tells, asking holds up nobody. */
	bool held = proc_tells() ? lock_held_through(getpid(), descriptor) : lock_is_kept(directory, depth, descriptor);
	return held && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

void locks_inherited(int directory, struct locks *locks)
{
	for (;;) {
		int descriptor = named_descriptor((unsigned)locks->descriptors.count);
		if (descriptor < 0 || !holds(directory, (unsigned)locks->descriptors.count, descriptor))
			return;
		*array_append(&locks->descriptors) = descriptor;
	}
}

/* Whether it is the lock, held, of a run in this network namespace, wherever the file is. */
static bool is_lock_of_this_table(int descriptor)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *namespace = state_namespace(&ignored);
	if (!namespace || check_lock(descriptor, "", &ignored) < 0 || !lock_held_through(getpid(), descriptor))
		return false;
	/* Opened anew: the run around us may write its note at this moment, and would write it where we read. */
	CLEANUP_FREE char *path = memory_printf("/proc/self/fd/%d", descriptor);
	CLEANUP_CLOSE int other = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return other >= 0 && lock_holder_is_in(other, namespace);
}

int lock_check_place(int directory, struct error *error)
{
	int descriptor = named_descriptor(lock_depth(directory));
	if (descriptor < 0 || fcntl(descriptor, F_GETFD) < 0)
		return 0;
	if (!proc_tells())
		return proc_check(error);
	if (!is_lock_of_this_table(descriptor))
		return 0;
	error_set(error, ERROR_FAILED,
		  "this process is inside of a run on the same table, whose lock is not the one in this folder");
	return error_remedy(error, "start it where it finds that run's state directory: with the same /run and the "
				   "same " STATE_ENVIRONMENT);
}

void locks_export(const struct locks *locks)
{
	CLEANUP_FREE char *list = memory_copy_string("");
	for (size_t i = 0; i < locks->descriptors.count; i++) {
		char *longer = memory_printf("%s%s%d", list, i ? "," : "", locks->descriptors.items[i]);
		free(list);
		list = longer;
	}
	setenv(LOCK_ENVIRONMENT, list, 1);
}

unsigned lock_depth(int directory)
{
	CLEANUP_LOCKS struct locks locks = {0};
	locks_inherited(directory, &locks);
	return (unsigned)locks.descriptors.count;
}

/* Of that depth's file: 1 and a descriptor, 0 where there is none, -1 on failure. */
static int look_at_lock(int directory, unsigned depth, int *descriptor, struct error *error)
{
	CLEANUP_FREE char *name = lock_name(depth);
	*descriptor = open_lock(directory, name, O_RDONLY, error);
	if (*descriptor >= 0)
		return 1;
	if (error->kind != ERROR_NOT_FOUND)
		return -1;
	error_clear(error);
	return 0;
}

int lock_query(int directory, unsigned depth, struct lock_holder *holder, struct error *error)
{
	CLEANUP_CLOSE int descriptor = -1;
	int there = look_at_lock(directory, depth, &descriptor, error);
	return there > 0 ? lock_holder_find(descriptor, holder) : there;
}

int lock_check_lost(int directory, unsigned depth, struct error *error)
{
	CLEANUP_CLOSE int descriptor = -1;
	CLEANUP_HOLDER struct lock_holder holder = {0};
	int there = look_at_lock(directory, depth, &descriptor, error);
	if (there <= 0 || !lock_holder_find(descriptor, &holder))
		return there < 0 ? -1 : 0;
	return check_below(descriptor, depth, &holder, error);
}
