/* SPDX-License-Identifier: MIT */
/* Reading rules: the lines, and those that are not about services (rules_services.c). */
#include "table/rules_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/rules_services.h"

/* ipvsadm's own, where --start-daemon has no --mcast-interface. */
#define DAEMON_INTERFACE "eth0"

/* ---- timeouts and daemons ---- */

static int set_timeouts(struct table *table, const struct rule_line *line)
{
	uint32_t *const timeouts[RULE_ARGUMENTS] = {&table->timeouts.tcp, &table->timeouts.tcp_fin,
						    &table->timeouts.udp};
	for (size_t i = 0; i < RULE_ARGUMENTS; i++) {
		uint32_t seconds;
		if (rule_number(line, &line->arguments[i], 0, RULE_TIMEOUT_MAX, &seconds) < 0)
			return -1;
		if (seconds) /* 0 keeps what is there */
			*timeouts[i] = seconds;
	}
	return 0;
}

static int read_role(const struct rule_line *line, enum daemon_role *role)
{
	for (*role = DAEMON_MASTER; *role <= DAEMON_BACKUP; (*role)++) {
		if (strcmp(line->role.text, daemon_role_name(*role)) == 0)
			return 0;
	}
	CLEANUP_FREE char *shown = rule_word_show(line->role.text);
	return rule_line_fail(line, line->role.column, "a sync daemon is master or backup, not %s", shown);
}

static int read_daemon(const struct rule_line *line, struct sync_daemon *daemon)
{
	uint32_t max_length = 0;
	uint32_t port = 0;
	uint32_t ttl = 0;
	strcpy(daemon->interface, DAEMON_INTERFACE);
	if ((rule_line_has(line, RULE_INTERFACE) &&
	     rule_name(line, &line->values[RULE_INTERFACE], "a network interface", daemon->interface) < 0) ||
	    (rule_line_has(line, RULE_GROUP) && rule_group(line, &line->values[RULE_GROUP], &daemon->group) < 0) ||
	    rule_option_number(line, RULE_SYNC_ID, 0, UINT8_MAX, &daemon->sync_id) < 0 ||
	    rule_option_number(line, RULE_MAX_LENGTH, 1, RULE_MESSAGE_MAX, &max_length) < 0 ||
	    rule_option_number(line, RULE_GROUP_PORT, 1, UINT16_MAX, &port) < 0 ||
	    rule_option_number(line, RULE_TTL, 1, UINT8_MAX, &ttl) < 0)
		return -1;
	daemon->max_length = (uint16_t)max_length;
	daemon->port = (uint16_t)port;
	daemon->ttl = (uint8_t)ttl;
	return 0;
}

static int start_daemon(struct table *table, const struct rule_line *line)
{
	struct sync_daemon daemon = {0};
	if (read_role(line, &daemon.role) < 0 || read_daemon(line, &daemon) < 0)
		return -1;
	for (size_t i = 0; i < table->daemons.count; i++) {
		if (table->daemons.items[i].role == daemon.role)
			return rule_line_fail(line, line->role.column, "there is a %s daemon already",
					      daemon_role_name(daemon.role));
	}
	*array_append(&table->daemons) = daemon;
	table->any_daemons = false;
	return 0;
}

/* Where none runs ipvsadm complains and goes on. */
static int stop_daemon(struct table *table, const struct rule_line *line)
{
	enum daemon_role role;
	uint32_t ignored;
	if (read_role(line, &role) < 0 || rule_option_number(line, RULE_SYNC_ID, 0, UINT8_MAX, &ignored) < 0)
		return -1;
	size_t left = 0;
	for (size_t i = 0; i < table->daemons.count; i++) {
		if (table->daemons.items[i].role != role)
			table->daemons.items[left++] = table->daemons.items[i];
	}
	table->daemons.count = left;
	table->any_daemons = false;
	return 0;
}

/* ---- the whole ---- */

static int carry_out(struct rules_reader *reader, struct table *table)
{
	switch (reader->line->command) {
	case RULE_SET:
		return set_timeouts(table, reader->line);
	case RULE_START_DAEMON:
		return start_daemon(table, reader->line);
	case RULE_STOP_DAEMON:
		return stop_daemon(table, reader->line);
	case RULE_CLEAR:
		rules_services_clear(reader);
		return 0;
	default:
		return rules_services_change(reader);
	}
}

static int read_lines(struct rules_reader *reader, struct table *table, struct rule_line *line, const char *bytes,
		      size_t length)
{
	CLEANUP_FREE char *copy = memory_copy_bytes(bytes, length);
	for (char *at = copy; at < copy + length;) {
		size_t left = (size_t)(copy + length - at);
		char *end = memchr(at, '\n', left);
		size_t line_length = end ? (size_t)(end - at) : left;
		at[line_length] = '\0';
		line->number++;
		if (rule_line_parse(line, at, line_length) < 0 || carry_out(reader, table) < 0)
			return -1;
		at += line_length + 1;
	}
	size_t mixed = rules_services_take(reader, table);
	if (!mixed || !table->daemons.count)
		return 0;
	line->number = mixed;
	return rule_line_fail(
		line, 1,
		"the destination is of another address family than its service, which the kernel does not "
		"allow beside sync daemons");
}

bool rules_are_meant(const char *bytes, size_t length)
{
	static const char program[] = "ipvsadm";
	size_t at = 0;
	while (at < length && bytes[at] && strchr(" \t\r\n", bytes[at]))
		at++;
	if (at == length)
		return false;
	return bytes[at] == '-' || bytes[at] == '#' ||
	       (length - at >= strlen(program) && memcmp(bytes + at, program, strlen(program)) == 0);
}

int table_from_rules(struct table *table, const char *bytes, size_t length, const char *name,
		     rule_port_lookup *find_port, struct error *error)
{
	struct rule_line line = {.name = name, .error = error};
	struct rules_reader reader = {.find_port = find_port, .line = &line};
	CLEANUP_TABLE struct table read;
	table_init(&read);
	read.timeouts = (struct timeouts){0};
	read.any_daemons = true;
	read.any_order = true;
	int result = read_lines(&reader, &read, &line, bytes, length);
	rules_services_clear(&reader);
	if (result < 0)
		return -1;
	table_sort(&read);
	table_clear(table);
	*table = read;
	table_init(&read); /* now that its contents are the caller's */
	return 0;
}
