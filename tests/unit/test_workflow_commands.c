/* SPDX-License-Identifier: MIT */
/*
 * Nothing from outside is a workflow command in a report, in any format: those that begin a line with ::, and those
 * that begin with ## and a bracket anywhere. The reader here knows no more than those of CI systems: lines, blanks,
 * what is invisible.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <regex.h>
#include <stdlib.h>

#include "report/characters.h"
#include "report/report.h"
#include "results.h"

/* It has no width, and may make no difference. */
#define JOINER "\xe2\x80\x8d"

/* Blanks of ASCII and of Unicode, the end of a line of DOS. */
static const char *const commands[] = {
	"::error::forged",
	"a\n::error::forged",
	"a\n \t ::error::forged",
	"a\r\n::error::forged",
	"a\n\xc2\xa0\xe2\x80\x83::error::forged",
	"a\n" JOINER ":" JOINER ":error::forged",
	"a\n\n::add-mask::forged\n::error::forged\n",
	"##[error]forged",
	"a ##[error]forged ##[error]forged",
	"###[error]forged",
	"#" JOINER "#" JOINER "[error]forged",
	"a ##vso[task.setvariable]forged",
	"a ##teamcity[message]forged",
};

#define COMMANDS (sizeof commands / sizeof *commands)

/* Our own begin with the kind and a title. */
static bool is_command(const char *line)
{
	regex_t begins, anywhere;
	assert_int_equal(regcomp(&begins, "^[^!-~]*:[^!-~ ]*:", REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(regcomp(&anywhere, "#(" JOINER ")*#(" JOINER ")*[a-zA-Z]*\\[", REG_EXTENDED | REG_NOSUB), 0);
	bool found = regexec(&begins, line, 0, NULL, 0) == 0 || regexec(&anywhere, line, 0, NULL, 0) == 0;
	regfree(&begins);
	regfree(&anywhere);
	return found;
}

static bool is_annotation(const char *line)
{
	static const char *const ours[] = {"::error title=", "::warning title=", "::notice title="};
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		if (strncmp(line, ours[i], strlen(ours[i])) == 0)
			return strstr(line, "##") == NULL;
	}
	return false;
}

/* Whatever a unit can have a say in. */
static void make_hostile(struct run_result *run, const char *text)
{
	*run = (struct run_result){.planned = 6, .command = memory_copy_string(text)};
	run->kernel = memory_copy_string(text);
	error_set(&run->trouble, ERROR_FAILED, "it changed:");
	error_add_lines(&run->trouble, text);
	error_remedy(&run->trouble, "%s", text);
	for (int i = 0; i < 4; i++) {
		struct unit_result *unit = add_unit(run, text, 0, 1);
		unit->status = i < 2;
		set_output(unit, text, strlen(text), (size_t)i);
		if (i == 2)
			error_set(&unit->trouble, ERROR_FAILED, "it changed:");
		if (i == 2)
			error_add_lines(&unit->trouble, text);
		if (i == 3) /* as a file may have it */
			unit->trouble = (struct error){.kind = ERROR_FAILED, .message = memory_copy_string(text)};
		if (i >= 2)
			unit->trouble.remedy = memory_copy_string(text);
		residue_add(&unit->residue, RESIDUE_PROCESSES, RESIDUE_LEFT, memory_copy_string(text));
		residue_add(&unit->residue, RESIDUE_CONNECTIONS, RESIDUE_LEFT, memory_copy_string(text));
		residue_tolerate(&unit->residue, RESIDUE_SET_DEFAULT);
	}
	residue_add(&add_attempt(add_unit(run, text, 0, 1), text)->residue, RESIDUE_PROCESSES, RESIDUE_LEFT,
		    memory_copy_string(text));
	run_result_skip(run, text, 5, text);
}

static char *render(const struct report_format *format, const struct run_result *result)
{
	size_t length;
	return report_render(format, result, &length);
}

static void no_report_holds_one(void **state)
{
	(void)state;
	for (const struct report_format *format = report_formats; format->name; format++) {
		for (size_t i = 0; i < COMMANDS; i++) {
			CLEANUP_RUN_RESULT struct run_result result = {0};
			make_hostile(&result, commands[i]);
			CLEANUP_FREE char *text = render(format, &result);
			char *rest = text;
			bool annotates = strcmp(format->name, "github") == 0;
			for (char *line; (line = strsep(&rest, "\r\n"));) {
				if (is_command(line) && !(annotates && is_annotation(line)))
					fail_msg("%s, from %zu: %s", format->name, i, line);
			}
		}
	}
}

/* What can be written in another way is the same for who reads it. */
static void json_and_xml_hold_what_was_there(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	const struct report_format *json = report_format_named("json", &error);
	for (size_t i = 0; i < COMMANDS; i++) {
		CLEANUP_RUN_RESULT struct run_result result = {0};
		CLEANUP_RUN_RESULT struct run_result back = {0};
		make_hostile(&result, commands[i]);
		CLEANUP_FREE char *text = render(json, &result);
		assert_int_equal(run_result_from_json(&back, text, strlen(text), "result", &error), 0);
		const struct unit_result *unit = &back.units.items[0];
		assert_string_equal(unit->name, commands[i]);
		assert_int_equal(unit->output.length, strlen(commands[i]));
		assert_memory_equal(unit->output.bytes, commands[i], unit->output.length);
	}
	CLEANUP_RUN_RESULT struct run_result result = {0};
	make_hostile(&result, "a\n ::error::b");
	CLEANUP_FREE char *text = render(report_format_named("junit", &error), &result);
	assert_non_null(strstr(text, "<system-out>a\n &#58;:error::b</system-out>"));
}

static void check_lines(const char *text, const char *expected)
{
	char *shown = NULL;
	size_t length;
	FILE *out = memory_stream(&shown, &length);
	characters_write_lines(out, text, strlen(text), character_put, CHARACTERS_COLON);
	fclose(out);
	assert_string_equal(shown, expected);
	free(shown);
}

static void what_is_none_stays(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"a::b",
		"-A -t [::1]:80",
		"std::sort(a)\n  std::sort(b)\n",
		":param x: y\n : : x\n: ",
		"# Title [1]\n## Title [2]\n#[test]\n#![x]\n##\n[x]\n## [x]\n#",
		"##",
		"##vso",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_lines(texts[i], texts[i]);
	check_lines("::error::a\n\t::b\n::", "\uff1a:error::a\n\t\uff1a:b\n\uff1a:");
	check_lines("###[error] ##vso[a]", "#\uff03#[error] \uff03#vso[a]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_report_holds_one),
		cmocka_unit_test(json_and_xml_hold_what_was_there),
		cmocka_unit_test(what_is_none_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
