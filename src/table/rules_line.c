/* SPDX-License-Identifier: MIT */
/*
 * The words are split and read as ipvsadm 1.31 does it: at white space, no quotes, and then by popt(3), which takes
 * "-w5", "-w=5", "-w 5", "--weight=5", "--weight 5" and "-mw 5", and no abbreviations.
 */
#include "table/rules_line.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "table/spelling.h"

enum argument { NO_ARGUMENT, ARGUMENT, OPTIONAL_ARGUMENT };

/* What a row of the table is about. */
enum kind {
	COMMAND,
	OPTION,
	LISTING, /* for commands that show something */
	ZEROING
};

/* Options of which a rule has one at most. */
enum group { ALONE, SERVICE, FORWARDING, CHECKSUM };

#define IN(command) (1u << (command))
#define IN_DEFINITION (IN(RULE_ADD_SERVICE) | IN(RULE_EDIT_SERVICE))
#define IN_SERVER (IN(RULE_ADD_SERVER) | IN(RULE_EDIT_SERVER))
#define NEEDS_SERVER (IN_SERVER | IN(RULE_DELETE_SERVER))
#define NEEDS_SERVICE (IN_DEFINITION | IN(RULE_DELETE_SERVICE) | NEEDS_SERVER)
#define IN_START IN(RULE_START_DAEMON)
#define IN_DAEMON (IN_START | IN(RULE_STOP_DAEMON))

struct row {
	const char *letter; /* "-A"; NULL: none */
	const char *name;
	enum argument argument;
	enum kind kind;
	int id;            /* enum rule_command or enum rule_option */
	unsigned commands; /* where an option has its place: IN(...) */
	enum group group;
};

