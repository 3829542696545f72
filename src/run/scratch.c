/* SPDX-License-Identifier: MIT */
#include "run/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/trust.h"
#include "base/walk.h"

void scratch_clear(struct scratch *scratch)
{
	if (scratch->alive >= 0) {
		close(scratch->alive);
		TEMP_FAILURE_RETRY(waitpid(scratch->keeper, NULL, 0));
	}
	free(scratch->path);
	*scratch = SCRATCH_INIT;
}

/* In a session of its own, no signal of the terminal's reaches it, and one that is sent to all our processes ends it
   before its work no more than us. It holds nothing of ours open but the pipe. */
static _Noreturn void keep(const char *path, int pipe)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	if (dup2(pipe, STDIN_FILENO) < 0 || chdir("/") < 0)
		_exit(1);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing >= 0) {
		dup2(nothing, STDOUT_FILENO);
		dup2(nothing, STDERR_FILENO);
	}
	execlp("sh", "sh", "-c", "read -r _; exec rm -rf -- \"$0\"", path, (char *)NULL);
	_exit(1);
}

static int start_keeper(struct scratch *scratch, struct error *error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(error, errno, "cannot make a pipe");
	CLEANUP_CLOSE int reading = ends[0];
	scratch->keeper = fork();
	if (scratch->keeper < 0) {
		close(ends[1]);
		return error_set_errno(error, errno, "cannot make a process");
	}
	if (scratch->keeper == 0)
		keep(scratch->path, reading);
	scratch->alive = ends[1];
	return 0;
}

/* Units in a guest must see it, too: that has a /run and a /dev of its own. */
static const char *parent_folder(void)
{
	const char *parent = getenv("TMPDIR");
	if (!parent || *parent != '/' || strncmp(parent, "/run/", 5) == 0 || strncmp(parent, "/dev/", 5) == 0)
		return "/tmp";
	return parent;
}

/* What is run from it is found by its path, so nobody else must be able to exchange it. */
static int check_parent(const char *parent, struct error *error)
{
	CLEANUP_TRUST struct trust trust = {0};
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *failure = memory_printf("cannot make a directory in %s", parent);
	const struct walk_rules rules = {.from = AT_FDCWD, .failure = failure, .judge = trust_judge, .context = &trust};
	if (walk(&end, &rules, parent, error) < 0)
		return -1;
	if (error_is_set(&trust.refusal))
		return error_set(error, ERROR_PERMISSION, "%s, for what is built and then run: %s", failure,
				 trust.refusal.message);
	return 0;
}

int scratch_make(struct scratch *scratch, struct error *error)
{
	const char *parent = parent_folder();
	scratch->path = memory_printf("%s/ipvs-iso.XXXXXX", parent);
	int failed = check_parent(parent, error);
	if (!failed && !mkdtemp(scratch->path))
		failed = error_set_errno(error, errno, "cannot make a directory in %s", parent);
	if (failed)
		return error_remedy(error, "TMPDIR names another place for temporary files");
	if (start_keeper(scratch, error) < 0) {
		rmdir(scratch->path);
		return -1;
	}
	if (chmod(scratch->path, 0755) < 0)
		return error_set_errno(error, errno, "cannot let others read %s", scratch->path);
	return 0;
}
