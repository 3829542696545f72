/* SPDX-License-Identifier: MIT */
/* Reading snapshots: the whole, and all in it but the services (json_services.c). */
#include "table/json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "table/json_fields.h"
#include "table/json_services.h"
#include "table/json_syntax.h"
#include "table/locate.h"

#define FORMAT_NAME "ipvs-iso.snapshot"
#define FORMAT_VERSION 1

/*
 * In seconds. The kernel keeps them in ticks and refuses more than INT_MAX / HZ. 100 is the lowest HZ of its common
 * configurations, so that whatever one kernel has can be read again; one with a higher HZ refuses the rest itself.
 */
#define TIMEOUT_MAX (INT32_MAX / 100)

#define COUNT(fields) (sizeof(fields) / sizeof *(fields))

/* ---- timeouts ---- */

static int read_timeouts(const struct json_source *source, const struct json_place *place,
			 const struct json_field *field, json_t *value, void *target)
{
	static const struct json_field fields[] = {
		{"tcp", json_read_number, JSON_FIELD_TARGET(struct timeouts, tcp), .minimum = 1,
		 .maximum = TIMEOUT_MAX},
		{"tcp_fin", json_read_number, JSON_FIELD_TARGET(struct timeouts, tcp_fin), .minimum = 1,
		 .maximum = TIMEOUT_MAX},
		{"udp", json_read_number, JSON_FIELD_TARGET(struct timeouts, udp), .minimum = 1,
		 .maximum = TIMEOUT_MAX},
	};
	(void)field;
	return json_read_object(source, place, value, fields, COUNT(fields), target);
}

/* ---- sync daemons ---- */

static const char *role_word(uint32_t number)
{
	return daemon_role_name((enum daemon_role)number);
}

static int read_group(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		      json_t *value, void *target)
{
	struct address *group = target;
	if (json_read_address(source, place, field, value, group) < 0)
		return -1;
	return address_is_multicast(group) ? 0 : json_fail_value(source, place, value, "a multicast address");
}

static int compare_roles(const void *a, const void *b)
{
	const struct sync_daemon *first = a, *second = b;
	return (int)first->role - (int)second->role;
}

static int read_daemons(const struct json_source *source, const struct json_place *place,
			const struct json_field *field, json_t *value, void *target)
{
	static const struct json_field fields[] = {
		{"role", json_read_word, JSON_FIELD_TARGET(struct sync_daemon, role), .maximum = DAEMON_BACKUP,
		 .word = role_word, .required = true},
		{"interface", json_read_name, JSON_FIELD_TARGET(struct sync_daemon, interface), .required = true},
		{"sync_id", json_read_number, JSON_FIELD_TARGET(struct sync_daemon, sync_id), .maximum = 255,
		 .required = true},
		{"max_length", json_read_number, JSON_FIELD_TARGET(struct sync_daemon, max_length),
		 .maximum = UINT16_MAX},
		{"group", read_group, JSON_FIELD_TARGET(struct sync_daemon, group)},
		{"port", json_read_number, JSON_FIELD_TARGET(struct sync_daemon, port), .maximum = UINT16_MAX},
		{"ttl", json_read_number, JSON_FIELD_TARGET(struct sync_daemon, ttl), .maximum = UINT8_MAX},
	};
	(void)field;
	struct table *table = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		struct sync_daemon *daemon = array_append(&table->daemons);
		if (json_read_object(source, &here, item, fields, COUNT(fields), daemon) < 0)
			return -1;
	}
	return json_check_duplicates(source, place, "role", table->daemons.items, table->daemons.count,
				     sizeof *table->daemons.items, compare_roles);
}

/* ---- sysctls ---- */

/* [3, 50] as "3 50". NULL with an error when it is not an array of whole numbers. The caller frees. */
static char *join_numbers(const struct json_source *source, const struct json_place *place, const json_t *array)
{
	if (!json_array_size(array)) {
		json_fail(source, place, "must not be an empty array");
		return NULL;
	}
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		if (!json_is_integer(item)) {
			json_fail_value(source, &here, item, "a whole number");
			return NULL;
		}
	}
	char *text = NULL;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	json_array_foreach(array, i, item)
	{
		fprintf(out, "%s%" JSON_INTEGER_FORMAT, i ? " " : "", json_integer_value(item));
	}
	bool failed = ferror(out);
	if (fclose(out) || failed)
		abort();
	return text;
}

/* The value of a sysctl as the kernel prints it. NULL with an error. The caller frees. */
static char *sysctl_value(const struct json_source *source, const struct json_place *place, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER:
		return memory_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_STRING:
		/* The kernel ends a value at a line feed, and would take the part before it. */
		for (const char *at = json_string_value(value); *at; at++) {
			if (iscntrl((unsigned char)*at)) {
				json_fail(source, place, "must not contain control characters");
				return NULL;
			}
		}
		return memory_copy_string(json_string_value(value));
	case JSON_ARRAY:
		return join_numbers(source, place, value);
	default:
		json_fail_value(source, place, value, "a whole number, an array of them, or text");
		return NULL;
	}
}

