/* SPDX-License-Identifier: MIT */
#include "table/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare_destinations(const void *a, const void *b)
{
	return destination_compare(a, b);
}

/* A copy of a service's destinations, sorted by what names them. The caller frees. */
static struct destination *sorted_destinations(const struct service *service)
{
	size_t count = service->destinations.count;
	struct destination *sorted = memory_allocate(count, sizeof *sorted);
	if (count > 0)
		memcpy(sorted, service->destinations.items, count * sizeof *sorted);
	if (count > 1)
		qsort(sorted, count, sizeof *sorted, compare_destinations);
	return sorted;
}

/* The one of the same name; NULL where there is none. */
static const struct destination *find(const struct destination *wanted, const struct destination *sorted, size_t count)
{
	return count ? bsearch(wanted, sorted, count, sizeof *sorted, compare_destinations) : NULL;
}

/* Puts the destinations that `present` has into `service`, which is of the same name. */
static void merge_destinations(struct service *service, const struct service *present)
{
	CLEANUP_FREE struct destination *sorted_present = sorted_destinations(present);
	CLEANUP_FREE struct destination *sorted_added = sorted_destinations(service);
	struct service merged = {0};
	for (size_t i = 0; i < service->destinations.count; i++) {
		const struct destination *added = &service->destinations.items[i];
		if (!find(added, sorted_present, present->destinations.count))
			*array_append(&merged.destinations) = *added;
	}
	for (size_t i = 0; i < present->destinations.count; i++) {
		const struct destination *old = &present->destinations.items[i];
		const struct destination *changed = find(old, sorted_added, service->destinations.count);
		*array_append(&merged.destinations) = changed ? *changed : *old;
	}
	service_clear(service);
	service->destinations.items = merged.destinations.items;
	service->destinations.count = merged.destinations.count;
	service->destinations.room = merged.destinations.room;
}

static void merge_services(struct table *merged, const struct table *table)
{
	size_t added = merged->services.count;
	size_t i = 0;
	for (size_t j = 0; j < table->services.count; j++) {
		const struct service *service = &table->services.items[j];
		while (i < added && service_compare(&merged->services.items[i], service) < 0)
			i++;
		if (i < added && service_compare(&merged->services.items[i], service) == 0)
			merge_destinations(&merged->services.items[i], service);
		else
			service_copy(array_append(&merged->services), service);
	}
}

static void merge_daemons(struct table *merged, const struct table *table)
{
	for (size_t j = 0; j < table->daemons.count; j++) {
		size_t i = 0;
		while (i < merged->daemons.count && merged->daemons.items[i].role != table->daemons.items[j].role)
			i++;
		if (i == merged->daemons.count)
			*array_append(&merged->daemons) = table->daemons.items[j];
	}
	merged->any_daemons = table->any_daemons;
}

void table_merge(struct table *merged, const struct table *table, const struct table *addition)
{
	table_copy(merged, addition);
	merge_services(merged, table);
	merge_daemons(merged, table);
	if (!merged->timeouts.tcp)
		merged->timeouts.tcp = table->timeouts.tcp;
	if (!merged->timeouts.tcp_fin)
		merged->timeouts.tcp_fin = table->timeouts.tcp_fin;
	if (!merged->timeouts.udp)
		merged->timeouts.udp = table->timeouts.udp;
	table_sort(merged);
}
