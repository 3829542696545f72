/* SPDX-License-Identifier: MIT */
#include "table/json_fields.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "table/locate.h"
#include "table/spelling.h"
#include "table/table.h"

/* How many bytes of a value a message shows. */
#define SHOWN_MAX 40

/* No object of the format has more keys than this. */
#define FIELDS_MAX 24

/* ---- errors ---- */

static char *join(const char *parent, const char *key)
{
	return memory_printf("%s%s%s", parent, *parent ? "." : "", key);
}

char *json_place_text(const struct json_place *place)
{
	if (!place->parent)
		return memory_copy_string("");
	CLEANUP_FREE char *parent = json_place_text(place->parent);
	return place->key ? join(parent, place->key) : memory_printf("%s[%zu]", parent, place->index);
}

__attribute__((format(printf, 4, 0))) static int fail(const struct json_source *source, const struct json_place *place,
						      const char *key, const char *format, va_list arguments)
{
	CLEANUP_FREE char *message = memory_vprintf(format, arguments);
	CLEANUP_FREE char *path = json_place_text(place);
	CLEANUP_FREE char *located = key ? join(path, key) : memory_copy_string(path);
	struct location location = {.line = 1, .column = 1};
	json_locate(source->bytes, source->length, located, key != NULL, &location);
	return error_set(source->error, ERROR_INPUT, "%s:%zu:%zu: %s%s%s", source->name, location.line, location.column,
			 path, *path ? ": " : "", message);
}

int json_fail(const struct json_source *source, const struct json_place *place, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int result = fail(source, place, NULL, format, arguments);
	va_end(arguments);
	return result;
}

int json_fail_key(const struct json_source *source, const struct json_place *place, const char *key, const char *format,
		  ...)
{
	va_list arguments;
	va_start(arguments, format);
	int result = fail(source, place, key, format, arguments);
	va_end(arguments);
	return result;
}

char *json_show(const json_t *value)
{
	if (json_is_object(value))
		return memory_copy_string("an object");
	if (json_is_array(value))
		return memory_copy_string("an array");
	CLEANUP_FREE char *text = json_dumps(value, JSON_ENCODE_ANY);
	if (!text)
		return memory_copy_string("that");
	/* To jansson a DEL is a character as any other. */
	for (char *at = text; (at = strchr(at, 0x7f));)
		*at = '?';
	if (strlen(text) <= SHOWN_MAX)
		return memory_copy_string(text);
	return memory_printf("%.*s...%s", (int)bytes_to_cut_at(text, SHOWN_MAX), text,
			     json_is_string(value) ? "\"" : "");
}

char *json_show_text(const char *text)
{
	json_t *string = json_string(text);
	char *shown = json_show(string);
	json_decref(string);
	return shown;
}

int json_fail_value(const struct json_source *source, const struct json_place *place, const json_t *value,
		    const char *wanted)
{
	CLEANUP_FREE char *shown = json_show(value);
	return json_fail(source, place, "must be %s, not %s", wanted, shown);
}

/* ---- objects ---- */

static const struct json_field *find_field(const struct json_field *fields, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(fields[i].key, key))
			return &fields[i];
	}
	return NULL;
}

static const char *nearest_key(const struct json_field *fields, size_t count, const char *key)
{
	struct spelling_guess guess = {.given = key};
	for (size_t i = 0; i < count; i++)
		spelling_offer(&guess, fields[i].key);
	return guess.nearest;
}

static int fail_unknown(const struct json_source *source, const struct json_place *place, json_t *object,
			const struct json_field *fields, size_t count)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		if (find_field(fields, count, key))
			continue;
		CLEANUP_FREE char *shown = json_show_text(key);
		const char *nearest = nearest_key(fields, count, key);
		if (nearest)
			return json_fail_key(source, place, key, "unknown key %s; did you mean \"%s\"?", shown,
					     nearest);
		return json_fail_key(source, place, key, "unknown key %s", shown);
	}
	return -1; /* not reached: there are more keys than known ones */
}

/* Checks the keys of an object and collects the values of those in the table, NULL where there is none. */
static int collect_members(const struct json_source *source, const struct json_place *place, json_t *value,
			   const struct json_field *fields, size_t count, json_t *members[FIELDS_MAX])
{
	if (!json_is_object(value))
		return json_fail_value(source, place, value, "an object");
	if (count > FIELDS_MAX)
		abort(); /* a mistake in the table of fields */
	size_t known = 0;
	for (size_t i = 0; i < count; i++) {
		members[i] = json_object_get(value, fields[i].key);
		known += members[i] != NULL;
	}
	/* First of all, because a required key may be missing only for being misspelt. */
	if (known < json_object_size(value))
		return fail_unknown(source, place, value, fields, count);
	for (size_t i = 0; i < count; i++) {
		if (!members[i] && fields[i].required)
			return json_fail(source, place, "the key \"%s\" is missing", fields[i].key);
	}
	return 0;
}

int json_check_keys(const struct json_source *source, const struct json_place *place, json_t *value,
		    const struct json_field *fields, size_t count)
{
	json_t *members[FIELDS_MAX] = {NULL};
	return collect_members(source, place, value, fields, count, members);
}

int json_read_object(const struct json_source *source, const struct json_place *place, json_t *value,
		     const struct json_field *fields, size_t count, void *structure)
{
	json_t *members[FIELDS_MAX] = {NULL};
	if (collect_members(source, place, value, fields, count, members) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!members[i])
			continue;
		struct json_place member = {.parent = place, .key = fields[i].key};
		void *target = (char *)structure + fields[i].offset;
		if (fields[i].read(source, &member, &fields[i], members[i], target) < 0)
			return -1;
	}
	return 0;
}

