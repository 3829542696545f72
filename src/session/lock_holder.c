/* SPDX-License-Identifier: MIT */
#include "session/lock_holder.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/proc.h"
#include "session/lock_proof.h"
#include "session/state.h"

void lock_holder_clear(struct lock_holder *holder)
{
	free(holder->command);
	*holder = (struct lock_holder){0};
}

/* Process numbers mean something only within one of these. 0 where it cannot be told. */
static json_int_t pid_namespace(void)
{
	struct stat namespace;
	return stat("/proc/self/ns/pid", &namespace) < 0 ? 0 : (json_int_t) namespace.st_ino;
}

/* When a process was started, in clock ticks since the machine's start; 0 where it has ended, -1 where nobody tells. */
static json_int_t started(pid_t pid)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	if (!proc_is_ours())
		return -1;
	CLEANUP_FREE char *path = memory_printf("/proc/%d/stat", (int)pid);
	size_t length;
	CLEANUP_FREE char *text = file_read(path, &length, &ignored);
	/* The name is in parentheses and can hold anything, parentheses and newlines too. */
	const char *behind_name = text ? strrchr(text, ')') : NULL;
	char state;
	int64_t ticks;
	if (!behind_name || sscanf(behind_name + 1,
				   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
				   " %" SCNd64,
				   &state, &ticks) != 2)
		return -1;
	return state == 'Z' || state == 'X' ? 0 : ticks;
}

/* Frees `json`. */
static void write_note(int descriptor, json_t *json)
{
	CLEANUP_FREE char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);

	/* In one piece, and cut afterwards: whoever reads meanwhile finds a note, with perhaps the end of an old one.
	 */
	CLEANUP_FREE char *line = memory_printf("%s\n", text ? text : "");
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	if (lseek(descriptor, 0, SEEK_SET) == 0 &&
	    file_write_all(descriptor, "the lock", line, strlen(line), &ignored) == 0 &&
	    ftruncate(descriptor, (off_t)strlen(line)) < 0)
		return; /* what is behind is not read */
}

void lock_holder_write(int descriptor, const char *command)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *namespace = state_namespace(&ignored);
	write_note(descriptor,
		   json_pack("{s:I, s:I, s:s*, s:I, s:I, s:o}", "pid", (json_int_t)getpid(), "pid_namespace",
			     pid_namespace(), "network_namespace", namespace, "started", started(getpid()), "since",
			     (json_int_t)time(NULL), "command", bytes_to_json(command)));
}

static bool is_of_here(const json_t *json)
{
	json_int_t here = pid_namespace();
	return here != 0 && json_integer_value(json_object_get(json, "pid_namespace")) == here;
}

/* 0 unless it is a process of ours to see that lives; `dead` where it is one of ours to see that does not. */
static pid_t living_pid(const json_t *json, bool *dead)
{
	json_int_t pid = json_integer_value(json_object_get(json, "pid"));
	*dead = json_is_true(json_object_get(json, "ended"));
	if (*dead || pid <= 0 || pid > INT_MAX || !is_of_here(json))
		return 0;
	if (kill((pid_t)pid, 0) < 0 && errno != EPERM) {
		*dead = errno == ESRCH;
		return 0;
	}
	json_int_t noted = json_integer_value(json_object_get(json, "started"));
	json_int_t seen = started((pid_t)pid);
	*dead = seen == 0 || (seen > 0 && noted > 0 && seen != noted);
	return *dead ? 0 : (pid_t)pid;
}

/* NULL where nothing is written that makes sense. The caller frees. */
static json_t *read_note(int descriptor)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	size_t length = 0;
	if (lseek(descriptor, 0, SEEK_SET) < 0)
		return NULL;
	CLEANUP_FREE char *text = file_read_descriptor(descriptor, "the lock", &length, &ignored);
	return text ? json_loadb(text, length, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

bool lock_holder_is_in(int descriptor, const char *namespace)
{
	json_t *json = read_note(descriptor);
	const char *noted = json_string_value(json_object_get(json, "network_namespace"));
	bool same = noted && strcmp(noted, namespace) == 0;
	json_decref(json);
	return same;
}

void lock_holder_end(int descriptor)
{
	json_t *json = read_note(descriptor);
	if (json_integer_value(json_object_get(json, "pid")) != getpid() || !is_of_here(json)) {
		json_decref(json);
		return;
	}
	json_object_set_new(json, "ended", json_true());
	write_note(descriptor, json);
}

void lock_holder_read(int descriptor, struct lock_holder *holder)
{
	*holder = (struct lock_holder){0};
	json_t *json = read_note(descriptor);
	if (!json)
		return;
	holder->pid = living_pid(json, &holder->dead);
	holder->since = (time_t)json_integer_value(json_object_get(json, "since"));
	holder->command = bytes_from_json(json_object_get(json, "command"));
	json_decref(json);
}

/* With spaces between the arguments; NULL where it is not known. The caller frees. */
static char *command_line(pid_t pid)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *path = memory_printf("/proc/%d/cmdline", (int)pid);
	size_t length = 0;
	char *line = file_read(path, &length, &ignored);
	for (size_t i = 0; line && i + 1 < length; i++) {
		if (line[i] == '\0')
			line[i] = ' ';
	}
	return line;
}

bool lock_holder_find(int descriptor, struct lock_holder *holder)
{
	*holder = (struct lock_holder){0};
	if (lock_is_marked(descriptor)) {
		lock_holder_read(descriptor, holder);
		return true;
	}
	pid_t taker = lock_find_taker(descriptor);
	if (taker == 0)
		return false;
	/* A run that could not mark it, or has not yet, is in the note. */
	lock_holder_read(descriptor, holder);
	if (holder->pid == taker)
		return true;
	lock_holder_clear(holder);
	holder->stranger = true;
	if (proc_is_ours() && (kill(taker, 0) == 0 || errno == EPERM)) {
		holder->pid = taker;
		holder->command = command_line(taker);
	}
	return true;
}

char *lock_holder_text(const struct lock_holder *holder)
{
	CLEANUP_FREE char *who =
		holder->pid ? memory_printf("process %d", (int)holder->pid)
			    : memory_printf("%s gone or out of sight",
					    holder->stranger ? "a process that is" : "a run whose own process is");
	CLEANUP_FREE char *what = holder->command ? memory_printf(" (%s)", holder->command) : memory_copy_string("");

	char since[64] = "";
	struct tm local;
	if (holder->since && localtime_r(&holder->since, &local))
		strftime(since, sizeof since, ", since %Y-%m-%d %H:%M:%S", &local);
	return memory_printf("%s%s%s%s", who, what, since, holder->stranger ? ", which is no run" : "");
}
