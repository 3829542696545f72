/* SPDX-License-Identifier: MIT */
/*
 * table_diff(): the steps are few, stand in the promised order, and lead to the other table. The last is tried on a
 * model of the kernel, which refuses what the kernel refuses and puts new destinations at the head of its list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "table/diff.h"

/* Things to build tables from. */

static struct service *add_service(struct table *table, uint32_t fwmark, const char *scheduler)
{
	struct service *service = array_append(&table->services);
	service_init(service, AF_INET);
	service->fwmark = fwmark;
	snprintf(service->scheduler, sizeof service->scheduler, "%s", scheduler);
	return service;
}

/* The last one that is added is the oldest, as in a list that was read. */
static struct destination *add_destination(struct service *service, sa_family_t family, uint32_t number)
{
	struct destination *destination = array_append(&service->destinations);
	destination_init(destination);
	destination->address.family = family;
	destination->address.v4.s_addr = htonl(number);
	destination->port = 80;
	return destination;
}

static void add_destinations(struct service *service, const char *newest_first)
{
	for (const char *name = newest_first; *name; name++)
		add_destination(service, AF_INET, (uint32_t)*name);
}

static struct sync_daemon *add_daemon(struct table *table, enum daemon_role role, const char *interface)
{
	struct sync_daemon *daemon = array_append(&table->daemons);
	daemon->role = role;
	snprintf(daemon->interface, sizeof daemon->interface, "%s", interface);
	return daemon;
}

static void add_sysctl(struct table *table, const char *name, const char *value)
{
	*array_append(&table->sysctls) = (struct sysctl){
		.name = memory_copy_string(name),
		.value = memory_copy_string(value),
	};
}

/* The model of the kernel. */

static size_t find_service(const struct table *table, const struct service *wanted)
{
	size_t i = 0;
	while (i < table->services.count && service_compare(&table->services.items[i], wanted) != 0)
		i++;
	return i;
}

static size_t find_destination(const struct service *service, const struct destination *wanted)
{
	size_t i = 0;
	while (i < service->destinations.count && destination_compare(&service->destinations.items[i], wanted) != 0)
		i++;
	return i;
}

static void take_out(void *items, size_t *count, size_t size, size_t place)
{
	char *at = (char *)items + place * size;
	memmove(at, at + size, (*count - place - 1) * size);
	(*count)--;
}

static bool has_mixed_families(const struct table *table)
{
	for (size_t i = 0; i < table->services.count; i++) {
		const struct service *service = &table->services.items[i];
		for (size_t j = 0; j < service->destinations.count; j++) {
			if (service->destinations.items[j].address.family != service->family)
				return true;
		}
	}
	return false;
}

static void change_service(struct table *live, const struct change *change)
{
	const struct service *named = change->service_to ? change->service_to : change->service_from;
	size_t place = find_service(live, named);
	bool there = place < live->services.count;
	assert_int_equal(there, change->action != CHANGE_ADD);

	struct service changed = *named;
	memset(&changed.destinations, 0, sizeof changed.destinations);
	if (change->action == CHANGE_ADD) {
		*array_append(&live->services) = changed;
	} else if (change->action == CHANGE_REMOVE) {
		service_clear(&live->services.items[place]);
		take_out(live->services.items, &live->services.count, sizeof changed, place);
	} else {
		memcpy(&changed.destinations, &live->services.items[place].destinations, sizeof changed.destinations);
		live->services.items[place] = changed;
	}
}

static void change_destination(struct table *live, const struct change *change)
{
	size_t owner = find_service(live, change->service_to);
	assert_true(owner < live->services.count);
	struct service *service = &live->services.items[owner];
	const struct destination *named = change->destination_to ? change->destination_to : change->destination_from;
	size_t place = find_destination(service, named);
	bool there = place < service->destinations.count;
	assert_int_equal(there, change->action != CHANGE_ADD);

	if (change->action == CHANGE_REMOVE) {
		take_out(service->destinations.items, &service->destinations.count, sizeof *named, place);
		return;
	}
	if (named->address.family != service->family)
		assert_int_equal(live->daemons.count, 0);
	if (change->action == CHANGE_EDIT) {
		service->destinations.items[place] = *named;
		return;
	}
	array_append(&service->destinations);
	struct destination *items = service->destinations.items;
	memmove(items + 1, items, (service->destinations.count - 1) * sizeof *items);
	items[0] = *named;
}

