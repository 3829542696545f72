/* SPDX-License-Identifier: MIT */
/* Residue: its classes, its words, and what of a difference becomes residue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "result/residue.h"

static void classes_and_actions_have_names(void **state)
{
	(void)state;
	static const char *const names[] = {"services", "destinations", "timeouts",   "daemons",
					    "sysctl",   "processes",    "connections"};
	assert_int_equal(sizeof names / sizeof *names, RESIDUE_CLASSES);
	for (unsigned i = 0; i < RESIDUE_CLASSES; i++) {
		enum residue_class class;
		assert_string_equal(residue_class_name((enum residue_class)i), names[i]);
		assert_true(residue_class_parse(&class, names[i]));
		assert_int_equal(class, i);
	}
	assert_string_equal(residue_action_name(RESIDUE_LEFT), "left");
	assert_string_equal(residue_action_name(RESIDUE_CHANGED), "changed");
	assert_string_equal(residue_action_name(RESIDUE_REMOVED), "removed");
	enum residue_class class;
	assert_false(residue_class_parse(&class, ""));
	assert_false(residue_class_parse(&class, "service"));
	assert_false(residue_class_parse(&class, "Services"));
}

static void any_looks_at_the_classes_of_the_set_only(void **state)
{
	(void)state;
	struct residue_list list = {0};
	assert_false(residue_any(&list, RESIDUE_SET_ALL));
	residue_add(&list, RESIDUE_CONNECTIONS, RESIDUE_LEFT, memory_copy_string("3 connections"));
	assert_true(residue_any(&list, RESIDUE_SET_ALL));
	assert_false(residue_any(&list, RESIDUE_SET_DEFAULT));
	assert_false(residue_any(&list, RESIDUE_SET(RESIDUE_SERVICES)));
	residue_add(&list, RESIDUE_SERVICES, RESIDUE_LEFT, memory_copy_string("-A -f 1"));
	assert_true(residue_any(&list, RESIDUE_SET_DEFAULT));
	assert_true(residue_any(&list, RESIDUE_SET(RESIDUE_SERVICES)));
	assert_false(residue_any(&list, 0));

	residue_tolerate(&list, RESIDUE_SET(RESIDUE_CONNECTIONS));
	assert_true(residue_any(&list, RESIDUE_SET_ALL));
	assert_false(residue_any(&list, RESIDUE_SET(RESIDUE_SERVICES)));
	residue_tolerate(&list, 0);
	assert_false(residue_any(&list, RESIDUE_SET_ALL));
	residue_clear(&list);
	assert_int_equal(list.entries.count, 0);
}

/* Building tables. */

static struct service *add_service(struct table *table, uint32_t fwmark)
{
	struct service *service = array_append(&table->services);
	service_init(service, AF_INET);
	service->fwmark = fwmark;
	return service;
}

static void add_destination(struct service *service, const char *address)
{
	struct destination *destination = array_append(&service->destinations);
	destination_init(destination);
	assert_true(address_parse(&destination->address, address));
	destination->port = 80;
}

static void check_residue(const struct table *clean, const struct table *dirty, const struct residue *expected,
			  size_t count)
{
	CLEANUP_CHANGES struct changes changes = {0};
	struct residue_list list = {0};
	table_diff(&changes, clean, dirty);
	residue_add_changes(&list, &changes);
	assert_int_equal(list.entries.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct residue *entry = &list.entries.items[i];
		assert_string_equal(residue_class_name(entry->class), residue_class_name(expected[i].class));
		assert_string_equal(residue_action_name(entry->action), residue_action_name(expected[i].action));
		if (!strstr(entry->text, expected[i].text))
			assert_string_equal(entry->text, expected[i].text);
	}
	residue_clear(&list);
}

static void what_differs_is_residue_in_the_words_of_ipvsadm(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table clean;
	CLEANUP_TABLE struct table dirty;
	table_init(&clean);
	table_init(&dirty);
	add_service(&clean, 1);
	add_destination(add_service(&clean, 2), "10.0.0.1");
	add_destination(add_service(&dirty, 2), "10.0.0.2");
	dirty.services.items[0].flags = SERVICE_FLAG_ONE_PACKET;
	add_destination(add_service(&dirty, 3), "10.0.0.3");
	dirty.timeouts.tcp = 7;
	*array_append(&clean.sysctls) =
		(struct sysctl){.name = memory_copy_string("drop_packet"), .value = memory_copy_string("0")};
	*array_append(&dirty.sysctls) =
		(struct sysctl){.name = memory_copy_string("drop_packet"), .value = memory_copy_string("1")};
	*array_append(&dirty.daemons) = (struct sync_daemon){.role = DAEMON_MASTER, .interface = "lo", .sync_id = 5};

	const struct residue expected[] = {
		{RESIDUE_SERVICES, RESIDUE_REMOVED, "-A -f 1 ", false},
		{RESIDUE_SERVICES, RESIDUE_CHANGED, "-A -f 2 ", false},
		{RESIDUE_DESTINATIONS, RESIDUE_REMOVED, "-r 10.0.0.1:80", false},
		{RESIDUE_DESTINATIONS, RESIDUE_LEFT, "-r 10.0.0.2:80", false},
		{RESIDUE_SERVICES, RESIDUE_LEFT, "-A -f 3 ", false},
		{RESIDUE_DESTINATIONS, RESIDUE_LEFT, "-r 10.0.0.3:80", false},
		{RESIDUE_TIMEOUTS, RESIDUE_CHANGED, "--set 7 120 300", false},
		{RESIDUE_SYSCTL, RESIDUE_CHANGED, "net.ipv4.vs.drop_packet = 1", false},
		{RESIDUE_DAEMONS, RESIDUE_LEFT, "--start-daemon master --mcast-interface lo --syncid 5", false},
	};
	check_residue(&clean, &dirty, expected, sizeof expected / sizeof *expected);
	check_residue(&clean, &clean, NULL, 0);
}

static void a_destination_that_moved_is_one_change(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table clean;
	CLEANUP_TABLE struct table dirty;
	table_init(&clean);
	table_init(&dirty);
	struct service *before = add_service(&clean, 1);
	add_destination(before, "10.0.0.1");
	add_destination(before, "10.0.0.2");
	struct service *after = add_service(&dirty, 1);
	add_destination(after, "10.0.0.2");
	add_destination(after, "10.0.0.1");
	const struct residue expected[] = {{RESIDUE_DESTINATIONS, RESIDUE_CHANGED, "-a -f 1 -r 10.0.0.", false}};
	check_residue(&clean, &dirty, expected, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_and_actions_have_names),
		cmocka_unit_test(any_looks_at_the_classes_of_the_set_only),
		cmocka_unit_test(what_differs_is_residue_in_the_words_of_ipvsadm),
		cmocka_unit_test(a_destination_that_moved_is_one_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
