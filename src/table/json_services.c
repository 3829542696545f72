/* SPDX-License-Identifier: MIT */
#include "table/json_services.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "table/flags.h"
#include "table/json_syntax.h"
#include "table/table.h"

/*
 * In seconds. The kernel keeps it in ticks, in 32 bits: UINT_MAX / HZ is the most that one can get back. 100 is the
 * lowest HZ of its common configurations, so that whatever one kernel has can be read again.
 */
#define PERSISTENCE_TIMEOUT_MAX (UINT32_MAX / 100)

#define COUNT(fields) (sizeof(fields) / sizeof *(fields))

/* ---- words ---- */

static const char *family_word(uint32_t number)
{
	return number == AF_INET ? "ipv4" : number == AF_INET6 ? "ipv6" : NULL;
}

static const char *protocol_word(uint32_t number)
{
	return protocol_name((uint8_t)number);
}

static const char *forward_word(uint32_t number)
{
	return forwarding_method_name((enum forwarding_method)number);
}

static const char *tunnel_word(uint32_t number)
{
	return tunnel_type_name((enum tunnel_type)number);
}

/* ---- flags ---- */

/* What an array of flags may hold. */
struct flag_kind {
	bool (*parse)(uint32_t *flag, const char *text);
	uint32_t maximum;     /* the highest bit */
	uint32_t forbidden;   /* the kernel's own bits */
	char *(*words)(void); /* for messages */
};

static int fail_flag(const struct json_source *source, const struct json_place *place, const json_t *value,
		     const struct flag_kind *kind)
{
	CLEANUP_FREE char *words = kind->words();
	CLEANUP_FREE char *wanted = memory_printf("one of %s", words);
	return json_fail_value(source, place, value, wanted);
}

/* Reads an array of flags: their words, or "0x40" for one bit. */
static int read_flags(const struct json_source *source, const struct json_place *place, json_t *value,
		      const struct flag_kind *kind, uint32_t *flags)
{
	if (json_check_array(source, place, value) < 0)
		return -1;
	*flags = 0;
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		struct json_place here = {.parent = place, .index = i};
		const char *text = json_string_value(item);
		uint32_t flag = 0;
		bool parsed = text && (kind->parse(&flag, text) || json_parse_hexadecimal(&flag, text, kind->maximum));
		if (!parsed || __builtin_popcount(flag) != 1)
			return fail_flag(source, &here, item, kind);
		if (flag & kind->forbidden)
			return json_fail(source, &here, "\"%s\" is the kernel's own and cannot be set", text);
		if (*flags & flag)
			return json_fail(source, &here, "\"%s\" is a flag that stands here already", text);
		*flags |= flag;
	}
	return 0;
}

static int read_service_flags(const struct json_source *source, const struct json_place *place,
			      const struct json_field *field, json_t *value, void *target)
{
	static const struct flag_kind kind = {
		.parse = service_flag_parse,
		.maximum = 0x80000000,
		.forbidden = SERVICE_FLAG_HASHED,
		.words = service_flag_words,
	};
	(void)field;
	return read_flags(source, place, value, &kind, target);
}

static int read_tunnel_flags(const struct json_source *source, const struct json_place *place,
			     const struct json_field *field, json_t *value, void *target)
{
	static const struct flag_kind kind = {
		.parse = tunnel_flag_parse,
		.maximum = 0x8000,
		.words = tunnel_flag_words,
	};
	(void)field;
	uint32_t flags;
	if (read_flags(source, place, value, &kind, &flags) < 0)
		return -1;
	*(uint16_t *)target = (uint16_t)flags;
	return 0;
}

/* ---- counters ---- */

static int read_counter(const struct json_source *source, const struct json_place *place,
			const struct json_field *field, json_t *value, void *target)
{
	(void)field;
	(void)target;
	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return 0;
	return json_fail_value(source, place, value, "a whole number that is not negative");
}

/* Nobody can set what the kernel counts: it is checked, and that is all. */
static int read_stats(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		      json_t *value, void *target)
{
	static const struct json_field fields[] = {
		{"connections", read_counter, JSON_FIELD_WHOLE}, {"packets_in", read_counter, JSON_FIELD_WHOLE},
		{"packets_out", read_counter, JSON_FIELD_WHOLE}, {"bytes_in", read_counter, JSON_FIELD_WHOLE},
		{"bytes_out", read_counter, JSON_FIELD_WHOLE},   {"active", read_counter, JSON_FIELD_WHOLE},
		{"inactive", read_counter, JSON_FIELD_WHOLE},    {"persistent", read_counter, JSON_FIELD_WHOLE},
	};
	(void)field;
	return json_read_object(source, place, value, fields, COUNT(fields), target);
}

