/* SPDX-License-Identifier: MIT */
/* The values that options of ipvsadm have, each with an error that says where it stands and what it should be. */
#ifndef IPVS_ISO_TABLE_RULES_VALUES_H
#define IPVS_ISO_TABLE_RULES_VALUES_H

#include <netinet/in.h>

#include "table/rules_line.h"
#include "table/table.h"

/*
 * The port of a service by its name, for a protocol such as "tcp"; -1 where there is no such service. It is asked for
 * names such as "http" only.
 */
typedef int rule_port_lookup(const char *name, const char *protocol);

/* The longest timeout that ipvsadm takes, in seconds: 31 days. */
#define RULE_TIMEOUT_MAX (31 * 86400)

/* The longest message of a sync daemon that it takes, in bytes. */
#define RULE_MESSAGE_MAX (UINT16_MAX - 20 - 8)

/* Parses a decimal number from `minimum` to `maximum`. -1 with the line's error. */
int rule_number(const struct rule_line *line, const struct rule_word *value, uint32_t minimum, uint32_t maximum,
		uint32_t *number);

/* The same of an option's value; `number` stays what it was where the line does not have the option. */
int rule_option_number(const struct rule_line *line, enum rule_option option, uint32_t minimum, uint32_t maximum,
		       uint32_t *number);

/* A name that fits into the kernel's room for it; `what` it is the name of is for the message. */
int rule_name(const struct rule_line *line, const struct rule_word *value, const char *what,
	      char name[TABLE_NAME_ROOM]);

/*
 * "10.0.0.1:80", "10.0.0.1:http", "10.0.0.1", "[fd00::1]:80", "fd00::1". `port` is in host order and stays what it was
 * where the value has none. `protocol` is IPPROTO_* of the service, for names of ports; 0: it is not known yet, and
 * names are refused.
 */
int rule_endpoint(const struct rule_line *line, const struct rule_word *value, uint8_t protocol,
		  rule_port_lookup *find_port, struct address *address, uint16_t *port);

/* "255.255.255.0" for IPv4, into host order, or a length of a prefix for IPv6. */
int rule_netmask(const struct rule_line *line, const struct rule_word *value, sa_family_t family, uint32_t *netmask);

/* A multicast address of either family. */
int rule_group(const struct rule_line *line, const struct rule_word *value, struct address *group);

/* "sh-port,flag-3", into SERVICE_FLAG_SCHEDULER_*. `scheduler` is the service's, which the flags must be for. */
int rule_scheduler_flags(const struct rule_line *line, const struct rule_word *value, const char *scheduler,
			 uint32_t *flags);

#endif
