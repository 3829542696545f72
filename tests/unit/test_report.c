/* SPDX-License-Identifier: MIT */
/* What each format makes of a result in which everything occurs. That it is valid is seen in host-report.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "report/report.h"
#include "results.h"

/* NASTY as it is shown: on a line, and where lines may be broken in markup. */
#define SHOWN_END "\u241b[31m\u2421\ufffd\ufffd\ufffd\ufffd\ufffd\u240d"
#define SHOWN_ON_LINE "\u240a::%,|`*_#@\\ " SHOWN_END "\u2409\u20ac"
#define SHOWN_IN_LINES "\n&#58;:%,|`*_#@\\ " SHOWN_END "\t\u20ac"

static char *render(const char *format, const struct run_result *result)
{
	struct error error = ERROR_INIT;
	const struct report_format *found = report_format_named(format, &error);
	assert_non_null(found);
	size_t length;
	return report_render(found, result, &length);
}

static void check_contains(const char *format, const char *part)
{
	CLEANUP_RUN_RESULT struct run_result result = {0};
	make_result(&result);
	CLEANUP_FREE char *text = render(format, &result);
	if (!strstr(text, part))
		fail_msg("%s: not in the report: %s", format, part);
}

static void check_lacks(const char *format, const char *part)
{
	CLEANUP_RUN_RESULT struct run_result result = {0};
	make_result(&result);
	CLEANUP_FREE char *text = render(format, &result);
	assert_null(strstr(text, part));
}

static void no_format_lets_control_characters_through(void **state)
{
	(void)state;
	for (const struct report_format *format = report_formats; format->name; format++) {
		check_lacks(format->name, "\x1b");
		check_lacks(format->name, "\x7f");
		check_lacks(format->name, "\r");
		check_lacks(format->name, "\xff");
		check_lacks(format->name, "\xc2\x9b");
		check_lacks(format->name, "\xed\xa0");
	}
}

static void text_goes_on_below_where_a_message_has_lines(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 1};
	struct unit_result *unit = add_unit(&result, "web\nPASS", 0, 100);
	error_set(&unit->trouble, ERROR_FAILED, "it changed:");
	error_add_lines(&unit->trouble, "\n  + -A -t 10.0.0.1:80");
	unit->trouble.remedy = memory_copy_string("stop it\nand try again"); /* as a file may have it */
	error_set(&result.trouble, ERROR_RIVAL, "it changed:");
	error_add_lines(&result.trouble, "\n  + -A -f 1\n  + -A -f 2");
	CLEANUP_FREE char *text = render("text", &result);
	assert_non_null(
		strstr(text, "] web\u240aPASS: it changed:\n           |   + -A -t 10.0.0.1:80\n           | stop it\n"
			     "           | and try again\n"));
	assert_non_null(strstr(text, " TROUBLE it changed:\n         |   + -A -f 1\n         |   + -A -f 2\n"));
}

static void text_has_a_line_for_each_unit_and_rule(void **state)
{
	(void)state;
	check_contains("text", "    FAIL [   0.400s] name <&]]>\"'" SHOWN_ON_LINE ": ended by signal 11 (");
	check_contains("text", "                     services     left     -A -u 10.2.0.1:53 -s wrr\n");
	check_contains("text", "         | (1048576 bytes before this were not kept)\n         |   not ok 1 of "
			       "<&]]>\"'\n         | ::%,|");
	check_contains("text", "         | end\n");
	check_contains(
		"text",
		" SUMMARY 9 units: 1 passed, 1 flaky, 1 left residue, 2 failed, 1 timed out, 1 could not be run, 2 not "
		"reached; 9.000 s\n         residue: services 1, destinations 1, timeouts 1, processes 2, connections "
		"2\n"
		"   ORDER shuffle:4294967295\n   SHARD 2/3\n TROUBLE ended early by signal 2 (Interrupt)\n");
}

static void junit_holds_residue_as_failures(void **state)
{
	(void)state;
	check_contains("junit", "tests=\"10\" failures=\"4\" errors=\"2\" skipped=\"2\" time=\"9.000\" "
				"timestamp=\"2026-11-21T08:00:00\">");
	check_contains(
		"junit",
		"<failure type=\"residue\" message=\"left residue:&#10;services left: -A -u 10.2.0.1:53 -s wrr&#10;");
	check_contains("junit", "\"ran past its time; left residue:&#10;processes left: process 857: sleep 600\"");
	check_contains("junit", "name=\"name &lt;&amp;]]&gt;&#34;'&#10;::%,|`*_#@\\ " SHOWN_END "&#9;\u20ac\"");
	check_contains("junit", "not ok 1 of &lt;&amp;]]&gt;\"'" SHOWN_IN_LINES);
	check_contains("junit", "<system-err>residue that does not fail the run:\nconnections left: 3 connections<");
	check_contains("junit",
		       "name=\"the run itself\" time=\"0.000\">\n      <error type=\"trouble\" message=\"ended early");
}

