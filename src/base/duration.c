/* SPDX-License-Identifier: MIT */
#include "base/duration.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

/* The whole number at the front of `*text`, which is moved behind it. False when it does not fit. */
static bool parse_whole(int64_t *value, const char **text)
{
	for (*value = 0; is_digit(**text); ++*text) {
		if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, **text - '0', value))
			return false;
	}
	return true;
}

/*
 * `count` digits behind a decimal point, times `unit`, rounded up. From the last digit to the first, as on paper; a
 * remainder anywhere means that the exact value lies above the result.
 */
static int64_t fraction_of(int64_t unit, const char *digits, size_t count)
{
	int64_t value = 0;
	bool more = false;
	while (count-- > 0) {
		value += (digits[count] - '0') * unit;
		more = more || value % 10 != 0;
		value /= 10;
	}
	return value + more;
}

/* Milliseconds in a unit of `length` letters; 0 when there is no such unit. */
static int64_t unit_length(const char *unit, size_t length)
{
	static const struct {
		const char *name;
		int64_t milliseconds;
	} units[] = {
		{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000},
	};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strlen(units[i].name) == length && memcmp(unit, units[i].name, length) == 0)
			return units[i].milliseconds;
	}
	return 0;
}

/* Adds the number and the unit at the front of `*text`, which is moved behind them. */
static bool add_part(int64_t *total, const char **text, bool *has_unit)
{
	const char *start = *text;
	int64_t whole;
	if (!parse_whole(&whole, text))
		return false;
	size_t digits = (size_t)(*text - start);

	const char *fraction = *text;
	size_t fraction_digits = 0;
	if (**text == '.') {
		fraction = ++*text;
		fraction_digits = strspn(*text, "0123456789");
		*text += fraction_digits;
	}
	size_t letters = strcspn(*text, "0123456789.");
	int64_t unit = unit_length(*text, letters);
	*text += letters;
	*has_unit = letters > 0;

	int64_t length;
	return digits + fraction_digits > 0 && unit > 0 && !__builtin_mul_overflow(whole, unit, &length) &&
	       !__builtin_add_overflow(length, fraction_of(unit, fraction, fraction_digits), &length) &&
	       !__builtin_add_overflow(*total, length, total);
}

bool duration_parse(int64_t *milliseconds, const char *text)
{
	int64_t total = 0;
	bool has_unit = true;
	const char *start = text;
	do {
		bool is_first = text == start;
		if (!add_part(&total, &text, &has_unit))
			return false;
		/* In 5m30 the unit of the 30 is anybody's guess. */
		if (!has_unit && (*text || !is_first))
			return false;
	} while (*text);
	*milliseconds = total;
	return true;
}

int duration_read(int64_t *milliseconds, const char *text, struct error *error)
{
	if (duration_parse(milliseconds, text))
		return 0;
	return error_set(error, ERROR_INPUT,
			 "'%s' is no length of time; write a number and ms, s, m, h or d, such as 500ms, 1.5m or 5m30s",
			 text);
}

int64_t duration_now(void)
{
	struct timespec now;
	/* Fails only for a clock that the kernel does not have; every Linux has this one. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool size_parse(uint64_t *bytes, const char *text)
{
	static const char suffixes[] = "KMGT";
	int64_t whole;
	if (!is_digit(*text) || !parse_whole(&whole, &text))
		return false;

	uint64_t factor = 1;
	if (*text) {
		const char *suffix = strchr(suffixes, *text);
		if (!suffix || text[1])
			return false;
		factor = UINT64_C(1) << (10 * (suffix - suffixes + 1));
	}
	uint64_t total;
	if (__builtin_mul_overflow((uint64_t)whole, factor, &total))
		return false;
	*bytes = total;
	return true;
}
