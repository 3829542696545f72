/* SPDX-License-Identifier: MIT */
#include "guest/request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

static void list_free(char **list)
{
	for (char **item = list; item && *item; item++)
		free(*item);
	free(list);
}

void guest_setup_clear(struct guest_setup *setup)
{
	free(setup->directory);
	free(setup->hostname);
	*setup = (struct guest_setup){0};
}

void guest_request_clear(struct guest_request *request)
{
	free(request->name);
	list_free(request->arguments);
	list_free(request->environment);
	free(request->fixture);
	free(request->user);
	*request = (struct guest_request){0};
}

static json_t *optional_to_json(const char *text)
{
	return text ? bytes_to_json(text) : json_null();
}

static json_t *list_to_json(char *const *list)
{
	json_t *json = json_array();
	for (char *const *item = list; *item; item++)
		json_array_append_new(json, bytes_to_json(*item));
	return json;
}

static char **list_from_json(const json_t *json)
{
	if (!json_is_array(json))
		return NULL;
	size_t count = json_array_size(json);
	char **list = memory_allocate(count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++) {
		list[i] = bytes_from_json(json_array_get(json, i));
		if (!list[i]) {
			list_free(list);
			return NULL;
		}
	}
	return list;
}

static char *dump(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

char *guest_setup_to_json(const struct guest_setup *setup)
{
	return dump(json_pack("{s:o, s:o, s:o}", "directory", bytes_to_json(setup->directory), "hostname",
			      bytes_to_json(setup->hostname), "nonce",
			      bytes_block_to_json(setup->nonce, sizeof setup->nonce)));
}

int guest_setup_from_json(struct guest_setup *setup, const char *bytes, size_t length, struct error *error)
{
	json_t *json = json_loadb(bytes, length, 0, NULL);
	setup->directory = bytes_from_json(json_object_get(json, "directory"));
	setup->hostname = bytes_from_json(json_object_get(json, "hostname"));
	size_t nonce_length = 0;
	CLEANUP_FREE char *nonce = bytes_block_from_json(json_object_get(json, "nonce"), &nonce_length);
	json_decref(json);
	bool complete = nonce && nonce_length == sizeof setup->nonce;
	if (complete)
		memcpy(setup->nonce, nonce, sizeof setup->nonce);
	if (!complete || !setup->directory || !setup->hostname)
		return error_set(error, ERROR_FAILED, "the guest did not understand how it shall be set up");
	return 0;
}

char *guest_request_to_json(const struct guest_request *request)
{
	return dump(json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:b, s:I, s:I}", "name",
			      bytes_to_json(request->name), "arguments", list_to_json(request->arguments),
			      "environment", list_to_json(request->environment), "fixture",
			      optional_to_json(request->fixture), "user", optional_to_json(request->user), "file_mask",
			      (json_int_t)request->file_mask, "caller", (json_int_t)request->caller, "keep",
			      (int)request->keep, "sandbox", (int)request->sandbox, "timeout_ms",
			      (json_int_t)request->timeout_ms, "kill_after_ms", (json_int_t)request->kill_after_ms));
}

static int fill(struct guest_request *request, json_t *json)
{
	json_t *name = NULL;
	json_t *arguments = NULL;
	json_t *environment = NULL;
	json_t *fixture = NULL;
	json_t *user = NULL;
	json_int_t file_mask = 0;
	json_int_t caller = 0;
	json_int_t timeout_ms = 0;
	json_int_t kill_after_ms = 0;
	int keep = 0;
	int sandbox = 0;
	if (json_unpack(json, "{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:b, s:I, s:I}", "name", &name, "arguments",
			&arguments, "environment", &environment, "fixture", &fixture, "user", &user, "file_mask",
			&file_mask, "caller", &caller, "keep", &keep, "sandbox", &sandbox, "timeout_ms", &timeout_ms,
			"kill_after_ms", &kill_after_ms) < 0)
		return -1;
	request->file_mask = (unsigned)file_mask & 0777;
	request->caller = (unsigned)caller;
	request->keep = keep;
	request->sandbox = sandbox;
	request->timeout_ms = timeout_ms;
	request->kill_after_ms = kill_after_ms;
	request->name = bytes_from_json(name);
	request->arguments = list_from_json(arguments);
	request->environment = list_from_json(environment);
	request->fixture = bytes_from_json(fixture);
	request->user = bytes_from_json(user);
	if ((!request->fixture && !json_is_null(fixture)) || (!request->user && !json_is_null(user)))
		return -1;
	return request->name && request->arguments && request->arguments[0] && request->environment ? 0 : -1;
}

int guest_request_from_json(struct guest_request *request, const char *bytes, size_t length, struct error *error)
{
	json_t *json = json_loadb(bytes, length, 0, NULL);
	int failed = json ? fill(request, json) : -1;
	json_decref(json);
	if (failed) {
		guest_request_clear(request);
		return error_set(error, ERROR_FAILED, "the guest did not understand which unit to run");
	}
	return 0;
}
