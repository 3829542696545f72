/* SPDX-License-Identifier: MIT */
#include "process/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "process/descendants.h"
#include "process/leftovers.h"
#include "process/relay.h"
#include "process/signals.h"
#include "process/spawn.h"

#define CHILDREN_AT_ONCE 1000

/* Children and signals belong to the process as a whole, and so does this. */
static struct {
	pid_t prepared;              /* the process that supervise_prepare() was called in */
	struct process_list before;  /* what was below it then */
	struct interruption outside; /* of supervise_run() */
} supervisor;

/* What is done when the deadline of a run comes. */
enum phase { PHASE_RUNNING, PHASE_TERMINATED, PHASE_KILLED };

/* A command that runs. */
struct run {
	const struct command *command;
	struct outcome *outcome;
	struct cgroup cgroup;
	pid_t pid; /* also of its group; not signalled once it has ended, as the number may go to another then */
	bool ended;
	enum phase phase;
	int64_t started, deadline; /* by duration_now() */
	struct interruption interruption;
	int terminal; /* open while the command has it or waits for it; else -1 */
	bool has_terminal;
};

void outcome_clear(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->leftovers.count; i++)
		free(outcome->leftovers.items[i].command_line);
	array_free(&outcome->leftovers);
	*outcome = (struct outcome){0};
}

int supervise_prepare(struct error *error)
{
	if (supervisor.prepared == getpid())
		return 0;
	if (descendants_prepare(error) < 0 || descendants_list(getpid(), NULL, &supervisor.before, error) < 0)
		return -1;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return error_set_errno(error, errno, "cannot become the parent of orphaned processes");
	if (signals_prepare(error) < 0)
		return -1;
	supervisor.prepared = getpid();
	return 0;
}

const struct interruption *supervise_interruption(void)
{
	int signal;
	while ((signal = signals_next(0, NULL)) != 0)
		interruption_note(&supervisor.outside, signal);
	return &supervisor.outside;
}

int supervise_pending_signal(void)
{
	return supervise_interruption()->first;
}

static void signal_group(const struct run *run, int signal)
{
	if (!run->ended)
		kill(-run->pid, signal);
}

/* To the group at once, so that none of it can fork away, and to those that have left it one by one. */
static void signal_everything(const struct run *run, int signal)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_PROCESS_LIST struct process_list list = {0};

	if (signal == SIGKILL)
		cgroup_kill(&run->cgroup);
	signal_group(run, signal);
	/* Where it fails the group has had its signal, and leftovers_end() says why it fails. */
	if (descendants_list(getpid(), &supervisor.before, &list, &ignored) == 0) {
		for (size_t i = 0; i < list.processes.count; i++) {
			const struct process *process = &list.processes.items[i];
			if (getpgid(process->pid) != run->pid)
				process_signal(process, signal);
		}
	}
}

static void kill_everything(struct run *run)
{
	run->phase = PHASE_KILLED;
	run->deadline = SIGNALS_FOR_EVER;
	signal_everything(run, SIGKILL);
}

static void on_deadline(struct run *run)
{
	if (run->phase == PHASE_TERMINATED) {
		kill_everything(run);
		return;
	}
	int64_t kill_after = run->command->kill_after_ms ? run->command->kill_after_ms : SUPERVISE_KILL_AFTER_MS;
	run->outcome->timed_out = true;
	run->phase = PHASE_TERMINATED;
	if (__builtin_add_overflow(duration_now(), kill_after, &run->deadline))
		run->deadline = SIGNALS_FOR_EVER;
	signal_everything(run, SIGTERM);
	signal_everything(run, SIGCONT); /* who is stopped would not notice */
}

/* tcsetpgrp() from the background stops the caller, unless SIGTTOU is blocked. */
static bool set_foreground(int terminal, pid_t group)
{
	sigset_t output, before;
	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	bool done = tcsetpgrp(terminal, group) == 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return done;
}

static void take_terminal_back(struct run *run)
{
	/* Somebody else may have given it to a third group meanwhile: then it is not ours to take. */
	if (run->has_terminal && tcgetpgrp(run->terminal) == run->pid)
		set_foreground(run->terminal, getpgrp());
	if (run->has_terminal)
		relay_return_terminal();
	run->has_terminal = false;
}

/* Gives the command the terminal, if we have it, and lets the command go on. */
static bool give_terminal(struct run *run)
{
	if (tcgetpgrp(run->terminal) == getpgrp() && relay_take_terminal())
		run->has_terminal = set_foreground(run->terminal, run->pid);
	if (run->has_terminal)
		signal_group(run, SIGCONT);
	return run->has_terminal;
}

/* The command was stopped because it used the terminal from the background. */
static void on_terminal_wanted(struct run *run, int signal)
{
	if (run->terminal < 0)
		run->terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (run->terminal < 0)
		return; /* there is none, so somebody sent that signal, and will send SIGCONT as well */
	/* In the background ourselves, our job stops as it would were the command in it. fg wakes us with SIGCONT. */
	if (!give_terminal(run))
		kill(0, signal);
}

static void on_stop(struct run *run, int signal)
{
	if (signal == SIGTTIN || signal == SIGTTOU) {
		on_terminal_wanted(run, signal);
	} else if (signal == SIGTSTP && run->has_terminal) {
		/* Ctrl-Z reached only the command. Our whole job shall stop; we do when our own SIGTSTP arrives. */
		take_terminal_back(run);
		kill(0, SIGTSTP);
	}
}

