/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "process/signals.h"
#include "result/result.h"
#include "session/lock.h"
#include "table/spelling.h"

struct manners manners = {.wait_ms = LOCK_WAIT_FOR_EVER};

const struct subcommand *const commands[] = {
	&command_run,      &command_snapshot,
	&command_restore,  &command_diff,
	&command_flush,    &command_check,
	&command_wait,     &command_savepoint,
	&command_rollback, &command_release,
	&command_status,   &command_recover,
	&command_report,   NULL,
};

static const struct subcommand *find_command(const char *name)
{
	for (const struct subcommand *const *command = commands; *command; command++) {
		if (strcmp((*command)->name, name) == 0)
			return *command;
	}
	/* Not in --help: a kernel calls it, not a person. */
	return strcmp(command_guest_init.name, name) == 0 ? &command_guest_init : NULL;
}

static int no_such_command(const char *name)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct spelling_guess guess = {.given = name};
	for (const struct subcommand *const *command = commands; *command; command++) {
		spelling_offer(&guess, (*command)->name);
		if (spelling_is_in(name, (*command)->also))
			guess = (struct spelling_guess){.given = name, .nearest = (*command)->name};
	}
	if (guess.nearest)
		error_set(&error, ERROR_INPUT, "there is no command '%s'; did you mean '%s'?", name, guess.nearest);
	else
		error_set(&error, ERROR_INPUT, "there is no %s '%s'", *name == '-' ? "option" : "command", name);
	error_remedy(&error, "see 'ipvs-iso --help'");
	return print_error(&error);
}

static int run_command(const struct subcommand *command, int count, char **arguments)
{
	int operand;
	int more = options_parse(command, count, arguments, &operand);
	if (more <= 0)
		return more < 0 ? STATUS_TROUBLE : 0;
	/* A guest's process 1 is a kernel's, and must not end. */
	if (command != &command_guest_init)
		signals_begin();
	return command->run(count - operand, arguments + operand);
}

/* What could not be written was not said: a report that is cut off must not look like success. */
static int finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	error_set(&error, ERROR_FAILED, "cannot write standard output%s%s", errno ? ": " : "",
		  errno ? strerror(errno) : "");
	return print_error(&error);
}

/*
 * Closed standard descriptors (<&-) would become those of the next files that are opened: the lock, the guest's line.
 * What takes their place cannot be written to, so that output is lost with an error, as where it is closed.
 */
static void open_missing_descriptors(void)
{
	int descriptor;
	do
		descriptor = open("/dev/null", O_RDONLY);
	while (descriptor >= 0 && descriptor <= STDERR_FILENO);
	if (descriptor >= 0)
		close(descriptor);
}

static bool is_one_of(const char *word, const char *letter, const char *option, const char *command)
{
	return strcmp(word, letter) == 0 || strcmp(word, option) == 0 || strcmp(word, command) == 0;
}

int main(int count, char **arguments)
{
	open_missing_descriptors();
	/* https://no-color.org: set and not empty. */
	const char *no_color = getenv("NO_COLOR");
	manners.color = isatty(STDERR_FILENO) && (!no_color || !*no_color);

	if (count < 2) {
		CLEANUP_ERROR struct error error = ERROR_INIT;
		error_set(&error, ERROR_INPUT, "no command given");
		error_remedy(&error, "see 'ipvs-iso --help'");
		return print_error(&error);
	}
	const char *name = arguments[1];
	if (is_one_of(name, "-h", "--help", "help") &&
	    (count == 2 || *name == '-' || strcmp(arguments[2], name) == 0)) {
		print_program_help();
		return finish(0);
	}
	if (is_one_of(name, "-V", "--version", "version")) {
		print_version();
		return finish(0);
	}
	bool wants_help = strcmp(name, "help") == 0;
	if (wants_help)
		name = arguments[2];
	const struct subcommand *command = find_command(name);
	if (!command)
		return no_such_command(name);
	if (wants_help) {
		print_command_help(command);
		return finish(0);
	}
	return finish(run_command(command, count - 1, arguments + 1));
}
