/* SPDX-License-Identifier: MIT */
/*
 * The rules are carried out one after another, as ipvsadm(8) 1.31 does it, on a table that is kept in trees
 * (tsearch(3)): a file may have a hundred thousand of them.
 */
#include "table/rules_services.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/rules.h"

/* ipvsadm's own, for -p without a number. */
#define PERSISTENCE_TIMEOUT 360

struct kept_destination {
	struct destination destination; /* at first, as destination_compare() is given these */
	size_t line;                    /* where it was added */
	bool removed;
	struct kept_destination *older;
};

struct kept_service {
	struct service service; /* at first, and without its destinations */
	size_t line;
	struct kept_destination *newest; /* the kernel's list of them, and those that were removed */
	void *tree;                      /* of those that are there */
};

static int compare_services(const void *a, const void *b)
{
	return service_compare(a, b);
}

static int compare_destinations(const void *a, const void *b)
{
	return destination_compare(a, b);
}

static void keep(void *node)
{
	(void)node;
}

static void free_service(void *node)
{
	struct kept_service *service = node;
	tdestroy(service->tree, keep);
	while (service->newest) {
		struct kept_destination *older = service->newest->older;
		free(service->newest);
		service->newest = older;
	}
	free(service);
}

void rules_services_clear(struct rules_reader *reader)
{
	tdestroy(reader->services, free_service);
	reader->services = NULL;
}

/* ---- services ---- */

static bool has(const struct rules_reader *reader, enum rule_option option)
{
	return rule_line_has(reader->line, option);
}

static const struct rule_word *value_of(const struct rules_reader *reader, enum rule_option option)
{
	return &reader->line->values[option];
}

/* Which option names the service, and the protocol that names of ports are looked up for. */
static enum rule_option naming_option(const struct rules_reader *reader, uint8_t *protocol)
{
	static const uint8_t protocols[] = {
		[RULE_TCP_SERVICE] = IPPROTO_TCP,
		[RULE_UDP_SERVICE] = IPPROTO_UDP,
		[RULE_SCTP_SERVICE] = IPPROTO_SCTP,
		[RULE_FWMARK_SERVICE] = IPPROTO_TCP, /* as ipvsadm has it */
	};
	enum rule_option option = RULE_TCP_SERVICE;
	while (option < RULE_FWMARK_SERVICE && !has(reader, option))
		option++;
	*protocol = protocols[option];
	return option;
}

static int fail_mark(const struct rules_reader *reader, const struct rule_word *value)
{
	/* rule_number() has said what is wrong. ipvsadm -S prints marks with a sign, and does not read those again. */
	if (*value->text == '-')
		error_remedy(reader->line->error, "ipvsadm -S writes a mark above 2147483647 as a negative number: add "
						  "4294967296 to it");
	return -1;
}

/* Reads what names the service; the rest has its defaults then. */
static int read_service_name(const struct rules_reader *reader, struct service *service, uint8_t *protocol)
{
	enum rule_option option = naming_option(reader, protocol);
	const struct rule_word *value = value_of(reader, option);
	const struct rule_word *ipv6 = &reader->line->options[RULE_IPV6];
	if (option == RULE_FWMARK_SERVICE) {
		/* As to ipvsadm, for which the family is IPv4 until -6 comes. */
		if (ipv6->text && ipv6->column < reader->line->options[option].column)
			return rule_line_fail(reader->line, ipv6->column, "ipvsadm takes -6 only behind -f");
		service_init(service, ipv6->text ? AF_INET6 : AF_INET);
		if (rule_number(reader->line, value, 1, UINT32_MAX, &service->fwmark) < 0)
			return fail_mark(reader, value);
		return 0;
	}
	if (ipv6->text)
		return rule_line_fail(reader->line, ipv6->column, "-6 is for firewall marks (-f) only");
	struct address address;
	uint16_t port = 0;
	if (rule_endpoint(reader->line, value, *protocol, reader->find_port, &address, &port) < 0)
		return -1;
	service_init(service, address.family);
	service->protocol = *protocol;
	service->address = address;
	service->port = port;
	return 0;
}

/* The service that the line is about, which must be there. */
static struct kept_service *find_service(const struct rules_reader *reader, uint8_t *protocol)
{
	struct service name = {0};
	if (read_service_name(reader, &name, protocol) < 0)
		return NULL;
	struct kept_service **found = tfind(&name, &reader->services, compare_services);
	if (found)
		return *found;
	CLEANUP_FREE char *rule = service_name_rule(&name);
	rule_line_fail(reader->line, reader->line->said.column, "there is no service %s here", rule);
	error_remedy(reader->line->error, "a service is added (-A) before anything is done with it");
	return NULL;
}