static void tap_escapes_what_would_be_a_directive(void **state)
{
	(void)state;
	check_contains("tap", "TAP version 14\n1..9\n");
	check_contains("tap", "\nnot ok 6 - name <&]]>\"'\u240a::%,|`*_\\#@\\\\ " SHOWN_END "\u2409\u20ac\n");
	check_contains("tap", "text: \"process 900: <&]]>\\\"'\\n::%,|`*_#@\\\\ " SHOWN_END "\\t\u20ac\"\n");
	check_contains("tap", "output: \"  not ok 1 of <&]]>");
	check_contains("tap", "\nBail out! ended early by signal 2 (Interrupt)\n");
}

static void markdown_means_nothing_by_a_name(void **state)
{
	(void)state;
	check_contains("markdown", "name \\<\\&\\]\\]\\>\"'\u240a::%,&#124;\\`\\*\\_\\#\\@\\\\ \u241b\\[31m\u2421");
	check_contains("markdown",
		       "```diff\n+ -A -u 10.2.0.1:53 -s wrr\n- -a -t 10.0.0.1:80 -r 10.0.0.3:8080 -m -w 2\n"
		       "! --set 60 10 30 (was: --set 900 120 300)\n# 3 connections (does not fail the run)\n```\n");
}

static void markdown_fences_are_longer_than_what_is_within(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 1};
	struct unit_result *unit = add_unit(&result, "fences", 0, 1);
	unit->status = 1;
	set_output(unit, "```\n`````", 9, 0);
	CLEANUP_FREE char *text = render("markdown", &result);
	assert_non_null(strstr(text, "\n``````text\n```\n`````\n``````\n"));
}

static void every_format_says_that_memory_ran_out(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 2};
	struct unit_result *unit = add_unit(&result, "hungry", 0, 1);
	unit->signal = 9;
	unit->status = 137;
	unit->memory_ran_out = true;
	add_unit(&result, "did without", 0, 1)->memory_ran_out = true; /* and passed */
	static const char *const formats[] = {"text", "junit", "tap", "tap13", "markdown", "html", "github"};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		CLEANUP_FREE char *text = render(formats[i], &result);
		assert_non_null(strstr(text, "ended by signal 9 (Killed); the guest ran out of memory"));
	}
	CLEANUP_FREE char *json = render("json", &result);
	assert_non_null(strstr(json, "\"memory_ran_out\": true,"));
}

static void html_shows_the_end_of_a_long_output(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 1};
	CLEANUP_FREE char *output = memory_allocate(70000, 1);
	memset(output, '.', 70000);
	output[70000 - 65537] = '@';
	output[70000 - 65536] = '<';
	output[69999] = '>';
	set_output(add_unit(&result, "long", 0, 1), output, 70000, 5);
	CLEANUP_FREE char *text = render("html", &result);
	assert_non_null(strstr(text, "Output: 65536 bytes, the last ones; without 4469 before them<"));
	assert_null(strstr(text, "@&lt;"));
	assert_non_null(strstr(text, "<pre tabindex=\"0\">\n&lt;."));
	assert_non_null(strstr(text, ".&gt;</pre>"));
}

static void markdown_shows_the_end_of_a_long_output(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 1};
	struct unit_result *unit = add_unit(&result, "long", 0, 1);
	unit->status = 1;
	CLEANUP_FREE char *output = memory_allocate(10000, 1);
	memset(output, '.', 10000);
	output[10000 - 8193] = 'A';
	output[9999] = 'Z';
	set_output(unit, output, 10000, 5);
	CLEANUP_FREE char *text = render("markdown", &result);
	assert_non_null(strstr(text, "<summary>Output, without 1813 bytes</summary>"));
	assert_null(strstr(text, "A."));
	assert_non_null(strstr(text, ".Z\n```\n"));
}

static void github_annotations_stay_on_their_line(void **state)
{
	(void)state;
	check_contains("github", "::error title=FAIL name <&]]>\"'%0A%3A%3A%25%2C|`*_#@\\ " SHOWN_END
				 "\t\u20ac::ended by signal 11");
	check_contains("github", "%0Aprocesses left: process 900: <&]]>\"'%0A::%25,|");
	CLEANUP_RUN_RESULT struct run_result result = {0};
	make_result(&result);
	CLEANUP_FREE char *text = render("github", &result);
	size_t lines = 0;
	for (const char *line = text; *line; line = strchr(line, '\n') + 1, lines++)
		assert_memory_equal(line, "::", 2);
	assert_int_equal(lines, 9);
}