/* ---- arrays ---- */

int json_check_array(const struct json_source *source, const struct json_place *place, const json_t *value)
{
	return json_is_array(value) ? 0 : json_fail_value(source, place, value, "an array");
}

typedef int comparison(const void *a, const void *b);

static int compare_pointed_to(const void *a, const void *b, void *compare)
{
	const char *first = *(const char *const *)a, *second = *(const char *const *)b;
	int order = (*(comparison **)compare)(first, second);
	/* Equal ones by their places, so that the one named as the second is always the later one. */
	return order ? order : (first > second) - (first < second);
}

/*
 * Finds the first of the `count` items of `size` bytes that is equal to one before it: its index goes to `later`, that
 * one's to `earlier`. False when they all differ. By sorting, so that many items take no quadratic time.
 */
static bool find_duplicate(const void *items, size_t count, size_t size, comparison *compare, size_t *earlier,
			   size_t *later)
{
	if (count < 2)
		return false;
	const char *first = items;
	CLEANUP_FREE const char **sorted = memory_allocate(count, sizeof *sorted);
	for (size_t i = 0; i < count; i++)
		sorted[i] = first + i * size;
	qsort_r(sorted, count, sizeof *sorted, compare_pointed_to, &compare);
	*later = SIZE_MAX;
	for (size_t i = 1; i < count; i++) {
		size_t index = (size_t)(sorted[i] - first) / size;
		if (index < *later && !compare(sorted[i - 1], sorted[i])) {
			*later = index;
			*earlier = (size_t)(sorted[i - 1] - first) / size;
		}
	}
	return *later != SIZE_MAX;
}

int json_check_duplicates(const struct json_source *source, const struct json_place *place, const char *what,
			  const void *items, size_t count, size_t size, comparison *compare)
{
	size_t earlier, later;
	if (!find_duplicate(items, count, size, compare, &earlier, &later))
		return 0;
	struct json_place here = {.parent = place, .index = later}, there = {.parent = place, .index = earlier};
	CLEANUP_FREE char *path = json_place_text(&there);
	struct location location = {0};
	json_locate(source->bytes, source->length, path, false, &location);
	return json_fail(source, &here, "names the same %s as %s (line %zu, column %zu)", what, path, location.line,
			 location.column);
}

/* ---- values ---- */

static void store(void *target, size_t size, uint32_t number)
{
	switch (size) {
	case 1:
		*(uint8_t *)target = (uint8_t)number;
		break;
	case 2:
		*(uint16_t *)target = (uint16_t)number;
		break;
	case 4:
		/* Also enumerations, whose type is not uint32_t but whose size is. */
		memcpy(target, &number, sizeof number);
		break;
	default:
		abort(); /* a mistake in the table of fields */
	}
}

int json_read_number(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		     json_t *value, void *target)
{
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < field->minimum || number > field->maximum) {
		CLEANUP_FREE char *wanted =
			memory_printf("a whole number from %u to %u", field->minimum, field->maximum);
		return json_fail_value(source, place, value, wanted);
	}
	store(target, field->size, (uint32_t)number);
	return 0;
}

bool json_parse_hexadecimal(uint32_t *number, const char *text, uint32_t maximum)
{
	if (strncmp(text, "0x", 2) != 0)
		return false;
	text += 2;
	size_t digits = strspn(text, "0123456789abcdef");
	if (!digits || digits > 8 || text[digits] || (*text == '0' && digits > 1))
		return false;
	unsigned long parsed = strtoul(text, NULL, 16);
	if (parsed > maximum)
		return false;
	*number = (uint32_t)parsed;
	return true;
}

/* "one of tcp, udp, sctp" */
static char *list_words(const struct json_field *field)
{
	char *list = memory_copy_string("one of ");
	const char *separator = "";
	for (uint32_t number = 0; number <= field->maximum; number++) {
		const char *word = field->word(number);
		if (!word)
			continue;
		char *longer = memory_printf("%s%s%s", list, separator, word);
		free(list);
		list = longer;
		separator = ", ";
	}
	return list;
}

int json_read_word(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		   json_t *value, void *target)
{
	const char *text = json_string_value(value);
	for (uint32_t number = 0; text && number <= field->maximum; number++) {
		const char *word = field->word(number);
		if (word && !strcmp(word, text)) {
			store(target, field->size, number);
			return 0;
		}
	}
	uint32_t number;
	if (text && field->nameless && json_parse_hexadecimal(&number, text, field->maximum)) {
		store(target, field->size, number);
		return 0;
	}
	CLEANUP_FREE char *wanted = list_words(field);
	return json_fail_value(source, place, value, wanted);
}

int json_read_name(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		   json_t *value, void *target)
{
	(void)field;
	const char *text = json_string_value(value);
	if (!text || !table_name_is_valid(text))
		return json_fail_value(source, place, value, "a name of 1 to 15 bytes without spaces and slashes");
	memcpy(target, text, strlen(text) + 1);
	return 0;
}

int json_read_address(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		      json_t *value, void *target)
{
	(void)field;
	const char *text = json_string_value(value);
	if (!text || !address_parse(target, text))
		return json_fail_value(source, place, value, "an IPv4 or IPv6 address");
	return 0;
}
