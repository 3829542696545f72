/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "say.h"
#include "session/lock_holder.h"
#include "table/rules.h"
#include "table/table_text.h"

struct ipvs *live_open(struct error *error)
{
	struct ipvs *ipvs = ipvs_open(error);
	if (!ipvs && error->remedy)
		error_remedy(error,
			     "%s, or run the command in an embedded kernel: ipvs-iso run --kernel uml -- COMMAND",
			     error->remedy);
	return ipvs;
}

static int read_live(struct table *table, struct error *error)
{
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	return ipvs ? ipvs_read(ipvs, table, error) : -1;
}

/* Of /etc/services, or wherever else nsswitch.conf(5) says. */
static int find_port(const char *name, const char *protocol)
{
	const struct servent *service = getservbyname(name, protocol);
	return service ? ntohs((uint16_t)service->s_port) : -1;
}

static int read_file(struct table *table, const char *name, struct error *error)
{
	size_t length;
	CLEANUP_FREE char *bytes = file_read(name, &length, error);
	if (!bytes)
		return -1;
	const char *source = strcmp(name, "-") == 0 ? "standard input" : name;
	return table_from_text(table, bytes, length, source, find_port, error);
}

int table_load(struct table *table, const char *name, struct error *error)
{
	return strcmp(name, "live") == 0 ? read_live(table, error) : read_file(table, name, error);
}

int table_load_beside_live(struct table *table, const char *name, struct table *live, struct error *error)
{
	if (read_file(table, name, error) < 0)
		return -1;
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	if (!ipvs || ipvs_has_sysctls(ipvs, table, error) < 0)
		return -1;
	return ipvs_read(ipvs, live, error);
}

void print_changes(const struct changes *changes)
{
	static const char markers[] = {[CHANGE_ADD] = '+', [CHANGE_EDIT] = '~', [CHANGE_REMOVE] = '-'};
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct change *change = &changes->list.items[i];
		CLEANUP_FREE char *text = change_text(change);
		say(stdout, "%c %s", markers[change->action], text);
	}
}

void tell_waiting(const struct lock_holder *holder, void *context)
{
	(void)context;
	if (manners.quiet)
		return;
	CLEANUP_FREE char *who = lock_holder_text(holder);
	say(stderr, "ipvs-iso: waiting for the lock, held by %s", who);
}

void tell_recovered(void *context, const char *replaced)
{
	(void)context;
	say(stderr, "ipvs-iso: a run was killed before it could put the table back; that has been done now");
	if (replaced)
		say(stderr, "          the table that was there instead is in %s", replaced);
}

int open_session(struct session *session, struct ipvs *ipvs, const char *command, struct error *error)
{
	const struct session_options options = {
		.command = command,
		.wait_ms = manners.wait_ms,
		.waiting = tell_waiting,
	};
	if (session_open(session, ipvs, &options, error) < 0)
		return -1;
	if (session->recovered)
		tell_recovered(NULL, session->replaced);
	return 0;
}

int undo(struct session *session, const struct table *wanted, struct error *error)
{
	CLEANUP_ERROR struct error second = ERROR_INIT;
	if (session_undo(session, wanted, &second) == 0)
		return error_context(error, "the table is as it was");
	if (error->kind != ERROR_RIVAL || second.kind != ERROR_RIVAL)
		return error_context(error, "%s; and before that", second.message);
	/* Both are about the same; the second tells what became of it. */
	error_clear(error);
	*error = second;
	second = ERROR_INIT;
	return -1;
}

int restore_or_close(struct session *session, const struct table *wanted, struct error *error)
{
	return ipvs_restore(session->ipvs, &session->host, wanted, error) == 0 ? 0 : undo(session, wanted, error);
}
