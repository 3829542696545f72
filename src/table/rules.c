/* SPDX-License-Identifier: MIT */
#include "table/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The kernel's defaults for a daemon: ip_vs_sync.c. */
#define DAEMON_DEFAULT_GROUP "224.0.0.81"
#define DAEMON_DEFAULT_PORT 8848
#define DAEMON_DEFAULT_TTL 1

/* What a rule is put together from: options, and a remark about what no option can say. Both are owned. */
struct rule {
	char *options;
	char *remark;
};

__attribute__((format(printf, 3, 0))) static void extend(char **text, const char *separator, const char *format,
							 va_list arguments)
{
	char *addition = memory_vprintf(format, arguments);
	if (!*text) {
		*text = addition;
		return;
	}
	char *longer = memory_printf("%s%s%s", *text, separator, addition);
	free(addition);
	free(*text);
	*text = longer;
}

__attribute__((format(printf, 2, 3))) static void say(struct rule *rule, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	extend(&rule->options, " ", format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void remark(struct rule *rule, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	extend(&rule->remark, ", ", format, arguments);
	va_end(arguments);
}

/* The rule as one text, which the caller frees; the rule is empty afterwards. */
static char *finish(struct rule *rule)
{
	if (!rule->remark)
		return rule->options;
	char *text = memory_printf("%s # %s", rule->options, rule->remark);
	free(rule->options);
	free(rule->remark);
	return text;
}

/* "10.0.0.1:80" or "[fd00::1]:80" */
static char *endpoint(const struct address *address, uint16_t port)
{
	char text[ADDRESS_TEXT_ROOM];
	address_format(address, text);
	if (address->family == AF_INET6)
		return memory_printf("[%s]:%u", text, port);
	return memory_printf("%s:%u", text, port);
}

char *service_name_rule(const struct service *service)
{
	if (service->fwmark)
		return memory_printf("-f %u%s", service->fwmark, service->family == AF_INET6 ? " -6" : "");

	CLEANUP_FREE char *where = endpoint(&service->address, service->port);
	switch (service->protocol) {
	case IPPROTO_TCP:
		return memory_printf("-t %s", where);
	case IPPROTO_UDP:
		return memory_printf("-u %s", where);
	case IPPROTO_SCTP:
		return memory_printf("--sctp-service %s", where);
	default:
		return memory_printf("# protocol %u %s", service->protocol, where);
	}
}

/* ipvsadm knows the scheduler flags of sh and mh by name, and all of them by number. */
static void say_scheduler_flags(struct rule *rule, const struct service *service)
{
	static const struct {
		uint32_t flag;
		const char *number;
		const char *meaning; /* to the schedulers that hash sources */
	} known[] = {
		{SERVICE_FLAG_SCHEDULER_1, "flag-1", "fallback"},
		{SERVICE_FLAG_SCHEDULER_2, "flag-2", "port"},
		{SERVICE_FLAG_SCHEDULER_3, "flag-3", NULL},
	};
	bool hashes = strcmp(service->scheduler, "sh") == 0 || strcmp(service->scheduler, "mh") == 0;
	CLEANUP_FREE char *list = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!(service->flags & known[i].flag))
			continue;
		const char *comma = list ? "," : "";
		char *longer;
		if (hashes && known[i].meaning)
			longer = memory_printf("%s%s%s-%s", list ? list : "", comma, service->scheduler,
					       known[i].meaning);
		else
			longer = memory_printf("%s%s%s", list ? list : "", comma, known[i].number);
		free(list);
		list = longer;
	}
	if (list)
		say(rule, "-b %s", list);
}

static void say_persistence(struct rule *rule, const struct service *service)
{
	bool persistent = service->flags & SERVICE_FLAG_PERSISTENT;
	if (persistent && service->timeout)
		say(rule, "-p %u", service->timeout);
	else if (persistent)
		say(rule, "-p");
	if (persistent ? service->timeout == 0 : service->timeout != 0)
		remark(rule, "persistence timeout %u", service->timeout);

	if (service->family == AF_INET6 && service->netmask != 128) {
		say(rule, "-M %u", service->netmask);
	} else if (service->family == AF_INET && service->netmask != UINT32_MAX) {
		struct address mask = {.family = AF_INET, .v4.s_addr = htonl(service->netmask)};
		char text[ADDRESS_TEXT_ROOM];
		say(rule, "-M %s", address_format(&mask, text));
	}
	if (service->persistence_engine[0])
		say(rule, "--pe %s", service->persistence_engine);
}