/* ---- destinations ---- */

static int read_tunnel(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		       json_t *value, void *target)
{
	static const struct json_field fields[] = {
		{"type", json_read_word, JSON_FIELD_TARGET(struct tunnel, type), .maximum = UINT8_MAX,
		 .word = tunnel_word, .nameless = true},
		{"port", json_read_number, JSON_FIELD_TARGET(struct tunnel, port), .maximum = UINT16_MAX},
		{"flags", read_tunnel_flags, JSON_FIELD_TARGET(struct tunnel, flags)},
	};
	(void)field;
	struct tunnel *tunnel = target;
	if (json_read_object(source, place, value, fields, COUNT(fields), tunnel) < 0)
		return -1;
	if (tunnel->type == TUNNEL_GUE && !tunnel->port)
		return json_fail(source, place, "a tunnel of type gue needs a port from 1 to 65535");
	return 0;
}

static int read_destination(const struct json_source *source, const struct json_place *place, json_t *value,
			    const struct service *service, struct destination *destination)
{
	static const struct json_field fields[] = {
		{"address", json_read_address, JSON_FIELD_TARGET(struct destination, address), .required = true},
		{"port", json_read_number, JSON_FIELD_TARGET(struct destination, port), .maximum = UINT16_MAX,
		 .required = true},
		{"forward", json_read_word, JSON_FIELD_TARGET(struct destination, forward),
		 .maximum = 7 /* IP_VS_CONN_F_FWD_MASK */, .word = forward_word, .nameless = true},
		{"weight", json_read_number, JSON_FIELD_TARGET(struct destination, weight), .maximum = INT32_MAX},
		{"upper_threshold", json_read_number, JSON_FIELD_TARGET(struct destination, upper_threshold),
		 .maximum = UINT32_MAX},
		{"lower_threshold", json_read_number, JSON_FIELD_TARGET(struct destination, lower_threshold),
		 .maximum = UINT32_MAX},
		{"tunnel", read_tunnel, JSON_FIELD_TARGET(struct destination, tunnel)},
		{"stats", read_stats, JSON_FIELD_WHOLE},
	};
	destination_init(destination);
	if (json_read_object(source, place, value, fields, COUNT(fields), destination) < 0)
		return -1;
	if (destination->lower_threshold > destination->upper_threshold) {
		struct json_place here = {.parent = place, .key = "lower_threshold"};
		return json_fail(source, &here, "must not be above upper_threshold, which is %" PRIu32,
				 destination->upper_threshold);
	}
	if (destination->address.family != service->family && destination->forward != FORWARD_TUNNEL) {
		struct json_place here = {.parent = place, .key = "address"};
		return json_fail(source, &here,
				 "must be an %s address like the service's, unless \"forward\" is \"tunnel\"",
				 service->family == AF_INET6 ? "IPv6" : "IPv4");
	}
	return 0;
}

static int compare_destinations(const void *a, const void *b)
{
	return destination_compare(a, b);
}

static int read_destinations(const struct json_source *source, const struct json_place *place,
			     const struct json_field *field, json_t *value, void *target)
{
	(void)field;
	struct service *service = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	struct json_span elements = source->elements;
	struct json_span element;
	while (json_next_element(&elements, &element)) {
		struct json_place here = {.parent = place, .index = service->destinations.count};
		struct destination *destination = array_append(&service->destinations);
		struct json_span none;
		json_t *item = json_parse(element, NULL, &none);
		int result = item ? read_destination(source, &here, item, service, destination)
				  : json_fail_piece(source, &here);
		json_decref(item);
		if (result < 0)
			return -1;
	}
	if (elements.from != elements.end)
		return json_fail_piece(source, place);
	array_fit(&service->destinations);
	return json_check_duplicates(source, place, "destination", service->destinations.items,
				     service->destinations.count, sizeof *service->destinations.items,
				     compare_destinations);
}

/* ---- services ---- */

/* Everything that depends on the family begins anew with it: the keys that say it are read before all others. */
static void set_family(struct service *service, sa_family_t family)
{
	struct service fresh;
	service_init(&fresh, family);
	service->family = family;
	service->netmask = fresh.netmask;
}

static int read_service_address(const struct json_source *source, const struct json_place *place,
				const struct json_field *field, json_t *value, void *target)
{
	struct service *service = target;
	if (json_read_address(source, place, field, value, &service->address) < 0)
		return -1;
	set_family(service, service->address.family);
	return 0;
}

static int read_family(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		       json_t *value, void *target)
{
	struct service *service = target;
	sa_family_t family;
	if (json_read_word(source, place, field, value, &family) < 0)
		return -1;
	set_family(service, family);
	return 0;
}