static void change_daemon(struct table *live, const struct change *change)
{
	const struct sync_daemon *named = change->daemon_to ? change->daemon_to : change->daemon_from;
	size_t place = 0;
	while (place < live->daemons.count && live->daemons.items[place].role != named->role)
		place++;
	bool there = place < live->daemons.count;
	assert_int_equal(there, change->action != CHANGE_ADD);

	if (there)
		take_out(live->daemons.items, &live->daemons.count, sizeof *named, place);
	if (change->action == CHANGE_REMOVE)
		return;
	assert_false(has_mixed_families(live));
	*array_append(&live->daemons) = *named;
}

static void change_sysctl(struct table *live, const struct change *change)
{
	for (size_t i = 0; i < live->sysctls.count; i++) {
		struct sysctl *sysctl = &live->sysctls.items[i];
		if (strcmp(sysctl->name, change->sysctl_to->name) != 0)
			continue;
		free(sysctl->value);
		sysctl->value = memory_copy_string(change->sysctl_to->value);
		return;
	}
	fail_msg("no sysctl %s", change->sysctl_to->name);
}

static void carry_out(struct table *live, const struct changes *changes)
{
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct change *change = &changes->list.items[i];
		switch (change->subject) {
		case SUBJECT_SERVICE:
			change_service(live, change);
			break;
		case SUBJECT_DESTINATION:
			change_destination(live, change);
			break;
		case SUBJECT_TIMEOUTS:
			live->timeouts = *change->timeouts_to;
			break;
		case SUBJECT_DAEMON:
			change_daemon(live, change);
			break;
		case SUBJECT_SYSCTL:
			change_sysctl(live, change);
			break;
		}
	}
	table_sort(live);
}

/* Compared without table_diff(), whose errors would hide themselves otherwise. */
static void assert_services_equal(const struct table *a, const struct table *b)
{
	assert_int_equal(a->services.count, b->services.count);
	for (size_t i = 0; i < a->services.count; i++) {
		const struct service *one = &a->services.items[i];
		const struct service *other = &b->services.items[i];
		assert_int_equal(service_compare(one, other), 0);
		assert_true(service_options_equal(one, other));
		assert_int_equal(one->destinations.count, other->destinations.count);
		for (size_t j = 0; j < one->destinations.count; j++) {
			assert_int_equal(
				destination_compare(&one->destinations.items[j], &other->destinations.items[j]), 0);
			assert_true(
				destination_options_equal(&one->destinations.items[j], &other->destinations.items[j]));
		}
	}
}

static void assert_leads_to(const struct table *from, const struct table *to)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, from, to);
	CLEANUP_TABLE struct table live;
	table_init(&live);
	table_copy(&live, from);
	carry_out(&live, &changes);

	assert_services_equal(&live, to);
	assert_memory_equal(&live.timeouts, &to->timeouts, sizeof to->timeouts);
	assert_int_equal(live.daemons.count, to->daemons.count);
	for (size_t i = 0; i < to->daemons.count; i++)
		assert_true(daemon_equal(&live.daemons.items[i], &to->daemons.items[i]));
	for (size_t i = 0; i < to->sysctls.count; i++)
		assert_string_equal(live.sysctls.items[i].value, to->sysctls.items[i].value);
}

/* A table out of few names, so that two of them have much in common. */
static void make_random(struct table *table)
{
	table_init(table);
	bool with_daemons = random() % 2;
	for (enum daemon_role role = DAEMON_MASTER; with_daemons && role <= DAEMON_BACKUP; role++) {
		if (random() % 2)
			add_daemon(table, role, random() % 2 ? "lo" : "eth0")->sync_id = (uint32_t)random() % 2;
	}
	for (uint32_t mark = 1; mark <= 5; mark++) {
		if (random() % 3 == 0)
			continue;
		struct service *service = add_service(table, mark, random() % 3 ? "rr" : "wrr");
		uint32_t first = (uint32_t)random() % 8;
		uint32_t step = random() % 3 ? 1 : (uint32_t)(random() % 4) * 2 + 1; /* odd: visits all eight */
		for (uint32_t i = 0; i < 8; i++) {
			if (random() % 3 == 0)
				continue;
			uint32_t number = (first + i * step) % 8;
			bool other_family = number == 7 && table->daemons.count == 0;
			struct destination *destination =
				add_destination(service, other_family ? AF_INET6 : AF_INET, number);
			destination->weight = random() % 4 ? 1 : 5;
		}
	}
	table->timeouts.tcp = 900 + (uint32_t)random() % 2;
	add_sysctl(table, "conntrack", random() % 2 ? "0" : "1");
	add_sysctl(table, "sync_ports", random() % 2 ? "1" : "2");
}