char *service_rule(const struct service *service)
{
	const uint32_t sayable = SERVICE_FLAG_PERSISTENT | SERVICE_FLAG_HASHED | SERVICE_FLAG_ONE_PACKET |
				 SERVICE_FLAG_SCHEDULER_1 | SERVICE_FLAG_SCHEDULER_2 | SERVICE_FLAG_SCHEDULER_3;
	CLEANUP_FREE char *name = service_name_rule(service);
	struct rule rule = {0};

	say(&rule, "-A %s -s %s", name, service->scheduler);
	say_scheduler_flags(&rule, service);
	say_persistence(&rule, service);
	if (service->flags & SERVICE_FLAG_ONE_PACKET)
		say(&rule, "-o");
	if (service->flags & ~sayable)
		remark(&rule, "flags 0x%x", service->flags & ~sayable);
	return finish(&rule);
}

/* Everything about a tunnel that differs from the default, as a remark: there is no option for it as things are. */
static void remark_tunnel(struct rule *rule, const struct tunnel *tunnel)
{
	const char *name = tunnel_type_name(tunnel->type);
	if (name)
		remark(rule, "tunnel %s port %u flags %u", name, tunnel->port, tunnel->flags);
	else
		remark(rule, "tunnel %d port %u flags %u", (int)tunnel->type, tunnel->port, tunnel->flags);
}

bool tunnel_has_rule(const struct destination *destination)
{
	const struct tunnel *tunnel = &destination->tunnel;
	if (destination->forward != FORWARD_TUNNEL || tunnel->type == TUNNEL_IPIP)
		return tunnel->type == TUNNEL_IPIP && !tunnel->port && !tunnel->flags;
	if (tunnel->type == TUNNEL_GUE)
		return tunnel->port && tunnel->flags <= TUNNEL_FLAG_REMOTE_CHECKSUM;
	return tunnel->type == TUNNEL_GRE && !tunnel->port && tunnel->flags <= TUNNEL_FLAG_CHECKSUM;
}

static void say_tunnel(struct rule *rule, const struct destination *destination)
{
	const struct tunnel *tunnel = &destination->tunnel;
	if (!tunnel_has_rule(destination)) {
		remark_tunnel(rule, tunnel);
		return;
	}
	if (tunnel->type == TUNNEL_IPIP)
		return;

	say(rule, "--tun-type %s", tunnel_type_name(tunnel->type));
	if (tunnel->type == TUNNEL_GUE)
		say(rule, "--tun-port %u", tunnel->port);
	if (tunnel->flags == TUNNEL_FLAG_CHECKSUM)
		say(rule, "--tun-csum");
	else if (tunnel->flags == TUNNEL_FLAG_REMOTE_CHECKSUM)
		say(rule, "--tun-remcsum");
	else
		say(rule, "--tun-nocsum");
}

static void say_forwarding(struct rule *rule, const struct destination *destination)
{
	const char *name = forwarding_method_name(destination->forward);
	switch (destination->forward) {
	case FORWARD_MASQUERADE:
		say(rule, "-m");
		break;
	case FORWARD_TUNNEL:
		say(rule, "-i");
		break;
	case FORWARD_ROUTE:
		say(rule, "-g");
		break;
	default:
		if (name)
			remark(rule, "forward %s", name);
		else
			remark(rule, "forward %d", (int)destination->forward);
	}
	say_tunnel(rule, destination);
}

char *destination_name_rule(const struct service *service, const struct destination *destination)
{
	CLEANUP_FREE char *name = service_name_rule(service);
	CLEANUP_FREE char *where = endpoint(&destination->address, destination->port);
	return memory_printf("%s -r %s", name, where);
}

char *destination_rule(const struct service *service, const struct destination *destination)
{
	CLEANUP_FREE char *name = destination_name_rule(service, destination);
	struct rule rule = {0};

	say(&rule, "-a %s", name);
	say_forwarding(&rule, destination);
	say(&rule, "-w %u", destination->weight);
	if (destination->upper_threshold)
		say(&rule, "-x %u", destination->upper_threshold);
	if (destination->lower_threshold)
		say(&rule, "-y %u", destination->lower_threshold);
	return finish(&rule);
}

