/* SPDX-License-Identifier: MIT */
/* What the commands on savepoints have in common. */
#ifndef IPVS_ISO_SAVEPOINTS_H
#define IPVS_ISO_SAVEPOINTS_H

#include "command.h"
#include "session/session.h"

/* Does something about the savepoint `name` and closes the session, also on failure. */
typedef int savepoint_work(struct session *session, const char *name, struct error *error);

/*
 * Runs such a command: takes its one operand, opens a session inside of the run that this is a part of, does `work` and
 * says what went wrong. Returns the exit status.
 */
int run_on_savepoint(const struct subcommand *command, int count, char **operands, savepoint_work *work);

/* Closes a session whose table stays as it is. -1 where that fails, or where `failed` says that `error` is set. */
int close_keeping(struct session *session, int failed, struct error *error);

#endif
