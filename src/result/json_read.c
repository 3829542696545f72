/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "result/json_words.h"
#include "result/result.h"
#include "table/json_fields.h"
#include "table/json_syntax.h"

/* What every reader of JSON can hold. The sum of a few such fits into 64 bits. */
#define COUNT_MAX (INT64_C(1) << 53)

#define COUNT(fields) (sizeof(fields) / sizeof *(fields))

/* What every reader is given: see json_reader. */
#define READER(name)                                                                      \
	static int name(const struct json_source *source, const struct json_place *place, \
			const struct json_field *field, json_t *value, void *target)

/* ---- values ---- */

/* For what can be told from the rest, and is there for other readers. */
READER(read_nothing)
{
	(void)source, (void)place, (void)field, (void)value, (void)target;
	return 0;
}

READER(read_text)
{
	(void)field;
	char **text = target;
	*text = bytes_from_json(value);
	return *text ? 0 : json_fail_value(source, place, value, "text, or {\"hex\": ...}");
}

READER(read_text_or_null)
{
	return json_is_null(value) ? 0 : read_text(source, place, field, value, target);
}

READER(read_flag)
{
	(void)field;
	if (!json_is_boolean(value))
		return json_fail_value(source, place, value, "true or false");
	*(bool *)target = json_is_true(value);
	return 0;
}

READER(read_count)
{
	(void)field;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > COUNT_MAX)
		return json_fail_value(source, place, value, "a whole number from 0 to 2^53");
	*(int64_t *)target = json_integer_value(value);
	return 0;
}
_Static_assert(sizeof(size_t) <= sizeof(int64_t), "read_size() goes by way of int64_t");

READER(read_size)
{
	int64_t number = 0;
	if (read_count(source, place, field, value, &number) < 0)
		return -1;
	*(size_t *)target = (size_t)number;
	return 0;
}

/* ---- residue ---- */

static const char *class_word(uint32_t number)
{
	return residue_class_name((enum residue_class)number);
}

static const char *action_word(uint32_t number)
{
	return residue_action_name((enum residue_action)number);
}

READER(read_fails)
{
	bool fails = false;
	if (read_flag(source, place, field, value, &fails) < 0)
		return -1;
	*(bool *)target = !fails;
	return 0;
}

READER(read_residue)
{
	static const struct json_field fields[] = {
		{"class", json_read_word, JSON_FIELD_TARGET(struct residue, class), .maximum = RESIDUE_CLASSES - 1,
		 .word = class_word, .required = true},
		{"action", json_read_word, JSON_FIELD_TARGET(struct residue, action), .maximum = RESIDUE_REMOVED,
		 .word = action_word, .required = true},
		{"text", read_text, JSON_FIELD_TARGET(struct residue, text), .required = true},
		{"fails", read_fails, JSON_FIELD_TARGET(struct residue, tolerated), .required = true},
	};
	(void)field;
	struct residue_list *list = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		if (json_read_object(source, &here, item, fields, COUNT(fields), array_append(&list->entries)) < 0)
			return -1;
	}
	return 0;
}

/* ---- units ---- */

READER(read_trouble)
{
	static const struct json_field fields[] = {
		{"kind", json_read_word, JSON_FIELD_TARGET(struct error, kind), .maximum = ERROR_KIND_LAST,
		 .word = error_kind_word, .required = true},
		{"message", read_text, JSON_FIELD_TARGET(struct error, message), .required = true},
		{"remedy", read_text_or_null, JSON_FIELD_TARGET(struct error, remedy), .required = true},
	};
	(void)field;
	if (json_is_null(value))
		return 0;
	return json_read_object(source, place, value, fields, COUNT(fields), target);
}

