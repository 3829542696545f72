/* SPDX-License-Identifier: MIT */
#include "table/table_text.h"

#include <string.h>

#include "table/json.h"
#include "table/locate.h"
#include "table/rules_read.h"

/* The first byte that is neither white space nor in a comment. */
static const char *skip_comments(const char *at, const char *end)
{
	for (at = json_skip_space(at, end); at < end && *at == '#'; at = json_skip_space(at, end)) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		at = line_end ? line_end : end;
	}
	return at;
}

static int fail_empty(const char *name, bool comments, struct error *error)
{
	error_set(error, ERROR_INPUT, "%s:1:1: %s", name,
		  comments ? "there is nothing but comments in the file" : "the file is empty");
	return error_remedy(error, "to empty the live table, use ipvs-iso flush; a file that stands for an empty table "
				   "holds the rule -C");
}

/* UTF-8's, or one of UTF-16's. */
static bool begins_with_mark(const char *bytes, size_t length)
{
	return (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) ||
	       (length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0));
}

static int fail_unknown(const char *bytes, size_t offset, const char *name, struct error *error)
{
	struct location at = json_location(bytes, offset);
	error_set(error, ERROR_INPUT, "%s:%zu:%zu: neither a snapshot (JSON) nor rules for ipvsadm -R", name, at.line,
		  at.column);
	return error_remedy(error, "a snapshot begins with {, and a rule with an option of ipvsadm, such as -A");
}

int table_from_text(struct table *table, const char *bytes, size_t length, const char *name,
		    rule_port_lookup *find_port, struct error *error)
{
	const char *end = bytes + length;
	const char *first = json_skip_space(bytes, end);
	if (skip_comments(first, end) == end)
		return fail_empty(name, first < end, error);
	if (rules_are_meant(bytes, length))
		return table_from_rules(table, bytes, length, name, find_port, error);
	/* A mark is the JSON reader's to name. */
	if (*first == '{' || *first == '[' || begins_with_mark(bytes, length))
		return table_from_json(table, bytes, length, name, error);
	return fail_unknown(bytes, (size_t)(first - bytes), name, error);
}
