/* SPDX-License-Identifier: MIT */
#include "process/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/proc.h"

/* A process while the tree is worked out. Dead ones matter too: living ones can be below them. */
struct entry {
	struct process process;
	pid_t group;
	bool living;
	bool excepted;
	bool descends;
};

struct census {
	ARRAY(struct entry) entries; /* by number */
};

#define CLEANUP_CENSUS __attribute__((cleanup(census_clear)))

static void census_clear(struct census *census)
{
	array_free(&census->entries);
}

void process_list_clear(struct process_list *list)
{
	array_free(&list->processes);
	array_free(&list->groups);
}

/* See descendants_prepare(). */
static int kept_proc = -1;

/* As openat(2), below /proc. */
static int open_in_proc(const char *path, int flags)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_CLOSE int now = kept_proc < 0 ? proc_open(&ignored) : -1;
	if (kept_proc < 0 && now < 0) {
		errno = ENOSYS; /* not as if there were no such process */
		return -1;
	}
	return openat(kept_proc < 0 ? now : kept_proc, path, flags | O_CLOEXEC);
}

int descendants_prepare(struct error *error)
{
	file_cleanup_close(&kept_proc);
	kept_proc = proc_open(error);
	return kept_proc < 0 ? -1 : 0;
}

void descendants_forget(void)
{
	file_cleanup_close(&kept_proc);
}

/* Longer than any line of /proc/PID/stat: 52 numbers of at most 20 digits and a name of at most 64 bytes (proc(5)). */
#define STAT_ROOM 2048

/* The text of /proc/PID/stat. Its length; 0 when there is no such process any more; -1 with errno on failure. */
static ssize_t read_stat_text(pid_t pid, char text[STAT_ROOM])
{
	CLEANUP_FREE char *path = memory_printf("%d/stat", (int)pid);
	CLEANUP_CLOSE int descriptor = open_in_proc(path, O_RDONLY);
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, text, STAT_ROOM - 1);
	if (length < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	text[length] = '\0';
	return length;
}

/* 1 and the entry, 0 when there is no such process, -1 with errno. */
static int read_process(pid_t pid, struct entry *entry)
{
	char text[STAT_ROOM];
	ssize_t length = read_stat_text(pid, text);
	if (length <= 0)
		return (int)length;

	/* The name is in parentheses and can hold anything, parentheses and newlines too. */
	const char *behind_name = strrchr(text, ')');
	char state;
	int parent, group;
	long threads;
	uint64_t started;
	if (!behind_name || sscanf(behind_name + 1,
				   " %c %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %*s %" SCNu64,
				   &state, &parent, &group, &threads, &started) != 5) {
		errno = EPROTO;
		return -1;
	}
	*entry = (struct entry){
		.process = {.pid = pid,
			    .parent = parent,
			    .started = started,
			    .stopped = state == 'T' || state == 't',
			    .blocked = state == 'D'},
		.group = group,
		/* A process whose first thread has ended while others run shows as a zombie with threads. */
		.living = (state != 'Z' && state != 'X') || threads > 1,
	};
	return 1;
}

static int by_number(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	return (left->process.pid > right->process.pid) - (left->process.pid < right->process.pid);
}

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

static int read_entries(DIR *directory, struct census *census, struct error *error)
{
	for (;;) {
		errno = 0;
		const struct dirent *file = readdir(directory);
		if (!file)
			return errno ? error_set_errno(error, errno, "cannot read /proc") : 0;
		if (!is_number(file->d_name))
			continue;
		struct entry entry;
		int found = read_process((pid_t)strtol(file->d_name, NULL, 10), &entry);
		if (found < 0)
			return error_set_errno(error, errno, "cannot read /proc/%s/stat", file->d_name);
		if (found)
			*array_append(&census->entries) = entry;
	}
}

static int take_census(struct census *census, struct error *error)
{
	int descriptor = open_in_proc(".", O_RDONLY | O_DIRECTORY);
	DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
	if (!directory) {
		error_set_errno(error, errno, "cannot open /proc");
		file_cleanup_close(&descriptor);
		return -1;
	}
	int failed = read_entries(directory, census, error);
	closedir(directory);
	if (failed == 0 && census->entries.count == 0)
		failed = error_set(error, ERROR_UNAVAILABLE, "/proc shows no processes");
	if (failed < 0)
		proc_propose_mount(error);
	else if (census->entries.count > 0)
		qsort(census->entries.items, census->entries.count, sizeof *census->entries.items, by_number);
	return failed;
}

static struct entry *find(const struct census *census, pid_t pid)
{
	const struct entry key = {.process.pid = pid};
	if (census->entries.count == 0)
		return NULL;
	return bsearch(&key, census->entries.items, census->entries.count, sizeof key, by_number);
}

static void mark_excepted(const struct census *census, const struct process_list *except)
{
	for (size_t i = 0; except && i < except->processes.count; i++) {
		const struct process *process = &except->processes.items[i];
		struct entry *entry = find(census, process->pid);
		if (entry && entry->process.started == process->started)
			entry->excepted = true;
	}
}

/* Numbers mostly grow from parent to child, so that one round finds nearly all. */
static void mark_descendants(const struct census *census, pid_t ancestor)
{
	bool more;
	do {
		more = false;
		for (size_t i = 0; i < census->entries.count; i++) {
			struct entry *entry = &census->entries.items[i];
			if (entry->descends || entry->excepted)
				continue;
			const struct entry *parent = find(census, entry->process.parent);
			if (entry->process.parent == ancestor || (parent && parent->descends)) {
				entry->descends = true;
				more = true;
			}
		}
	} while (more);
}

