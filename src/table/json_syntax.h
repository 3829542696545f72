/* SPDX-License-Identifier: MIT */
/* JSON text to jansson's values, with errors that point at the byte. */
#ifndef IPVS_ISO_TABLE_JSON_SYNTAX_H
#define IPVS_ISO_TABLE_JSON_SYNTAX_H

#include "table/json_fields.h"

/*
 * Parses the whole text. Not allowed beside what JSON forbids: an empty text, NUL characters, a key that stands twice
 * in an object. The caller releases the value with json_decref(3). NULL with an error in the source's.
 */
json_t *json_parse(const struct json_source *source);

#endif
