/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/memory.h"
#include "result/result.h"
#include "say.h"
#include "table/spelling.h"

enum common { COMMON_QUIET, COMMON_VERBOSE, COMMON_HELP, COMMON_VERSION };

/* Behind the options of the command's own. */
static const struct option_row common_rows[] = {
	[COMMON_QUIET] = {'q', "quiet", NULL, "say nothing but what was asked for, and errors"},
	[COMMON_VERBOSE] = {'v', "verbose", NULL, "say more, where there is more to say"},
	[COMMON_HELP] = {'h', "help", NULL, "show this help and exit"},
	[COMMON_VERSION] = {'V', "version", NULL, "show the version and exit"},
	{0},
};

/* Of every command that takes the lock, before those. */
static const struct option_row wait_row = {
	'w', "wait", "DURATION", "how long to wait for the lock (30, 1.5m); 0: fail at once; default: for ever"};

/* Long options are told apart by these values, which no letter has. */
#define ROW_BASE 256

struct parser {
	const struct option_row **rows; /* the command's own, then --wait where it has that, then the common ones */
	int own_count, common_at, count;
	struct option *long_options;
	char *short_options;
};

static int count_rows(const struct option_row *rows)
{
	int count = 0;
	while (rows && rows[count].name)
		count++;
	return count;
}

static void parser_clear(struct parser *parser)
{
	free(parser->rows);
	free(parser->long_options);
	free(parser->short_options);
}

static void parser_make(struct parser *parser, const struct subcommand *command)
{
	parser->own_count = count_rows(command->options);
	parser->common_at = parser->own_count + command->takes_lock;
	parser->count = parser->common_at + count_rows(common_rows);
	parser->rows = memory_allocate((size_t)parser->count, sizeof *parser->rows);
	parser->long_options = memory_allocate((size_t)parser->count + 1, sizeof *parser->long_options);

	size_t length;
	FILE *letters = memory_stream(&parser->short_options, &length);
	/* "+": stop at the first operand. ":": tell a missing value from an unknown option. */
	fputs(command->operands_are_a_command ? "+:" : ":", letters);
	for (int i = 0; i < parser->count; i++) {
		const struct option_row *row = i < parser->own_count   ? &command->options[i]
					       : i < parser->common_at ? &wait_row
								       : &common_rows[i - parser->common_at];
		parser->rows[i] = row;
		parser->long_options[i] = (struct option){
			.name = row->name,
			.has_arg = row->argument ? required_argument : no_argument,
			.val = ROW_BASE + i,
		};
		if (row->short_name)
			fprintf(letters, "%c%s", row->short_name, row->argument ? ":" : "");
	}
	fclose(letters);
}

static int row_of(const struct parser *parser, int value)
{
	if (value >= ROW_BASE)
		return value - ROW_BASE;
	for (int i = 0; i < parser->count; i++) {
		if (parser->rows[i]->short_name == value)
			return i;
	}
	return -1;
}

/* Our name of an option that has another one elsewhere, or NULL. */
static const char *find_hint(const struct subcommand *command, const char *word)
{
	for (const struct option_hint *hint = command->hints; hint && hint->words; hint++) {
		if (spelling_is_in(word, hint->words))
			return hint->name;
	}
	return NULL;
}

static int no_such_long_option(const struct subcommand *command, const struct parser *parser, const char *argument)
{
	size_t dashes = strspn(argument, "-");
	CLEANUP_FREE char *name = memory_copy_bytes(argument + dashes, strcspn(argument + dashes, "="));
	struct spelling_guess guess = {.given = name};
	for (int i = 0; i < parser->count; i++)
		spelling_offer(&guess, parser->rows[i]->name);
	const char *hint = find_hint(command, name);
	if (hint)
		guess.nearest = hint;
	if (!guess.nearest)
		return print_usage_error(command, "there is no option '%s'", argument);
	return print_usage_error(command, "there is no option '%s'; did you mean '--%s'?", argument, guess.nearest);
}

static int no_such_letter(const struct subcommand *command, int letter)
{
	const char name[] = {(char)letter, '\0'};
	const char *hint = find_hint(command, name);
	if (!hint)
		return print_usage_error(command, "there is no option '-%c'", letter);
	return print_usage_error(command, "there is no option '-%c'; did you mean '--%s'?", letter, hint);
}

/* What getopt_long(3) left in optopt and optind when it failed, in words. */
static int complain(const struct subcommand *command, const struct parser *parser, int value, char **arguments)
{
	int row = optopt ? row_of(parser, optopt) : -1;
	if (value == ':')
		return print_usage_error(command, "the option '%s' needs a value (%s)", arguments[optind - 1],
					 row >= 0 ? parser->rows[row]->argument : "VALUE");
	if (row >= 0)
		return print_usage_error(command, "the option '--%s' takes no value", parser->rows[row]->name);
	if (optopt)
		return no_such_letter(command, optopt);
	return no_such_long_option(command, parser, arguments[optind - 1]);
}

