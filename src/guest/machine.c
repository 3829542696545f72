/* SPDX-License-Identifier: MIT */
#include "guest/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "guest/processor.h"
#include "process/descendants.h"
#include "process/descriptors.h"

#define LIFELINE_DESCRIPTOR 4

/* What a kernel and its keeper need to begin at all: fewer, and they would end without a word. */
#define FEWEST_DESCRIPTORS 40

/* The kernel keeps a descriptor for each of the host's files that anything in the guest has open, or had until
   lately. */
static void allow_many_files(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static _Noreturn void become_kernel(char *const *arguments, char *const *environment, int processor)
{
	const struct rlimit no_core = {0, 0};
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
	allow_many_files();
	processor_keep(processor);
	/* The mode of a file that a unit makes is for the unit's umask alone, which has been told to the guest. */
	umask(0);
	execve(arguments[0], arguments, environment);
	fprintf(stderr, "cannot run %s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

/*
 * Process 1 of the namespace, where there is one. The kernel cannot be process 1 itself: a panic ends it by a signal,
 * which process 1 does not take. All who look for the leader's end have the other end of `alive`.
 */
static _Noreturn void start_kernel(char *const *arguments, char *const *environment, int processor, int alive)
{
	pid_t leader = getpid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t kernel = fork();
	if (kernel == 0) {
		/* Where there is no namespace to take it with us. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == leader)
			become_kernel(arguments, environment, processor);
		_exit(127);
	}
	dup2(alive, 0);
	close_range(1, ~0u, 0);
	if (kernel > 0)
		TEMP_FAILURE_RETRY(waitpid(kernel, NULL, 0));
	_exit(0);
}

static void wait_for_end(int leader)
{
	struct pollfd ends[] = {
		{.fd = LIFELINE_DESCRIPTOR, .events = POLLIN},
		{.fd = leader, .events = POLLIN},
	};
	while (poll(ends, 2, -1) < 0 && errno == EINTR)
		;
}

/* Whatever becomes of those in between, what is below us is our child in the end, and none of it gets away. */
static _Noreturn void keep(char *const *arguments, char *const *environment, int processor)
{
	int alive[2];
	prctl(PR_SET_NAME, "ipvs-iso-keeper");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/*
	 * For root only. Within a user namespace anybody may have one, but there the kernel would see all files of
	 * others as nobody's.
	 */
	unshare(CLONE_NEWPID);

	pid_t leader = pipe2(alive, O_CLOEXEC) == 0 ? fork() : -1;
	if (leader == 0)
		start_kernel(arguments, environment, processor, alive[1]);
	/* What the kernel has open must be closed when it ends. */
	close_range(0, LIFELINE_DESCRIPTOR - 1, 0);
	if (leader > 0) {
		close(alive[1]);
		wait_for_end(alive[0]);
		/* Of a namespace all ends with it; else the kernel does, and what it leaves is for us. */
		kill(leader, SIGKILL);
		descendants_kill();
	}
	_exit(0);
}

/*
 * In the new process: puts the descriptors where they belong and closes all others. No signal shall end it but SIGKILL,
 * also where one is sent to all that we have started: then it is for us to say what ends.
 */
static _Noreturn void start_keeping(int nothing, int line, int console, int lifeline, char *const *arguments,
				    char *const *environment, int processor)
{
	sigset_t all;
	sigfillset(&all);
	setsid();
	sigprocmask(SIG_SETMASK, &all, NULL);
	descendants_forget();

	/* First out of the way of the numbers that they shall get. */
	nothing = fcntl(nothing, F_DUPFD, LIFELINE_DESCRIPTOR + 1);
	line = fcntl(line, F_DUPFD, LIFELINE_DESCRIPTOR + 1);
	console = fcntl(console, F_DUPFD, LIFELINE_DESCRIPTOR + 1);
	lifeline = fcntl(lifeline, F_DUPFD, LIFELINE_DESCRIPTOR + 1);
	if (nothing < 0 || line < 0 || console < 0 || lifeline < 0)
		_exit(1);
	dup2(nothing, STDIN_FILENO);
	dup2(console, STDOUT_FILENO);
	dup2(console, STDERR_FILENO);
	dup2(line, MACHINE_LINE_DESCRIPTOR);
	dup3(lifeline, LIFELINE_DESCRIPTOR, O_CLOEXEC);
	close_range(LIFELINE_DESCRIPTOR + 1, ~0u, 0);
	keep(arguments, environment, processor);
}

int machine_start(struct machine *machine, char *const *arguments, char *const *environment, bool takes_turns,
		  struct error *error)
{
	CLEANUP_CLOSE int line_far = -1;
	CLEANUP_CLOSE int console_far = -1;
	CLEANUP_CLOSE int lifeline_far = -1;
	int line[2];
	int console[2];
	int lifeline[2];

	*machine = (struct machine)MACHINE_NONE;
	if (descriptors_reserve(FEWEST_DESCRIPTORS, error) < 0) {
		error_remedy(error, "a higher limit (ulimit -n)");
		return -1;
	}
	CLEANUP_CLOSE int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nothing < 0)
		return error_set_errno(error, errno, "cannot open /dev/null");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) < 0)
		return error_set_errno(error, errno, "cannot make a line to the guest");
	machine->line = line[0];
	line_far = line[1];
	if (pipe2(console, O_CLOEXEC) == 0) {
		machine->console = console[0];
		console_far = console[1];
		if (pipe2(lifeline, O_CLOEXEC) == 0) {
			lifeline_far = lifeline[0];
			machine->lifeline = lifeline[1];
		}
	}
	if (machine->lifeline < 0 || fcntl(machine->line, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(machine->console, F_SETFL, O_NONBLOCK) < 0) {
		error_set_errno(error, errno, "cannot make a line to the guest");
		machine_stop(machine);
		return -1;
	}

	int processor = PROCESSOR_ANY;
	if (takes_turns)
		machine->processor = processor_take(&processor);
	machine->keeper = fork();
	if (machine->keeper == 0)
		start_keeping(nothing, line_far, console_far, lifeline_far, arguments, environment, processor);
	if (machine->keeper < 0) {
		error_set_errno(error, errno, "cannot start a process for the guest");
		machine_stop(machine);
		return -1;
	}
	return 0;
}

void machine_stop(struct machine *machine)
{
	file_cleanup_close(&machine->lifeline);
	file_cleanup_close(&machine->line);
	file_cleanup_close(&machine->console);
	if (machine->keeper > 0) {
		TEMP_FAILURE_RETRY(waitpid(machine->keeper, NULL, 0));
	}
	file_cleanup_close(&machine->processor);
	*machine = (struct machine)MACHINE_NONE;
}
