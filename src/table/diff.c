/* SPDX-License-Identifier: MIT */
#include "table/diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void changes_clear(struct changes *changes)
{
	array_free(&changes->list);
}

static struct change *append(struct changes *changes, enum change_action action, enum change_subject subject)
{
	struct change *change = array_append(&changes->list);
	change->action = action;
	change->subject = subject;
	return change;
}

/* A step about a destination. NULL for `from` makes it an addition, for `to` a removal. */
static struct change *append_destination(struct changes *changes, const struct service *service_from,
					 const struct service *service_to, const struct destination *from,
					 const struct destination *to)
{
	enum change_action action = !from ? CHANGE_ADD : !to ? CHANGE_REMOVE : CHANGE_EDIT;
	struct change *change = append(changes, action, SUBJECT_DESTINATION);
	change->service_from = service_from;
	change->service_to = service_to;
	change->destination_from = from;
	change->destination_to = to;
	return change;
}

static int compare_pointed(const void *a, const void *b)
{
	return destination_compare(*(const struct destination *const *)a, *(const struct destination *const *)b);
}

/* Pointers to the destinations of a service, sorted by what names them. The caller frees. */
static const struct destination **sorted_destinations(const struct service *service)
{
	size_t count = service->destinations.count;
	const struct destination **sorted = memory_allocate(count, sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &service->destinations.items[i];
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), compare_pointed);
	return sorted;
}

#define NO_PARTNER SIZE_MAX

/* For each destination of one service, where the one of the same name stands in the other, or NO_PARTNER. */
struct partners {
	size_t *of_from, *of_to;
};

static void partners_clear(struct partners *partners)
{
	free(partners->of_from);
	free(partners->of_to);
}

static size_t *no_partners(size_t count)
{
	size_t *partners = memory_allocate(count, sizeof(*partners));
	for (size_t i = 0; i < count; i++)
		partners[i] = NO_PARTNER;
	return partners;
}

static void partners_find(struct partners *partners, const struct service *from, const struct service *to)
{
	CLEANUP_FREE const struct destination **sorted_from = sorted_destinations(from);
	CLEANUP_FREE const struct destination **sorted_to = sorted_destinations(to);
	partners->of_from = no_partners(from->destinations.count);
	partners->of_to = no_partners(to->destinations.count);

	size_t i = 0;
	size_t j = 0;
	while (i < from->destinations.count && j < to->destinations.count) {
		int order = destination_compare(sorted_from[i], sorted_to[j]);
		if (order == 0) {
			size_t at_from = (size_t)(sorted_from[i] - from->destinations.items);
			size_t at_to = (size_t)(sorted_to[j] - to->destinations.items);
			partners->of_from[at_from] = at_to;
			partners->of_to[at_to] = at_from;
		}
		i += order <= 0;
		j += order >= 0;
	}
}

/*
 * The index in `to` from which on destinations can stay where they are. The kernel only ever adds at the head, so all
 * that stay must be older than all that are added: they are the longest tail of `to` that stands in the same order in
 * `from`. Where the order makes no difference, all of them can stay.
 */
static size_t first_kept(const struct partners *partners, size_t count_to, bool any_order)
{
	if (any_order)
		return 0;
	size_t newer_than = NO_PARTNER; /* the place in `from` of the last one kept; lower is newer */
	size_t kept = count_to;
	while (kept > 0) {
		size_t place = partners->of_to[kept - 1];
		if (place == NO_PARTNER || place >= newer_than)
			break;
		newer_than = place;
		kept--;
	}
	return kept;
}

/* The steps for the destinations of a service that is in both tables. */
static void diff_destinations(struct changes *changes, const struct service *from, const struct service *to,
			      bool any_order)
{
	__attribute__((cleanup(partners_clear))) struct partners partners = {0};
	partners_find(&partners, from, to);
	size_t kept = first_kept(&partners, to->destinations.count, any_order);

	for (size_t i = 0; i < from->destinations.count; i++) {
		if (partners.of_from[i] == NO_PARTNER)
			append_destination(changes, from, to, &from->destinations.items[i], NULL);
	}
	for (size_t i = kept; i < to->destinations.count; i++) {
		if (partners.of_to[i] == NO_PARTNER)
			continue;
		const struct destination *old = &from->destinations.items[partners.of_to[i]];
		const struct destination *new = &to->destinations.items[i];
		if (!destination_options_equal(old, new))
			append_destination(changes, from, to, old, new);
	}
	for (size_t i = to->destinations.count; i-- > 0;) {
		const struct destination *new = &to->destinations.items[i];
		bool reorders = false;
		if (partners.of_to[i] != NO_PARTNER) {
			if (i >= kept)
				continue;
			const struct destination *old = &from->destinations.items[partners.of_to[i]];
			reorders = destination_options_equal(old, new);
			append_destination(changes, from, to, old, NULL)->reorders = reorders;
		}
		append_destination(changes, from, to, NULL, new)->reorders = reorders;
	}
}

static void add_service(struct changes *changes, const struct service *to)
{
	append(changes, CHANGE_ADD, SUBJECT_SERVICE)->service_to = to;
	for (size_t i = to->destinations.count; i-- > 0;)
		append_destination(changes, NULL, to, NULL, &to->destinations.items[i]);
}

static void diff_service_options(struct changes *changes, const struct service *from, const struct service *to)
{
	if (service_options_equal(from, to))
		return;
	struct change *change = append(changes, CHANGE_EDIT, SUBJECT_SERVICE);
	change->service_from = from;
	change->service_to = to;
}

