/* SPDX-License-Identifier: MIT */
/*
 * Usage: clock COMMAND [ARGUMENT...]
 *
 * Runs a command, its output thrown away, and prints how long it took and the most memory that it had: "0.123456 4096",
 * seconds and KiB. Ends as the command did. For tests/bench/measure: a shell would count its own work, too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void execute(char **command)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere >= 0)
		dup2(nowhere, STDOUT_FILENO);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

int main(int count, char **arguments)
{
	if (count < 2) {
		fprintf(stderr, "usage: clock COMMAND [ARGUMENT...]\n");
		return 2;
	}
	double start = seconds();
	pid_t child = fork();
	if (child == 0)
		execute(arguments + 1);
	int status;
	struct rusage usage;
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		perror("clock");
		return 1;
	}
	printf("%.6f %ld\n", seconds() - start, usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
