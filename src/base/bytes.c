/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

json_t *bytes_to_json(const char *text)
{
	json_t *string = json_string(text);
	if (string)
		return string;

	size_t length = strlen(text);
	CLEANUP_FREE char *hex = memory_allocate(length * 2 + 1, 1);
	for (size_t i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
	return json_pack("{s:s}", "hex", hex);
}

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit ? strchr(digits, digit) : NULL;
	return found ? (int)(found - digits) : -1;
}

char *bytes_from_json(const json_t *json)
{
	if (json_is_string(json))
		return memory_copy_string(json_string_value(json));

	const char *hex = json_string_value(json_object_get(json, "hex"));
	if (!hex || strlen(hex) % 2)
		return NULL;
	size_t length = strlen(hex) / 2;
	CLEANUP_FREE char *text = memory_allocate(length + 1, 1);
	for (size_t i = 0; i < length; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = hex_digit(hex[2 * i + 1]);
		/* A NUL would end the string early. */
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return NULL;
		text[i] = (char)(high << 4 | low);
	}
	return memory_copy_bytes(text, length);
}
