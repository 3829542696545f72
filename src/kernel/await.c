/* SPDX-License-Identifier: MIT */
#include "kernel/await.h"

#include <stdbool.h>
#include <time.h>

#include "base/duration.h"

#define PAUSE_MIN_MS 20

/* A pause is so many times as long as the look before it took. */
#define PAUSE_FACTOR 4

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void pause_for(int64_t milliseconds)
{
	const struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
	nanosleep(&pause, NULL);
}

static int64_t moment_after(int64_t milliseconds)
{
	int64_t moment;
	return __builtin_add_overflow(duration_now(), milliseconds, &moment) ? INT64_MAX : moment;
}

/* Whether the condition holds now: 1, 0, or -1 with an error. */
static int look(struct ipvs *ipvs, const struct condition *condition, struct table *table, struct error *error)
{
	table_clear(table);
	if (ipvs_read(ipvs, table, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes differences = {0};
	return condition_holds(condition, table, &differences);
}

int ipvs_await(struct ipvs *ipvs, const struct condition *condition, int64_t stable_ms, int64_t timeout_ms,
	       struct table *table, int64_t *held_ms, struct error *error)
{
	int64_t deadline = moment_after(timeout_ms);
	int64_t since = -1; /* when the first look that found it so had ended; -1 where the last one did not */
	for (;;) {
		int64_t begin = duration_now();
		int holds = look(ipvs, condition, table, error);
		if (holds < 0)
			return -1;
		int64_t end = duration_now();
		if (!holds)
			since = -1;
		else if (since < 0)
			since = end;
		/* From the end of the first look to the beginning of the last: not a moment of it is a guess. */
		*held_ms = since < 0 ? -1 : larger(begin - since, 0);
		if (since >= 0 && *held_ms >= stable_ms)
			return 1;
		if (end >= deadline)
			return 0;

		int64_t pause = larger(PAUSE_MIN_MS, (end - begin) * PAUSE_FACTOR);
		if (since >= 0)
			pause = smaller(pause, larger(since + stable_ms - end, 1));
		pause_for(smaller(pause, deadline - end));
	}
}