static int by_value(const void *a, const void *b)
{
	const pid_t *left = a;
	const pid_t *right = b;
	return (*left > *right) - (*left < *right);
}

/* Fills `list` with the groups of those that descend, or of those that do not, each once. */
static void list_groups(const struct census *census, bool descends, struct process_list *list)
{
	for (size_t i = 0; i < census->entries.count; i++) {
		if (census->entries.items[i].descends == descends)
			*array_append(&list->groups) = census->entries.items[i].group;
	}
	if (list->groups.count > 0)
		qsort(list->groups.items, list->groups.count, sizeof *list->groups.items, by_value);

	size_t kept = 0;
	for (size_t i = 0; i < list->groups.count; i++) {
		if (kept == 0 || list->groups.items[kept - 1] != list->groups.items[i])
			list->groups.items[kept++] = list->groups.items[i];
	}
	list->groups.count = kept;
}

static bool has_group(const struct process_list *list, pid_t group)
{
	return list->groups.count > 0 &&
	       bsearch(&group, list->groups.items, list->groups.count, sizeof group, by_value) != NULL;
}

static void list_whole_groups(const struct census *census, struct process_list *list)
{
	CLEANUP_PROCESS_LIST struct process_list elsewhere = {0};
	list_groups(census, false, &elsewhere);
	list_groups(census, true, list);

	size_t kept = 0;
	for (size_t i = 0; i < list->groups.count; i++) {
		if (!has_group(&elsewhere, list->groups.items[i]))
			list->groups.items[kept++] = list->groups.items[i];
	}
	list->groups.count = kept;
}

int descendants_list(pid_t ancestor, const struct process_list *except, struct process_list *list, struct error *error)
{
	CLEANUP_CENSUS struct census census = {0};
	if (take_census(&census, error) < 0)
		return -1;
	mark_excepted(&census, except);
	mark_descendants(&census, ancestor);

	process_list_clear(list);
	for (size_t i = 0; i < census.entries.count; i++) {
		const struct entry *entry = &census.entries.items[i];
		if (entry->descends && entry->living)
			*array_append(&list->processes) = entry->process;
	}
	list_whole_groups(&census, list);
	return 0;
}

int process_find(pid_t pid, struct process *process)
{
	struct entry entry;
	int found = read_process(pid, &entry);
	if (found > 0)
		*process = entry.process;
	return found > 0 ? entry.living : found;
}

int process_signal(const struct process *process, int signal)
{
	/* By number through syscall(2): glibc has a name for it only since 2.36. */
	CLEANUP_CLOSE int descriptor = (int)syscall(SYS_pidfd_open, process->pid, 0);
	int why_not = descriptor < 0 ? errno : 0;
	if (why_not == ESRCH)
		return 0;

	/* The descriptor stands for whoever has the number now. If that is who was listed, it will stay so. */
	struct entry now;
	int found = read_process(process->pid, &now);
	if (found < 0)
		return -1;
	if (found == 0 || now.process.started != process->started)
		return 0;

	/* Without descriptors (before Linux 5.3, or none left) the check of a moment ago has to do. */
	long sent = why_not ? kill(process->pid, signal) : syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
	return sent < 0 && errno != ESRCH ? -1 : 0;
}

/* Waits until a child has ended, and buries all that have. False when there is none any more. */
static bool bury_children(void)
{
	int more = 0;
	for (siginfo_t dead = {0}; waitid(P_ALL, 0, &dead, WEXITED | WNOWAIT | more) == 0; more = WNOHANG) {
		if (dead.si_pid == 0)
			return true;
		/* The number is not somebody else's before the dead one is buried. */
		kill(-dead.si_pid, SIGKILL);
		waitpid(dead.si_pid, NULL, 0);
		dead.si_pid = 0;
	}
	return errno != ECHILD;
}

static void kill_descendants_seen(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_PROCESS_LIST struct process_list list = {0};
	if (descendants_list(getpid(), NULL, &list, &ignored) < 0)
		return;
	for (size_t i = 0; i < list.processes.count; i++)
		process_signal(&list.processes.items[i], SIGKILL);
}

void descendants_kill(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	if (kept_proc < 0)
		descendants_prepare(&ignored);
	do
		kill_descendants_seen();
	while (bury_children());
}

/* A file of /proc/PID; NULL when the process has ended. */
static char *read_process_file(pid_t pid, const char *name, size_t *length)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *path = memory_printf("%d/%s", (int)pid, name);
	CLEANUP_CLOSE int descriptor = open_in_proc(path, O_RDONLY);
	return descriptor < 0 ? NULL : file_read_descriptor(descriptor, path, length, &ignored);
}

/* Drops `trailing` from the end and makes one printable line of the rest. */
static void make_line(char *bytes, size_t length, char trailing)
{
	while (length > 0 && bytes[length - 1] == trailing)
		length--;
	bytes[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\0')
			bytes[i] = ' ';
		else if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f)
			bytes[i] = '?';
	}
}

char *descendants_command_line(pid_t pid)
{
	size_t length = 0;
	char *line = read_process_file(pid, "cmdline", &length);
	if (line && length > 0) {
		make_line(line, length, '\0');
		return line;
	}
	free(line);

	CLEANUP_FREE char *name = read_process_file(pid, "comm", &length);
	if (!name)
		return NULL;
	make_line(name, length, '\n');
	return memory_printf("[%s]", name);
}
