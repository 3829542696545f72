/* SPDX-License-Identifier: MIT */
/* What the host asks of a guest arrives as it was meant, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "guest/request.h"

static void check_list(char *const *list, char *const *expected)
{
	size_t i = 0;
	for (; expected[i]; i++) {
		assert_non_null(list[i]);
		assert_string_equal(list[i], expected[i]);
	}
	assert_null(list[i]);
}

static void check_round_trip(const struct guest_request *request)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_GUEST_REQUEST struct guest_request back = {0};
	CLEANUP_FREE char *text = guest_request_to_json(request);
	assert_int_equal(guest_request_from_json(&back, text, strlen(text), &error), 0);
	assert_string_equal(back.name, request->name);
	check_list(back.arguments, request->arguments);
	check_list(back.environment, request->environment);
	if (request->fixture)
		assert_string_equal(back.fixture, request->fixture);
	else
		assert_null(back.fixture);
	if (request->user)
		assert_string_equal(back.user, request->user);
	else
		assert_null(back.user);
	assert_int_equal(back.file_mask, request->file_mask);
	assert_int_equal(back.caller, request->caller);
	assert_int_equal(back.keep, request->keep);
	assert_int_equal(back.sandbox, request->sandbox);
	assert_true(back.timeout_ms == request->timeout_ms);
	assert_true(back.kill_after_ms == request->kill_after_ms);
}

static void a_unit_arrives_as_it_was_asked_for(void **state)
{
	(void)state;
	char every_byte[256] = {0};
	for (int byte = 1; byte < 256; byte++)
		every_byte[byte - 1] = (char)byte;
	char *arguments[] = {"sh", "-c", "echo \"$1\"\n'x'", "", "gr\u00fc\u00df", "\xff\xfe", every_byte, NULL};
	char *environment[] = {"A=1", "EMPTY=", "NO_VALUE", "BYTES=\xff", "LINES=1\n2", NULL};
	char *nothing[] = {NULL};

	check_round_trip(&(struct guest_request){
		.name = "\xff \"name\"",
		.arguments = arguments,
		.environment = environment,
		.fixture = "{\"format\": \"ipvs-iso.snapshot\",\n\"version\": 1}",
		.user = "nobody",
		.file_mask = 0777,
		.keep = true,
		.caller = 4000000000u,
		.sandbox = true,
		.timeout_ms = INT64_MAX,
		.kill_after_ms = 1,
	});
	check_round_trip(&(struct guest_request){.name = "", .arguments = arguments, .environment = nothing});
}

static void a_setup_arrives_as_it_was_asked_for(void **state)
{
	(void)state;
	static const char *const names[][2] = {{"/", "host"}, {"/a b/\"\n\xff,", ""}, {"/gr\u00fc\u00df", "h\xfe"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		CLEANUP_ERROR struct error error = ERROR_INIT;
		CLEANUP_GUEST_SETUP struct guest_setup setup = {
			.directory = memory_copy_string(names[i][0]),
			.hostname = memory_copy_string(names[i][1]),
			.nonce = "\xff\0\"a",
		};
		CLEANUP_GUEST_SETUP struct guest_setup back = {0};
		CLEANUP_FREE char *text = guest_setup_to_json(&setup);
		assert_int_equal(guest_setup_from_json(&back, text, strlen(text), &error), 0);
		assert_string_equal(back.directory, names[i][0]);
		assert_string_equal(back.hostname, names[i][1]);
		assert_memory_equal(back.nonce, setup.nonce, sizeof setup.nonce);
	}
}

static void check_request_refused(const char *text, size_t length)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_GUEST_REQUEST struct guest_request request = {0};
	assert_int_equal(guest_request_from_json(&request, text, length, &error), -1);
	assert_int_equal(error.kind, ERROR_FAILED);
	assert_null(request.name);
	assert_null(request.arguments);
}

#define START                                                                                           \
	"{\"name\":\"n\",\"user\":null,\"file_mask\":18,\"caller\":0,\"keep\":false,\"sandbox\":false," \
	"\"timeout_ms\":0,\"kill_after_ms\":0,"

static void what_is_no_unit_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"null",
		"[]",
		"{}",
		START "\"arguments\":[\"a\"],\"environment\":[]}",
		START "\"arguments\":[],\"environment\":[],\"fixture\":null}",
		START "\"arguments\":\"a\",\"environment\":[],\"fixture\":null}",
		START "\"arguments\":[\"a\",1],\"environment\":[],\"fixture\":null}",
		START "\"arguments\":[{\"hex\":\"f\"}],\"environment\":[],\"fixture\":null}",
		START "\"arguments\":[\"a\"],\"environment\":[null],\"fixture\":null}",
		START "\"arguments\":[\"a\"],\"environment\":{},\"fixture\":null}",
		START "\"arguments\":[\"a\"],\"environment\":[],\"fixture\":1}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_request_refused(texts[i], strlen(texts[i]));

	/* It is those mistakes that are refused, not the rest. */
	static const char right[] = START "\"arguments\":[\"a\"],\"environment\":[],\"fixture\":null}";
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_GUEST_REQUEST struct guest_request request = {0};
	assert_int_equal(guest_request_from_json(&request, right, strlen(right), &error), 0);

	char *arguments[] = {"a", "\xff", NULL};
	const struct guest_request whole = {.name = "n", .arguments = arguments, .environment = arguments};
	CLEANUP_FREE char *text = guest_request_to_json(&whole);
	for (size_t length = 0; length < strlen(text); length++)
		check_request_refused(text, length);
}

static void what_is_no_setup_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"directory\":\"/\"}",
		"{\"hostname\":\"h\"}",
		"{\"directory\":1,\"hostname\":\"h\"}",
		"{\"directory\":\"/\",\"hostname\":\"h\"}",
		"{\"directory\":\"/\",\"hostname\":\"h\",\"nonce\":{\"hex\":\"00\"}}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		CLEANUP_ERROR struct error error = ERROR_INIT;
		CLEANUP_GUEST_SETUP struct guest_setup setup = {0};
		assert_int_equal(guest_setup_from_json(&setup, texts[i], strlen(texts[i]), &error), -1);
		assert_int_equal(error.kind, ERROR_FAILED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_arrives_as_it_was_asked_for),
		cmocka_unit_test(a_setup_arrives_as_it_was_asked_for),
		cmocka_unit_test(what_is_no_unit_is_refused),
		cmocka_unit_test(what_is_no_setup_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
