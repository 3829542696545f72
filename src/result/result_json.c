/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "result/result.h"

static json_t *residue_to_json(const struct residue_list *list)
{
	json_t *entries = json_array();
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		json_array_append_new(entries, json_pack("{s:s, s:s, s:o}", "class", residue_class_name(residue->class),
							 "action", residue_action_name(residue->action), "text",
							 bytes_to_json(residue->text)));
	}
	return entries;
}

static json_t *trouble_to_json(const struct error *trouble)
{
	if (!error_is_set(trouble))
		return json_null();
	return json_pack("{s:i, s:o, s:o}", "kind", (int)trouble->kind, "message", bytes_to_json(trouble->message),
			 "remedy", trouble->remedy ? bytes_to_json(trouble->remedy) : json_null());
}

static json_t *times_to_json(const struct unit_times *times)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "started", (json_int_t)times->started, "preparing",
			 (json_int_t)times->preparing, "running", (json_int_t)times->running, "cleaning",
			 (json_int_t)times->cleaning);
}

char *unit_result_to_json(const struct unit_result *result)
{
	json_t *json =
		json_pack("{s:o, s:i, s:i, s:b, s:i, s:o, s:o, s:o}", "name", bytes_to_json(result->name), "status",
			  result->status, "signal", result->signal, "timed_out", (int)result->timed_out, "interrupted",
			  result->interrupted, "times_ms", times_to_json(&result->times), "residue",
			  residue_to_json(&result->residue), "trouble", trouble_to_json(&result->trouble));
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static int residue_from_json(struct residue_list *list, const json_t *entries)
{
	size_t index;
	json_t *entry;
	json_array_foreach(entries, index, entry)
	{
		const char *class_name = NULL;
		const char *action_name = NULL;
		json_t *text_json = NULL;
		enum residue_class class;
		enum residue_action action;
		if (json_unpack(entry, "{s:s, s:s, s:o}", "class", &class_name, "action", &action_name, "text",
				&text_json) < 0 ||
		    !residue_class_parse(&class, class_name) || !residue_action_parse(&action, action_name))
			return -1;
		char *text = bytes_from_json(text_json);
		if (!text)
			return -1;
		residue_add(list, class, action, text);
	}
	return 0;
}

static int trouble_from_json(struct error *trouble, const json_t *json)
{
	if (json_is_null(json))
		return 0;
	int kind = 0;
	json_t *message_json = NULL;
	json_t *remedy_json = NULL;
	if (json_unpack((json_t *)json, "{s:i, s:o, s:o}", "kind", &kind, "message", &message_json, "remedy",
			&remedy_json) < 0)
		return -1;
	CLEANUP_FREE char *message = bytes_from_json(message_json);
	CLEANUP_FREE char *remedy = bytes_from_json(remedy_json);
	if (!message || kind <= ERROR_NONE || kind > ERROR_RIVAL)
		return -1;
	error_set(trouble, (enum error_kind)kind, "%s", message);
	if (remedy)
		error_remedy(trouble, "%s", remedy);
	return 0;
}

static int times_from_json(struct unit_times *times, json_t *json)
{
	json_int_t started = 0;
	json_int_t preparing = 0;
	json_int_t running = 0;
	json_int_t cleaning = 0;
	if (json_unpack(json, "{s:I, s:I, s:I, s:I}", "started", &started, "preparing", &preparing, "running", &running,
			"cleaning", &cleaning) < 0)
		return -1;
	*times = (struct unit_times){
		.started = started, .preparing = preparing, .running = running, .cleaning = cleaning};
	return 0;
}

static int fill(struct unit_result *result, json_t *json)
{
	json_t *name = NULL;
	json_t *residue = NULL;
	json_t *trouble = NULL;
	int timed_out = 0;
	json_t *times = NULL;
	if (json_unpack(json, "{s:o, s:i, s:i, s:b, s:i, s:o, s:o, s:o}", "name", &name, "status", &result->status,
			"signal", &result->signal, "timed_out", &timed_out, "interrupted", &result->interrupted,
			"times_ms", &times, "residue", &residue, "trouble", &trouble) < 0)
		return -1;
	result->name = bytes_from_json(name);
	result->timed_out = timed_out;
	if (!result->name || times_from_json(&result->times, times) < 0 ||
	    residue_from_json(&result->residue, residue) < 0)
		return -1;
	return trouble_from_json(&result->trouble, trouble);
}

int unit_result_from_json(struct unit_result *result, const char *bytes, size_t length, struct error *error)
{
	json_error_t syntax;
	json_t *json = json_loadb(bytes, length, 0, &syntax);
	if (!json)
		return error_set(error, ERROR_FAILED, "a unit's result is no JSON: %s", syntax.text);
	struct unit_result parsed = {0};
	int failed = fill(&parsed, json);
	json_decref(json);
	if (failed) {
		unit_result_clear(&parsed);
		return error_set(error, ERROR_FAILED, "a unit's result has not the form that it should have");
	}
	*result = parsed;
	return 0;
}
