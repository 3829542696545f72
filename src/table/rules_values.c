/* SPDX-License-Identifier: MIT */
#include "table/rules_values.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/memory.h"
#include "table/flags.h"

#define SCHEDULER_FLAGS (SERVICE_FLAG_SCHEDULER_1 | SERVICE_FLAG_SCHEDULER_2 | SERVICE_FLAG_SCHEDULER_3)

/* The line's error: VALUE is wrong for `option`; what is wanted instead. */
static int fail_value(const struct rule_line *line, const struct rule_word *value, const char *wanted)
{
	CLEANUP_FREE char *shown = rule_word_show(value->text);
	return rule_line_fail(line, value->column, "%s is not %s", shown, wanted);
}

static bool parse_number(const char *text, uint32_t maximum, uint32_t *number)
{
	uint64_t sum = 0;
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	for (; *text && sum <= maximum; text++)
		sum = sum * 10 + (uint64_t)(*text - '0');
	*number = (uint32_t)sum;
	return sum <= maximum;
}

int rule_number(const struct rule_line *line, const struct rule_word *value, uint32_t minimum, uint32_t maximum,
		uint32_t *number)
{
	uint32_t parsed;
	if (parse_number(value->text, maximum, &parsed) && parsed >= minimum) {
		*number = parsed;
		return 0;
	}
	CLEANUP_FREE char *wanted = memory_printf("a whole number from %u to %u", minimum, maximum);
	return fail_value(line, value, wanted);
}

int rule_option_number(const struct rule_line *line, enum rule_option option, uint32_t minimum, uint32_t maximum,
		       uint32_t *number)
{
	return rule_line_has(line, option) ? rule_number(line, &line->values[option], minimum, maximum, number) : 0;
}

int rule_name(const struct rule_line *line, const struct rule_word *value, const char *what, char name[TABLE_NAME_ROOM])
{
	if (table_name_is_valid(value->text)) {
		memcpy(name, value->text, strlen(value->text) + 1);
		return 0;
	}
	CLEANUP_FREE char *wanted =
		memory_printf("the name of %s: 1 to %d bytes of UTF-8 without slashes", what, TABLE_NAME_ROOM - 1);
	return fail_value(line, value, wanted);
}

/* ---- addresses ---- */

/* What inet_aton(3) understands, and ipvsadm with it, but is more likely a mistake: "10.1", "010.0.0.1". */
static bool is_short_for(const char *text, struct address *address)
{
	memset(address, 0, sizeof *address);
	address->family = AF_INET;
	return inet_aton(text, &address->v4) != 0;
}

static int fail_address(const struct rule_line *line, const struct rule_word *value, const char *text)
{
	struct address meant;
	char room[ADDRESS_TEXT_ROOM];
	CLEANUP_FREE char *shown = rule_word_show(text);
	if (is_short_for(text, &meant)) {
		rule_line_fail(line, value->column, "%s is an unusual way to write an address", shown);
		return error_remedy(line->error, "if %s is meant, write that", address_format(&meant, room));
	}
	rule_line_fail(line, value->column, "%s is no address, and names of hosts are not looked up", shown);
	return error_remedy(line->error,
			    "write the address (getent ahosts tells it); 'ipvsadm -Sn' saves addresses, not names");
}

/* Cuts an endpoint in two. `port` becomes NULL where there is none. False when it makes no sense. */
static bool split_endpoint(char *text, char **host, char **port)
{
	struct in6_addr ipv6;
	*host = text;
	*port = NULL;
	if (*text == '[') {
		char *bracket = strchr(text, ']');
		if (!bracket || bracket[1] != ':')
			return false;
		*bracket = '\0';
		*host = text + 1;
		*port = bracket + 2;
		return true;
	}
	/* Without brackets all of it is the address. */
	if (inet_pton(AF_INET6, text, &ipv6) == 1)
		return true;
	char *colon = strrchr(text, ':');
	if (!colon)
		return true;
	*colon = '\0';
	*port = colon + 1;
	return true;
}

