/* SPDX-License-Identifier: MIT */
/* One line of a file for `ipvsadm -R`: which command and options it has, and where they stand. */
#ifndef IPVS_ISO_TABLE_RULES_LINE_H
#define IPVS_ISO_TABLE_RULES_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum rule_command {
	RULE_NOTHING, /* an empty line, or a comment */
	RULE_ADD_SERVICE,
	RULE_EDIT_SERVICE,
	RULE_DELETE_SERVICE,
	RULE_CLEAR,
	RULE_ADD_SERVER,
	RULE_EDIT_SERVER,
	RULE_DELETE_SERVER,
	RULE_SET,
	RULE_START_DAEMON,
	RULE_STOP_DAEMON
};

enum rule_option {
	RULE_TCP_SERVICE,
	RULE_UDP_SERVICE,
	RULE_SCTP_SERVICE,
	RULE_FWMARK_SERVICE,
	RULE_IPV6,
	RULE_SCHEDULER,
	RULE_PERSISTENT,
	RULE_NETMASK,
	RULE_ENGINE,
	RULE_SCHEDULER_FLAGS,
	RULE_ONE_PACKET,
	RULE_REAL_SERVER,
	RULE_GATEWAYING,
	RULE_TUNNELING,
	RULE_MASQUERADING,
	RULE_WEIGHT,
	RULE_UPPER_THRESHOLD,
	RULE_LOWER_THRESHOLD,
	RULE_TUNNEL_TYPE,
	RULE_TUNNEL_PORT,
	RULE_TUNNEL_NO_CHECKSUM,
	RULE_TUNNEL_CHECKSUM,
	RULE_TUNNEL_REMOTE_CHECKSUM,
	RULE_INTERFACE,
	RULE_SYNC_ID,
	RULE_MAX_LENGTH,
	RULE_GROUP,
	RULE_GROUP_PORT,
	RULE_TTL,
	RULE_OPTION_COUNT
};

/* How many timeouts --set takes. */
#define RULE_ARGUMENTS 3

/* A word of the line. */
struct rule_word {
	const char *text; /* NULL: it does not stand there */
	size_t column;    /* from 1, in bytes */
};

struct rule_line {
	const char *name; /* the file's, for messages; borrowed */
	size_t number;    /* from 1 */
	struct error *error;
	enum rule_command command;
	struct rule_word said;                       /* the command as it is written */
	struct rule_word role;                       /* of RULE_START_DAEMON and RULE_STOP_DAEMON */
	struct rule_word arguments[RULE_ARGUMENTS];  /* of RULE_SET: all of them are there */
	struct rule_word options[RULE_OPTION_COUNT]; /* as they are written: "-w", "--weight" */
	struct rule_word values[RULE_OPTION_COUNT];  /* of those that have one */
};

/*
 * Takes apart the `length` bytes at `text`, which are a line without its line feed; they are changed, and the words
 * point into them. The line's name, number and error are set before, the rest by this. What ipvsadm refuses by the
 * look of it is refused: options that it does not have, that stand twice, exclude each other, or have no place in this
 * command. -1 with an error.
 */
int rule_line_parse(struct rule_line *line, char *text, size_t length);

/* Whether the line has the option. */
bool rule_line_has(const struct rule_line *line, enum rule_option option);

/* Fills the line's error: NAME:LINE:COLUMN: the message. Returns -1. */
int rule_line_fail(const struct rule_line *line, size_t column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A word as it can be shown in a message: in quotes, cut where it is long. The caller frees. */
char *rule_word_show(const char *text);

#endif