/*
 * ipvsadm keeps the mask of an IPv4 service wherever it stands. When it comes to the address of an IPv6 one, or to -6,
 * it puts the mask back to its default.
 */
static int check_netmask_is_kept(const struct rules_reader *reader, const struct service *service)
{
	uint8_t protocol;
	enum rule_option says_family = has(reader, RULE_IPV6) ? RULE_IPV6 : naming_option(reader, &protocol);
	const struct rule_word *netmask = &reader->line->options[RULE_NETMASK];
	const struct rule_word *family = &reader->line->options[says_family];
	if (service->family != AF_INET6 || netmask->column > family->column)
		return 0;
	rule_line_fail(reader->line, netmask->column,
		       "ipvsadm forgets the %s of an IPv6 service when it stands before %s", netmask->text,
		       family->text);
	return error_remedy(reader->line->error, "write %s behind %s", netmask->text, family->text);
}

static int read_persistence(const struct rules_reader *reader, struct service *service)
{
	if (has(reader, RULE_PERSISTENT)) {
		service->flags |= SERVICE_FLAG_PERSISTENT;
		service->timeout = PERSISTENCE_TIMEOUT;
		const struct rule_word *value = value_of(reader, RULE_PERSISTENT);
		if (value->text && rule_number(reader->line, value, 1, RULE_TIMEOUT_MAX, &service->timeout) < 0)
			return -1;
	}
	if (has(reader, RULE_NETMASK) &&
	    (check_netmask_is_kept(reader, service) < 0 ||
	     rule_netmask(reader->line, value_of(reader, RULE_NETMASK), service->family, &service->netmask) < 0))
		return -1;
	if (has(reader, RULE_ENGINE))
		return rule_name(reader->line, value_of(reader, RULE_ENGINE), "a persistence engine",
				 service->persistence_engine);
	return 0;
}

static int read_service_options(const struct rules_reader *reader, struct service *service)
{
	if (has(reader, RULE_SCHEDULER) &&
	    rule_name(reader->line, value_of(reader, RULE_SCHEDULER), "a scheduler", service->scheduler) < 0)
		return -1;
	if (has(reader, RULE_ONE_PACKET))
		service->flags |= SERVICE_FLAG_ONE_PACKET;
	if (read_persistence(reader, service) < 0)
		return -1;
	if (has(reader, RULE_SCHEDULER_FLAGS) &&
	    rule_scheduler_flags(reader->line, value_of(reader, RULE_SCHEDULER_FLAGS), service->scheduler,
				 &service->flags) < 0)
		return -1;

	size_t column = reader->line->said.column;
	if (!service->fwmark && !service->port && !(service->flags & SERVICE_FLAG_PERSISTENT)) {
		rule_line_fail(reader->line, column, "a service without a port, or of port 0, must be persistent (-p)");
		if (service->family == AF_INET6)
			error_remedy(reader->line->error, "an IPv6 address with a port is written [ADDRESS]:PORT");
		return -1;
	}
	if ((service->flags & SERVICE_FLAG_ONE_PACKET) && !service->fwmark && service->protocol != IPPROTO_UDP)
		return rule_line_fail(reader->line, column, "-o is for UDP services and firewall marks only");
	return 0;
}

static int add_service(struct rules_reader *reader)
{
	uint8_t protocol;
	struct service service = {0};
	if (read_service_name(reader, &service, &protocol) < 0 || read_service_options(reader, &service) < 0)
		return -1;
	struct kept_service **found = tfind(&service, &reader->services, compare_services);
	if (found) {
		CLEANUP_FREE char *rule = service_name_rule(&service);
		return rule_line_fail(reader->line, reader->line->said.column, "the service %s is there from line %zu",
				      rule, (*found)->line);
	}
	struct kept_service *kept = memory_allocate(1, sizeof *kept);
	kept->service = service;
	kept->line = reader->line->number;
	if (!tsearch(kept, &reader->services, compare_services))
		abort();
	return 0;
}

/* To ipvsadm, too, what an edit does not say gets its default. */
static int edit_service(struct rules_reader *reader)
{
	uint8_t protocol;
	struct service edited = {0};
	struct kept_service *kept = find_service(reader, &protocol);
	if (!kept || read_service_name(reader, &edited, &protocol) < 0 || read_service_options(reader, &edited) < 0)
		return -1;
	kept->service = edited;
	return 0;
}

static int delete_service(struct rules_reader *reader)
{
	uint8_t protocol;
	struct kept_service *kept = find_service(reader, &protocol);
	if (!kept)
		return -1;
	tdelete(kept, &reader->services, compare_services);
	free_service(kept);
	return 0;
}