static int take_common(const struct subcommand *command, int letter)
{
	switch (letter) {
	case 'q':
		manners.quiet = true;
		manners.verbose = false;
		return 1;
	case 'v':
		manners.verbose = true;
		manners.quiet = false;
		return 1;
	case 'h':
		print_command_help(command);
		return 0;
	default:
		print_version();
		return 0;
	}
}

static int take(const struct subcommand *command, const struct parser *parser, int row)
{
	if (row >= parser->common_at)
		return take_common(command, parser->rows[row]->short_name);
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int failed = row < parser->own_count ? command->set_option(row, optarg, &error)
					     : duration_read(&manners.wait_ms, optarg, &error);
	if (failed < 0) {
		error_context(&error, "%s: --%s", command->name, parser->rows[row]->name);
		print_error(&error);
		return -1;
	}
	return 1;
}

int options_parse(const struct subcommand *command, int count, char **arguments, int *operand)
{
	__attribute__((cleanup(parser_clear))) struct parser parser = {0};
	parser_make(&parser, command);
	opterr = 0;
	for (;;) {
		int value = getopt_long(count, arguments, parser.short_options, parser.long_options, NULL);
		if (value < 0)
			break;
		if (value == '?' || value == ':') {
			complain(command, &parser, value, arguments);
			return -1;
		}
		int more = take(command, &parser, row_of(&parser, value));
		if (more <= 0)
			return more;
	}
	*operand = optind;
	return 1;
}

/* Where the text of --help ends, and where that of an option begins. */
#define HELP_COLUMNS 80
#define HELP_INDENT 31

/* Words, as many to a line as fit, in the lines' right part; the first begins in that column of a line begun. */
static void print_words(const char *text)
{
	int column = HELP_INDENT;
	for (const char *word = text; *word;) {
		int length = (int)strcspn(word, " \n");
		if (column > HELP_INDENT && column + 1 + length > HELP_COLUMNS) {
			printf("\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		}
		column += printf("%s%.*s", column > HELP_INDENT ? " " : "", length, word);
		word += length;
		word += strspn(word, " \n");
	}
	putchar('\n');
}

static void print_row(const struct option_row *row)
{
	CLEANUP_FREE char *letter = row->short_name ? memory_printf("-%c,", row->short_name) : memory_copy_string("");
	CLEANUP_FREE char *name =
		memory_printf("--%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
	int length = printf("  %-3s %s", letter, name);
	if (length < HELP_INDENT)
		printf("%*s", HELP_INDENT - length, "");
	else
		printf("\n%*s", HELP_INDENT, "");
	print_words(row->help);
}

void print_command_help(const struct subcommand *command)
{
	printf("Usage: ipvs-iso %s [OPTION...]%s%s\n%s.\n\nOptions:\n", command->name, *command->operands ? " " : "",
	       command->operands, command->summary);
	for (int i = 0; command->options && command->options[i].name; i++)
		print_row(&command->options[i]);
	if (command->takes_lock)
		print_row(&wait_row);
	for (int i = 0; common_rows[i].name; i++)
		print_row(&common_rows[i]);
	if (command->details)
		printf("\n%s", command->details);
}

void print_program_help(void)
{
	printf("Usage: ipvs-iso COMMAND [OPTION...] [ARGUMENT...]\n"
	       "Runs test commands on an IPVS table of their own and puts the host's table back.\n\nCommands:\n");
	for (const struct subcommand *const *command = commands; *command; command++)
		printf("  %-10s %s\n", (*command)->name, (*command)->summary);
	printf("\nOptions:\n");
	print_row(&common_rows[COMMON_HELP]);
	print_row(&common_rows[COMMON_VERSION]);
	printf("\n'ipvs-iso COMMAND --help' explains a command, ipvs-iso(8) everything.\n"
	       "Try: ipvs-iso run -- ipvsadm -Ln\n");
}

void print_version(void)
{
	puts("ipvs-iso " IPVS_ISO_VERSION);
}

int print_error(const struct error *error)
{
	say_message(stderr, "ipvs-iso: ", error->message);
	if (error->remedy)
		say_message(stderr, "          ", error->remedy);
	return STATUS_TROUBLE;
}

int print_usage_error(const struct subcommand *command, const char *format, ...)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	va_list arguments;
	va_start(arguments, format);
	CLEANUP_FREE char *message = memory_vprintf(format, arguments);
	va_end(arguments);
	error_set(&error, ERROR_INPUT, "%s: %s", command->name, message);
	error_remedy(&error, "see 'ipvs-iso %s --help'", command->name);
	return print_error(&error);
}