static const struct row rows[] = {
	{"-A", "add-service", NO_ARGUMENT, COMMAND, RULE_ADD_SERVICE, 0, ALONE},
	{"-E", "edit-service", NO_ARGUMENT, COMMAND, RULE_EDIT_SERVICE, 0, ALONE},
	{"-D", "delete-service", NO_ARGUMENT, COMMAND, RULE_DELETE_SERVICE, 0, ALONE},
	{"-C", "clear", NO_ARGUMENT, COMMAND, RULE_CLEAR, 0, ALONE},
	{"-a", "add-server", NO_ARGUMENT, COMMAND, RULE_ADD_SERVER, 0, ALONE},
	{"-e", "edit-server", NO_ARGUMENT, COMMAND, RULE_EDIT_SERVER, 0, ALONE},
	{"-d", "delete-server", NO_ARGUMENT, COMMAND, RULE_DELETE_SERVER, 0, ALONE},
	{NULL, "set", NO_ARGUMENT, COMMAND, RULE_SET, 0, ALONE},
	{NULL, "start-daemon", ARGUMENT, COMMAND, RULE_START_DAEMON, 0, ALONE},
	{NULL, "stop-daemon", ARGUMENT, COMMAND, RULE_STOP_DAEMON, 0, ALONE},
	{"-t", "tcp-service", ARGUMENT, OPTION, RULE_TCP_SERVICE, NEEDS_SERVICE, SERVICE},
	{"-u", "udp-service", ARGUMENT, OPTION, RULE_UDP_SERVICE, NEEDS_SERVICE, SERVICE},
	{NULL, "sctp-service", ARGUMENT, OPTION, RULE_SCTP_SERVICE, NEEDS_SERVICE, SERVICE},
	{"-f", "fwmark-service", ARGUMENT, OPTION, RULE_FWMARK_SERVICE, NEEDS_SERVICE, SERVICE},
	{"-6", "ipv6", NO_ARGUMENT, OPTION, RULE_IPV6, NEEDS_SERVICE, ALONE},
	{"-s", "scheduler", ARGUMENT, OPTION, RULE_SCHEDULER, IN_DEFINITION, ALONE},
	{"-p", "persistent", OPTIONAL_ARGUMENT, OPTION, RULE_PERSISTENT, IN_DEFINITION, ALONE},
	{"-M", "netmask", ARGUMENT, OPTION, RULE_NETMASK, IN_DEFINITION, ALONE},
	{NULL, "pe", ARGUMENT, OPTION, RULE_ENGINE, IN_DEFINITION, ALONE},
	{"-b", "sched-flags", ARGUMENT, OPTION, RULE_SCHEDULER_FLAGS, IN_DEFINITION, ALONE},
	{"-o", "ops", NO_ARGUMENT, OPTION, RULE_ONE_PACKET, IN_DEFINITION, ALONE},
	{"-r", "real-server", ARGUMENT, OPTION, RULE_REAL_SERVER, NEEDS_SERVER, ALONE},
	{"-g", "gatewaying", NO_ARGUMENT, OPTION, RULE_GATEWAYING, IN_SERVER, FORWARDING},
	{"-i", "ipip", NO_ARGUMENT, OPTION, RULE_TUNNELING, IN_SERVER, FORWARDING},
	{"-m", "masquerading", NO_ARGUMENT, OPTION, RULE_MASQUERADING, IN_SERVER, FORWARDING},
	{"-w", "weight", ARGUMENT, OPTION, RULE_WEIGHT, IN_SERVER, ALONE},
	{"-x", "u-threshold", ARGUMENT, OPTION, RULE_UPPER_THRESHOLD, IN_SERVER, ALONE},
	{"-y", "l-threshold", ARGUMENT, OPTION, RULE_LOWER_THRESHOLD, IN_SERVER, ALONE},
	{NULL, "tun-type", ARGUMENT, OPTION, RULE_TUNNEL_TYPE, IN_SERVER, ALONE},
	{NULL, "tun-port", ARGUMENT, OPTION, RULE_TUNNEL_PORT, IN_SERVER, ALONE},
	{NULL, "tun-nocsum", NO_ARGUMENT, OPTION, RULE_TUNNEL_NO_CHECKSUM, IN_SERVER, CHECKSUM},
	{NULL, "tun-csum", NO_ARGUMENT, OPTION, RULE_TUNNEL_CHECKSUM, IN_SERVER, CHECKSUM},
	{NULL, "tun-remcsum", NO_ARGUMENT, OPTION, RULE_TUNNEL_REMOTE_CHECKSUM, IN_SERVER, CHECKSUM},
	{NULL, "mcast-interface", ARGUMENT, OPTION, RULE_INTERFACE, IN_START, ALONE},
	{NULL, "syncid", ARGUMENT, OPTION, RULE_SYNC_ID, IN_DAEMON, ALONE},
	{NULL, "sync-maxlen", ARGUMENT, OPTION, RULE_MAX_LENGTH, IN_START, ALONE},
	{NULL, "mcast-group", ARGUMENT, OPTION, RULE_GROUP, IN_START, ALONE},
	{NULL, "mcast-port", ARGUMENT, OPTION, RULE_GROUP_PORT, IN_START, ALONE},
	{NULL, "mcast-ttl", ARGUMENT, OPTION, RULE_TTL, IN_START, ALONE},
	{"-Z", "zero", NO_ARGUMENT, ZEROING, 0, 0, ALONE},
	{"-L", "list", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-l", "list", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-S", "save", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-R", "restore", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-h", "help", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-v", "version", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-n", "numeric", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-c", "connection", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{"-X", "exact", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "timeout", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "daemon", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "stats", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "rate", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "thresholds", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "persistent-conn", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "nosort", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "sort", NO_ARGUMENT, LISTING, 0, 0, ALONE},
	{NULL, "tun-info", NO_ARGUMENT, LISTING, 0, 0, ALONE},
};

#define ROWS (sizeof rows / sizeof *rows)

/* More of a word than that is cut off in messages. */
#define SHOWN_MAX 40

/* What ipvsadm splits lines at. */
#define WHITE_SPACE " \t\r"

/* ---- messages ---- */

int rule_line_fail(const struct rule_line *line, size_t column, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	CLEANUP_FREE char *message = memory_vprintf(format, arguments);
	va_end(arguments);
	return error_set(line->error, ERROR_INPUT, "%s:%zu:%zu: %s", line->name, line->number, column, message);
}

char *rule_word_show(const char *text)
{
	size_t length = bytes_to_cut_at(text, SHOWN_MAX);
	CLEANUP_FREE char *shown = memory_copy_bytes(text, length);
	/* A message is one line. */
	for (char *at = shown; *at; at++) {
		if (iscntrl((unsigned char)*at))
			*at = '?';
	}
	return memory_printf("'%s%s'", shown, text[length] ? "..." : "");
}

/* ---- words ---- */

/* What is left of a line. */
struct rest {
	char *start, *next, *end; /* there is a NUL at `end` */
};

/* The next word, with a NUL put behind it; one without text at the end of the line. */
static struct rule_word take_word(struct rest *rest)
{
	rest->next += strspn(rest->next, WHITE_SPACE);
	struct rule_word word = {.column = (size_t)(rest->next - rest->start) + 1};
	if (rest->next == rest->end)
		return word;
	word.text = rest->next;
	rest->next += strcspn(rest->next, WHITE_SPACE);
	if (rest->next < rest->end)
		*rest->next++ = '\0';
	return word;
}

/* Whether there is another word that does not begin with a dash. */
static bool has_argument(const struct rest *rest)
{
	const char *next = rest->next + strspn(rest->next, WHITE_SPACE);
	return *next && *next != '-';
}

/* ---- options ---- */

static const struct row *find_letter(char letter)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].letter && rows[i].letter[1] == letter)
			return &rows[i];
	}
	return NULL;
}