/* The name and why, of each unit; what failed of the run is not lost among them. */
static void every_format_says_what_was_not_reached(void **state)
{
	(void)state;
	static const char reason[] = "not reached: signal 2 (Interrupt) ended the run";
	for (const struct report_format *format = report_formats; format->name; format++) {
		if (strcmp(format->name, "json") != 0)
			check_contains(format->name, reason);
	}
	check_contains("text", "    SKIP [   0.000s] last: not reached: signal 2 (Interrupt) ended the run\n");
	check_contains("json", "\"name\": \"last\",\n   \"verdict\": \"skipped\",");
	check_contains("json", "\"skipped\": \"signal 2 (Interrupt) ended the run\"\n");
	check_contains("junit", "name=\"last\" time=\"0.000\">\n      <skipped message=\"not reached: signal 2 (");
	check_contains("tap", "\nok 8 - last # SKIP not reached: signal 2 (Interrupt) ended the run\n");
	check_contains("markdown", "| last | not reached: signal 2 (Interrupt) ended the run | 0.000 s |\n");
	check_contains("html", "Units that were not reached</h2>");
	check_contains("github", "::warning title=ipvs-iso::2 units were not reached:%0Alast: not reached: signal 2");
}

/* That a unit is flaky, how often those ran that did not pass at once, and the order to find it again. */
static void every_format_says_what_is_flaky(void **state)
{
	(void)state;
	check_contains("text", "   FLAKY [   0.100s] only connections (attempt 2)\n");
	check_contains("text", "] fails: exit status 3 (3 attempts)\n");
	check_contains("json", "\"name\": \"only connections\",\n   \"verdict\": \"passed\",");
	check_contains("json", "   \"attempts\": 2,\n");
	check_contains("json", " \"seed\": 4294967295,\n \"shard\": {\n  \"number\": 2,\n  \"of\": 3\n },\n");
	check_contains("junit", "<property name=\"order\" value=\"shuffle:4294967295\"/>\n"
				"      <property name=\"shard\" value=\"2/3\"/>\n");
	check_contains("junit", "<property name=\"attempts of only connections\" value=\"2\"/>\n"
				"      <property name=\"attempts of fails\" value=\"3\"/>\n    </properties>");
	check_contains("junit", "<system-err>flaky: passed at attempt 2\nresidue that does not fail the run:\n");
	check_contains("junit", "<system-err>3 attempts</system-err>");
	check_contains("tap", "ok 3 - only connections\n  ---\n  verdict: passed\n  attempts: 2\n  flaky: true\n");
	check_contains("tap", "  attempts: 3\n  flaky: false\n");
	check_contains("tap", "\n# order: shuffle:4294967295\n# shard: 2/3\n");
	check_contains("markdown", " only connections | flaky, attempt 2 | ");
	check_contains("markdown", " fails | exit status 3, 3 attempts | ");
	check_contains("markdown", "Order: shuffle:4294967295  \nShard: 2/3  \n");
	check_contains("html", "<h3 id=\"unit-3\"><span class=\"badge\">FLAKY</span> only connections</h3>\n"
			       "<p class=\"times\">waited 3.200 s, ran 0.100 s, attempt 2</p>");
	check_contains("html", "ran 1.000 s, 3 attempts</p>");
	check_contains("html", "<dt>Order</dt><dd>shuffle:4294967295</dd>\n<dt>Shard</dt><dd>2/3</dd>");
	check_contains("html", "<h1>9 units: 1 passed, 1 flaky, 1 left residue");
	check_contains("github",
		       "\n::warning title=FLAKY only connections::passed, but not the first time (attempt 2)\n");
	check_contains("github", "\n::error title=FAIL fails::exit status 3 (3 attempts)\n");
	check_contains("github", "\n::notice title=ipvs-iso::the units ran in the order shuffle:4294967295\n");
}

