/* SPDX-License-Identifier: MIT */
/* Strings of any bytes in JSON, which itself holds only UTF-8: arguments, environments, names of files. */
#ifndef IPVS_ISO_BASE_BYTES_H
#define IPVS_ISO_BASE_BYTES_H

#include <jansson.h>
#include <stddef.h>

/* A JSON string where `text` is UTF-8, {"hex": "ff00..."} where it is not. A new reference. */
json_t *bytes_to_json(const char *text);

/* The other way. NULL when `json` is neither of the two. The caller frees. */
char *bytes_from_json(const json_t *json);

/* The same for a block of bytes, among which NUL may be; those are never a JSON string. */
json_t *bytes_block_to_json(const char *bytes, size_t length);
char *bytes_block_from_json(const json_t *json, size_t *length);

/*
 * How many bytes of `text` make `most` at most without cutting a UTF-8 character in two: for what is cut in messages.
 */
size_t bytes_to_cut_at(const char *text, size_t most);

#endif
