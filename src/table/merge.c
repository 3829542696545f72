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

/* Puts `service`, or what it has beyond `known`, which is of the same name, behind the services of `beyond`. */
static void add_further_destinations(struct table *beyond, const struct service *service, const struct service *known)
{
	CLEANUP_FREE struct destination *sorted = sorted_destinations(known);
	struct service further = *known;
	further.destinations.items = NULL;
	further.destinations.count = further.destinations.room = 0;
	further.counters.items = NULL;
	further.counters.count = further.counters.room = 0;
	for (size_t i = 0; i < service->destinations.count; i++) {
		const struct destination *destination = &service->destinations.items[i];
		if (!find(destination, sorted, known->destinations.count))
			*array_append(&further.destinations) = *destination;
	}
	if (further.destinations.count > 0)
		*array_append(&beyond->services) = further;
}

static bool has_role(const struct table *table, enum daemon_role role)
{
	for (size_t i = 0; i < table->daemons.count; i++) {
		if (table->daemons.items[i].role == role)
			return true;
	}
	return false;
}

static bool names_sysctl(const struct table *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table->sysctls.items[i].name, name) == 0)
			return true;
	}
	return false;
}

static void merge_sysctls(struct table *merged, const struct table *table)
{
	size_t added = merged->sysctls.count;
	for (size_t i = 0; i < table->sysctls.count; i++) {
		const struct sysctl *sysctl = &table->sysctls.items[i];
		if (!names_sysctl(merged, added, sysctl->name))
			*array_append(&merged->sysctls) = (struct sysctl){
				.name = memory_copy_string(sysctl->name),
				.value = memory_copy_string(sysctl->value),
			};
	}
}

void table_beyond(struct table *beyond, const struct table *table, const struct table *known)
{
	table_clear(beyond);
	beyond->timeouts = (struct timeouts){0};
	size_t j = 0;
	for (size_t i = 0; i < table->services.count; i++) {
		const struct service *service = &table->services.items[i];
		while (j < known->services.count && service_compare(&known->services.items[j], service) < 0)
			j++;
		if (j < known->services.count && service_compare(&known->services.items[j], service) == 0)
			add_further_destinations(beyond, service, &known->services.items[j]);
		else
			service_copy(array_append(&beyond->services), service);
	}
	for (size_t i = 0; i < table->daemons.count; i++) {
		if (!has_role(known, table->daemons.items[i].role))
			*array_append(&beyond->daemons) = table->daemons.items[i];
	}
}

void table_merge(struct table *merged, const struct table *table, const struct table *addition)
{
	table_copy(merged, addition);
	merge_services(merged, table);
	merge_daemons(merged, table);
	merge_sysctls(merged, table);
	if (!merged->timeouts.tcp)
		merged->timeouts.tcp = table->timeouts.tcp;
	if (!merged->timeouts.tcp_fin)
		merged->timeouts.tcp_fin = table->timeouts.tcp_fin;
	if (!merged->timeouts.udp)
		merged->timeouts.udp = table->timeouts.udp;
	table_sort(merged);
}