READER(read_times)
{
	static const struct json_field fields[] = {
		{"started", read_count, JSON_FIELD_TARGET(struct unit_times, started), .required = true},
		{"waited", read_count, JSON_FIELD_TARGET(struct unit_times, waited), .required = true},
		{"preparing", read_count, JSON_FIELD_TARGET(struct unit_times, preparing), .required = true},
		{"running", read_count, JSON_FIELD_TARGET(struct unit_times, running), .required = true},
		{"cleaning", read_count, JSON_FIELD_TARGET(struct unit_times, cleaning), .required = true},
	};
	(void)field;
	return json_read_object(source, place, value, fields, COUNT(fields), target);
}

READER(read_output_bytes)
{
	(void)field;
	struct unit_output *output = target;
	output->bytes = bytes_block_from_json(value, &output->length);
	return output->bytes ? 0 : json_fail_value(source, place, value, "text, or {\"hex\": ...}");
}

READER(read_output)
{
	static const struct json_field fields[] = {
		{"bytes", read_output_bytes, JSON_FIELD_WHOLE, .required = true},
		{"dropped", read_size, JSON_FIELD_TARGET(struct unit_output, dropped), .required = true},
	};
	(void)field;
	return json_read_object(source, place, value, fields, COUNT(fields), target);
}

READER(read_earlier);

READER(read_unit)
{
	static const struct json_field fields[] = {
		{"name", read_text, JSON_FIELD_TARGET(struct unit_result, name), .required = true},
		{"place", read_size, JSON_FIELD_TARGET(struct unit_result, place)},
		{"verdict", read_nothing, JSON_FIELD_WHOLE},
		{"skipped", read_text, JSON_FIELD_TARGET(struct unit_result, skipped)},
		{"status", json_read_number, JSON_FIELD_TARGET(struct unit_result, status), .maximum = 255,
		 .required = true},
		{"signal", json_read_number, JSON_FIELD_TARGET(struct unit_result, signal), .maximum = 64,
		 .required = true},
		{"timed_out", read_flag, JSON_FIELD_TARGET(struct unit_result, timed_out), .required = true},
		{"time_limit_ms", read_count, JSON_FIELD_TARGET(struct unit_result, time_limit_ms)},
		{"memory_ran_out", read_flag, JSON_FIELD_TARGET(struct unit_result, memory_ran_out)},
		{"interrupted", json_read_number, JSON_FIELD_TARGET(struct unit_result, interrupted), .maximum = 64,
		 .required = true},
		{"attempts", json_read_number, JSON_FIELD_TARGET(struct unit_result, attempts), .minimum = 1,
		 .maximum = UINT32_MAX},
		{"times_ms", read_times, JSON_FIELD_TARGET(struct unit_result, times), .required = true},
		{"residue", read_residue, JSON_FIELD_TARGET(struct unit_result, residue), .required = true},
		{"trouble", read_trouble, JSON_FIELD_TARGET(struct unit_result, trouble), .required = true},
		{"output", read_output, JSON_FIELD_TARGET(struct unit_result, output)},
		{"earlier", read_earlier, JSON_FIELD_WHOLE},
	};
	(void)field;
	struct unit_result *unit = target;
	unit->attempts = 1;
	if (json_read_object(source, place, value, fields, COUNT(fields), unit) < 0)
		return -1;
	if (unit->skipped)
		unit->attempts = 0;
	return 0;
}

READER(read_earlier)
{
	struct unit_result *unit = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		/* Those of an attempt are those of its unit. */
		if (json_object_get(item, "earlier"))
			return json_fail(source, &here, "an attempt has no 'earlier' of its own");
		if (read_unit(source, &here, field, item, array_append(&unit->earlier)) < 0)
			return -1;
	}
	return 0;
}

int unit_result_from_json(struct unit_result *result, const char *bytes, size_t length, struct error *error)
{
	const struct json_source source = {
		.bytes = bytes, .length = length, .name = "a guest's answer", .subject = "answer", .error = error};
	const struct json_place root = {.parent = NULL};
	struct unit_result unit = {0};
	json_t *value = json_parse_whole(&source);
	int failed = value ? read_unit(&source, &root, NULL, value, &unit) : -1;
	json_decref(value);
	if (failed) {
		unit_result_clear(&unit);
		/* Nobody wrote it by hand. */
		error->kind = ERROR_FAILED;
		return -1;
	}
	*result = unit;
	return 0;
}

