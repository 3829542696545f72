/* SPDX-License-Identifier: MIT */
/* Which command lines a runner knows, and how it sorts their words; and what commands are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "run/runner.h"
#include "run/unit_name.h"

#define COMMAND(...) ((char *const[]){__VA_ARGS__, NULL})

static const char text[] = "# SPDX-License-Identifier: MIT\n"
			   "# tool: a unit for each file.\n"
			   "# command: tool\n"
			   "# command: python* -m  tool\n"
			   "# options: -v --verbose -k= --jobs=\n"
			   "# options: -l -VV --level=\n"
			   "\n"
			   "# command: other\n"
			   "list() { :; }\n";

static void a_runner_knows_commands_by_their_first_words(void **state)
{
	(void)state;
	assert_int_equal(runner_knows(text, COMMAND("tool")), 1);
	assert_int_equal(runner_knows(text, COMMAND("/usr/bin/tool", "x")), 1);
	assert_int_equal(runner_knows(text, COMMAND("python3.11", "-m", "tool", "x")), 3);
	assert_int_equal(runner_knows(text, COMMAND("python3", "-m")), 0);
	assert_int_equal(runner_knows(text, COMMAND("python3", "-m", "tools")), 0);
	assert_int_equal(runner_knows(text, COMMAND("tools")), 0);
	assert_int_equal(runner_knows(text, COMMAND("tool/")), 0);
	/* Comments behind the first ones are comments. */
	assert_int_equal(runner_knows(text, COMMAND("other")), 0);
	assert_int_equal(runner_knows("", COMMAND("tool")), 0);
	assert_int_equal(runner_knows("# command: ", COMMAND("tool")), 0);
	assert_int_equal(runner_knows("# command: tool", COMMAND("tool")), 1);
}

/* `expected`: the words in brackets, with a bar before the operands; or, with a "?" before it, the option not known. */
static void check_sorted(const char *runner, char *const *command, const char *expected)
{
	struct runner_words sorted = {0};
	const char *unknown = runner_sort(&sorted, runner, command, 1);
	char *actual = memory_copy_string("");
	for (size_t i = 0; i < sorted.words.count && !unknown; i++) {
		const char *word = sorted.words.items[i];
		char *longer = memory_printf("%s%s%s%s%s", actual, i == sorted.operands ? "|" : "", word ? "[" : "",
					     word ? word : "", word ? "]" : "");
		free(actual);
		actual = longer;
	}
	if (unknown) {
		free(actual);
		actual = memory_printf("?%s", unknown);
	}
	assert_string_equal(actual, expected);
	free(actual);
	array_free(&sorted.words);
}

static void options_keep_their_values_and_operands_go_behind(void **state)
{
	(void)state;
	check_sorted(text, COMMAND("tool"), "[tool]|");
	check_sorted(text, COMMAND("tool", "a", "-v", "b", "--verbose"), "[tool][-v][--verbose]|[a][b]");
	check_sorted(text, COMMAND("tool", "a", "-k", "x y", "-kz", "b"), "[tool][-k][x y][-kz]|[a][b]");
	check_sorted(text, COMMAND("tool", "--jobs", "4", "--level=2", ""), "[tool][--jobs][4][--level=2]|[]");
	check_sorted(text, COMMAND("tool", "-lv", "-vk", "x", "-vkx", "-VV"), "[tool][-lv][-vk][x][-vkx][-VV]|");
	check_sorted(text, COMMAND("tool", "-", "-k", "--all"), "[tool][-k][--all]|[-]");
}

static void an_option_that_is_not_known_is_told(void **state)
{
	(void)state;
	check_sorted(text, COMMAND("tool", "a", "--all"), "?--all");
	check_sorted(text, COMMAND("tool", "-x"), "?-x");
	check_sorted(text, COMMAND("tool", "-vx"), "?-vx");
	check_sorted(text, COMMAND("tool", "-V"), "?-V");
	check_sorted(text, COMMAND("tool", "--", "a"), "?--");
	check_sorted(text, COMMAND("tool", "--verbose=2"), "?--verbose=2");
	check_sorted(text, COMMAND("tool", "--job", "2"), "?--job");
	check_sorted(text, COMMAND("tool", "a", "-k"), "?-k");
	check_sorted(text, COMMAND("tool", "--jobs="), "[tool][--jobs=]|");
}