static const struct row *find_name(const char *name, size_t length)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
			return &rows[i];
	}
	return NULL;
}

static int fail_unknown(const struct rule_line *line, const struct rule_word *word, const char *name)
{
	CLEANUP_FREE char *shown = rule_word_show(word->text);
	rule_line_fail(line, word->column, "ipvsadm has no option %s", shown);
	const char *nearest = NULL;
	size_t least = SIZE_MAX;
	for (size_t i = 0; i < ROWS; i++) {
		size_t distance = spelling_distance(name, rows[i].name);
		if (distance < least) {
			least = distance;
			nearest = rows[i].name;
		}
	}
	return nearest ? error_remedy(line->error, "is it --%s?", nearest) : -1;
}

static int take_command(struct rule_line *line, const struct row *row, const struct rule_word *said,
			const struct rule_word *value)
{
	if (line->command != RULE_NOTHING)
		return rule_line_fail(line, said->column, "a rule has one command, and there is %s already",
				      line->said.text);
	line->command = (enum rule_command)row->id;
	line->said = *said;
	if (row->argument)
		line->role = *value;
	return 0;
}

static int take_option(struct rule_line *line, const struct row *row, const struct rule_word *said,
		       const struct rule_word *value)
{
	for (size_t i = 0; i < ROWS; i++) {
		bool excludes = &rows[i] == row || (row->group && rows[i].group == row->group);
		if (rows[i].kind == OPTION && excludes && line->options[rows[i].id].text)
			return rule_line_fail(line, said->column, "%s is one too many beside %s", said->text,
					      line->options[rows[i].id].text);
	}
	if (!(row->commands & IN(line->command)))
		return rule_line_fail(line, said->column, "%s has no place in a rule with %s", said->text,
				      line->said.text);
	line->options[row->id] = *said;
	line->values[row->id] = *value;
	return 0;
}

/* `said` is the option alone, as it is written. */
static int take_row(struct rule_line *line, const struct row *row, const struct rule_word *said,
		    const struct rule_word *value)
{
	if (row->kind == ZEROING)
		return rule_line_fail(line, said->column,
				      "%s is about counters, which are no part of a table: leave it out", said->text);
	if (row->kind == LISTING)
		return rule_line_fail(line, said->column, "%s sets nothing, and so has no place among rules",
				      said->text);
	if (row->kind == COMMAND)
		return take_command(line, row, said, value);
	if (line->command == RULE_NOTHING)
		return rule_line_fail(line, said->column,
				      "a rule begins with what to do, such as -A or -a, not with %s", said->text);
	return take_option(line, row, said, value);
}

/* What follows an option: "=5" or "5" in the same word (NULL: nothing), or another word. */
static int take_value(struct rule_line *line, struct rest *rest, const struct row *row, const struct rule_word *said,
		      const char *attached, struct rule_word *value)
{
	*value = (struct rule_word){.text = attached};
	if (attached)
		value->column = (size_t)(attached - rest->start) + 1;
	else if (row->argument == ARGUMENT || has_argument(rest))
		*value = take_word(rest);
	if (row->argument == OPTIONAL_ARGUMENT && !value->text)
		return 0;
	/* No value begins with a dash, so this is the next option, unless it looks like a number. */
	bool is_option = value->text && *value->text == '-' && !strchr("0123456789", value->text[1]);
	if (!value->text || !*value->text || is_option)
		return rule_line_fail(line, said->column, "%s wants a value", said->text);
	return 0;
}