static int read_netmask(const struct json_source *source, const struct json_place *place,
			const struct json_field *field, json_t *value, void *target)
{
	struct service *service = target;
	if (service->family == AF_INET6)
		return json_read_number(source, place, field, value, &service->netmask);
	struct address mask;
	const char *text = json_string_value(value);
	if (!text || !address_parse(&mask, text) || mask.family != AF_INET)
		return json_fail_value(source, place, value, "an IPv4 mask such as \"255.255.255.0\"");
	service->netmask = ntohl(mask.v4.s_addr);
	return 0;
}

/* A service is named in one of two ways, and wholly. */
static int check_naming(const struct json_source *source, const struct json_place *place, const json_t *value)
{
	static const char *const by_address[] = {"protocol", "address", "port"};
	static const char *const by_mark[] = {"fwmark", "family"};
	bool marked = json_object_get(value, "fwmark");
	const char *const *needed = marked ? by_mark : by_address;
	const char *const *foreign = marked ? by_address : by_mark;
	size_t needed_count = marked ? COUNT(by_mark) : COUNT(by_address);
	size_t foreign_count = marked ? COUNT(by_address) : COUNT(by_mark);
	for (size_t i = 0; i < needed_count; i++) {
		if (!json_object_get(value, needed[i]))
			return json_fail(source, place,
					 "the key \"%s\" is missing: a service is named by protocol, address and port, "
					 "or by fwmark and family",
					 needed[i]);
	}
	for (size_t i = 0; i < foreign_count; i++) {
		if (json_object_get(value, foreign[i]))
			return json_fail_key(source, place, foreign[i], "a service named by %s has no \"%s\"",
					     marked ? "fwmark" : "address", foreign[i]);
	}
	return 0;
}

static int read_service_object(const struct json_source *source, const struct json_place *place, json_t *value,
			       struct service *service)
{
	static const struct json_field fields[] = {
		{"protocol", json_read_word, JSON_FIELD_TARGET(struct service, protocol), .maximum = UINT8_MAX,
		 .word = protocol_word, .nameless = true},
		{"address", read_service_address, JSON_FIELD_WHOLE},
		{"port", json_read_number, JSON_FIELD_TARGET(struct service, port), .maximum = UINT16_MAX},
		{"fwmark", json_read_number, JSON_FIELD_TARGET(struct service, fwmark), .minimum = 1,
		 .maximum = UINT32_MAX},
		{"family", read_family, JSON_FIELD_WHOLE, .size = sizeof(sa_family_t), .maximum = AF_INET6,
		 .word = family_word},
		{"scheduler", json_read_name, JSON_FIELD_TARGET(struct service, scheduler)},
		{"flags", read_service_flags, JSON_FIELD_TARGET(struct service, flags)},
		{"persistence_timeout", json_read_number, JSON_FIELD_TARGET(struct service, timeout),
		 .maximum = PERSISTENCE_TIMEOUT_MAX},
		{"netmask", read_netmask, JSON_FIELD_WHOLE, .size = sizeof(uint32_t), .minimum = 1, .maximum = 128},
		{"pe", json_read_name, JSON_FIELD_TARGET(struct service, persistence_engine)},
		{"stats", read_stats, JSON_FIELD_WHOLE},
		{"destinations", read_destinations, JSON_FIELD_WHOLE},
	};
	service_init(service, AF_INET);
	/* The name before the rest, which depends on the family. */
	if (json_check_keys(source, place, value, fields, COUNT(fields)) < 0 || check_naming(source, place, value) < 0)
		return -1;
	return json_read_object(source, place, value, fields, COUNT(fields), service);
}

static int read_service(const struct json_source *source, const struct json_place *place, struct json_span text,
			struct service *service)
{
	struct json_source inside = *source;
	json_t *value = json_parse(text, "destinations", &inside.elements);
	int result = value ? read_service_object(&inside, place, value, service) : json_fail_piece(source, place);
	json_decref(value);
	return result;
}

static int compare_services(const void *a, const void *b)
{
	return service_compare(a, b);
}

int json_read_services(const struct json_source *source, const struct json_place *place, const struct json_field *field,
		       json_t *value, void *target)
{
	(void)field;
	struct table *table = target;
	if (json_check_array(source, place, value) < 0)
		return -1;
	struct json_span elements = source->elements;
	struct json_span element;
	while (json_next_element(&elements, &element)) {
		struct json_place here = {.parent = place, .index = table->services.count};
		if (read_service(source, &here, element, array_append(&table->services)) < 0)
			return -1;
	}
	if (elements.from != elements.end)
		return json_fail_piece(source, place);
	return json_check_duplicates(source, place, "service", table->services.items, table->services.count,
				     sizeof *table->services.items, compare_services);
}
