/* SPDX-License-Identifier: MIT */
/* What the fuzzers hold against whatever they try; a property that does not hold ends the process, as a crash does. */
#ifndef IPVS_ISO_TESTS_FUZZ_PROPERTY_H
#define IPVS_ISO_TESTS_FUZZ_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "table/table.h"

/* The one function of each fuzzer: tries one input. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Ends the process with `what` unless it holds. */
void expect(bool holds, const char *what);

/*
 * A parser's error: there is one, of one line that a terminal can be given, and it is about the input named `name`,
 * with line and column.
 */
void expect_error(const struct error *error, const char *name);

/* Nothing would have to be done to make one table the other. */
void expect_same(const struct table *a, const struct table *b);

/* A table for a parser to replace, or to leave as it is when it fails. */
void table_before(struct table *table);
void expect_table_before(const struct table *table);

#endif
