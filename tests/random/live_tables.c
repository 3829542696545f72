/* SPDX-License-Identifier: MIT */
/*
 * Usage: live_tables
 *
 * restore(snapshot(T)) == T, with tables made by chance and this kernel's own table, which is put back afterwards. Each
 * round goes from one table straight to the next by difference, and then there again from an empty one; the
 * snapshots are the same text. IPVS_ISO_ROUNDS says how many rounds, IPVS_ISO_SEED which. For guests:
 * guest-random.bats.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/ipvs.h"
#include "random_table.h"
#include "table/json.h"
#include "table/rules.h"

#define ROUNDS 100

/* The live table as a snapshot, which the caller frees; NULL with an error, also where it is not `wanted`. */
static char *snapshot(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(ipvs, &live, error) < 0)
		return NULL;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, wanted, &live);
	if (changes.list.count == 0)
		return table_to_json(&live, NULL);
	CLEANUP_FREE char *text = change_text(&changes.list.items[0]);
	error_set(error, ERROR_FAILED, "restored, and then there is this: %s", text);
	return NULL;
}

static int restore(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	return ipvs_read(ipvs, &live, error) < 0 ? -1 : ipvs_restore(ipvs, &live, wanted, error);
}

static int restore_text(struct ipvs *ipvs, const char *text, struct error *error)
{
	CLEANUP_TABLE struct table table;
	table_init(&table);
	if (table_from_json(&table, text, strlen(text), "snapshot", error) < 0)
		return -1;
	return restore(ipvs, &table, error);
}

static int try_table(struct ipvs *ipvs, const struct table *table, struct error *error)
{
	if (restore(ipvs, table, error) < 0)
		return error_context(error, "from another table");
	CLEANUP_FREE char *first = snapshot(ipvs, table, error);
	if (!first || ipvs_flush(ipvs, table, error) < 0)
		return -1;
	if (restore_text(ipvs, first, error) < 0)
		return error_context(error, "from an empty table");
	CLEANUP_FREE char *second = snapshot(ipvs, table, error);
	if (!second)
		return -1;
	return strcmp(first, second) ? error_set(error, ERROR_FAILED, "the second snapshot differs:\n%s", second) : 0;
}

static int try_tables(struct ipvs *ipvs, struct error *error)
{
	struct chance chance = random_seed();
	uint64_t rounds = random_setting("IPVS_ISO_ROUNDS", ROUNDS);
	for (uint64_t round = 1; round <= rounds; round++) {
		CLEANUP_TABLE struct table table;
		table_init(&table);
		random_table(&table, &chance, RANDOM_LIVE);
		if (try_table(ipvs, &table, error) == 0)
			continue;
		CLEANUP_FREE char *text = table_to_json(&table, NULL);
		fprintf(stderr, "%s", text);
		return error_context(error, "round %" PRIu64, round);
	}
	printf("%" PRIu64 " rounds\n", rounds);
	return 0;
}

int main(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_ERROR struct error undo = ERROR_INIT;
	CLEANUP_TABLE struct table before;
	table_init(&before);
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(&error);
	int result = ipvs ? ipvs_read(ipvs, &before, &error) : -1;
	if (result == 0) {
		result = try_tables(ipvs, &error);
		if (restore(ipvs, &before, &undo) < 0)
			fprintf(stderr, "live_tables: the table is not put back: %s\n", undo.message);
	}
	if (result < 0)
		fprintf(stderr, "live_tables: %s\n", error.message);
	return result < 0 || error_is_set(&undo);
}