/* ---- runs ---- */

/* The word stays: it is one of those that the program has. */
READER(read_isolation)
{
	static const char *const words[] = {"lock", "netns"};
	(void)field;
	const char *text = json_string_value(value);
	for (size_t i = 0; text && i < COUNT(words); i++) {
		if (strcmp(words[i], text) == 0) {
			*(const char **)target = words[i];
			return 0;
		}
	}
	return json_is_null(value) ? 0 : json_fail_value(source, place, value, "one of lock, netns");
}

READER(read_seed)
{
	struct run_result *result = target;
	result->shuffled = true;
	return json_read_number(source, place, field, value, &result->seed);
}

struct shard {
	unsigned number, of;
};

static int read_shard_of(const struct json_source *source, const struct json_place *place, json_t *value,
			 struct shard *shard)
{
	static const struct json_field fields[] = {
		{"number", json_read_number, JSON_FIELD_TARGET(struct shard, number), .minimum = 1,
		 .maximum = UINT32_MAX, .required = true},
		{"of", json_read_number, JSON_FIELD_TARGET(struct shard, of), .minimum = 1, .maximum = UINT32_MAX,
		 .required = true},
	};
	if (json_read_object(source, place, value, fields, COUNT(fields), shard) < 0)
		return -1;
	if (shard->number > shard->of)
		return json_fail(source, place, "there is no shard %u of %u", shard->number, shard->of);
	return 0;
}

READER(read_shard)
{
	(void)field;
	struct shard shard = {0};
	struct run_result *result = target;
	if (read_shard_of(source, place, value, &shard) < 0)
		return -1;
	result->shard = shard.number;
	result->shards = shard.of;
	return 0;
}

READER(read_part_shard)
{
	(void)field;
	struct shard shard = {0};
	struct run_part *part = target;
	if (read_shard_of(source, place, value, &shard) < 0)
		return -1;
	part->shard = shard.number;
	part->shards = shard.of;
	return 0;
}

READER(read_plan)
{
	struct run_part *part = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		if (read_text(source, &here, field, item, array_append(&part->plan)) < 0)
			return -1;
	}
	return 0;
}

READER(read_parts)
{
	static const struct json_field fields[] = {
		{"id", read_text, JSON_FIELD_TARGET(struct run_part, id), .required = true},
		{"shard", read_part_shard, JSON_FIELD_WHOLE},
		{"plan", read_plan, JSON_FIELD_WHOLE, .required = true},
	};
	(void)field;
	struct run_result *result = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		struct run_part *part = array_append(&result->parts);
		part->file = memory_copy_string(source->name);
		if (json_read_object(source, &here, item, fields, COUNT(fields), part) < 0)
			return -1;
	}
	return 0;
}

READER(read_units)
{
	(void)field;
	struct run_result *result = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		struct unit_result *unit = array_append(&result->units);
		unit->place = i;
		if (read_unit(source, &here, NULL, item, unit) < 0)
			return -1;
	}
	if (result->planned < result->units.count)
		return json_fail(source, place, "there are more of them than were planned");
	return 0;
}

READER(read_format)
{
	(void)field, (void)target;
	const char *text = json_string_value(value);
	return text && !strcmp(text, RESULT_FORMAT) ? 0
						    : json_fail_value(source, place, value, "\"" RESULT_FORMAT "\"");
}

READER(read_version)
{
	(void)field, (void)target;
	if (json_is_integer(value) && json_integer_value(value) == RESULT_VERSION)
		return 0;
	CLEANUP_FREE char *shown = json_show(value);
	return json_fail(source, place, "is %s, and this program reads only version %d", shown, RESULT_VERSION);
}