static int read_sysctls(const struct json_source *source, const struct json_place *place,
			const struct json_field *field, json_t *value, void *target)
{
	(void)field;
	struct table *table = target;
	if (!json_is_object(value))
		return json_fail_value(source, place, value, "an object");
	const char *name;
	json_t *item;
	json_object_foreach(value, name, item)
	{
		/* It becomes the name of a file that is written to as root: no slashes, no dots. */
		if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
			CLEANUP_FREE char *shown = json_show_text(name);
			return json_fail_key(source, place, name, "%s is no name of a file in /proc/sys/net/ipv4/vs",
					     shown);
		}
		struct json_place here = {.parent = place, .key = name};
		char *text = sysctl_value(source, &here, item);
		if (!text)
			return -1;
		*array_append(&table->sysctls) = (struct sysctl){.name = memory_copy_string(name), .value = text};
	}
	return 0;
}

/* ---- the whole ---- */

static int read_format(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		       json_t *value, void *target)
{
	(void)field;
	(void)target;
	const char *text = json_string_value(value);
	return text && !strcmp(text, FORMAT_NAME) ? 0 : json_fail_value(source, place, value, "\"" FORMAT_NAME "\"");
}

static int read_version(const struct json_source *source, const struct json_place *place,
			const struct json_field *field, json_t *value, void *target)
{
	(void)field;
	(void)target;
	if (json_is_integer(value) && json_integer_value(value) == FORMAT_VERSION)
		return 0;
	CLEANUP_FREE char *shown = json_show(value);
	return json_fail(source, place, "is %s, and this program reads only version %d", shown, FORMAT_VERSION);
}

/* That of a journal which somebody restores by hand, perhaps edited: only its form is looked at. */
static int read_checksum(const struct json_source *source, const struct json_place *place,
			 const struct json_field *field, json_t *value, void *target)
{
	(void)field;
	(void)target;
	const char *text = json_string_value(value);
	const size_t prefix = strlen(CHECKSUM_PREFIX);
	bool fits = text && strncmp(text, CHECKSUM_PREFIX, prefix) == 0 && strlen(text + prefix) == CHECKSUM_DIGITS &&
		    strspn(text + prefix, "0123456789abcdef") == CHECKSUM_DIGITS;
	return fits ? 0
		    : json_fail_value(source, place, value,
				      "\"" CHECKSUM_PREFIX "\" and 8 lower-case hexadecimal digits");
}

static int check_mixed_families(const struct json_source *source, const struct json_place *root,
				const struct table *table)
{
	size_t service, destination;
	if (!table->daemons.count || !table_mixes_families(table, &service, &destination))
		return 0;
	struct json_place services = {.parent = root, .key = "services"};
	struct json_place there = {.parent = &services, .index = service};
	struct json_place destinations = {.parent = &there, .key = "destinations"};
	struct json_place here = {.parent = &destinations, .index = destination};
	return json_fail(source, &here,
			 "is of another address family than its service, which the kernel does not allow beside sync "
			 "daemons");
}

static int read_table(const struct json_source *source, json_t *value, struct table *table)
{
	static const struct json_field fields[] = {
		{"format", read_format, .required = true},
		{"version", read_version, .required = true},
		{"timeouts", read_timeouts, JSON_FIELD_TARGET(struct table, timeouts)},
		{"daemons", read_daemons, JSON_FIELD_WHOLE},
		{"sysctl", read_sysctls, JSON_FIELD_WHOLE},
		{"services", json_read_services, JSON_FIELD_WHOLE},
		{"checksum", read_checksum, JSON_FIELD_WHOLE},
	};
	struct json_place root = {.parent = NULL};
	/* Before the keys are looked at, of which another format or version has others. */
	struct json_place format_place = {.parent = &root, .key = "format"};
	json_t *format = json_object_get(value, "format");
	if (format && read_format(source, &format_place, NULL, format, NULL) < 0)
		return -1;
	struct json_place version_place = {.parent = &root, .key = "version"};
	json_t *version = json_object_get(value, "version");
	if (version && read_version(source, &version_place, NULL, version, NULL) < 0)
		return -1;
	if (json_read_object(source, &root, value, fields, COUNT(fields), table) < 0)
		return -1;
	return check_mixed_families(source, &root, table);
}

/* Part by part, a value may be found wrong before the text behind it is found not to be JSON, which comes first. */
static int prefer_syntax(const struct json_source *source)
{
	struct error wrong = *source->error;
	*source->error = (struct error)ERROR_INIT;
	if (json_check_syntax(source) < 0)
		error_clear(&wrong);
	else
		*source->error = wrong;
	return -1;
}

int table_from_json(struct table *table, const char *bytes, size_t length, const char *name, struct error *error)
{
	struct json_source source = {
		.bytes = bytes, .length = length, .name = name, .subject = "snapshot", .error = error};
	const struct json_span text = {.from = bytes, .end = bytes + length};
	CLEANUP_TABLE struct table read;
	table_init(&read);
	read.timeouts = table->timeouts;
	json_t *value = json_parse(text, "services", &source.elements);
	const struct json_place root = {.parent = NULL};
	int result = value ? read_table(&source, value, &read) : json_fail_piece(&source, &root);
	json_decref(value);
	if (result < 0) {
		prefer_syntax(&source);
		return -1;
	}
	table_sort(&read);
	table_clear(table);
	*table = read;
	table_init(&read); /* now that its contents are the caller's */
	return 0;
}