static void random_pairs_lead_to_each_other(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < 5000; i++) {
		CLEANUP_TABLE struct table a;
		CLEANUP_TABLE struct table b;
		make_random(&a);
		make_random(&b);
		assert_leads_to(&a, &b);
	}
}

static void equal_tables_need_nothing(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < 100; i++) {
		CLEANUP_TABLE struct table table;
		make_random(&table);
		CLEANUP_CHANGES struct changes changes = {0};
		table_diff(&changes, &table, &table);
		assert_int_equal(changes.list.count, 0);
	}
}

/* The steps for one service whose destinations change, as text: "+a" added, "-a" removed, "~a" edited, "!" moved. */
static char *destination_steps(const char *from_names, const char *to_names, bool any_order)
{
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	add_destinations(add_service(&from, 1, "rr"), from_names);
	add_destinations(add_service(&to, 1, "rr"), to_names);
	/* Capitals are small letters with another weight. */
	for (size_t i = 0; i < strlen(to_names); i++) {
		struct destination *destination = &to.services.items[0].destinations.items[i];
		if (to_names[i] >= 'A' && to_names[i] <= 'Z') {
			destination->address.v4.s_addr = htonl((uint32_t)(to_names[i] - 'A' + 'a'));
			destination->weight = 9;
		}
	}
	to.any_order = any_order;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	if (!any_order)
		assert_leads_to(&from, &to);

	char *steps = memory_allocate(changes.list.count * 3 + 1, 1);
	char *end = steps;
	for (size_t i = 0; i < changes.list.count; i++) {
		const struct change *change = &changes.list.items[i];
		const struct destination *destination =
			change->destination_to ? change->destination_to : change->destination_from;
		assert_int_equal(change->subject, SUBJECT_DESTINATION);
		*end++ = "+~-"[change->action];
		*end++ = (char)ntohl(destination->address.v4.s_addr);
		if (change->reorders)
			*end++ = '!';
	}
	return steps;
}

static void assert_steps(const char *from, const char *to, const char *expected)
{
	CLEANUP_FREE char *steps = destination_steps(from, to, false);
	assert_string_equal(steps, expected);
}

static void assert_steps_in_any_order(const char *from, const char *to, const char *expected)
{
	CLEANUP_FREE char *steps = destination_steps(from, to, true);
	assert_string_equal(steps, expected);
}

static void order_makes_no_difference_where_a_table_does_not_say_it(void **state)
{
	(void)state;
	assert_steps_in_any_order("cba", "abc", "");
	assert_steps_in_any_order("cba", "aBc", "~b");
	assert_steps_in_any_order("cba", "ac", "-b");
	assert_steps_in_any_order("cba", "axcyb", "+y+x");
	assert_steps_in_any_order("", "abc", "+c+b+a");
	assert_steps_in_any_order("cba", "Ax", "-c-b~a+x");

	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	CLEANUP_TABLE struct table copy = {0};
	table_init(&from);
	table_init(&to);
	add_destinations(add_service(&from, 1, "rr"), "ab");
	add_destinations(add_service(&to, 1, "rr"), "ba");
	from.any_order = true;
	table_copy(&copy, &from);
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &copy, &to);
	assert_int_equal(changes.list.count, 0);
}

static void destinations_take_the_fewest_steps(void **state)
{
	(void)state;
	assert_steps("cba", "cba", "");
	assert_steps("", "cba", "+a+b+c");
	assert_steps("cba", "", "-c-b-a");
	assert_steps("cba", "dcba", "+d");
	assert_steps("cba", "ca", "-b");
	assert_steps("cba", "cBa", "~b");
	/* What is newest in `to` moves there alone, wherever it was. */
	assert_steps("cba", "acb", "-a!+a!");
	/* What has to be older than the rest cannot be put there, so the rest moves. */
	assert_steps("cba", "bac", "-a!+a!-b!+b!");
	assert_steps("cba", "abc", "-b!+b!-a!+a!");
	/* An addition among old ones moves what is newer than it. */
	assert_steps("cba", "cbxa", "+x-b!+b!-c!+c!");
	/* A destination that moves and changes as well is not the same one in another place. */
	assert_steps("cba", "Acb", "-a+a");
}

