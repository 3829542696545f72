/* SPDX-License-Identifier: MIT */
#include "session/put_back.h"

#include "base/memory.h"
#include "kernel/rivals.h"
#include "table/diff.h"
#include "table/merge.h"

/* So often is put back what somebody else took away while we did so; who goes on is no chance. */
#define ROUNDS 4

static const char when[] = "before it was put back";

/* What is wanted, and beside it what is somebody else's. */
static void add_what_stays(struct table *target, const struct table *live, const struct held *held,
			   const struct table *wanted)
{
	CLEANUP_TABLE struct table unknown = {0}, theirs = {0};
	table_beyond(&unknown, live, held->table);
	table_beyond(&theirs, &unknown, wanted);
	table_merge(target, wanted, &theirs);
}

static int say_what_they_did(const struct table *before, const struct table *live, struct error *error)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, before, live);
	return changes.list.count > 0 ? rivals_blame(error, when, &changes) : 0;
}

/* Notes the first that was seen of them. */
static void note(struct error *rival, struct error *seen)
{
	if (!error_is_set(rival)) {
		*rival = *seen;
		*seen = ERROR_INIT;
	}
	error_clear(seen);
}

/* 0 when the table is what it shall be, 1 when it has to be looked at again, as somebody else wrote; or -1. */
static int try_once(struct ipvs *ipvs, const struct held *held, const struct table *wanted, struct error *rival,
		    struct error *error)
{
	CLEANUP_TABLE struct table live = {0}, target = {0};
	if (ipvs_read(ipvs, &live, error) < 0)
		return -1;
	if (held->exact && say_what_they_did(held->table, &live, error) < 0)
		note(rival, error);
	add_what_stays(&target, &live, held, wanted);
	if (ipvs_restore_all(ipvs, &live, &target, error) == 0) {
		if (!error_is_set(rival) && say_what_they_did(wanted, &target, error) < 0)
			note(rival, error);
		return 0;
	}
	if (error->kind != ERROR_RIVAL)
		return -1;
	note(rival, error);
	return 1;
}

/* The kernel refused what it then took: what we had read was not so any more. */
static void note_refusal(struct error *rival, struct error *refusal)
{
	error_context(refusal, "somebody else is changing the table");
	error_remedy(refusal, "stop who does it");
	refusal->kind = ERROR_RIVAL;
	note(rival, refusal);
}

int put_back(struct ipvs *ipvs, const struct held *held, const struct table *wanted, struct error *error)
{
	CLEANUP_ERROR struct error rival = ERROR_INIT, refusal = ERROR_INIT;
	struct held seen = *held;
	int result = 1;
	for (int round = 0; result > 0 && round < ROUNDS; round++) {
		result = try_once(ipvs, &seen, wanted, &rival, error);
		seen.exact = false;
		if (result < 0 && !error_is_set(&refusal)) {
			note(&refusal, error);
			result = 1;
		}
	}
	if (result == 0 && error_is_set(&refusal))
		note_refusal(&rival, &refusal);
	if (result < 0 || !error_is_set(&rival))
		return result;
	*error = rival;
	rival = ERROR_INIT;
	if (result > 0)
		return -1;
	CLEANUP_FREE char *remedy = memory_copy_string(error->remedy);
	error_remedy(error, "the table is put back, and what was added stays; %s", remedy);
	return 1;
}
