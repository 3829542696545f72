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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#define LIFELINE_DESCRIPTOR 4

static int write_map(const char *path, const char *text)
{
	CLEANUP_CLOSE int descriptor = open(path, O_WRONLY | O_CLOEXEC);
	if (descriptor < 0)
		return -1;
	return write(descriptor, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* A PID namespace for the children of this process: as root, or else within a user namespace where we stay who we are. */
static int enter_pid_namespace(void)
{
	uid_t user = geteuid();
	gid_t group = getegid();
	if (unshare(CLONE_NEWPID) == 0)
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
		return -1;
	CLEANUP_FREE char *user_map = memory_printf("%u %u 1", user, user);
	CLEANUP_FREE char *group_map = memory_printf("%u %u 1", group, group);
	if (write_map("/proc/self/uid_map", user_map) < 0 || write_map("/proc/self/setgroups", "deny") < 0)
		return -1;
	return write_map("/proc/self/gid_map", group_map);
}

/* Some systems let one make a user namespace and then refuse its maps. Who is inside by then cannot leave: so a child tries. */
static bool can_enter_pid_namespace(void)
{
	pid_t child = fork();
	if (child < 0)
		return false;
	if (child == 0)
		_exit(enter_pid_namespace() == 0 ? 0 : 1);
	int status;
	return waitpid(child, &status, 0) == child && status == 0;
}

static _Noreturn void become_kernel(char *const *arguments, char *const *environment)
{
	const struct rlimit no_core = {0, 0};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	setrlimit(RLIMIT_CORE, &no_core);
	execve(arguments[0], arguments, environment);
	fprintf(stderr, "cannot run %s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

static void wait_for_end(pid_t kernel)
{
	CLEANUP_CLOSE int process = (int)syscall(SYS_pidfd_open, kernel, 0);
	struct pollfd ends[] = {
		{.fd = LIFELINE_DESCRIPTOR, .events = POLLIN},
		{.fd = process, .events = POLLIN},
	};
	while (poll(ends, 2, -1) < 0 && errno == EINTR)
		;
}

static _Noreturn void keep(char *const *arguments, char *const *environment)
{
	prctl(PR_SET_NAME, "ipvs-iso-keeper");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (can_enter_pid_namespace())
		enter_pid_namespace();

	pid_t kernel = fork();
	if (kernel == 0)
		become_kernel(arguments, environment);
	/* What the kernel's process had open must be closed when it ends. */
	close_range(0, LIFELINE_DESCRIPTOR - 1, 0);
	if (kernel > 0) {
		wait_for_end(kernel);
		/* The kernel is its group's leader; its helpers and the processes of its programs are in the group. */
		kill(-kernel, SIGKILL);
		kill(kernel, SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

/* In the new process: puts the descriptors where they belong and closes all others. */
static _Noreturn void start_keeping(int line, int console, int lifeline, char *const *arguments,
				    char *const *environment)
{
	sigset_t none;
	sigemptyset(&none);
	setsid();
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);

	/* First out of the way of the numbers that they shall get. */
	int nothing = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, LIFELINE_DESCRIPTOR + 1);
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
	keep(arguments, environment);
}

int machine_start(struct machine *machine, char *const *arguments, char *const *environment, struct error *error)
{
	CLEANUP_CLOSE int line_far = -1;
	CLEANUP_CLOSE int console_far = -1;
	CLEANUP_CLOSE int lifeline_far = -1;
	int line[2];
	int console[2];
	int lifeline[2];

	*machine = (struct machine){.keeper = -1, .line = -1, .console = -1, .lifeline = -1};
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

	machine->keeper = fork();
	if (machine->keeper == 0)
		start_keeping(line_far, console_far, lifeline_far, arguments, environment);
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
		while (waitpid(machine->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*machine = (struct machine){.keeper = -1, .line = -1, .console = -1, .lifeline = -1};
}
