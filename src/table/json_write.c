/* SPDX-License-Identifier: MIT */
/*
 * Writing snapshots. By hand and not with json_dumps(3), which knows one way to break lines for all of a text: here a
 * service, a destination, a sysctl each has its line, so that a line-by-line diff of two snapshots reads well.
 */
#include "table/json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/flags.h"

/* More digits than these need not fit into the 64 bits that a JSON reader can be relied on to have. */
#define DIGITS_MAX 18

static void write_string(FILE *out, const char *text)
{
	putc('"', out);
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at < ' ')
			fprintf(out, "\\u%04x", *at);
		else if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else
			putc(*at, out);
	}
	putc('"', out);
}

/* A number of the kernel's that has no name is written as it is, in hexadecimal: "0x5". */
static void write_word(FILE *out, const char *key, const char *word, uint32_t number)
{
	if (word)
		fprintf(out, "\"%s\": \"%s\"", key, word);
	else
		fprintf(out, "\"%s\": \"0x%" PRIx32 "\"", key, number);
}

static void write_address(FILE *out, const char *key, const struct address *address)
{
	char text[ADDRESS_TEXT_ROOM];
	fprintf(out, "\"%s\": \"%s\"", key, address_format(address, text));
}

static void write_unless_zero(FILE *out, const char *key, uint32_t number)
{
	if (number)
		fprintf(out, ", \"%s\": %" PRIu32, key, number);
}

static void write_daemons(FILE *out, const struct table *table)
{
	fputs("  \"daemons\": [", out);
	for (size_t i = 0; i < table->daemons.count; i++) {
		const struct sync_daemon *daemon = &table->daemons.items[i];
		fputs(i ? ",\n    {" : "\n    {", out);
		write_word(out, "role", daemon_role_name(daemon->role), daemon->role);
		fputs(", \"interface\": ", out);
		write_string(out, daemon->interface);
		fprintf(out, ", \"sync_id\": %" PRIu32, daemon->sync_id);
		write_unless_zero(out, "max_length", daemon->max_length);
		if (daemon->group.family) {
			fputs(", ", out);
			write_address(out, "group", &daemon->group);
		}
		write_unless_zero(out, "port", daemon->port);
		write_unless_zero(out, "ttl", daemon->ttl);
		putc('}', out);
	}
	fputs(table->daemons.count ? "\n  ],\n" : "],\n", out);
}

/* How long the whole number is that `text` begins with, in the one form in which JSON writes it; 0 when it is none. */
static size_t number_length(const char *text)
{
	size_t sign = *text == '-';
	size_t digits = strspn(text + sign, "0123456789");
	bool leading_zero = text[sign] == '0' && (digits > 1 || sign);
	return digits && digits <= DIGITS_MAX && !leading_zero ? sign + digits : 0;
}

/* Whether it is whole numbers with one space between, so that reading them gives the same text again. */
static bool is_numbers(const char *text)
{
	for (;;) {
		size_t length = number_length(text);
		text += length;
		if (!length || (*text && *text != ' '))
			return false;
		if (!*text)
			return true;
		text++;
	}
}

static void write_sysctl_value(FILE *out, const char *value)
{
	if (!is_numbers(value)) {
		write_string(out, value);
		return;
	}
	bool several = strchr(value, ' ') != NULL;
	if (several)
		putc('[', out);
	for (; *value; value++) {
		if (*value == ' ')
			putc(',', out);
		putc(*value, out);
	}
	if (several)
		putc(']', out);
}

static void write_sysctls(FILE *out, const struct table *table)
{
	fputs("  \"sysctl\": {", out);
	for (size_t i = 0; i < table->sysctls.count; i++) {
		fputs(i ? ",\n    " : "\n    ", out);
		write_string(out, table->sysctls.items[i].name);
		fputs(": ", out);
		write_sysctl_value(out, table->sysctls.items[i].value);
	}
	fputs(table->sysctls.count ? "\n  },\n" : "},\n", out);
}

/* The words for the bits of `flags`, those without a word in hexadecimal. For tunnels `scheduler` is NULL. */
static void write_flags(FILE *out, uint32_t flags, const char *scheduler)
{
	if (!flags)
		return;
	const char *separator = ", \"flags\": [";
	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(flags & bit))
			continue;
		const char *word = scheduler ? service_flag_name(bit, scheduler) : tunnel_flag_name(bit);
		fputs(separator, out);
		if (word)
			fprintf(out, "\"%s\"", word);
		else
			fprintf(out, "\"0x%" PRIx32 "\"", bit);
		separator = ", ";
	}
	putc(']', out);
}

static void write_counters(FILE *out, const struct counters *counters, bool of_destination)
{
	fprintf(out,
		", \"stats\": {\"connections\": %" PRIu64 ", \"packets_in\": %" PRIu64 ", \"packets_out\": %" PRIu64
		", \"bytes_in\": %" PRIu64 ", \"bytes_out\": %" PRIu64,
		counters->connections, counters->packets_in, counters->packets_out, counters->bytes_in,
		counters->bytes_out);
	if (of_destination)
		fprintf(out, ", \"active\": %" PRIu32 ", \"inactive\": %" PRIu32 ", \"persistent\": %" PRIu32,
			counters->active, counters->inactive, counters->persistent);
	putc('}', out);
}

