/* SPDX-License-Identifier: MIT */
/* Any bytes as characters that can be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/characters.h"
#include "report/markup.h"

static void check(const char *bytes, size_t length, character_writer *write, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = memory_stream(&text, &size);
	characters_write(out, bytes, length, write);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void check_text(const char *text, const char *expected)
{
	check(text, strlen(text), character_put, expected);
}

static void what_is_utf8_stays(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"plain <&> text",
		"tab\tand\nline",
		"gr\u00fc\u00df \u6771\u4eac \U0001f600",
		/* the first and the last of each length */
		"\x7e\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbd",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_text(texts[i], texts[i]);
	check(NULL, 0, character_put, "");
}

static void control_characters_become_pictures(void **state)
{
	(void)state;
	check_text("\x01\x1b[31m\x7f", "\u2401\u241b[31m\u2421");
	check("a\0b", 3, character_put, "a\u2400b");
	/* Those of two bytes, one of which a terminal takes for ESC [. */
	check_text("\xc2\x80\xc2\x9b\xc2\x9f", "\ufffd\ufffd\ufffd");
	check_text("dos\r\nmac\rend\r", "dos\nmac\u240dend\u240d");
	check("a\tb\nc", 5, character_put_on_line, "a\u2409b\u240ac");
}

static void what_is_no_utf8_is_replaced_byte_by_byte(void **state)
{
	(void)state;
	check_text("\xff"
		   "a\x80",
		   "\ufffd"
		   "a\ufffd");
	check_text("\xc0\xaf", "\ufffd\ufffd");                                   /* an overlong slash */
	check_text("\xe0\x80\xaf", "\ufffd\ufffd\ufffd");                         /* another */
	check_text("\xed\xa0\x80", "\ufffd\ufffd\ufffd");                         /* a surrogate */
	check_text("\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd");               /* beyond the greatest */
	check_text("\xc3(", "\ufffd(");                                           /* cut short by another */
	check_text("\xf0\x9f\x98", "\ufffd\ufffd\ufffd");                         /* by the end */
	check_text("\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90", "\ufffd\ufffd\ufffd"); /* no characters */
}

static void text_cannot_be_turned_round(void **state)
{
	(void)state;
	check_text("-D \u202e-A\u202c \u2066x\u2069", "-D \ufffd-A\ufffd \ufffdx\ufffd");
}

static void markup_is_escaped(void **state)
{
	(void)state;
	check("<&]]>\"'\n\t\x01", 10, markup_put, "&lt;&amp;]]&gt;\"'\n\t\u2401");
	check("<&]]>\"'\n\t\x01", 10, markup_put_in_attribute, "&lt;&amp;]]&gt;&#34;'&#10;&#9;\u2401");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_utf8_stays),
		cmocka_unit_test(control_characters_become_pictures),
		cmocka_unit_test(what_is_no_utf8_is_replaced_byte_by_byte),
		cmocka_unit_test(text_cannot_be_turned_round),
		cmocka_unit_test(markup_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