/* What an attempt that is not the last printed and left is what tells why a unit is flaky. */
static void every_format_says_how_earlier_attempts_went(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 2};
	add_attempt(add_unit(&result, "flaky", 0, 1), "the reason");
	struct unit_result *fails = add_unit(&result, "fails", 0, 1);
	fails->status = 1;
	add_attempt(fails, "one reason\n");
	add_attempt(fails, "another")->timed_out = true;
	for (const struct report_format *format = report_formats; format->name; format++) {
		CLEANUP_FREE char *text = render(format->name, &result);
		static const char *const outputs[] = {"the reason", "one reason", "another"};
		bool prints = strcmp(format->name, "github") != 0;
		for (size_t i = 0; prints && i < sizeof outputs / sizeof *outputs; i++)
			assert_non_null(strstr(text, outputs[i]));
		if (strcmp(format->name, "json") != 0 && strcmp(format->name, "text") != 0)
			assert_non_null(strstr(text, "attempt 2: ran past its time"));
	}
	CLEANUP_FREE char *text = render("text", &result);
	assert_non_null(strstr(text,
			       "   RETRY [   0.000s] flaky: exit status 4\n                     services     left     "
			       "-A -f 8 -s rr\n         | the reason\n   FLAKY [   0.001s] flaky (attempt 2)\n"));
	CLEANUP_FREE char *junit = render("junit", &result);
	assert_non_null(strstr(junit, "<system-err>flaky: passed at attempt 2\nattempt 1: exit status 4\n"
				      "services left: -A -f 8 -s rr\nthe reason</system-err>"));
	CLEANUP_FREE char *tap = render("tap", &result);
	assert_non_null(strstr(tap, "  earlier:\n    - message: \"attempt 1: exit status 4\"\n"));
	assert_non_null(strstr(tap, "      output: \"the reason\"\n      output_dropped: 0\n"));
	CLEANUP_FREE char *markdown = render("markdown", &result);
	assert_non_null(
		strstr(markdown, "#### FLAKY: flaky\n\nattempt 1: exit status 4\n\n```diff\n+ -A -f 8 -s rr\n"));
	assert_non_null(
		strstr(markdown, "<details><summary>Output of attempt 1</summary>\n\n```text\nthe reason\n```"));
	CLEANUP_FREE char *html = render("html", &result);
	assert_non_null(
		strstr(html, "<summary>Output of attempt 1: 10 bytes</summary>\n<pre tabindex=\"0\">\nthe reason"));
	CLEANUP_FREE char *github = render("github", &result);
	assert_non_null(strstr(github, "passed, but not the first time (attempt 2)%0Aattempt 1: exit status 4"));
}

/* What ran once, as listed and whole, is no news. */
static void no_format_speaks_of_what_is_usual(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 1};
	add_unit(&result, "unit", 0, 1);
	for (const struct report_format *format = report_formats; format->name; format++) {
		CLEANUP_FREE char *text = render(format->name, &result);
		const char *body = strstr(text, "<body>"); /* the style is always the same */
		static const char *const words[] = {"attempt ", " attempts", "shuffle", "hard", "rder:", "flaky"};
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			assert_null(strstr(body ? body : text, words[i]));
	}
}

/* Units of several runs may have the same name, and readers of JUnit's XML show but one case of each. */
static void junit_cases_have_names_of_their_own(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 8};
	static const char *const units[] = {"web", "db", "web", "web", "we", "db", "db (2)", "db (2)"};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		add_unit(&result, units[i], 0, 1);
	result.units.items[2].attempts = 2;
	CLEANUP_FREE char *text = render("junit", &result);
	static const char *const names[] = {"web", "db", "web (2)", "web (3)", "we", "db (3)", "db (2)", "db (2) (2)"};
	const char *at = text;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		CLEANUP_FREE char *wanted = memory_printf("<testcase classname=\"ipvs-iso\" name=\"%s\" ", names[i]);
		at = strstr(at, wanted);
		assert_non_null(at);
	}
	assert_non_null(strstr(text, "<property name=\"attempts of web (2)\" value=\"2\"/>"));
}

static void html_is_escaped_and_needs_nothing_from_outside(void **state)
{
	(void)state;
	check_contains("html", "</span> name &lt;&amp;]]&gt;\"'" SHOWN_ON_LINE "</h3>");
	check_contains("html", "not ok 1 of &lt;&amp;]]&gt;\"'" SHOWN_IN_LINES "\n\nend</pre>");
	check_contains("html", "<code><ins><span>--set</span> <span>60</span> <span>10</span> <span>30</span></ins> "
			       "<del><span>(was:</span> ");
	check_contains("html", "56 bytes, the last ones; without 1048576 before them");
	check_lacks("html", "<script");
	check_lacks("html", "src=");
	check_lacks("html", "url(");
	check_lacks("html", "@import");
}

