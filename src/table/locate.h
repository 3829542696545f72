/* SPDX-License-Identifier: MIT */
/* Finds the line and the column of a value in JSON text. jansson does not keep them, and messages want them. */
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

/* Where the byte at `offset` stands. `bytes` need not be well-formed, only that long. */
struct location json_location(const char *bytes, size_t offset);

#endif