static int fail_early_name(const struct rule_line *line, const struct rule_word *value, const char *text)
{
	CLEANUP_FREE char *shown = rule_word_show(text);
	rule_line_fail(line, value->column,
		       "ipvsadm looks the port %s up only behind the service, which has the protocol", shown);
	return error_remedy(line->error, "write the service before the destination, or the port as a number");
}

static int read_port(const struct rule_line *line, const struct rule_word *value, const char *text, uint8_t protocol,
		     rule_port_lookup *find_port, uint16_t *port)
{
	uint32_t number;
	int found = parse_number(text, UINT16_MAX, &number) ? (int)number : -1;
	bool is_name = found < 0 && *text && text[strspn(text, "0123456789")];
	if (is_name && !protocol)
		return fail_early_name(line, value, text);
	if (is_name)
		found = find_port(text, protocol_name(protocol));
	if (found >= 0 && found <= UINT16_MAX) {
		*port = (uint16_t)found;
		return 0;
	}
	CLEANUP_FREE char *shown = rule_word_show(text);
	return rule_line_fail(line, value->column,
			      "%s is neither a port from 0 to 65535 nor the name of a service for %s", shown,
			      protocol_name(protocol));
}

int rule_endpoint(const struct rule_line *line, const struct rule_word *value, uint8_t protocol,
		  rule_port_lookup *find_port, struct address *address, uint16_t *port)
{
	CLEANUP_FREE char *text = memory_copy_string(value->text);
	char *host, *behind;
	if (!split_endpoint(text, &host, &behind))
		return fail_value(line, value, "ADDRESS:PORT; an IPv6 one is written [ADDRESS]:PORT");
	if (*value->text == '[' && !strchr(host, ':'))
		return fail_value(line, value, "[ADDRESS]:PORT: brackets are for IPv6 addresses");
	if (!host[strspn(host, "0123456789")])
		return fail_value(line, value, "ADDRESS or ADDRESS:PORT");
	if (!address_parse(address, host))
		return fail_address(line, value, host);
	return behind ? read_port(line, value, behind, protocol, find_port, port) : 0;
}

int rule_netmask(const struct rule_line *line, const struct rule_word *value, sa_family_t family, uint32_t *netmask)
{
	if (family == AF_INET6)
		return rule_number(line, value, 1, 128, netmask);
	struct address mask;
	if (!address_parse(&mask, value->text) || mask.family != AF_INET)
		return fail_value(line, value, "an IPv4 mask such as 255.255.255.0");
	*netmask = ntohl(mask.v4.s_addr);
	return 0;
}

int rule_group(const struct rule_line *line, const struct rule_word *value, struct address *group)
{
	if (address_parse(group, value->text) && address_is_multicast(group))
		return 0;
	return fail_value(line, value, "a multicast address");
}

/* ---- flags ---- */

int rule_scheduler_flags(const struct rule_line *line, const struct rule_word *value, const char *scheduler,
			 uint32_t *flags)
{
	CLEANUP_FREE char *copy = memory_copy_string(value->text);
	char *rest = copy;
	for (char *word; (word = strsep(&rest, ","));) {
		uint32_t flag;
		CLEANUP_FREE char *shown = rule_word_show(word);
		if (!service_flag_parse(&flag, word) || strncmp(word, "scheduler-", 10) == 0 ||
		    !(flag & SCHEDULER_FLAGS)) {
			rule_line_fail(line, value->column, "%s is no flag of a scheduler", shown);
			return error_remedy(line->error,
					    "there are sh-fallback, sh-port, mh-fallback, mh-port, flag-1, "
					    "flag-2 and flag-3");
		}
		size_t length = strcspn(word, "-");
		bool for_any = strncmp(word, "flag-", 5) == 0;
		if (!for_any && (strlen(scheduler) != length || memcmp(word, scheduler, length) != 0)) {
			CLEANUP_FREE char *shown_scheduler = rule_word_show(scheduler);
			return rule_line_fail(line, value->column, "%s is no flag of the scheduler %s", shown,
					      shown_scheduler);
		}
		*flags |= flag;
	}
	return 0;
}
