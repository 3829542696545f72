/* SPDX-License-Identifier: MIT */
/* JSON text to jansson's values, part by part, with errors that point at the byte. */
#ifndef IPVS_ISO_TABLE_JSON_SYNTAX_H
#define IPVS_ISO_TABLE_JSON_SYNTAX_H

#include "table/json_fields.h"

/*
 * Parses the whole text. Not allowed beside what JSON forbids: an empty text, NUL characters, a key that stands twice
 * in an object. NULL with an error in the source's. The caller releases the value with json_decref(3).
 */
json_t *json_parse_whole(const struct json_source *source);

/*
 * The most text that is given to jansson at once, in bytes: it may take eighty times as much memory. Of snapshots only
 * the arrays that json_parse() leaves out are ever nearly as long.
 */
#define JSON_PIECE_MAX ((size_t)16 << 20)

/*
 * Only looks whether the whole text is that. -1 with an error in the source's. Of a text of more than JSON_PIECE_MAX
 * only the end is looked at, and whether it is text.
 */
int json_check_syntax(const struct json_source *source);

/* Fills the source's error for what stands at `place` and json_parse() refused. Returns -1. */
int json_fail_piece(const struct json_source *source, const struct json_place *place);

/*
 * Parses what is in `text`. jansson takes many times a text's room in memory, so large arrays are left out: where the
 * value is an object with an array `key` (NULL: none), the array is empty in the answer, and `elements` is the text
 * between its brackets; else that is empty. The caller releases the value with json_decref(3). NULL when it is not
 * JSON, or what is left is more than JSON_PIECE_MAX.
 */
json_t *json_parse(struct json_span text, const char *key, struct json_span *elements);

/*
 * Takes the first element's text off `elements`. False at the end, and where a comma or an element is missing: then
 * `elements` is not empty. Only json_parse() tells whether the element is well-formed.
 */
bool json_next_element(struct json_span *elements, struct json_span *element);

#endif
