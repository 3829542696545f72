/* SPDX-License-Identifier: MIT */
#include "run/split.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "run/lister.h"
#include "run/runner.h"

/* The exit status of decline() and unknown(). What they print begins with this where it is an option. */
#define STATUS_DECLINED 100
#define OPTION_MARK '\n'

/* The file in the scratch folder that hide_passing() makes. */
#define HIDES_PASSING "hides-passing"

/*
 * What every runner can use. On one line with the file's first, so that sh(1) counts lines as the file has them. The
 * file's text is part of the script, and so need not be readable where a unit runs, nor stay as it is. A variable of
 * the caller's with such a name would go on to the unit, changed, were it not unset.
 */
static const char prologue[] =
	"unset -v verb unit options scratch ipvs_iso; verb=$1 unit=$2 options=$3 scratch=$4 ipvs_iso=$5; shift 5; "
	"decline() { printf '%s\\n' \"$*\"; exit 100; }; unknown() { printf '\\n%s\\n' \"$*\"; exit 100; }; "
	"hide_passing() { : >\"$scratch/" HIDES_PASSING "\"; }; ";
/* What is missing is said before the tests are compiled; `verb` is list again behind that. */
static const char epilogue[] =
	"\n[ \"$verb\" != list ] || for verb in run list; do [ \"$(command -v $verb)\" = $verb ] || "
	"{ echo \"ipvs-iso: the runner has no function $verb()\" >&2; exit 125; }; done; \"$verb\" \"$@\"\n";

void split_clear(struct split *split)
{
	runner_clear(&split->runner);
	free(split->declined);
	free(split->blamed);
	verdict_lines_clear(&split->lines);
	scratch_clear(&split->scratch);
	split->declined = NULL;
	split->blamed = NULL;
}

/* What sh(1) is called with to do `verb`; borrowed, but for the array. */
struct call {
	ARRAY(char *) arguments; /* NULL at the end */
};

/* All that calls of one runner have in common; owned. */
struct callee {
	char *script, *options, *program;
};

#define CLEANUP_CALLEE __attribute__((cleanup(callee_clear)))

static void callee_clear(struct callee *callee)
{
	free(callee->script);
	free(callee->options);
	free(callee->program);
}

static void callee_make(struct callee *callee, const struct runner *runner, const struct runner_words *words)
{
	char *program = realpath("/proc/self/exe", NULL);
	callee->program = program ? program : memory_copy_string("ipvs-iso");
	callee->script = memory_printf("%s%s%s", prologue, runner->text, epilogue);
	callee->options = memory_printf("%zu", words->operands);
}

/* A call with the first `count` words of the command. */
static void call_make(struct call *call, const struct callee *callee, const struct split *split,
		      const struct runner_words *words, size_t count, char *verb, char *unit)
{
	char *const leading[] = {"-c", callee->script,  split->runner.path,  verb,
				 unit, callee->options, split->scratch.path, callee->program};
	/* dash(1) drops what is no variable of its own from the environment, and so bash's exported functions. */
	bool bash = access("/bin/bash", X_OK) == 0;
	*array_append(&call->arguments) = bash ? "/bin/bash" : "sh";
	if (bash)
		*array_append(&call->arguments) = "--posix";
	for (size_t i = 0; i < sizeof leading / sizeof *leading; i++)
		*array_append(&call->arguments) = leading[i];
	for (size_t i = 0; i < count; i++)
		*array_append(&call->arguments) = words->words.items[i];
	*array_append(&call->arguments) = NULL;
}

static int list_failed(struct split *split, int ended, struct error *error)
{
	split->status = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
	return error_set(error, ERROR_FAILED, "the units are not known: listing them ended with %s %d (runner %s)",
			 WIFSIGNALED(ended) ? "signal" : "exit status",
			 WIFSIGNALED(ended) ? WTERMSIG(ended) : WEXITSTATUS(ended), split->runner.path);
}

static bool has_unit(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->units.count; i++) {
		if (strcmp(plan->units.items[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Operands that are given twice, or overlap, name a unit twice, which is no mistake: it runs once. */
static int add_units(struct plan *plan, char *output, const struct callee *callee, const struct split *split,
		     const struct runner_words *words, struct error *error)
{
	char *rest = output;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line || has_unit(plan, line))
			continue;
		struct call call = {0};
		call_make(&call, callee, split, words, words->operands, "run", line);
		int failed = plan_add_made(plan, line, call.arguments.items, error);
		array_free(&call.arguments);
		if (failed < 0)
			return error_context(error, "the runner %s", split->runner.path);
	}
	return 0;
}

static void blame(struct split *split, const char *option)
{
	split->blamed = memory_copy_string(option);
	split->declined = memory_printf("it is not known what %s means for a part of the tests", option);
}

static void take_reason(struct split *split, char *output)
{
	char *line = output + (*output == OPTION_MARK);
	line[strcspn(line, "\n")] = '\0';
	if (line > output)
		blame(split, line);
	else
		split->declined = memory_copy_string(line);
}

static int ask(struct split *split, struct plan *plan, const struct runner_words *words, struct error *error)
{
	CLEANUP_CALLEE struct callee callee = {0};
	callee_make(&callee, &split->runner, words);
	struct call call = {0};
	call_make(&call, &callee, split, words, words->words.count - 1, "list", "");
	size_t length;
	int ended;
	CLEANUP_FREE char *output = lister_run(call.arguments.items, LISTER_INPUT_EMPTY, &length, &ended, error);
	array_free(&call.arguments);
	if (!output)
		return -1;
	if (strlen(output) != length)
		return error_set(error, ERROR_INPUT,
				 "the runner %s printed a NUL byte where names of units were expected",
				 split->runner.path);
	if (WIFEXITED(ended) && WEXITSTATUS(ended) == STATUS_DECLINED) {
		take_reason(split, output);
		return 0;
	}
	if (ended != 0)
		return list_failed(split, ended, error);
	CLEANUP_FREE char *hides = memory_printf("%s/" HIDES_PASSING, split->scratch.path);
	split->hides_passing = access(hides, F_OK) == 0;
	verdict_lines_read(&split->lines, split->runner.text);
	return add_units(plan, output, &callee, split, words, error);
}

int split_command(struct split *split, struct plan *plan, char *const *command, struct error *error)
{
	const struct runner *runner = &split->runner;
	int found = runner_find(&split->runner, command, error);
	if (found <= 0)
		return found;
	struct runner_words words = {0};
	const char *unknown = runner_sort(&words, runner->text, command, runner_knows(runner->text, command));
	int failed = 0;
	if (unknown)
		blame(split, unknown);
	else
		failed = scratch_make(&split->scratch, error);
	if (!unknown && failed == 0) {
		failed = ask(split, plan, &words, error);
		if (failed == 0 && plan->units.count == 0 && !split->declined)
			split->declined = memory_copy_string("no units were found");
	}
	array_free(&words.words);
	return failed;
}
