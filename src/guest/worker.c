/* SPDX-License-Identifier: MIT */
#include "guest/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "process/signals.h"
#include "session/state.h"
#include "table/json.h"
#include "unit/alone.h"
#include "unit/environment.h"
#include "unit/mounts.h"
#include "unit/sandbox.h"

/* Of the worker's process. No pipe of ours has it: 0 to 3 are the line and the input's. */
#define ANSWERS_DESCRIPTOR 3

/* Of every unit: what is mounted in one is not in the next, and its control group it cannot leave (line.h). */
#define UNIT_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP)

struct task {
	const struct guest_request *request;
	const char *directory;
	int64_t begun; /* duration_now() */
};

static int read_fixture(struct table *fixture, const char *text, struct error *error)
{
	return text ? table_from_json(fixture, text, strlen(text), "the fixture", error) : 0;
}

static int prepare(const struct task *task, struct table *fixture, struct error *error)
{
	/* A sandbox is furnished with the rest of it. */
	if (!task->request->sandbox && (mounts_keep_apart(error) < 0 || mounts_renew_netns(error) < 0))
		return -1;
	if (chdir(task->directory) < 0)
		return error_set_errno(error, errno, "cannot enter the working directory %s", task->directory);
	/* On the host git would work here, so it shall as root, too, whose the files are not. */
	struct stat directory;
	if (task->request->caller != 0 && stat(".", &directory) == 0 && directory.st_uid == task->request->caller)
		environment_trust_repositories();
	return read_fixture(fixture, task->request->fixture, error);
}

static void take_environment(char *const *environment)
{
	clearenv();
	for (char *const *variable = environment; *variable; variable++)
		putenv(*variable);
	/* Here, the kernel to use is this one, whatever was asked for outside. */
	setenv("IPVS_ISO_KERNEL", "host", 1);
}

static void run(const struct task *task, struct unit_result *result)
{
	const struct guest_request *request = task->request;
	CLEANUP_TABLE struct table fixture;
	table_init(&fixture);
	if (prepare(task, &fixture, &result->trouble) < 0) {
		unit_blame_ourselves(&result->trouble);
		result->name = memory_copy_string(request->name);
		return;
	}
	const struct unit unit = {.name = request->name, .arguments = request->arguments};
	const struct unit_options options = {
		.keep = request->keep,
		.timeout_ms = request->timeout_ms,
		.kill_after_ms = request->kill_after_ms,
		.gives_memory_first = true,
		.cannot_peek = true,
		.user = request->user,
	};
	/* The state directory is the guest's own, whatever the unit's environment says: that may name one of the
	   host's. */
	const struct unit_place place = {
		.sandbox = request->sandbox, .begun = task->begun, .state = STATE_DIRECTORY_DEFAULT};
	unit_run_alone(&unit, &options, &fixture, &place, result);
}

/* Without it the kernel may end this process instead of the unit's. */
static void keep_in_memory(void)
{
	CLEANUP_CLOSE int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (file >= 0)
		TEMP_FAILURE_RETRY(write(file, "-1000", 5));
}

/* How often the kernel has ended a process for want of memory since it booted; 0 where it does not say. */
static unsigned long long read_ended_for_memory(int vmstat)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	static const char key[] = "\noom_kill ";
	size_t length;
	if (lseek(vmstat, 0, SEEK_SET) < 0)
		return 0;
	CLEANUP_FREE char *text = file_read_descriptor(vmstat, "/proc/vmstat", &length, &ignored);
	const char *line = text ? strstr(text, key) : NULL;
	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

/* The file stays open, as a unit may cover /proc, or take it away. */
static void run_and_watch_memory(const struct task *task, struct unit_result *result)
{
	CLEANUP_CLOSE int vmstat = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	unsigned long long before = read_ended_for_memory(vmstat);
	run(task, result);
	result->memory_ran_out = read_ended_for_memory(vmstat) > before;
}

static void work(void *context, int answers)
{
	const struct task *task = context;
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	struct unit_result result = {.name = NULL};
	sigset_t none;
	/* Without a copy of the input's other end here, or it would never end. */
	dup3(answers, ANSWERS_DESCRIPTOR, O_CLOEXEC);
	close_range(ANSWERS_DESCRIPTOR + 1, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL); /* process 1 ignores it, which units would inherit */
	/* From here on no signal is lost, nor ends us half way. */
	signals_prepare(&ignored);
	keep_in_memory();
	umask(task->request->file_mask);
	take_environment(task->request->environment);

	run_and_watch_memory(task, &result);
	worker_answer(ANSWERS_DESCRIPTOR, &result);
}

int guest_worker_start(struct worker *worker, const struct guest_request *request, const char *directory, int input,
		       struct output *output, struct error *error)
{
	int theirs[2];
	if (output_open(output, theirs, error) < 0)
		return -1;
	CLEANUP_CLOSE int its_stdout = theirs[0];
	CLEANUP_CLOSE int its_stderr = theirs[1];
	struct task task = {.request = request, .directory = directory, .begun = duration_now()};
	const struct worker_options options = {
		.namespaces = UNIT_NAMESPACES | (request->sandbox ? SANDBOX_NAMESPACES : 0),
		.stdin = input,
		.stdout = its_stdout,
		.stderr = its_stderr,
	};
	return worker_start(worker, &options, work, &task, error);
}
