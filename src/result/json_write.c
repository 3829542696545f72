/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "result/json_words.h"
#include "result/result.h"

const char *error_kind_word(uint32_t kind)
{
	static const char *const words[] = {
		[ERROR_FAILED] = "failed",
		[ERROR_INPUT] = "input",
		[ERROR_PERMISSION] = "permission",
		[ERROR_UNAVAILABLE] = "unavailable",
		[ERROR_BUSY] = "busy",
		[ERROR_NOT_FOUND] = "not-found",
		[ERROR_NOT_RUNNABLE] = "not-runnable",
		[ERROR_RIVAL] = "rival",
	};
	return kind < sizeof words / sizeof *words ? words[kind] : NULL;
}

static json_t *text_to_json(const char *text)
{
	return text ? bytes_to_json(text) : json_null();
}

static json_t *residue_to_json(const struct residue_list *list)
{
	json_t *entries = json_array();
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		json_array_append_new(entries,
				      json_pack("{s:s, s:s, s:o, s:b}", "class", residue_class_name(residue->class),
						"action", residue_action_name(residue->action), "text",
						bytes_to_json(residue->text), "fails", !residue->tolerated));
	}
	return entries;
}

static json_t *trouble_to_json(const struct error *trouble)
{
	if (!error_is_set(trouble))
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "kind", error_kind_word(trouble->kind), "message",
			 bytes_to_json(trouble->message), "remedy", text_to_json(trouble->remedy));
}

static json_t *times_to_json(const struct unit_times *times)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "started", (json_int_t)times->started, "waited",
			 (json_int_t)times->waited, "preparing", (json_int_t)times->preparing, "running",
			 (json_int_t)times->running, "cleaning", (json_int_t)times->cleaning);
}

static json_t *output_to_json(const struct unit_output *output)
{
	return json_pack("{s:o, s:I}", "bytes", bytes_block_to_json(output->bytes, output->length), "dropped",
			 (json_int_t)output->dropped);
}

static json_t *unit_to_json(const struct unit_result *unit)
{
	json_t *json = json_object();
	json_object_set_new(json, "name", bytes_to_json(unit->name));
	json_object_set_new(json, "verdict", json_string(verdict_name(unit_verdict(unit, RESIDUE_SET_ALL))));
	json_object_set_new(json, "status", json_integer(unit->status));
	json_object_set_new(json, "signal", json_integer(unit->signal));
	json_object_set_new(json, "timed_out", json_boolean(unit->timed_out));
	if (unit->time_limit_ms)
		json_object_set_new(json, "time_limit_ms", json_integer(unit->time_limit_ms));
	if (unit->memory_ran_out)
		json_object_set_new(json, "memory_ran_out", json_true());
	json_object_set_new(json, "interrupted", json_integer(unit->interrupted));
	/* A guest does not know. */
	if (unit->attempts)
		json_object_set_new(json, "attempts", json_integer(unit->attempts));
	json_object_set_new(json, "times_ms", times_to_json(&unit->times));
	json_object_set_new(json, "residue", residue_to_json(&unit->residue));
	json_object_set_new(json, "trouble", trouble_to_json(&unit->trouble));
	return json;
}

char *unit_result_to_json(const struct unit_result *result)
{
	json_t *json = unit_to_json(result);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

/* What a guest's answer does not have. */
static void add_output_and_earlier(json_t *json, const struct unit_result *unit)
{
	if (unit->output.length || unit->output.dropped)
		json_object_set_new(json, "output", output_to_json(&unit->output));
	json_t *earlier = json_array();
	for (size_t i = 0; i < unit->earlier.count; i++) {
		json_t *attempt = unit_to_json(&unit->earlier.items[i]);
		add_output_and_earlier(attempt, &unit->earlier.items[i]);
		json_array_append_new(earlier, attempt);
	}
	if (unit->earlier.count)
		json_object_set(json, "earlier", earlier);
	json_decref(earlier);
}

static json_t *units_to_json(const struct run_result *result)
{
	json_t *units = json_array();
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		json_t *json = unit_to_json(unit);
		json_object_set_new(json, "place", json_integer((json_int_t)unit->place));
		if (unit->skipped)
			json_object_set_new(json, "skipped", bytes_to_json(unit->skipped));
		add_output_and_earlier(json, unit);
		json_array_append_new(units, json);
	}
	return units;
}

static json_t *shard_to_json(unsigned shard, unsigned shards)
{
	return json_pack("{s:I, s:I}", "number", (json_int_t)shard, "of", (json_int_t)shards);
}

static json_t *part_to_json(const struct run_part *part)
{
	json_t *json = json_object();
	json_object_set_new(json, "id", bytes_to_json(part->id));
	if (part->shards)
		json_object_set_new(json, "shard", shard_to_json(part->shard, part->shards));
	json_t *plan = json_array();
	for (size_t i = 0; i < part->plan.count; i++)
		json_array_append_new(plan, bytes_to_json(part->plan.items[i]));
	json_object_set_new(json, "plan", plan);
	return json;
}

static json_t *parts_to_json(const struct run_result *result)
{
	json_t *parts = json_array();
	for (size_t i = 0; i < result->parts.count; i++) {
		if (!result->parts.items[i].again)
			json_array_append_new(parts, part_to_json(&result->parts.items[i]));
	}
	return parts;
}

char *run_result_to_json(const struct run_result *result, size_t *length)
{
	json_t *json = json_object();
	json_object_set_new(json, "format", json_string(RESULT_FORMAT));
	json_object_set_new(json, "version", json_integer(RESULT_VERSION));
	json_object_set_new(json, "command", text_to_json(result->command));
	json_object_set_new(json, "kernel", text_to_json(result->kernel));
	json_object_set_new(json, "isolation", text_to_json(result->isolation));
	json_object_set_new(json, "jobs", json_integer(result->jobs));
	json_object_set_new(json, "started_ms", json_integer(result->started_ms));
	json_object_set_new(json, "waited_ms", json_integer(result->waited_ms));
	json_object_set_new(json, "duration_ms", json_integer(result->duration_ms));
	json_object_set_new(json, "planned", json_integer((json_int_t)result->planned));
	if (result->shuffled)
		json_object_set_new(json, "seed", json_integer(result->seed));
	if (result->shards)
		json_object_set_new(json, "shard", shard_to_json(result->shard, result->shards));
	if (result->parts.count)
		json_object_set_new(json, "runs", parts_to_json(result));
	json_object_set_new(json, "status", json_integer(run_status(result, RESIDUE_SET_ALL)));
	json_object_set_new(json, "interrupted", json_integer(result->interrupted));
	json_object_set_new(json, "trouble", trouble_to_json(&result->trouble));
	json_object_set_new(json, "units", units_to_json(result));

	char *text = NULL;
	FILE *out = memory_stream(&text, length);
	bool failed = json_dumpf(json, out, JSON_INDENT(1)) < 0;
	json_decref(json);
	putc('\n', out);
	failed |= ferror(out) != 0;
	if (fclose(out) || failed)
		abort();
	return text;
}