static void a_service_goes_with_its_destinations(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	add_destinations(add_service(&from, 1, "rr"), "ab");
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	assert_int_equal(changes.list.count, 1);
	const struct change *change = &changes.list.items[0];
	assert_int_equal(change->action, CHANGE_REMOVE);
	assert_int_equal(change->subject, SUBJECT_SERVICE);
	assert_ptr_equal(change->service_from, &from.services.items[0]);
	assert_null(change->service_to);
}

static void steps_stand_in_the_promised_order(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	add_service(&from, 1, "rr");
	add_service(&from, 2, "rr");
	add_destinations(add_service(&to, 2, "wrr"), "a");
	add_service(&to, 3, "rr");
	add_daemon(&from, DAEMON_MASTER, "lo");
	add_daemon(&to, DAEMON_BACKUP, "lo");
	to.timeouts.udp = 1;
	add_sysctl(&from, "sync_ports", "1");
	add_sysctl(&to, "sync_ports", "2");

	static const struct {
		enum change_action action;
		enum change_subject subject;
	} expected[] = {
		{CHANGE_REMOVE, SUBJECT_SERVICE},  {CHANGE_REMOVE, SUBJECT_DAEMON}, {CHANGE_EDIT, SUBJECT_SERVICE},
		{CHANGE_ADD, SUBJECT_DESTINATION}, {CHANGE_ADD, SUBJECT_SERVICE},   {CHANGE_EDIT, SUBJECT_TIMEOUTS},
		{CHANGE_EDIT, SUBJECT_SYSCTL},     {CHANGE_ADD, SUBJECT_DAEMON},
	};
	const size_t count = sizeof expected / sizeof expected[0];
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	assert_int_equal(changes.list.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(changes.list.items[i].action, expected[i].action);
		assert_int_equal(changes.list.items[i].subject, expected[i].subject);
	}
	assert_leads_to(&from, &to);
}

static void a_sysctl_of_one_table_only_is_no_difference(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	add_sysctl(&from, "a_old", "1");
	add_sysctl(&from, "conntrack", "1");
	add_sysctl(&to, "conntrack", "1");
	add_sysctl(&to, "d_new", "1");
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	assert_int_equal(changes.list.count, 0);
}

static void a_changed_daemon_is_an_edit(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	add_daemon(&from, DAEMON_MASTER, "lo");
	add_daemon(&to, DAEMON_MASTER, "lo")->port = 8848; /* the kernel's own: the same */
	CLEANUP_CHANGES struct changes same = {0};
	table_diff(&same, &from, &to);
	assert_int_equal(same.list.count, 0);

	to.daemons.items[0].port = 9000;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	assert_int_equal(changes.list.count, 1);
	assert_int_equal(changes.list.items[0].action, CHANGE_EDIT);
	assert_ptr_equal(changes.list.items[0].daemon_from, &from.daemons.items[0]);
	assert_ptr_equal(changes.list.items[0].daemon_to, &to.daemons.items[0]);
}

/* Ten thousand destinations in turned order: all but the oldest wanted one move. Comparing each with each would make a
   hundred million comparisons. */
static void many_destinations_are_no_trouble(void **state)
{
	(void)state;
	const uint32_t count = 10000;
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	struct service *service_from = add_service(&from, 1, "rr");
	struct service *service_to = add_service(&to, 1, "rr");
	for (uint32_t i = 0; i < count; i++) {
		add_destination(service_from, AF_INET, i);
		add_destination(service_to, AF_INET, count - 1 - i);
	}
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	assert_int_equal(changes.list.count, 2 * (count - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_tables_need_nothing),
		cmocka_unit_test(destinations_take_the_fewest_steps),
		cmocka_unit_test(order_makes_no_difference_where_a_table_does_not_say_it),
		cmocka_unit_test(a_service_goes_with_its_destinations),
		cmocka_unit_test(steps_stand_in_the_promised_order),
		cmocka_unit_test(a_sysctl_of_one_table_only_is_no_difference),
		cmocka_unit_test(a_changed_daemon_is_an_edit),
		cmocka_unit_test(many_destinations_are_no_trouble),
		cmocka_unit_test(random_pairs_lead_to_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
