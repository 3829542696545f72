/* SPDX-License-Identifier: MIT */
#include "run/plan_order.h"

#include <stdlib.h>

#include "base/memory.h"

/* SplitMix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static uint64_t next_random(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(*state);
}

/* FNV-1a, mixed once more: its lowest bit, which alone chooses between two shards, is the parity of the bytes. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return mix(hash);
}

static void keep_shard(struct plan *plan, unsigned shard, unsigned shards)
{
	size_t kept = 0;
	for (size_t i = 0; i < plan->units.count; i++) {
		struct planned_unit *unit = &plan->units.items[i];
		if (hash_of(unit->name) % shards == shard - 1)
			plan->units.items[kept++] = *unit;
		else
			planned_unit_clear(unit);
	}
	plan->units.count = kept;
}

/* What a unit is called; `rounds` is how many there are. */
static char *name_in_round(const char *name, unsigned round, unsigned rounds)
{
	return rounds > 1 ? memory_printf("%s #%u", name, round) : memory_copy_string(name);
}

/* Other shards' units are known by their names only. */
static void name_all(struct plan *plan, unsigned rounds)
{
	size_t listed = plan->units.count;
	for (unsigned round = 1; round <= rounds; round++) {
		for (size_t i = 0; i < listed; i++)
			*array_append(&plan->names) = name_in_round(plan->units.items[i].name, round, rounds);
	}
	for (size_t i = 0; i < listed; i++)
		plan->units.items[i].place = i;
}

/* `each`: how many units of the whole plan a round has. */
static void repeat(struct plan *plan, unsigned rounds, size_t each)
{
	size_t listed = plan->units.count;
	for (unsigned round = 2; round <= rounds; round++) {
		for (size_t i = 0; i < listed; i++) {
			plan_add_copy(plan, i, name_in_round(plan->units.items[i].name, round, rounds));
			plan->units.items[plan->units.count - 1].place += (round - 1) * each;
		}
	}
	for (size_t i = 0; i < listed; i++) {
		struct planned_unit *unit = &plan->units.items[i];
		char *name = name_in_round(unit->name, 1, rounds);
		free(unit->name);
		unit->name = name;
	}
}

static void shuffle(struct planned_unit *units, size_t count, uint64_t *random)
{
	for (size_t left = count; left > 1; left--) {
		size_t chosen = (size_t)(next_random(random) % left);
		struct planned_unit unit = units[chosen];
		units[chosen] = units[left - 1];
		units[left - 1] = unit;
	}
}

void plan_arrange(struct plan *plan, const struct plan_order *order)
{
	size_t all = plan->units.count;
	name_all(plan, order->rounds > 1 ? order->rounds : 1);
	if (order->shards > 0)
		keep_shard(plan, order->shard, order->shards);
	size_t each = plan->units.count;
	if (order->rounds > 1)
		repeat(plan, order->rounds, all);
	if (!order->shuffled || each == 0)
		return;
	uint64_t random = order->seed;
	for (size_t begin = 0; begin < plan->units.count; begin += each)
		shuffle(plan->units.items + begin, each, &random);
}
