/* SPDX-License-Identifier: MIT */
/* Each thing is copied, made into what ipvsadm can say, and then written as rules.h writes it for people. */
#include "table/rules_write.h"

#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>

#include "base/memory.h"
#include "table/rules.h"
#include "table/rules_values.h"

struct writer {
	FILE *rules, *unsaid;
};

__attribute__((format(printf, 3, 4))) static void tell(const struct writer *writer, const char *rule,
						       const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(writer->unsaid, "%s: ", rule);
	vfprintf(writer->unsaid, format, arguments);
	putc('\n', writer->unsaid);
	va_end(arguments);
}

/* ---- services ---- */

static void limit_flags(const struct writer *writer, const char *name, struct service *service)
{
	const uint32_t known = SERVICE_FLAG_PERSISTENT | SERVICE_FLAG_HASHED | SERVICE_FLAG_ONE_PACKET |
			       SERVICE_FLAG_SCHEDULER_1 | SERVICE_FLAG_SCHEDULER_2 | SERVICE_FLAG_SCHEDULER_3;
	if (service->flags & ~known)
		tell(writer, name, "the flags 0x%x", service->flags & ~known);
	service->flags &= known;
	if ((service->flags & SERVICE_FLAG_ONE_PACKET) && !service->fwmark && service->protocol != IPPROTO_UDP) {
		tell(writer, name, "one-packet scheduling of anything but UDP");
		service->flags &= ~SERVICE_FLAG_ONE_PACKET;
	}
}

static void limit_persistence(const struct writer *writer, const char *name, struct service *service)
{
	uint32_t timeout = service->timeout;
	if (!(service->flags & SERVICE_FLAG_PERSISTENT))
		service->timeout = 0;
	else if (timeout > RULE_TIMEOUT_MAX)
		service->timeout = RULE_TIMEOUT_MAX;
	else if (!timeout)
		service->timeout = 1;
	if (service->timeout != timeout)
		tell(writer, name, "a persistence timeout of %u (written: %u)", timeout, service->timeout);
}

/* False where ipvsadm cannot have such a service at all. */
static bool limit_service(const struct writer *writer, const char *name, struct service *service)
{
	if (!service->fwmark && !service->port && !(service->flags & SERVICE_FLAG_PERSISTENT)) {
		tell(writer, name, "a service of port 0 that is not persistent, and its destinations (left out)");
		return false;
	}
	limit_flags(writer, name, service);
	limit_persistence(writer, name, service);
	return true;
}

/* ---- destinations ---- */

static void limit_tunnel(const struct writer *writer, const char *rule, struct destination *destination)
{
	struct tunnel *tunnel = &destination->tunnel;
	if (tunnel_has_rule(destination))
		return;
	const char *type = tunnel_type_name(tunnel->type);
	tell(writer, rule, "the tunnel's type %s, port %u, flags 0x%x together", type ? type : "?", tunnel->port,
	     tunnel->flags);
	bool is_gue = destination->forward == FORWARD_TUNNEL && tunnel->type == TUNNEL_GUE && tunnel->port;
	bool is_gre = destination->forward == FORWARD_TUNNEL && tunnel->type == TUNNEL_GRE;
	*tunnel = (struct tunnel){
		.type = is_gue   ? TUNNEL_GUE
			: is_gre ? TUNNEL_GRE
				 : TUNNEL_IPIP,
		.port = is_gue ? tunnel->port : 0,
		.flags = is_gue || is_gre ? tunnel->flags & TUNNEL_FLAG_CHECKSUM : 0,
	};
}

static void limit_forwarding(const struct writer *writer, const char *rule, struct destination *destination)
{
	switch (destination->forward) {
	case FORWARD_MASQUERADE:
	case FORWARD_TUNNEL:
	case FORWARD_ROUTE:
		break;
	default: {
		const char *name = forwarding_method_name(destination->forward);
		tell(writer, rule, "the forwarding method %s (written: -g)", name ? name : "without a name");
		destination->forward = FORWARD_ROUTE;
	}
	}
	limit_tunnel(writer, rule, destination);
}

