/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/runner.h"

bool runner_next_line(const char **line, const char *key, char **words)
{
	CLEANUP_FREE char *mark = memory_printf("# %s: ", key);
	while (**line == '#') {
		const char *begin = *line;
		size_t length = strcspn(begin, "\n");
		*line = begin + length + (begin[length] == '\n');
		if (strncmp(begin, mark, strlen(mark)) == 0) {
			*words = memory_copy_bytes(begin + strlen(mark), length - strlen(mark));
			return true;
		}
	}
	return false;
}

static size_t words_known(char *pattern, char *const *command)
{
	size_t known = 0;
	char *rest = pattern;
	for (char *word; (word = strsep(&rest, " "));) {
		if (!*word)
			continue;
		const char *actual = command[known];
		const char *slash = actual && known == 0 ? strrchr(actual, '/') : NULL;
		if (!actual || fnmatch(word, slash ? slash + 1 : actual, 0) != 0)
			return 0;
		known++;
	}
	return known;
}

size_t runner_knows(const char *text, char *const *command)
{
	const char *line = text;
	for (char *pattern; runner_next_line(&line, "command", &pattern);) {
		size_t known = words_known(pattern, command);
		free(pattern);
		if (known > 0)
			return known;
	}
	return 0;
}

/*
 * The options that may be passed on to each unit, as " -v --verbose --jobs= ": those that take a value end with "=".
 * NULL: all. The caller frees.
 */
static char *read_options(const char *text)
{
	char *options = NULL;
	const char *line = text;
	for (char *words; runner_next_line(&line, "options", &words); free(words)) {
		char *longer = memory_printf("%s%s ", options ? options : " ", words);
		free(options);
		options = longer;
	}
	return options;
}

/* Whether `option`, of that length, is among them, with `ending`. */
static bool is_known(const char *options, const char *option, size_t length, const char *ending)
{
	CLEANUP_FREE char *word = memory_printf(" %.*s%s ", (int)length, option, ending);
	return strstr(options, word) != NULL;
}

enum option_form { OPTION_UNKNOWN, OPTION_COMPLETE, OPTION_WANTS_VALUE };

/* Letters behind one dash; behind the last may stand its value. */
static enum option_form form_of_letters(const char *options, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const char option[] = {'-', *letter};
		if (is_known(options, option, sizeof option, "="))
			return letter[1] ? OPTION_COMPLETE : OPTION_WANTS_VALUE;
		if (!is_known(options, option, sizeof option, ""))
			return OPTION_UNKNOWN;
	}
	return OPTION_COMPLETE;
}

static enum option_form form_of(const char *options, const char *word)
{
	size_t length = strlen(word);
	if (is_known(options, word, length, ""))
		return OPTION_COMPLETE;
	if (is_known(options, word, length, "="))
		return OPTION_WANTS_VALUE;
	const char *equals = strchr(word, '=');
	if (equals && equals > word + 2 && is_known(options, word, (size_t)(equals - word), "="))
		return OPTION_COMPLETE;
	return word[1] == '-' ? OPTION_UNKNOWN : form_of_letters(options, word);
}

const char *runner_sort(struct runner_words *sorted, const char *text, char *const *command, size_t known)
{
	CLEANUP_FREE char *options = read_options(text);
	ARRAY(char *) operands = {0};
	const char *unknown = NULL;
	for (size_t i = 0; command[i] && !unknown; i++) {
		bool is_operand = command[i][0] != '-' || !command[i][1];
		if (i >= known && options && is_operand) {
			*array_append(&operands) = command[i];
			continue;
		}
		*array_append(&sorted->words) = command[i];
		if (i < known || !options)
			continue;
		enum option_form form = form_of(options, command[i]);
		if (form == OPTION_UNKNOWN || (form == OPTION_WANTS_VALUE && !command[i + 1]))
			unknown = command[i];
		else if (form == OPTION_WANTS_VALUE)
			*array_append(&sorted->words) = command[++i];
	}
	sorted->operands = sorted->words.count;
	for (size_t i = 0; i < operands.count; i++)
		*array_append(&sorted->words) = operands.items[i];
	array_free(&operands);
	*array_append(&sorted->words) = NULL;
	return unknown;
}