/* ---- destinations ---- */

static int read_destination_name(const struct rules_reader *reader, const struct kept_service *service,
				 uint8_t protocol, struct destination *destination)
{
	uint8_t ignored;
	const struct rule_word *options = reader->line->options;
	/* ipvsadm reads from left to right: before the service it knows neither the port nor the protocol. */
	bool service_is_known = options[naming_option(reader, &ignored)].column < options[RULE_REAL_SERVER].column;
	destination_init(destination);
	destination->port = service_is_known ? service->service.port : 0;
	return rule_endpoint(reader->line, value_of(reader, RULE_REAL_SERVER), service_is_known ? protocol : 0,
			     reader->find_port, &destination->address, &destination->port);
}

static int read_tunnel_type(const struct rules_reader *reader, struct tunnel *tunnel)
{
	const struct rule_word *value = value_of(reader, RULE_TUNNEL_TYPE);
	for (enum tunnel_type type = TUNNEL_IPIP; has(reader, RULE_TUNNEL_TYPE); type++) {
		const char *name = tunnel_type_name(type);
		if (!name) {
			CLEANUP_FREE char *shown = rule_word_show(value->text);
			return rule_line_fail(reader->line, value->column, "%s is not ipip, gue or gre", shown);
		}
		if (strcmp(name, value->text) == 0) {
			tunnel->type = type;
			return 0;
		}
	}
	return 0;
}

/* An option that has no place beside others of the rule. */
static int fail_beside(const struct rules_reader *reader, enum rule_option option, const char *what)
{
	return rule_line_fail(reader->line, reader->line->options[option].column, "%s is for %s only",
			      reader->line->options[option].text, what);
}

static int read_tunnel(const struct rules_reader *reader, struct destination *destination)
{
	struct tunnel *tunnel = &destination->tunnel;
	for (enum rule_option option = RULE_TUNNEL_TYPE; option <= RULE_TUNNEL_REMOTE_CHECKSUM; option++) {
		if (has(reader, option) && destination->forward != FORWARD_TUNNEL)
			return fail_beside(reader, option, "tunnels (-i)");
	}
	uint32_t port = 0;
	if (read_tunnel_type(reader, tunnel) < 0 ||
	    rule_option_number(reader->line, RULE_TUNNEL_PORT, 1, UINT16_MAX, &port) < 0)
		return -1;
	tunnel->port = (uint16_t)port;
	if (has(reader, RULE_TUNNEL_CHECKSUM))
		tunnel->flags = TUNNEL_FLAG_CHECKSUM;
	if (has(reader, RULE_TUNNEL_REMOTE_CHECKSUM))
		tunnel->flags = TUNNEL_FLAG_REMOTE_CHECKSUM;

	if (tunnel->type == TUNNEL_GUE && !port)
		return rule_line_fail(reader->line, reader->line->options[RULE_TUNNEL_TYPE].column,
				      "a tunnel of type gue wants a port: --tun-port");
	if (tunnel->type != TUNNEL_GUE && port)
		return fail_beside(reader, RULE_TUNNEL_PORT, "--tun-type gue");
	if (tunnel->type != TUNNEL_GUE && has(reader, RULE_TUNNEL_REMOTE_CHECKSUM))
		return fail_beside(reader, RULE_TUNNEL_REMOTE_CHECKSUM, "--tun-type gue");
	if (tunnel->type == TUNNEL_IPIP && has(reader, RULE_TUNNEL_CHECKSUM))
		return fail_beside(reader, RULE_TUNNEL_CHECKSUM, "--tun-type gue and gre");
	if (tunnel->type == TUNNEL_IPIP && has(reader, RULE_TUNNEL_NO_CHECKSUM))
		return fail_beside(reader, RULE_TUNNEL_NO_CHECKSUM, "--tun-type gue and gre");
	return 0;
}