/* Before the other keys are looked at: of something else, or of another version, they are no mistakes. */
static int check_kind(const struct json_source *source, const struct json_place *root, json_t *value)
{
	if (!json_is_object(value))
		return json_fail_value(source, root, value, "an object");
	json_t *format = json_object_get(value, "format");
	json_t *version = json_object_get(value, "version");
	const struct json_place format_place = {.parent = root, .key = "format"};
	const struct json_place version_place = {.parent = root, .key = "version"};
	if (!format)
		return json_fail(source, root, "the key \"format\" is missing: this is no result of ipvs-iso");
	if (read_format(source, &format_place, NULL, format, NULL) < 0)
		return -1;
	return version ? read_version(source, &version_place, NULL, version, NULL) : 0;
}

static int read_run(const struct json_source *source, json_t *value, struct run_result *result)
{
	static const struct json_field fields[] = {
		{"format", read_format, JSON_FIELD_WHOLE, .required = true},
		{"version", read_version, JSON_FIELD_WHOLE, .required = true},
		{"command", read_text_or_null, JSON_FIELD_TARGET(struct run_result, command), .required = true},
		{"kernel", read_text_or_null, JSON_FIELD_TARGET(struct run_result, kernel), .required = true},
		{"isolation", read_isolation, JSON_FIELD_TARGET(struct run_result, isolation), .required = true},
		{"jobs", json_read_number, JSON_FIELD_TARGET(struct run_result, jobs), .maximum = UINT32_MAX,
		 .required = true},
		{"started_ms", read_count, JSON_FIELD_TARGET(struct run_result, started_ms), .required = true},
		{"waited_ms", read_count, JSON_FIELD_TARGET(struct run_result, waited_ms), .required = true},
		{"duration_ms", read_count, JSON_FIELD_TARGET(struct run_result, duration_ms), .required = true},
		{"planned", read_size, JSON_FIELD_TARGET(struct run_result, planned), .required = true},
		{"seed", read_seed, JSON_FIELD_WHOLE, .size = sizeof(uint32_t), .maximum = UINT32_MAX},
		{"shard", read_shard, JSON_FIELD_WHOLE},
		{"runs", read_parts, JSON_FIELD_WHOLE},
		{"status", read_nothing, JSON_FIELD_WHOLE},
		{"interrupted", json_read_number, JSON_FIELD_TARGET(struct run_result, interrupted), .maximum = 64,
		 .required = true},
		{"trouble", read_trouble, JSON_FIELD_TARGET(struct run_result, trouble), .required = true},
		{"units", read_units, JSON_FIELD_WHOLE, .required = true},
	};
	const struct json_place root = {.parent = NULL};
	if (check_kind(source, &root, value) < 0)
		return -1;
	return json_read_object(source, &root, value, fields, COUNT(fields), result);
}

/*
 * What a result of before there were parts says of its run. It has no id: the file itself is as good as one, as the
 * times in it are those of one run.
 */
static void make_part(struct run_result *result, const struct json_source *source)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < source->length; i++)
		hash = (hash ^ (unsigned char)source->bytes[i]) * UINT64_C(0x100000001b3);
	struct run_part *part = array_append(&result->parts);
	part->id = memory_printf("%016" PRIx64, hash);
	part->file = memory_copy_string(source->name);
	part->shard = result->shard;
	part->shards = result->shards;
}

int run_result_from_json(struct run_result *result, const char *bytes, size_t length, const char *name,
			 struct error *error)
{
	const struct json_source source = {
		.bytes = bytes, .length = length, .name = name, .subject = "result", .error = error};
	struct run_result read = {0};
	json_t *value = json_parse_whole(&source);
	int failed = value ? read_run(&source, value, &read) : -1;
	json_decref(value);
	if (failed) {
		run_result_clear(&read);
		return -1;
	}
	if (!read.parts.count)
		make_part(&read, &source);
	run_result_clear(result);
	*result = read;
	return 0;
}