static void a_runner_without_options_gets_all_words_as_they_are(void **state)
{
	(void)state;
	check_sorted("# command: tool\n", COMMAND("tool", "a", "--all", "-x"), "[tool][a][--all][-x]|");
}

static void check_name(char *const *command, const char *expected)
{
	CLEANUP_FREE char *name = unit_name(command);
	assert_string_equal(name, expected);
}

static void write_text(const char *path, const char *content)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(file_write(path, content, strlen(content), 0644, &error), 0);
}

static void a_test_binary_of_go_is_called_by_its_package(void **state)
{
	(void)state;
	char folder[] = "/tmp/ipvs-iso-test.XXXXXX";
	char before[PATH_MAX];
	assert_non_null(getcwd(before, sizeof before));
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkdir("src", 0755) | mkdir("src/net", 0755) | mkdir("src/net/vip", 0755), 0);
	assert_int_equal(chdir("src/net/vip"), 0);

	char *const *test = COMMAND("/tmp/go-build1/b001/vip.test", "-test.timeout=10m0s", "-test.v");
	check_name(test, "net/vip"); /* a GOPATH */
	static const char *const modules[] = {"module example.com/lb\n",
					      "// comment\nmodule \"example.com/lb\" // comment\ngo 1.19\n",
					      "go 1.19\n\nmodule\texample.com/lb\r\n"};
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
		write_text("../../go.mod", modules[i]);
		check_name(test, "example.com/lb/net/vip");
	}
	write_text("go.mod", "module example.com/own");
	check_name(test, "example.com/own");
	/* Neither is one. */
	check_name(COMMAND("./vip.test", "-v"), "./vip.test -v");
	check_name(COMMAND("./vip.test"), "./vip.test");
	check_name(COMMAND("/usr/bin/vip", "-test.v"), "/usr/bin/vip -test.v");

	assert_int_equal(unlink("go.mod") | unlink("../../go.mod") | chdir(folder), 0);
	check_name(test, "vip");
	assert_int_equal(rmdir("src/net/vip") | rmdir("src/net") | rmdir("src"), 0);
	assert_int_equal(chdir(before) | rmdir(folder), 0);
}

static void a_test_binary_of_cargo_is_called_by_package_and_target(void **state)
{
	(void)state;
	unsetenv("CARGO_PKG_NAME");
	check_name(COMMAND("target/debug/deps/it-0123456789abcdef"), "target/debug/deps/it-0123456789abcdef");
	setenv("CARGO_PKG_NAME", "net-lb", 1);
	check_name(COMMAND("target/debug/deps/it-0123456789abcdef", "--test-threads=1"), "net-lb/it");
	check_name(COMMAND("/deps/a-b-0123456789abcdef", "--exact", "vip::adds", "--nocapture"),
		   "net-lb/a-b vip::adds");
	check_name(COMMAND("target/debug/deps/it-0123456789abcdeg"), "target/debug/deps/it-0123456789abcdeg");
	check_name(COMMAND("-0123456789abcdef"), "-0123456789abcdef");
	check_name(COMMAND("bats", "a.bats"), "bats a.bats");
	unsetenv("CARGO_PKG_NAME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_runner_knows_commands_by_their_first_words),
		cmocka_unit_test(options_keep_their_values_and_operands_go_behind),
		cmocka_unit_test(an_option_that_is_not_known_is_told),
		cmocka_unit_test(a_runner_without_options_gets_all_words_as_they_are),
		cmocka_unit_test(a_test_binary_of_go_is_called_by_its_package),
		cmocka_unit_test(a_test_binary_of_cargo_is_called_by_package_and_target),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
