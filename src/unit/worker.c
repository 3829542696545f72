/* SPDX-License-Identifier: MIT */
#include "unit/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "unit/sandbox.h"

static void put_in_place(int descriptor, int place)
{
	if (descriptor >= 0 && descriptor != place)
		dup2(descriptor, place);
}

static _Noreturn void become_worker(const struct worker_options *options, worker_function *work, void *context,
				    int answers)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Did our parent die before that? Then nobody reads the answers. */
	struct pollfd reader = {.fd = answers};
	if (poll(&reader, 1, 0) > 0)
		_exit(1);
	if (options->apart)
		setpgid(0, 0);
	put_in_place(options->stdin, STDIN_FILENO);
	put_in_place(options->stdout, STDOUT_FILENO);
	put_in_place(options->stderr, STDERR_FILENO);
	work(context, answers);
	_exit(0);
}

int worker_start(struct worker *worker, const struct worker_options *options, worker_function *work, void *context,
		 struct error *error)
{
	*worker = (struct worker){.answers = -1};
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(error, errno, "cannot make a pipe for the unit's result");
	CLEANUP_CLOSE int ours = ends[0];
	CLEANUP_CLOSE int theirs = ends[1];
	fcntl(ours, F_SETFL, O_NONBLOCK);

	pid_t pid = options->namespaces ? sandbox_fork(options->namespaces, error) : fork();
	if (pid < 0)
		return options->namespaces ? -1 : error_set_errno(error, errno, "cannot start a process for the unit");
	if (pid == 0) {
		file_cleanup_close(&ours);
		become_worker(options, work, context, theirs);
	}
	worker->pid = pid;
	worker->answers = ours;
	ours = -1;
	return 0;
}

void worker_answer(int answers, const struct unit_result *result)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *text = unit_result_to_json(result);
	CLEANUP_FREE char *line = memory_printf("%s\n", text);
	/* Nobody reads it: then nobody is there who would miss it. */
	file_write_all(answers, "the result", line, strlen(line), &ignored);
}
