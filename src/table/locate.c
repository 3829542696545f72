/* SPDX-License-Identifier: MIT */
#include "table/locate.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/*
 * Every function below takes where to begin and the end of the text, and returns where it stopped. At the end of the
 * text they stop, so what is not well-formed makes them find nothing, and never read what is not there.
 */

const char *json_skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* `at` stands on the opening quote; the answer is behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at < end ? at + 1 : end;
}

const char *json_skip_value(const char *at, const char *end)
{
	size_t depth = 0;
	do {
		at = json_skip_space(at, end);
		if (at == end)
			break;
		if (*at == '"') {
			at = skip_string(at, end);
		} else if (*at == '{' || *at == '[') {
			depth++;
			at++;
		} else if (*at == '}' || *at == ']') {
			if (!depth)
				break;
			depth--;
			at++;
		} else if (*at == ',' || *at == ':') {
			at++;
		} else {
			/* strchr(3) would find a NUL, which is no end of a literal: it would stop here for ever. */
			while (at < end && (!*at || !strchr(",:]}[{\" \t\r\n", *at)))
				at++;
		}
	} while (depth);
	return at;
}

/* The text of a key whose quotes are at `from` and before `to`, its escapes resolved. NULL when it is none. */
static char *key_text(const char *from, const char *to)
{
	if (!memchr(from, '\\', (size_t)(to - from)))
		return memory_copy_bytes(from + 1, (size_t)(to - from) - 2);
	json_t *string = json_loadb(from, (size_t)(to - from), JSON_DECODE_ANY, NULL);
	char *text = memory_copy_string(json_string_value(string));
	json_decref(string);
	return text;
}

/* What is left of `path` behind a key that it begins with, or NULL. A key may itself hold dots and brackets. */
static const char *match_key(const char *from, const char *to, const char *path)
{
	if (to - from < 2)
		return NULL;
	CLEANUP_FREE char *key = key_text(from, to);
	size_t length = key ? strlen(key) : 0;
	if (!key || strncmp(path, key, length) != 0 || !memchr(".[", path[length], sizeof ".["))
		return NULL;
	return path + length;
}

static const char *find(const char *at, const char *end, const char *path, bool key, bool root);

static const char *find_in_object(const char *at, const char *end, const char *path, bool key)
{
	at = json_skip_space(at + 1, end);
	while (at < end && *at == '"') {
		const char *name = at;
		const char *behind = skip_string(at, end);
		at = json_skip_space(behind, end);
		if (at == end || *at != ':')
			return NULL;
		at = json_skip_space(at + 1, end);
		const char *rest = match_key(name, behind, path);
		if (rest && !*rest)
			return key ? name : at < end ? at : NULL;
		const char *found = rest ? find(at, end, rest, key, false) : NULL;
		if (found)
			return found;
		at = json_skip_space(json_skip_value(at, end), end);
		if (at == end || *at != ',')
			return NULL;
		at = json_skip_space(at + 1, end);
	}
	return NULL;
}

static const char *find_in_array(const char *at, const char *end, const char *path, bool key)
{
	char *bracket;
	errno = 0;
	unsigned long long index = strtoull(path + 1, &bracket, 10);
	if (errno || *bracket != ']')
		return NULL;
	at = json_skip_space(at + 1, end);
	for (; index; index--) {
		at = json_skip_space(json_skip_value(at, end), end);
		if (at == end || *at != ',')
			return NULL;
		at = json_skip_space(at + 1, end);
	}
	return find(at, end, bracket + 1, key, false);
}

/* Recursive, but only as deep as `path` has steps. */
static const char *find(const char *at, const char *end, const char *path, bool key, bool root)
{
	at = json_skip_space(at, end);
	if (at == end || *at == ']' || *at == '}')
		return NULL;
	if (!*path && !(key && root)) /* there may be a key "" */
		return at;
	if (*at == '[')
		return *path == '[' ? find_in_array(at, end, path, key) : NULL;
	if (*at != '{' || (!root && *path != '.'))
		return NULL;
	return find_in_object(at, end, root ? path : path + 1, key);
}

const char *json_find(const char *at, const char *end, const char *path)
{
	return find(at, end, path, false, true);
}

bool json_locate(const char *bytes, size_t length, const char *path, bool key, struct location *location)
{
	const char *found = find(bytes, bytes + length, path, key, true);
	if (found)
		*location = json_location(bytes, (size_t)(found - bytes));
	return found != NULL;
}

struct location json_location(const char *bytes, size_t offset)
{
	struct location location = {.line = 1, .column = 1};
	for (size_t i = 0; i < offset; i++) {
		location.column++;
		if (bytes[i] == '\n') {
			location.line++;
			location.column = 1;
		}
	}
	return location;
}