static void remove_services(struct changes *changes, const struct table *from, const struct table *to)
{
	size_t j = 0;
	for (size_t i = 0; i < from->services.count; i++) {
		const struct service *service = &from->services.items[i];
		while (j < to->services.count && service_compare(&to->services.items[j], service) < 0)
			j++;
		if (j == to->services.count || service_compare(&to->services.items[j], service) != 0)
			append(changes, CHANGE_REMOVE, SUBJECT_SERVICE)->service_from = service;
	}
}

static void diff_services(struct changes *changes, const struct table *from, const struct table *to)
{
	size_t i = 0;
	for (size_t j = 0; j < to->services.count; j++) {
		const struct service *service = &to->services.items[j];
		while (i < from->services.count && service_compare(&from->services.items[i], service) < 0)
			i++;
		if (i < from->services.count && service_compare(&from->services.items[i], service) == 0) {
			diff_service_options(changes, &from->services.items[i], service);
			diff_destinations(changes, &from->services.items[i], service, from->any_order || to->any_order);
		} else {
			add_service(changes, service);
		}
	}
}

/* Whether two timeouts are the same, or one of them is of no concern. */
static bool timeout_equal(uint32_t a, uint32_t b)
{
	return a == b || !a || !b;
}

static void diff_timeouts(struct changes *changes, const struct timeouts *from, const struct timeouts *to)
{
	if (timeout_equal(from->tcp, to->tcp) && timeout_equal(from->tcp_fin, to->tcp_fin) &&
	    timeout_equal(from->udp, to->udp))
		return;
	struct change *change = append(changes, CHANGE_EDIT, SUBJECT_TIMEOUTS);
	change->timeouts_from = from;
	change->timeouts_to = to;
}

static const struct sync_daemon *find_daemon(const struct table *table, enum daemon_role role)
{
	for (size_t i = 0; i < table->daemons.count; i++) {
		if (table->daemons.items[i].role == role)
			return &table->daemons.items[i];
	}
	return NULL;
}

static void remove_daemons(struct changes *changes, const struct table *from, const struct table *to)
{
	for (size_t i = 0; i < from->daemons.count; i++) {
		const struct sync_daemon *daemon = &from->daemons.items[i];
		if (!find_daemon(to, daemon->role))
			append(changes, CHANGE_REMOVE, SUBJECT_DAEMON)->daemon_from = daemon;
	}
}

static void diff_daemons(struct changes *changes, const struct table *from, const struct table *to)
{
	for (size_t i = 0; i < to->daemons.count; i++) {
		const struct sync_daemon *new = &to->daemons.items[i];
		const struct sync_daemon *old = find_daemon(from, new->role);
		if (old && daemon_equal(old, new))
			continue;
		struct change *change = append(changes, old ? CHANGE_EDIT : CHANGE_ADD, SUBJECT_DAEMON);
		change->daemon_from = old;
		change->daemon_to = new;
	}
}

static void diff_sysctls(struct changes *changes, const struct table *from, const struct table *to)
{
	size_t i = 0;
	size_t j = 0;
	while (i < from->sysctls.count && j < to->sysctls.count) {
		const struct sysctl *old = &from->sysctls.items[i];
		const struct sysctl *new = &to->sysctls.items[j];
		int order = strcmp(old->name, new->name);
		if (order == 0 && strcmp(old->value, new->value) != 0) {
			struct change *change = append(changes, CHANGE_EDIT, SUBJECT_SYSCTL);
			change->sysctl_from = old;
			change->sysctl_to = new;
		}
		i += order <= 0;
		j += order >= 0;
	}
}

void table_diff(struct changes *changes, const struct table *from, const struct table *to)
{
	bool compare_daemons = !from->any_daemons && !to->any_daemons;
	remove_services(changes, from, to);
	if (compare_daemons)
		remove_daemons(changes, from, to);
	diff_services(changes, from, to);
	diff_timeouts(changes, &from->timeouts, &to->timeouts);
	diff_sysctls(changes, from, to);
	if (compare_daemons)
		diff_daemons(changes, from, to);
}

/* The destinations of `from` that `to` lacks or has with other options. */
static void diff_destinations_within(struct changes *changes, const struct service *from, const struct service *to)
{
	__attribute__((cleanup(partners_clear))) struct partners partners = {0};
	partners_find(&partners, from, to);
	for (size_t i = 0; i < from->destinations.count; i++) {
		const struct destination *old = &from->destinations.items[i];
		size_t place = partners.of_from[i];
		const struct destination *new = place == NO_PARTNER ? NULL : &to->destinations.items[place];
		if (!new || !destination_options_equal(old, new))
			append_destination(changes, from, to, old, new);
	}
}

void table_diff_services_within(struct changes *changes, const struct table *from, const struct table *to)
{
	size_t j = 0;
	for (size_t i = 0; i < from->services.count; i++) {
		const struct service *service = &from->services.items[i];
		while (j < to->services.count && service_compare(&to->services.items[j], service) < 0)
			j++;
		bool there = j < to->services.count && service_compare(&to->services.items[j], service) == 0;
		if (!there) {
			append(changes, CHANGE_REMOVE, SUBJECT_SERVICE)->service_from = service;
			continue;
		}
		diff_service_options(changes, service, &to->services.items[j]);
		diff_destinations_within(changes, service, &to->services.items[j]);
	}
}
