/* SPDX-License-Identifier: MIT */
/* Lengths of time and sizes of memory, as people write them. */
#ifndef IPVS_ISO_BASE_DURATION_H
#define IPVS_ISO_BASE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Parses a decimal number, with a fraction or without, and a unit: ms, s (the default), m, h, d, as timeout(1) does; or
 * several of those, each with its unit, which are added: 5m30s. In milliseconds, each rounded up. False when it is not
 * one, is negative, or does not fit.
 */
bool duration_parse(int64_t *milliseconds, const char *text);

/* The same for what a person has written: the error says what it should be. 0, or -1 (ERROR_INPUT). */
int duration_read(int64_t *milliseconds, const char *text, struct error *error);

/* The monotonic clock, in milliseconds. */
int64_t duration_now(void);

/* Parses a whole number of bytes with K, M, G or T behind it (powers of 1024; none: bytes). False when it is not
   one. */
bool size_parse(uint64_t *bytes, const char *text);

#endif
