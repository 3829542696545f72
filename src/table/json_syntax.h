/* SPDX-License-Identifier: MIT */
/* JSON text to jansson's values, part by part, with errors that point at the byte. */
#ifndef IPVS_ISO_TABLE_JSON_SYNTAX_H
#define IPVS_ISO_TABLE_JSON_SYNTAX_H

#include "table/json_fields.h"

/*
 * Parses the whole text. Not allowed beside what JSON forbids: an empty text, NUL characters, a key that stands twice in an
 * object. NULL with an error in the source's. The caller releases the value with json_decref(3).
 */
json_t *json_parse_whole(const struct json_source *source);

/* Only looks whether the whole text is that. -1 with an error in the source's. */
int json_check_syntax(const struct json_source *source);

/*
 * Parses what is in `text`. jansson takes many times a text's room in memory, so large arrays are left out: where the
 * value is an object with an array `key` (NULL: none), the array is empty in the answer, and `elements` is the text
 * between its brackets; else that is empty. The caller releases the value with json_decref(3). NULL when it is not
 * JSON.
 */
json_t *json_parse(struct json_span text, const char *key, struct json_span *elements);

/*
 * Takes the first element's text off `elements`. False at the end, and where a comma or an element is missing: then
 * `elements` is not empty. Only json_parse() tells whether the element is well-formed.
 */
bool json_next_element(struct json_span *elements, struct json_span *element);

#endif