char *timeouts_rule(const struct timeouts *timeouts)
{
	return memory_printf("--set %u %u %u", timeouts->tcp, timeouts->tcp_fin, timeouts->udp);
}

char *daemon_rule(const struct sync_daemon *daemon)
{
	struct rule rule = {0};
	const char *role = daemon_role_name(daemon->role);

	say(&rule, "--start-daemon %s --mcast-interface %s", role ? role : "?", daemon->interface);
	if (daemon->sync_id)
		say(&rule, "--syncid %u", daemon->sync_id);
	if (daemon->max_length)
		say(&rule, "--sync-maxlen %u", daemon->max_length);
	if (daemon->group.family) {
		char text[ADDRESS_TEXT_ROOM];
		address_format(&daemon->group, text);
		if (strcmp(text, DAEMON_DEFAULT_GROUP) != 0)
			say(&rule, "--mcast-group %s", text);
	}
	if (daemon->port && daemon->port != DAEMON_DEFAULT_PORT)
		say(&rule, "--mcast-port %u", daemon->port);
	if (daemon->ttl && daemon->ttl != DAEMON_DEFAULT_TTL)
		say(&rule, "--mcast-ttl %u", daemon->ttl);
	return finish(&rule);
}

char *sysctl_rule(const struct sysctl *sysctl)
{
	return memory_printf("net.ipv4.vs.%s = %s", sysctl->name, sysctl->value);
}

/* The rule of what the change is about as it is in one of the tables; NULL where it is not in that table. */
static char *rule_in_from(const struct change *change)
{
	if (change->action == CHANGE_ADD)
		return NULL;
	switch (change->subject) {
	case SUBJECT_SERVICE:
		return service_rule(change->service_from);
	case SUBJECT_DESTINATION:
		return destination_rule(change->service_from, change->destination_from);
	case SUBJECT_TIMEOUTS:
		return timeouts_rule(change->timeouts_from);
	case SUBJECT_DAEMON:
		return daemon_rule(change->daemon_from);
	case SUBJECT_SYSCTL:
		return sysctl_rule(change->sysctl_from);
	}
	return NULL;
}

static char *rule_in_to(const struct change *change)
{
	if (change->action == CHANGE_REMOVE)
		return NULL;
	switch (change->subject) {
	case SUBJECT_SERVICE:
		return service_rule(change->service_to);
	case SUBJECT_DESTINATION:
		return destination_rule(change->service_to, change->destination_to);
	case SUBJECT_TIMEOUTS:
		return timeouts_rule(change->timeouts_to);
	case SUBJECT_DAEMON:
		return daemon_rule(change->daemon_to);
	case SUBJECT_SYSCTL:
		return sysctl_rule(change->sysctl_to);
	}
	return NULL;
}

/*
 * How many bytes two rules begin with in common, up to the first option that differs: "-a -t 10.0.0.1:80 -r 10.0.0.2:80
 * -m " for two weights. Options and remarks begin with a dash or a '#', values never do.
 */
static size_t common_length(const char *a, const char *b)
{
	size_t common = 0;
	size_t i = 0;
	for (; a[i] && a[i] == b[i]; i++) {
		if (a[i] == ' ' && (a[i + 1] == '-' || a[i + 1] == '#'))
			common = i + 1;
	}
	if ((!a[i] && b[i] == ' ') || (!b[i] && a[i] == ' '))
		common = i + 1;
	return common;
}

static char *edit_text(const struct change *change, const char *old, const char *new)
{
	if (change->subject == SUBJECT_SYSCTL)
		return memory_printf("%s (was: %s)", new, change->sysctl_from->value);
	size_t common = common_length(old, new);
	if (common > strlen(old))
		return memory_printf("%s (was: without %s)", new, new + common);
	if (common > strlen(new))
		return memory_printf("%s (was: with %s)", new, old + common);
	return memory_printf("%s (was: %s)", new, old + common);
}

char *change_text(const struct change *change)
{
	CLEANUP_FREE char *old = rule_in_from(change);
	CLEANUP_FREE char *new = rule_in_to(change);

	if (old && new)
		return edit_text(change, old, new);
	return memory_printf("%s%s", old ? old : new, change->reorders ? " (in another place)" : "");
}
