/* SPDX-License-Identifier: MIT */
#include "process/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "process/capabilities.h"
#include "process/descriptors.h"
#include "process/signals.h"

enum step { STEP_DIRECTORY, STEP_INHERITED, STEP_CAPABILITIES, STEP_IDENTITY, STEP_EXECUTE };

/* What the child tells through the pipe when it cannot become the command. */
struct failure {
	enum step step;
	int number; /* of errno */
};

static _Noreturn void fail(int pipe, enum step step)
{
	const struct failure failure = {.step = step, .number = errno};
	ssize_t ignored = write(pipe, &failure, sizeof failure);
	(void)ignored; /* the parent has died, or this fits into the pipe */
	_exit(127);
}

/* What close_range() does since Linux 5.11. */
static int hold_back_one_by_one(void)
{
	DIR *descriptors = opendir("/proc/self/fd");
	if (!descriptors)
		return -1;
	for (const struct dirent *entry; (entry = readdir(descriptors));) {
		int descriptor = (int)strtol(entry->d_name, NULL, 10); /* 0 for "." and ".." */
		if (descriptor > STDERR_FILENO)
			fcntl(descriptor, F_SETFD, FD_CLOEXEC);
	}
	closedir(descriptors);
	return 0;
}

/* Another user gets none of our descriptors, whoever left them open for us: one of them might hold a lock. */
static int hold_back_all(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return hold_back_one_by_one();
}

static int pass_on(const struct command *command)
{
	if (command->identity && hold_back_all() < 0)
		return -1;
	for (size_t i = 0; i < command->inherited_count; i++) {
		if (fcntl(command->inherited[i], F_SETFD, 0) < 0)
			return -1;
	}
	return 0;
}

/* What is inherited is the protection of who runs it. */
static void give_memory_first(void)
{
	CLEANUP_CLOSE int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (file >= 0)
		TEMP_FAILURE_RETRY(write(file, "0", 1));
}

static _Noreturn void become(const struct command *command, const struct cgroup *cgroup, const struct spawn_ends *ends,
			     int pipe)
{
	setpgid(0, 0);
	/* Neither is one of 0 to 2 (cmd/main.c sees to that), so these cannot fail. */
	if (ends->stdout >= 0)
		dup2(ends->stdout, STDOUT_FILENO);
	if (ends->stderr >= 0)
		dup2(ends->stderr, STDERR_FILENO);
	/* Where that is refused the command does without: it is ended all the same. */
	cgroup_enter(cgroup);
	if (command->directory && chdir(command->directory) < 0)
		fail(pipe, STEP_DIRECTORY);
	if (pass_on(command) < 0)
		fail(pipe, STEP_INHERITED);
	if (command->gives_memory_first)
		give_memory_first();
	if (command->cannot_peek && capabilities_stop_peeking() < 0)
		fail(pipe, STEP_CAPABILITIES);
	/* execvp() searches the PATH of `environ`, execvpe() that of its caller: the command's own is meant. */
	if (command->environment)
		environ = (char **)command->environment;
	if (command->identity && identity_become(command->identity) < 0)
		fail(pipe, STEP_IDENTITY);
	signals_restore();
	descriptors_restore();
	execvp(command->arguments[0], command->arguments);
	fail(pipe, STEP_EXECUTE);
}

/* Somebody quoted a whole command line. */
static int hint_at_quotes(const char *name, struct error *error)
{
	if (strpbrk(name, " \t\n"))
		error_remedy(error, "'%s' is one word: leave its quotes out, or run it with sh -c", name);
	return -1;
}

static int say_why(const struct command *command, const struct failure *failure, struct error *error)
{
	const char *name = command->arguments[0];
	const char *why = strerror(failure->number);

	switch (failure->step) {
	case STEP_IDENTITY:
		return error_set(error, ERROR_FAILED, "cannot run %s as user %s: %s", name, command->identity->name,
				 why);
	case STEP_CAPABILITIES:
		return error_set(error, ERROR_FAILED, "cannot take capabilities from %s: %s", name, why);
	case STEP_DIRECTORY:
		return error_set(error, ERROR_FAILED, "cannot run %s in %s: %s", name, command->directory, why);
	case STEP_INHERITED:
		return error_set(error, ERROR_FAILED, "cannot pass the lock's descriptors on to %s: %s", name, why);
	default:
		break;
	}
	if (failure->number != ENOENT) {
		error_set(error, ERROR_NOT_RUNNABLE, "cannot run %s: %s", name, why);
		return failure->number == ENAMETOOLONG ? hint_at_quotes(name, error) : -1;
	}
	if (strchr(name, '/') && !command->directory && access(name, F_OK) == 0)
		return error_set(error, ERROR_NOT_FOUND, "cannot run %s: the interpreter that it names is missing",
				 name);
	error_set(error, ERROR_NOT_FOUND, "cannot run %s: command not found", name);
	return hint_at_quotes(name, error);
}

/* The pipe closes without a word when the exec succeeds. 0 then, 1 when there is a failure. */
static int read_failure(int pipe, struct failure *failure)
{
	ssize_t got;
	do {
		got = read(pipe, failure, sizeof *failure);
	} while (got < 0 && errno == EINTR);
	return got == sizeof *failure;
}

pid_t spawn(const struct command *command, const struct cgroup *cgroup, const struct spawn_ends *ends,
	    struct error *error)
{
	int failure_pipe[2];
	if (pipe2(failure_pipe, O_CLOEXEC) < 0)
		return error_set_errno(error, errno, "cannot make a pipe to run %s", command->arguments[0]);
	CLEANUP_CLOSE int reading = failure_pipe[0];
	CLEANUP_CLOSE int writing = failure_pipe[1];

	pid_t pid = fork();
	if (pid < 0)
		return error_set_errno(error, errno, "cannot make a process to run %s", command->arguments[0]);
	if (pid == 0)
		become(command, cgroup, ends, writing);

	/* In both, as nobody knows which of us runs first. After its exec this fails, and has been done. */
	setpgid(pid, pid);
	file_cleanup_close(&writing);

	struct failure failure;
	if (!read_failure(reading, &failure))
		return pid;
	TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return say_why(command, &failure, error);
}