/* --name, --name=value */
static int take_long(struct rule_line *line, struct rest *rest, const struct rule_word *word)
{
	char *name = rest->start + word->column + 1;
	char *equals = strchr(name, '=');
	if (equals)
		*equals = '\0';
	const struct row *row = find_name(name, strlen(name));
	if (!row)
		return fail_unknown(line, word, name);
	struct rule_word value = {0};
	if (equals && !row->argument)
		return rule_line_fail(line, word->column, "%s takes no value", word->text);
	if (row->argument && take_value(line, rest, row, word, equals ? equals + 1 : NULL, &value) < 0)
		return -1;
	return take_row(line, row, word, &value);
}

/* -o, -w5, -w=5, -mw 5 */
static int take_short(struct rule_line *line, struct rest *rest, const struct rule_word *word)
{
	const char *letters = word->text + 1;
	while (*letters) {
		const struct row *row = find_letter(*letters);
		if (!row)
			return fail_unknown(line, word, "");
		letters++;
		struct rule_word said = {.text = row->letter, .column = word->column};
		struct rule_word value = {0};
		if (row->argument) {
			const char *attached = *letters ? letters + (*letters == '=') : NULL;
			letters = "";
			if (take_value(line, rest, row, &said, attached, &value) < 0)
				return -1;
		}
		if (take_row(line, row, &said, &value) < 0)
			return -1;
	}
	return 0;
}

/* A word that is no option, nor the value of one. */
static int take_argument(struct rule_line *line, const struct rule_word *word)
{
	for (size_t i = 0; line->command == RULE_SET && i < RULE_ARGUMENTS; i++) {
		if (!line->arguments[i].text) {
			line->arguments[i] = *word;
			return 0;
		}
	}
	CLEANUP_FREE char *shown = rule_word_show(word->text);
	rule_line_fail(line, word->column, "%s is neither an option nor the value of one", shown);
	if (*word->text == '#')
		error_remedy(line->error, "a comment has a line of its own");
	return -1;
}

/* ---- lines ---- */

/* What ipvsadm asks of a rule as a whole. */
static int check_whole(const struct rule_line *line)
{
	bool service = false;
	for (enum rule_option i = RULE_TCP_SERVICE; i <= RULE_FWMARK_SERVICE; i++)
		service = service || rule_line_has(line, i);
	if ((NEEDS_SERVICE & IN(line->command)) && !service)
		return rule_line_fail(line, line->said.column,
				      "%s wants a virtual service: -t, -u, --sctp-service or -f", line->said.text);
	if ((NEEDS_SERVER & IN(line->command)) && !rule_line_has(line, RULE_REAL_SERVER))
		return rule_line_fail(line, line->said.column, "%s wants a destination: -r", line->said.text);
	if (line->command == RULE_SET && !line->arguments[RULE_ARGUMENTS - 1].text)
		return rule_line_fail(line, line->said.column, "--set wants three timeouts: for TCP, TCP FIN and UDP");
	return 0;
}

bool rule_line_has(const struct rule_line *line, enum rule_option option)
{
	return line->options[option].text != NULL;
}

int rule_line_parse(struct rule_line *line, char *text, size_t length)
{
	*line = (struct rule_line){.name = line->name, .number = line->number, .error = line->error};
	const char *nul = memchr(text, '\0', length);
	if (nul)
		return rule_line_fail(line, (size_t)(nul - text) + 1, "a NUL byte is not allowed");

	struct rest rest = {.start = text, .next = text, .end = text + length};
	struct rule_word word = take_word(&rest);
	if (!word.text || *word.text == '#')
		return 0;
	if (strcmp(word.text, "ipvsadm") == 0)
		word = take_word(&rest);
	bool options_end = false;
	for (; word.text; word = take_word(&rest)) {
		int result;
		if (options_end || *word.text != '-' || !word.text[1])
			result = take_argument(line, &word);
		else if (word.text[1] != '-')
			result = take_short(line, &rest, &word);
		else if (word.text[2])
			result = take_long(line, &rest, &word);
		else
			result = !(options_end = true);
		if (result < 0)
			return -1;
	}
	return line->command == RULE_NOTHING ? 0 : check_whole(line);
}