/* What is nothing in it is no reason to fail. */
static void every_format_bears_an_empty_result(void **state)
{
	(void)state;
	for (const struct report_format *format = report_formats; format->name; format++) {
		CLEANUP_RUN_RESULT struct run_result result = {.planned = 1};
		CLEANUP_FREE char *text = render(format->name, &result);
		assert_non_null(text);
	}
}

static void formats_are_found_by_name_and_by_ending(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	const char *file;
	for (const struct report_format *format = report_formats; format->name; format++) {
		assert_ptr_equal(report_format_named(format->name, &error), format);
		CLEANUP_FREE char *path = memory_printf("a.dir/name%s", format->ending ? format->ending : "");
		if (format->ending)
			assert_ptr_equal(report_format_for(path, &file, &error), format);
		CLEANUP_FREE char *named = memory_printf("%s:tap:name.json", format->name);
		assert_ptr_equal(report_format_for(named, &file, &error), format);
		assert_string_equal(file, "tap:name.json");
	}
	assert_ptr_equal(report_format_for("-", &file, &error), report_format_named("text", &error));
	assert_ptr_equal(report_format_for("xml:name.json", &file, &error), report_format_named("json", &error));
	assert_string_equal(file, "xml:name.json");
	assert_null(report_format_named("yaml", &error));
	assert_string_equal(error.message,
			    "there is no format 'yaml'; the formats are text, json, junit, tap, tap13, markdown, "
			    "html, github");
	static const char *const wrong[] = {"name", "a.json/name", "name.JSON", "name.json.gz", "json",
					    "",     ".",           "yaml:name", "json/:name",   "/"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_null(report_format_for(wrong[i], &file, &error));
	assert_string_equal(error.message,
			    "the ending of '/' is of no format of reports; the endings are .txt, .json, .xml, "
			    ".tap, .md, .html; with any other, name the format, as in text:FILE: text, json, junit, "
			    "tap, tap13, markdown, html, github");
}

/* GitHub takes 1 MiB: first the outputs are left out, then all but the totals. */
static void the_summary_for_github_is_as_long_as_it_takes(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result result = {.planned = 20000};
	char path[] = "/tmp/ipvs-iso-summary.XXXXXX";
	CLEANUP_CLOSE int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	setenv("GITHUB_STEP_SUMMARY", path, 1);
	static const size_t units[] = {2, 200, 20000};
	off_t before = 0;
	for (size_t i = 0; i < 3; i++) {
		while (result.units.count < units[i]) {
			struct unit_result *unit =
				add_unit(&result, "a unit with a name that is not short either", 0, 1);
			unit->status = 1;
			if (result.units.count <= 200) {
				unit->output.bytes = memory_allocate(8192, 1);
				unit->output.length = 8192;
			}
		}
		assert_int_equal(report_github_publish(&result, &error), 0);
		off_t length = lseek(descriptor, 0, SEEK_END) - before;
		before += length; /* it is appended */
		assert_in_range(length, 50, 1024 * 1024);
	}
	size_t length;
	CLEANUP_FREE char *text = file_read(path, &length, &error);
	assert_non_null(strstr(text, "The whole report is longer than GitHub takes.\n"));
	unlink(path);
	unsetenv("GITHUB_STEP_SUMMARY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_format_lets_control_characters_through),
		cmocka_unit_test(text_has_a_line_for_each_unit_and_rule),
		cmocka_unit_test(text_goes_on_below_where_a_message_has_lines),
		cmocka_unit_test(junit_holds_residue_as_failures),
		cmocka_unit_test(tap_escapes_what_would_be_a_directive),
		cmocka_unit_test(markdown_means_nothing_by_a_name),
		cmocka_unit_test(markdown_fences_are_longer_than_what_is_within),
		cmocka_unit_test(every_format_says_that_memory_ran_out),
		cmocka_unit_test(html_shows_the_end_of_a_long_output),
		cmocka_unit_test(markdown_shows_the_end_of_a_long_output),
		cmocka_unit_test(github_annotations_stay_on_their_line),
		cmocka_unit_test(every_format_says_what_was_not_reached),
		cmocka_unit_test(every_format_says_what_is_flaky),
		cmocka_unit_test(every_format_says_how_earlier_attempts_went),
		cmocka_unit_test(no_format_speaks_of_what_is_usual),
		cmocka_unit_test(junit_cases_have_names_of_their_own),
		cmocka_unit_test(html_is_escaped_and_needs_nothing_from_outside),
		cmocka_unit_test(every_format_bears_an_empty_result),
		cmocka_unit_test(formats_are_found_by_name_and_by_ending),
		cmocka_unit_test(the_summary_for_github_is_as_long_as_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
