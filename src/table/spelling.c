/* SPDX-License-Identifier: MIT */
#include "table/spelling.h"

#include <stdint.h>
#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

size_t spelling_distance(const char *a, const char *b)
{
	size_t length_a = strnlen(a, SPELLING_LENGTH_MAX + 1), length_b = strnlen(b, SPELLING_LENGTH_MAX + 1);
	if (length_a > SPELLING_LENGTH_MAX || length_b > SPELLING_LENGTH_MAX)
		return SIZE_MAX;

	/* row[j]: the distance from the first i letters of a to the first j of b. */
	size_t row[SPELLING_LENGTH_MAX + 1];
	for (size_t j = 0; j <= length_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t above = row[j];
			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	size_t longer = length_a > length_b ? length_a : length_b;
	return row[length_b] * 3 <= longer ? row[length_b] : SIZE_MAX;
}

void spelling_offer(struct spelling_guess *guess, const char *word)
{
	size_t distance = spelling_distance(guess->given, word);
	if (distance == SIZE_MAX || (guess->nearest && distance >= guess->distance))
		return;
	guess->distance = distance;
	guess->nearest = word;
}

bool spelling_is_in(const char *word, const char *list)
{
	size_t length = strlen(word);
	while (list && *list) {
		size_t here = strcspn(list, " ");
		if (here == length && memcmp(list, word, length) == 0)
			return true;
		list += here;
		list += strspn(list, " ");
	}
	return false;
}
