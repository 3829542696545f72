/* SPDX-License-Identifier: MIT */
/* The processes below this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "process/descendants.h"

/* A child that runs `body` and then waits to be killed; it has written to the pipe by then. */
static pid_t start(void (*body)(int ready))
{
	int ends[2];
	char byte;
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		body(ends[1]);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static void say_ready(int ready)
{
	ssize_t ignored = write(ready, "", 1);
	(void)ignored;
	close(ready);
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct process_list list_below(pid_t ancestor, const struct process_list *except)
{
	struct error error = ERROR_INIT;
	struct process_list list = {0};
	assert_int_equal(descendants_list(ancestor, except, &list, &error), 0);
	return list;
}

static const struct process *find(const struct process_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->processes.count; i++) {
		if (list->processes.items[i].pid == pid)
			return &list->processes.items[i];
	}
	return NULL;
}

static void three_generations(int ready)
{
	for (int generation = 0; generation < 2; generation++) {
		if (fork() != 0)
			return;
		setsid();
	}
	say_ready(ready);
}

static void every_generation_is_listed(void **state)
{
	(void)state;
	pid_t child = start(three_generations);
	struct process_list all = list_below(getpid(), NULL);
	struct process_list below = list_below(child, NULL);

	assert_int_equal(all.processes.count, 3);
	assert_int_equal(below.processes.count, 2);
	assert_non_null(find(&all, child));
	assert_int_equal(find(&all, child)->parent, getpid());
	assert_null(find(&below, child));
	assert_null(find(&all, getpid()));

	for (size_t i = 0; i < below.processes.count; i++)
		assert_int_equal(process_signal(&below.processes.items[i], SIGKILL), 0);
	end(child);
	process_list_clear(&all);
	process_list_clear(&below);
}

static void exceptions_are_left_out_with_what_is_below_them(void **state)
{
	(void)state;
	pid_t before = start(three_generations);
	struct process_list except = list_below(getpid(), NULL);
	except.processes.count = 1; /* by number: the child itself, and not what is below it */
	pid_t later = start(say_ready);
	struct process_list list = list_below(getpid(), &except);

	assert_int_equal(except.processes.items[0].pid, before);
	assert_int_equal(list.processes.count, 1);
	assert_non_null(find(&list, later));

	/* A process that got the number of an exception is none. */
	except.processes.items[0].started++;
	process_list_clear(&list);
	list = list_below(getpid(), &except);
	assert_int_equal(list.processes.count, 4);

	for (size_t i = 0; i < list.processes.count; i++)
		process_signal(&list.processes.items[i], SIGKILL);
	assert_int_equal(waitpid(before, NULL, 0), before);
	assert_int_equal(waitpid(later, NULL, 0), later);
	process_list_clear(&list);
	process_list_clear(&except);
}

static void end_at_once(int ready)
{
	say_ready(ready);
	_exit(0);
}

static void wait_for_zombie(pid_t pid)
{
	siginfo_t information;
	assert_int_equal(waitid(P_PID, (id_t)pid, &information, WEXITED | WNOWAIT), 0);
}

static void zombies_are_not_listed(void **state)
{
	(void)state;
	pid_t child = start(end_at_once);
	wait_for_zombie(child);
	struct process_list list = list_below(getpid(), NULL);
	assert_int_equal(list.processes.count, 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	process_list_clear(&list);
}

static void *live_on(void *ready)
{
	/* The first thread shows as a zombie once it is gone. */
	for (char state = ' '; state != 'Z';) {
		CLEANUP_FREE char *path = memory_printf("/proc/%d/stat", (int)getpid());
		FILE *file = fopen(path, "re");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			_exit(1);
		fclose(file);
	}
	say_ready(*(int *)ready);
	for (;;)
		pause();
	return NULL;
}

static int ready_of_thread;

static void leave_thread_behind(int ready)
{
	pthread_t thread;
	ready_of_thread = ready;
	pthread_create(&thread, NULL, live_on, &ready_of_thread);
	pthread_exit(NULL);
}

static void a_process_lives_as_long_as_any_thread(void **state)
{
	(void)state;
	pid_t child = start(leave_thread_behind);
	struct process_list list = list_below(getpid(), NULL);
	assert_int_equal(list.processes.count, 1);
	assert_non_null(find(&list, child));
	end(child);
	process_list_clear(&list);
}

static bool has_group(const struct process_list *list, pid_t group)
{
	for (size_t i = 0; i < list->groups.count; i++) {
		if (list->groups.items[i] == group)
			return true;
	}
	return false;
}

static void groups_that_are_all_below_are_listed(void **state)
{
	(void)state;
	/* The child itself is in our group, those below it lead their own. */
	pid_t child = start(three_generations);
	struct process_list list = list_below(getpid(), NULL);
	assert_false(has_group(&list, getpgrp()));
	for (size_t i = 0; i < list.processes.count; i++) {
		assert_int_equal(has_group(&list, list.processes.items[i].pid), list.processes.items[i].pid != child);
		process_signal(&list.processes.items[i], SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	process_list_clear(&list);
}

static void lead_a_group_and_end(int ready)
{
	setpgid(0, 0);
	end_at_once(ready);
}

static void groups_of_the_dead_are_listed(void **state)
{
	(void)state;
	pid_t child = start(lead_a_group_and_end);
	wait_for_zombie(child);
	struct process_list list = list_below(getpid(), NULL);
	assert_int_equal(list.processes.count, 0);
	assert_true(has_group(&list, child));
	assert_int_equal(waitpid(child, NULL, 0), child);
	process_list_clear(&list);
}

static void take_a_strange_name(int ready)
{
	prctl(PR_SET_NAME, ") Z 1 (\n", 0, 0, 0);
	say_ready(ready);
}

static void names_can_hold_anything(void **state)
{
	(void)state;
	pid_t child = start(take_a_strange_name);
	struct process_list list = list_below(getpid(), NULL);
	assert_int_equal(list.processes.count, 1);
	assert_non_null(find(&list, child));
	assert_int_equal(find(&list, child)->parent, getpid());
	end(child);
	process_list_clear(&list);
}

static void stopped_processes_are_marked(void **state)
{
	(void)state;
	siginfo_t information;
	pid_t child = start(say_ready);
	struct process_list list = list_below(getpid(), NULL);
	assert_false(find(&list, child)->stopped);
	assert_int_equal(process_signal(find(&list, child), SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &information, WSTOPPED), 0);
	process_list_clear(&list);
	list = list_below(getpid(), NULL);
	assert_true(find(&list, child)->stopped);
	end(child);
	process_list_clear(&list);
}

static void only_that_very_process_is_signalled(void **state)
{
	(void)state;
	pid_t child = start(say_ready);
	struct process_list list = list_below(getpid(), NULL);
	struct process process = *find(&list, child);

	/* As if the number had gone to another process since. */
	struct process other = process;
	other.started--;
	assert_int_equal(process_signal(&other, SIGTERM), 0);
	assert_int_equal(process_signal(&process, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGKILL);

	/* It has ended: nothing happens, and that is no failure. */
	assert_int_equal(process_signal(&process, SIGKILL), 0);
	process_list_clear(&list);
}

static void another_users_process_may_not_be_signalled(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	struct process_list list = list_below(0, NULL);
	const struct process *init = find(&list, 1);
	assert_non_null(init);
	assert_int_equal(process_signal(init, 0), -1); /* SIGCONT may be sent to all of one's session */
	assert_int_equal(errno, EPERM);
	process_list_clear(&list);
}

/* Starts a program and waits until it has become it. */
static pid_t start_program(char *const *arguments)
{
	int ends[2];
	char byte;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		execvp(arguments[0], arguments);
		_exit(127);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	return pid;
}

static void command_lines_are_shown_as_ps_does(void **state)
{
	(void)state;
	char *const arguments[] = {"sleep", "1000", NULL};
	pid_t child = start_program(arguments);
	CLEANUP_FREE char *line = descendants_command_line(child);
	assert_string_equal(line, "sleep 1000");
	end(child);

	char *const strange[] = {"sh", "-c", "read a", "two words", "line\nbreak\t", "", "\xff", "", NULL};
	int input[2];
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	int before = dup(STDIN_FILENO);
	dup2(input[0], STDIN_FILENO);
	child = start_program(strange);
	dup2(before, STDIN_FILENO);
	CLEANUP_FREE char *strange_line = descendants_command_line(child);
	assert_string_equal(strange_line, "sh -c read a two words line?break?  \xff");
	end(child);
	close(before);
	close(input[0]);
	close(input[1]);
}

static void end_with_name(int ready)
{
	prctl(PR_SET_NAME, "a name", 0, 0, 0);
	end_at_once(ready);
}

static void a_process_without_command_line_has_its_name(void **state)
{
	(void)state;
	pid_t child = start(end_with_name);
	wait_for_zombie(child);
	CLEANUP_FREE char *line = descendants_command_line(child);
	assert_string_equal(line, "[a name]");
	assert_int_equal(waitpid(child, NULL, 0), child);
	CLEANUP_FREE char *gone = descendants_command_line(child);
	assert_null(gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_generation_is_listed),
		cmocka_unit_test(exceptions_are_left_out_with_what_is_below_them),
		cmocka_unit_test(zombies_are_not_listed),
		cmocka_unit_test(a_process_lives_as_long_as_any_thread),
		cmocka_unit_test(groups_that_are_all_below_are_listed),
		cmocka_unit_test(groups_of_the_dead_are_listed),
		cmocka_unit_test(names_can_hold_anything),
		cmocka_unit_test(stopped_processes_are_marked),
		cmocka_unit_test(only_that_very_process_is_signalled),
		cmocka_unit_test(another_users_process_may_not_be_signalled),
		cmocka_unit_test(command_lines_are_shown_as_ps_does),
		cmocka_unit_test(a_process_without_command_line_has_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
