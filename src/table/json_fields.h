/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON objects into structures by a table of their keys, with errors that say where: NAME:LINE:COLUMN: PATH.
 *
 * Nothing of the place is computed before there is an error: on the way down each reader only links a struct
 * json_place on its stack to that of its caller.
 */
#ifndef IPVS_ISO_TABLE_JSON_FIELDS_H
#define IPVS_ISO_TABLE_JSON_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A part of a text. */
struct json_span {
	const char *from, *end;
};

/* The text that is read, its name for messages, and where errors go. All borrowed. */
struct json_source {
	const char *bytes;
	size_t length;
	const char *name;
	const char *subject; /* what the text is, for messages: "snapshot" */
	struct error *error;
	struct json_span elements; /* of the one array in the object that is read which json_parse() left empty */
};

/* Where a value stands. */
struct json_place {
	const struct json_place *parent; /* NULL: this is the whole text, and the rest is unused */
	const char *key;                 /* in an object; NULL: in an array, at `index` */
	size_t index;
};

struct json_field;

/* Reads `value`, which stands at `place`, into `target`. -1 with an error in the source's. */
typedef int json_reader(const struct json_source *source, const struct json_place *place,
			const struct json_field *field, json_t *value, void *target);

/* A key that an object may have, and what becomes of its value. */
struct json_field {
	const char *key;
	json_reader *read;
	size_t offset; /* where in the structure its target is */
	/* The rest is for the readers below that say so. */
	size_t size; /* bytes of the target: 1, 2 or 4 for numbers and words */
	uint32_t minimum, maximum;
	const char *(*word)(uint32_t number); /* the word for a number, NULL where there is none */
	bool nameless;                        /* numbers without a word may be written as "0x5" */
	bool required;
};

/* `.offset` and `.size` of a member of a structure. */
#define JSON_FIELD_TARGET(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/* The same for a reader whose target is the whole structure. */
#define JSON_FIELD_WHOLE .offset = 0

/*
 * Reads an object: the readers of those keys that it has are called in the order of the table, so that one may rely on
 * what those before it found. A key that is not in the table, or a required one that is missing, is an error.
 */
int json_read_object(const struct json_source *source, const struct json_place *place, json_t *value,
		     const struct json_field *fields, size_t count, void *structure);

/* The part of json_read_object() that comes before the readers, for a rule between keys that has to hold first. */
int json_check_keys(const struct json_source *source, const struct json_place *place, json_t *value,
		    const struct json_field *fields, size_t count);

/* Checks that `value` is an array. */
int json_check_array(const struct json_source *source, const struct json_place *place, const json_t *value);

/*
 * Checks that no two of the `count` items of `size` bytes, read from the array at `place`, are equal. `what` they are
 * is for the message, which names the first one that is equal to an earlier one, and that one.
 */
int json_check_duplicates(const struct json_source *source, const struct json_place *place, const char *what,
			  const void *items, size_t count, size_t size, int (*compare)(const void *, const void *));

json_reader json_read_number;  /* a whole number from `minimum` to `maximum`; uses `size` */
json_reader json_read_word;    /* a word for a number of up to `maximum`; uses `size`, `word`, `nameless` */
json_reader json_read_name;    /* table_name_is_valid(), into a char[TABLE_NAME_ROOM] */
json_reader json_read_address; /* IPv4 or IPv6, into a struct address */

/*
 * Parses "0x" and lower-case hexadecimal digits with no zeros in front. False when it is not that, or is more than
 * `maximum`.
 */
bool json_parse_hexadecimal(uint32_t *number, const char *text, uint32_t maximum);

/* Fills the source's error: NAME:LINE:COLUMN: PATH: the message. Returns -1. */
int json_fail(const struct json_source *source, const struct json_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with the line and the column of `key` in the object at `place`. */
int json_fail_key(const struct json_source *source, const struct json_place *place, const char *key, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));

/* The usual one: "must be WANTED, not VALUE". */
int json_fail_value(const struct json_source *source, const struct json_place *place, const json_t *value,
		    const char *wanted);

/* "services[3].destinations[0]", "" for the whole. The caller frees. */
char *json_place_text(const struct json_place *place);

/* The value as it can be shown in one line of a message: cut where it is long, "an object". The caller frees. */
char *json_show(const json_t *value);

/* The same for a string. The caller frees. */
char *json_show_text(const char *text);

#endif