static void limit_threshold(const struct writer *writer, const char *rule, uint32_t *threshold)
{
	if (*threshold <= INT32_MAX)
		return;
	tell(writer, rule, "a threshold of %u (written: %d)", *threshold, INT32_MAX);
	*threshold = INT32_MAX;
}

/* False where ipvsadm would make another destination of it. */
static bool limit_destination(const struct writer *writer, const char *rule, const struct service *service,
			      struct destination *destination)
{
	limit_forwarding(writer, rule, destination);
	if (!service->fwmark && destination->forward != FORWARD_MASQUERADE && destination->port != service->port) {
		tell(writer, rule, "another port than the service's without masquerading (left out)");
		return false;
	}
	limit_threshold(writer, rule, &destination->upper_threshold);
	limit_threshold(writer, rule, &destination->lower_threshold);
	return true;
}

/* ---- the whole ---- */

/* Writes a rule and frees it. */
static void write_rule(const struct writer *writer, char *rule)
{
	fputs(rule, writer->rules);
	putc('\n', writer->rules);
	free(rule);
}

static void write_service(const struct writer *writer, const struct service *service)
{
	CLEANUP_FREE char *name = service_name_rule(service);
	struct service limited = *service;
	if (!limit_service(writer, name, &limited))
		return;
	write_rule(writer, service_rule(&limited));
	for (size_t i = service->destinations.count; i-- > 0;) {
		struct destination destination = service->destinations.items[i];
		CLEANUP_FREE char *where = destination_name_rule(service, &destination);
		if (limit_destination(writer, where, service, &destination))
			write_rule(writer, destination_rule(service, &destination));
	}
}

static uint32_t limit_timeout(const struct writer *writer, uint32_t seconds)
{
	if (seconds <= RULE_TIMEOUT_MAX)
		return seconds;
	tell(writer, "--set", "a timeout of %u (written: %d)", seconds, RULE_TIMEOUT_MAX);
	return RULE_TIMEOUT_MAX;
}

static void write_timeouts(const struct writer *writer, const struct timeouts *timeouts)
{
	const struct timeouts limited = {
		.tcp = limit_timeout(writer, timeouts->tcp),
		.tcp_fin = limit_timeout(writer, timeouts->tcp_fin),
		.udp = limit_timeout(writer, timeouts->udp),
	};
	if (limited.tcp || limited.tcp_fin || limited.udp) /* others are of no concern */
		write_rule(writer, timeouts_rule(&limited));
}

static void write_daemon(const struct writer *writer, const struct sync_daemon *daemon)
{
	struct sync_daemon limited = *daemon;
	if (limited.max_length > RULE_MESSAGE_MAX) {
		tell(writer, "--start-daemon", "messages of %u bytes (written: %d)", limited.max_length,
		     RULE_MESSAGE_MAX);
		limited.max_length = RULE_MESSAGE_MAX;
	}
	write_rule(writer, daemon_rule(&limited));
}

char *table_to_rules(const struct table *table, size_t *length, char **unsaid)
{
	char *text;
	size_t text_length, unsaid_length;
	struct writer writer = {
		.rules = memory_stream(&text, &text_length),
		.unsaid = memory_stream(unsaid, &unsaid_length),
	};
	/* No other thread knows this stream; without its lock each character costs half. */
	__fsetlocking(writer.rules, FSETLOCKING_BYCALLER);
	for (size_t i = 0; i < table->services.count; i++)
		write_service(&writer, &table->services.items[i]);
	write_timeouts(&writer, &table->timeouts);
	for (size_t i = 0; i < table->daemons.count; i++)
		write_daemon(&writer, &table->daemons.items[i]);
	if (table->sysctls.count)
		fputs("sysctls\n", writer.unsaid);
	bool failed = ferror(writer.rules) || ferror(writer.unsaid);
	if (fclose(writer.rules) || fclose(writer.unsaid) || failed)
		abort();
	if (length)
		*length = text_length;
	return text;
}
