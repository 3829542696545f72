/* SPDX-License-Identifier: MIT */
#include "guest/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "process/supervise.h"
#include "session/session.h"
#include "session/state.h"
#include "table/json.h"
#include "unit/clean.h"
#include "unit/unit.h"

/* Of the worker's process. No pipe of ours has it: 0 to 3 are the line and the input's. */
#define RESULT_DESCRIPTOR 3

static int read_fixture(struct table *fixture, const char *text, struct error *error)
{
	return text ? table_from_json(fixture, text, strlen(text), "the fixture", error) : 0;
}

static void run_in_session(struct ipvs *ipvs, struct session *session, const struct guest_request *request,
			   struct unit_result *result)
{
	CLEANUP_TABLE struct table fixture;
	CLEANUP_TABLE struct table clean;
	table_init(&fixture);
	table_init(&clean);
	if (read_fixture(&fixture, request->fixture, &result->trouble) < 0)
		return;
	clean_table_make(&clean, &fixture, &session->host);
	const struct unit unit = {.name = request->name, .arguments = request->arguments};
	const struct unit_options options = {
		.keep = request->keep,
		.clean = &clean,
		.timeout_ms = request->timeout_ms,
		.kill_after_ms = request->kill_after_ms,
		.locks = &session->locks,
		.user = request->user,
	};
	unit_run(ipvs, &unit, &options, result);
	/* So that no connection meets the next unit. */
	if (!request->keep && !error_is_set(&result->trouble))
		ipvs_flush(ipvs, &result->trouble);
}

/* The state directory is the guest's own, whatever the unit's environment says: that may name one of the host's. */
static int open_own_session(struct session *session, struct ipvs *ipvs, const struct guest_request *request,
			    struct error *error)
{
	const struct session_options options = {.command = request->name, .wait_ms = LOCK_WAIT_FOR_EVER};
	CLEANUP_FREE char *chosen = memory_copy_string(getenv(STATE_ENVIRONMENT));
	unsetenv(STATE_ENVIRONMENT);
	int failed = session_open(session, ipvs, &options, error);
	if (chosen)
		setenv(STATE_ENVIRONMENT, chosen, 1);
	return failed;
}

static void run(const struct guest_request *request, const char *directory, struct unit_result *result)
{
	if (chdir(directory) < 0) {
		error_set_errno(&result->trouble, errno, "cannot enter the working directory %s", directory);
		result->trouble.kind = ERROR_FAILED;
		return;
	}
	if (supervise_prepare(&result->trouble) < 0)
		return;
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(&result->trouble);
	if (!ipvs)
		return;
	struct session session;
	if (open_own_session(&session, ipvs, request, &result->trouble) < 0)
		return;
	run_in_session(ipvs, &session, request, result);

	CLEANUP_ERROR struct error error = ERROR_INIT;
	int failed = request->keep ? session_keep(&session, &error) : session_close(&session, &error);
	if (failed < 0 && !error_is_set(&result->trouble))
		error_set(&result->trouble, ERROR_FAILED, "%s", error.message);
}

static void take_environment(char *const *environment)
{
	clearenv();
	for (char *const *variable = environment; *variable; variable++)
		putenv(*variable);
	/* Here, the kernel to use is this one, whatever was asked for outside. */
	setenv("IPVS_ISO_KERNEL", "host", 1);
}

static _Noreturn void work(const struct guest_request *request, const char *directory, int result_descriptor)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	struct unit_result result = {.name = NULL};
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL); /* process 1 ignores it, which units would inherit */
	umask(request->file_mask);
	take_environment(request->environment);

	run(request, directory, &result);
	if (!result.name)
		result.name = memory_copy_string(request->name);
	CLEANUP_FREE char *text = unit_result_to_json(&result);
	_exit(file_write_all(result_descriptor, "the result", text, strlen(text), &ignored) < 0);
}

static int make_pipe(int *ours, int *theirs, struct error *error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(error, errno, "cannot make a pipe for the unit");
	*ours = ends[0];
	*theirs = ends[1];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return 0;
}

int worker_start(struct worker *worker, const struct guest_request *request, const char *directory, int input,
		 struct error *error)
{
	CLEANUP_CLOSE int their_stdout = -1;
	CLEANUP_CLOSE int their_stderr = -1;
	CLEANUP_CLOSE int their_result = -1;
	if (make_pipe(&worker->stdout, &their_stdout, error) < 0 ||
	    make_pipe(&worker->stderr, &their_stderr, error) < 0 ||
	    make_pipe(&worker->result, &their_result, error) < 0)
		return -1;

	worker->pid = fork();
	if (worker->pid < 0)
		return error_set_errno(error, errno, "cannot start a process for the unit");
	if (worker->pid == 0) {
		dup2(input, STDIN_FILENO);
		dup2(their_stdout, STDOUT_FILENO);
		dup2(their_stderr, STDERR_FILENO);
		/* Without a copy of the input's other end here, or it would never end. */
		dup3(their_result, RESULT_DESCRIPTOR, O_CLOEXEC);
		close_range(RESULT_DESCRIPTOR + 1, ~0u, 0);
		work(request, directory, RESULT_DESCRIPTOR);
	}
	return 0;
}