/* Ctrl-Z: the command stops, and then we do, until the shell continues us. */
static void suspend(struct run *run)
{
	int64_t stopped_at = duration_now();
	sigset_t stop, before, pending;

	take_terminal_back(run); /* given again by on_continued() */
	signal_group(run, SIGTSTP);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &before); /* here we stand still */
	sigprocmask(SIG_SETMASK, &before, NULL);

	if (run->deadline != SIGNALS_FOR_EVER)
		run->deadline += duration_now() - stopped_at;
	/* Without a shell above us (an orphaned process group) the kernel does not stop us, and nobody would say
	   SIGCONT. */
	sigpending(&pending);
	if (!sigismember(&pending, SIGCONT))
		signal_group(run, SIGCONT);
}

static void on_continued(struct run *run)
{
	if (run->terminal < 0 || !give_terminal(run))
		signal_group(run, SIGCONT);
}

static void on_end(struct run *run, const siginfo_t *child)
{
	struct outcome *outcome = run->outcome;
	run->ended = true;
	outcome->duration_ms = duration_now() - run->started;
	if (child->si_code == CLD_EXITED) {
		outcome->status = child->si_status;
		return;
	}
	outcome->signal = child->si_status;
	outcome->status = 128 + child->si_status;
	/* Ctrl-C and Ctrl-\ reached only the command. */
	if (run->has_terminal && (outcome->signal == SIGINT || outcome->signal == SIGQUIT))
		interruption_note(&run->interruption, outcome->signal);
}

/*
 * Looks at children that have ended or stopped; orphans that became ours are buried on the way. True when there may be
 * more: a storm of forks can bring them faster than they are buried, and must not keep us from all else.
 */
static bool look_at_children(struct run *run)
{
	for (int count = 0; count < CHILDREN_AT_ONCE; count++) {
		siginfo_t child = {0};
		int failed = TEMP_FAILURE_RETRY(waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WNOHANG));
		if (failed || child.si_pid == 0)
			return false;
		if (child.si_pid != run->pid)
			continue;
		if (child.si_code == CLD_STOPPED) {
			on_stop(run, child.si_status);
		} else if (child.si_code != CLD_TRAPPED) {
			on_end(run, &child);
			return false;
		}
	}
	return true;
}

static void on_signal(struct run *run, int signal)
{
	switch (signal) {
	case SIGTSTP:
		suspend(run);
		return;
	case SIGCONT:
		on_continued(run);
		return;
	default:
		break;
	}
	if (!interruption_note(&run->interruption, signal))
		return;
	if (run->interruption.count > 1) {
		kill_everything(run);
		return;
	}
	signal_group(run, signal);
	signal_group(run, SIGCONT);
}

static void follow(struct run *run)
{
	for (;;) {
		bool more = look_at_children(run);
		if (run->ended)
			return;
		int signal = signals_next(more ? 0 : run->deadline, run->command->output);
		if (signal) /* SIGCHLD has done its work by waking us */
			on_signal(run, signal);
		else if (duration_now() >= run->deadline)
			on_deadline(run);
	}
}

/* Starts the command; with pipes of its own where somebody takes what it prints. */
static int start_command(struct run *run, struct error *error)
{
	CLEANUP_CLOSE int its_stdout = -1;
	CLEANUP_CLOSE int its_stderr = -1;
	if (run->command->output) {
		int theirs[2];
		if (output_open(run->command->output, theirs, error) < 0)
			return -1;
		its_stdout = theirs[0];
		its_stderr = theirs[1];
	}
	const struct spawn_ends ends = {.stdout = its_stdout, .stderr = its_stderr};
	run->pid = spawn(run->command, &run->cgroup, &ends, error);
	return run->pid < 0 ? -1 : 0;
}

static int start(struct run *run, struct error *error)
{
	if (signals_take_job_control(true, error) < 0)
		return -1;
	run->started = duration_now();
	if (run->command->timeout_ms == 0 ||
	    __builtin_add_overflow(run->started, run->command->timeout_ms, &run->deadline))
		run->deadline = SIGNALS_FOR_EVER;
	return start_command(run, error);
}

int supervise_run(const struct command *command, struct outcome *outcome, struct error *error)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	struct run run = {.command = command, .outcome = outcome, .cgroup = CGROUP_NONE, .terminal = -1};

	if (supervise_prepare(error) < 0)
		return -1;
	cgroup_make(&run.cgroup);
	int failed = start(&run, error);
	if (failed == 0)
		follow(&run);
	take_terminal_back(&run);
	/* The descriptor is there already, so that this changes it and cannot fail. */
	signals_take_job_control(false, &ignored);
	if (failed == 0) {
		int64_t grace = command->kill_after_ms ? command->kill_after_ms : SUPERVISE_LEFTOVER_GRACE_MS;
		const struct origin origin = {.group = run.pid, .cgroup = &run.cgroup, .except = &supervisor.before};
		leftovers_end(outcome, &origin, grace, command->output, &run.interruption);
		if (command->output) {
			output_drain(command->output);
			output_flush(command->output, run.interruption.count > 0);
		}
		outcome->interrupted = run.interruption.first;
	}
	cgroup_remove(&run.cgroup);
	file_cleanup_close(&run.terminal);
	return failed;
}
