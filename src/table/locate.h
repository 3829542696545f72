/* SPDX-License-Identifier: MIT */
/*
 * Finds its way in JSON text without parsing it: where a value is, and its line and column, which jansson does not keep
 * and messages want.
 */
#ifndef IPVS_ISO_TABLE_LOCATE_H
#define IPVS_ISO_TABLE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>

struct location {
	size_t line, column; /* from 1; columns count bytes */
};

/*
 * Where the value at `path` ("services[3].destinations[0].weight", "" for the whole) begins in `bytes`, which must be
 * well-formed JSON. With `key`, where the key itself begins. False when there is no such path. Keys stand in the path
 * as they are, escapes resolved, whatever they hold; where that makes it mean two things, the first is found.
 */
bool json_locate(const char *bytes, size_t length, const char *path, bool key, struct location *location);

/*
 * The next three find in the text from `at` to `end` where the value at `path` begins (NULL: there is none), where the
 * value that begins at `at` is over, and where the white space there is. What is not well-formed makes them stop
 * anywhere, at `end` at the latest.
 */
const char *json_find(const char *at, const char *end, const char *path);
const char *json_skip_value(const char *at, const char *end);
const char *json_skip_space(const char *at, const char *end);

/* Where the byte at `offset` stands. `bytes` need not be well-formed, only that long. */
struct location json_location(const char *bytes, size_t offset);

#endif
