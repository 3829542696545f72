/* SPDX-License-Identifier: MIT */
/* What all formats say of a run and of a unit in the same words. Residue must have been judged. */
#ifndef IPVS_ISO_REPORT_SUMMARY_H
#define IPVS_ISO_REPORT_SUMMARY_H

#include <stdio.h>

#include "result/result.h"

struct summary {
	size_t of[VERDICTS]; /* units by their verdict */
	size_t not_reached;  /* those that were skipped, and those that an older result only counts */
	size_t flaky;        /* of those that passed: not the first time */
};

struct summary summary_make(const struct run_result *result, unsigned fail_on);

/* Writes how many went how: "1 passed, 2 left residue", with `separator` before that; nothing where there are none. */
void summary_write_counts(FILE *stream, const struct summary *summary, const char *separator);

/* "3 units: 1 passed, 2 left residue". The caller frees. */
char *summary_text(const struct run_result *result, unsigned fail_on);

/* As text_unit() shows it: PASS, FLAKY, RESIDUE, TIMEOUT, FAIL, TROUBLE, SKIP */
const char *summary_word(const struct unit_result *unit, unsigned fail_on);

/* "attempt 2" of a unit that passed then, "3 attempts" of another. NULL where it ran once. The caller frees. */
char *summary_attempts(const struct unit_result *unit, unsigned fail_on);

/* "attempt 1: exit status 3", of one of a unit's earlier attempts. The caller frees. */
char *summary_earlier(const struct unit_result *attempt);

/* The order, as --order takes it: "shuffle:7". NULL where the units ran as listed. The caller frees. */
char *summary_order(const struct run_result *result);

/* The part of the plan, as --shard takes it: "2/3". NULL where it was all of it. The caller frees. */
char *summary_shard(const struct run_result *result);

/*
 * Why a unit did not pass, on a line: "exit status 3", "left residue", "not reached: signal 2 (Interrupt) ended the
 * run", "ended by signal 9 (Killed); the guest ran out of memory". NULL where it passed. The caller frees.
 */
char *summary_reason(const struct unit_result *unit, unsigned fail_on);

/*
 * What was wrong with the run and not with one of its units: a signal ended it, the table could not be put back. NULL
 * where nothing was. The caller frees.
 */
char *summary_run_trouble(const struct run_result *result);

/* Milliseconds since 1970 as 2026-11-21T08:00:00, in UTC. The caller frees. */
char *summary_time(int64_t since_1970_ms);

#endif