/* `counters` may be NULL. */
static void write_destination(FILE *out, const struct destination *destination, const struct counters *counters)
{
	putc('{', out);
	write_address(out, "address", &destination->address);
	fprintf(out, ", \"port\": %" PRIu16 ", ", destination->port);
	write_word(out, "forward", forwarding_method_name(destination->forward), destination->forward);
	fprintf(out, ", \"weight\": %" PRIu32, destination->weight);
	write_unless_zero(out, "upper_threshold", destination->upper_threshold);
	write_unless_zero(out, "lower_threshold", destination->lower_threshold);
	const struct tunnel *tunnel = &destination->tunnel;
	if (tunnel->type || tunnel->port || tunnel->flags) {
		fputs(", \"tunnel\": {", out);
		write_word(out, "type", tunnel_type_name(tunnel->type), tunnel->type);
		write_unless_zero(out, "port", tunnel->port);
		write_flags(out, tunnel->flags, NULL);
		putc('}', out);
	}
	if (counters)
		write_counters(out, counters, true);
	putc('}', out);
}

static void write_netmask(FILE *out, const struct service *service)
{
	if (service->family == AF_INET6) {
		if (service->netmask != 128)
			fprintf(out, ", \"netmask\": %" PRIu32, service->netmask);
	} else if (service->netmask != 0xffffffff) {
		struct address mask = {.family = AF_INET, .v4.s_addr = htonl(service->netmask)};
		fputs(", ", out);
		write_address(out, "netmask", &mask);
	}
}

static void write_service(FILE *out, const struct service *service)
{
	putc('{', out);
	if (service->fwmark) {
		const char *family = service->family == AF_INET6 ? "ipv6" : "ipv4";
		fprintf(out, "\"fwmark\": %" PRIu32 ", \"family\": \"%s\"", service->fwmark, family);
	} else {
		write_word(out, "protocol", protocol_name(service->protocol), service->protocol);
		fputs(", ", out);
		write_address(out, "address", &service->address);
		fprintf(out, ", \"port\": %" PRIu16, service->port);
	}
	fputs(", \"scheduler\": ", out);
	write_string(out, service->scheduler);
	write_flags(out, service->flags & ~SERVICE_FLAG_HASHED, service->scheduler);
	write_unless_zero(out, "persistence_timeout", service->timeout);
	write_netmask(out, service);
	if (*service->persistence_engine) {
		fputs(", \"pe\": ", out);
		write_string(out, service->persistence_engine);
	}
	const struct counters *counters = service->counters.items; /* its own first */
	if (counters)
		write_counters(out, counters, false);
	fputs(", \"destinations\": [", out);
	for (size_t i = 0; i < service->destinations.count; i++) {
		fputs(i ? ",\n      " : "\n      ", out);
		write_destination(out, &service->destinations.items[i], counters ? &counters[i + 1] : NULL);
	}
	fputs(service->destinations.count ? "\n    ]}" : "]}", out);
}

void table_write_json_unclosed(FILE *out, const struct table *table)
{
	/* No other thread knows this stream; without its lock each character costs half. */
	int locking = __fsetlocking(out, FSETLOCKING_BYCALLER);
	const struct timeouts *timeouts = &table->timeouts;
	fputs("{\n  \"format\": \"ipvs-iso.snapshot\",\n  \"version\": 1,\n", out);
	fprintf(out, "  \"timeouts\": {\"tcp\": %" PRIu32 ", \"tcp_fin\": %" PRIu32 ", \"udp\": %" PRIu32 "},\n",
		timeouts->tcp, timeouts->tcp_fin, timeouts->udp);
	write_daemons(out, table);
	write_sysctls(out, table);
	fputs("  \"services\": [", out);
	for (size_t i = 0; i < table->services.count; i++) {
		fputs(i ? ",\n    " : "\n    ", out);
		write_service(out, &table->services.items[i]);
	}
	fputs(table->services.count ? "\n  ]" : "]", out);
	__fsetlocking(out, locking);
}

void table_write_json(FILE *out, const struct table *table)
{
	table_write_json_unclosed(out, table);
	fputs("\n}\n", out);
}

char *table_to_json(const struct table *table, size_t *length)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = memory_stream(&text, &size);
	table_write_json(out, table);
	bool failed = ferror(out);
	if (fclose(out) || failed)
		abort();
	if (length)
		*length = size;
	return text;
}

int table_check_writable(const struct table *table, struct error *error)
{
	for (size_t i = 0; i < table->daemons.count; i++) {
		const struct sync_daemon *daemon = &table->daemons.items[i];
		if (table_name_is_valid(daemon->interface))
			continue;
		const char *role = daemon_role_name(daemon->role);
		error_set(error, ERROR_FAILED,
			  "no snapshot can hold this table: the name of the %s daemon's interface is not UTF-8", role);
		return error_remedy(error, "stop the daemon: ipvsadm --stop-daemon %s", role);
	}
	return 0;
}