static int read_destination_options(const struct rules_reader *reader, const struct service *service,
				    struct destination *destination)
{
	if (has(reader, RULE_MASQUERADING))
		destination->forward = FORWARD_MASQUERADE;
	if (has(reader, RULE_TUNNELING))
		destination->forward = FORWARD_TUNNEL;
	/* Whatever the rule says: what reaches it was sent to the service's port. */
	if (!service->fwmark && destination->forward != FORWARD_MASQUERADE)
		destination->port = service->port;
	if (rule_option_number(reader->line, RULE_WEIGHT, 0, INT32_MAX, &destination->weight) < 0 ||
	    rule_option_number(reader->line, RULE_UPPER_THRESHOLD, 0, INT32_MAX, &destination->upper_threshold) < 0 ||
	    rule_option_number(reader->line, RULE_LOWER_THRESHOLD, 0, INT32_MAX, &destination->lower_threshold) < 0 ||
	    read_tunnel(reader, destination) < 0)
		return -1;
	if (destination->lower_threshold > destination->upper_threshold)
		return rule_line_fail(reader->line, value_of(reader, RULE_LOWER_THRESHOLD)->column,
				      "the lower threshold may not be above the upper one (-x), which is %u",
				      destination->upper_threshold);
	if (destination->address.family != service->family && destination->forward != FORWARD_TUNNEL)
		return rule_line_fail(reader->line, value_of(reader, RULE_REAL_SERVER)->column,
				      "a destination of another address family than its service must be a tunnel (-i)");
	return 0;
}

static struct kept_destination *find_destination(const struct rules_reader *reader, const struct kept_service *service,
						 const struct destination *name)
{
	struct kept_destination **found = tfind(name, &service->tree, compare_destinations);
	if (found)
		return *found;
	rule_line_fail(reader->line, value_of(reader, RULE_REAL_SERVER)->column,
		       "the service has no such destination here");
	error_remedy(reader->line->error, "a destination is added (-a) before anything is done with it");
	return NULL;
}

static int add_destination(struct rules_reader *reader)
{
	uint8_t protocol;
	struct destination destination;
	struct kept_service *service = find_service(reader, &protocol);
	if (!service || read_destination_name(reader, service, protocol, &destination) < 0 ||
	    read_destination_options(reader, &service->service, &destination) < 0)
		return -1;
	struct kept_destination **found = tfind(&destination, &service->tree, compare_destinations);
	if (found)
		return rule_line_fail(reader->line, value_of(reader, RULE_REAL_SERVER)->column,
				      "the service has this destination from line %zu", (*found)->line);

	struct kept_destination *kept = memory_allocate(1, sizeof *kept);
	kept->destination = destination;
	kept->line = reader->line->number;
	kept->older = service->newest;
	service->newest = kept;
	if (!tsearch(kept, &service->tree, compare_destinations))
		abort();
	return 0;
}

static int edit_destination(struct rules_reader *reader)
{
	uint8_t protocol;
	struct destination destination;
	struct kept_service *service = find_service(reader, &protocol);
	if (!service || read_destination_name(reader, service, protocol, &destination) < 0 ||
	    read_destination_options(reader, &service->service, &destination) < 0)
		return -1;
	struct kept_destination *kept = find_destination(reader, service, &destination);
	if (!kept)
		return -1;
	kept->destination = destination;
	return 0;
}

static int delete_destination(struct rules_reader *reader)
{
	uint8_t protocol;
	struct destination destination;
	struct kept_service *service = find_service(reader, &protocol);
	if (!service || read_destination_name(reader, service, protocol, &destination) < 0)
		return -1;
	struct kept_destination *kept = find_destination(reader, service, &destination);
	if (!kept)
		return -1;
	tdelete(kept, &service->tree, compare_destinations);
	kept->removed = true;
	return 0;
}

/* ---- the whole ---- */

int rules_services_change(struct rules_reader *reader)
{
	switch (reader->line->command) {
	case RULE_ADD_SERVICE:
		return add_service(reader);
	case RULE_EDIT_SERVICE:
		return edit_service(reader);
	case RULE_DELETE_SERVICE:
		return delete_service(reader);
	case RULE_ADD_SERVER:
		return add_destination(reader);
	case RULE_EDIT_SERVER:
		return edit_destination(reader);
	case RULE_DELETE_SERVER:
		return delete_destination(reader);
	default:
		return 0;
	}
}

/* What goes along through the tree. */
struct taking {
	struct table *table;
	size_t mixed; /* the line of a destination of another family than its service's; 0: none so far */
};

static void take_service(const void *node, VISIT visit, void *closure)
{
	if (visit != postorder && visit != leaf)
		return;
	struct taking *taking = closure;
	const struct kept_service *kept = *(struct kept_service *const *)node;
	struct service *service = array_append(&taking->table->services);
	*service = kept->service;
	for (const struct kept_destination *at = kept->newest; at; at = at->older) {
		if (at->removed)
			continue;
		*array_append(&service->destinations) = at->destination;
		if (at->destination.address.family != service->family)
			taking->mixed = at->line;
	}
}

size_t rules_services_take(const struct rules_reader *reader, struct table *table)
{
	struct taking taking = {.table = table};
	twalk_r(reader->services, take_service, &taking);
	return taking.mixed;
}
