/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char digits[] = "0123456789abcdef";

json_t *bytes_block_to_json(const char *bytes, size_t length)
{
	/* JSON can say a NUL, but few who read it can hear it. */
	bool has_nul = length && memchr(bytes, '\0', length);
	json_t *string = has_nul ? NULL : json_stringn(length ? bytes : "", length);
	if (string)
		return string;

	CLEANUP_FREE char *hex = memory_allocate(length, 2);
	for (size_t i = 0; i < length; i++) {
		hex[2 * i] = digits[(unsigned char)bytes[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
	}
	return json_pack("{s:o}", "hex", json_stringn(hex, length * 2));
}

json_t *bytes_to_json(const char *text)
{
	return bytes_block_to_json(text, strlen(text));
}

static int hex_digit(char digit)
{
	const char *found = digit ? strchr(digits, digit) : NULL;
	return found ? (int)(found - digits) : -1;
}

char *bytes_block_from_json(const json_t *json, size_t *length)
{
	if (json_is_string(json)) {
		*length = json_string_length(json);
		return memory_copy_bytes(json_string_value(json), *length);
	}
	const char *hex = json_string_value(json_object_get(json, "hex"));
	if (!hex || strlen(hex) % 2)
		return NULL;
	*length = strlen(hex) / 2;
	char *bytes = memory_allocate(*length + 1, 1);
	for (size_t i = 0; i < *length; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0) {
			free(bytes);
			return NULL;
		}
		bytes[i] = (char)(high << 4 | low);
	}
	return bytes;
}

char *bytes_from_json(const json_t *json)
{
	size_t length;
	char *text = bytes_block_from_json(json, &length);
	/* A NUL would end the string early. */
	if (text && strlen(text) != length) {
		free(text);
		return NULL;
	}
	return text;
}

size_t bytes_to_cut_at(const char *text, size_t most)
{
	size_t length = strnlen(text, most + 1);
	if (length <= most)
		return length;
	/* The bytes of a character behind its first are 10xxxxxx. */
	size_t cut = most;
	while (cut > 0 && ((unsigned char)text[cut] & 0xC0) == 0x80)
		cut--;
	return cut > 0 ? cut : most;
}
