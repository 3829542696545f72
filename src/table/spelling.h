/* SPDX-License-Identifier: MIT */
/* Guesses which word was meant. */
#ifndef IPVS_ISO_TABLE_SPELLING_H
#define IPVS_ISO_TABLE_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* Words longer than this many bytes are like no other. */
#define SPELLING_LENGTH_MAX 63

/*
 * How many letters have to be added, left out or changed to turn one word into the other (the Levenshtein distance), or
 * SIZE_MAX where that is so many that nobody would take the one for the other: more than a third of the longer one.
 */
size_t spelling_distance(const char *a, const char *b);

/* The nearest of several words to the one that is given, the rest zeros at first. NULL as long as none is like it. */
struct spelling_guess {
	const char *given, *nearest;
	size_t distance; /* of the nearest */
};

/* Offers a word, which `nearest` may then point to. */
void spelling_offer(struct spelling_guess *guess, const char *word);

/* Whether `word` is one of the words in `list`, which have spaces between them. False where `list` is NULL. */
bool spelling_is_in(const char *word, const char *list);

#endif
