/* SPDX-License-Identifier: MIT */
#include "kernel/rivals.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/array.h"
#include "base/memory.h"
#include "table/rules.h"

/* More than these are counted, not listed. */
#define LISTED 10

/* Programs that write IPVS rules by themselves, as /proc/PID/comm has them. */
static const char *const known_writers[] = {
	"keepalived",   "kube-proxy", "ldirectord", "kube-router", "dockerd",
	"cilium-agent", "ipvsadm",    "surealived", "mon",
};

struct inodes {
	ARRAY(uint64_t) items;
};

/* The generic netlink sockets of this network namespace, from /proc/net/netlink. */
static void find_sockets(struct inodes *inodes)
{
	FILE *file = fopen("/proc/net/netlink", "re");
	if (!file)
		return;
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, file) >= 0) {
		int protocol;
		uint64_t inode;
		if (sscanf(line, "%*s %d %*s %*s %*s %*s %*s %*s %*s %" SCNu64, &protocol, &inode) == 2 &&
		    protocol == NETLINK_GENERIC && inode != 0)
			*array_append(&inodes->items) = inode;
	}
	fclose(file);
}

static bool is_socket_of(const char *link, const struct inodes *inodes)
{
	uint64_t inode;
	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
		return false;
	for (size_t i = 0; i < inodes->items.count; i++) {
		if (inodes->items.items[i] == inode)
			return true;
	}
	return false;
}

static bool holds_socket(const char *pid, const struct inodes *inodes)
{
	CLEANUP_FREE char *path = memory_printf("/proc/%s/fd", pid);
	DIR *folder = opendir(path);
	bool found = false;
	for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
		char link[64];
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
		if (length <= 0)
			continue;
		link[length] = '\0';
		found = is_socket_of(link, inodes);
	}
	if (folder)
		closedir(folder);
	return found;
}

static bool is_known_writer(const char *name)
{
	for (size_t i = 0; i < sizeof known_writers / sizeof *known_writers; i++) {
		if (strcmp(known_writers[i], name) == 0)
			return true;
	}
	return false;
}

/* The program's name as the kernel has it (at most 15 bytes); empty when the process has gone. */
static void read_name(const char *pid, char name[16])
{
	CLEANUP_FREE char *path = memory_printf("/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (!file || fscanf(file, "%15[^\n]", name) != 1)
		*name = '\0';
	if (file)
		fclose(file);
}

/* An outer run, and whatever else is this same program, waits for us and writes nothing. */
static bool is_this_program(const char *pid)
{
	CLEANUP_FREE char *path = memory_printf("/proc/%s/exe", pid);
	CLEANUP_FREE char *theirs = realpath(path, NULL);
	CLEANUP_FREE char *ours = realpath("/proc/self/exe", NULL);
	return theirs && ours && strcmp(theirs, ours) == 0;
}

static char *list_suspects(void)
{
	struct inodes inodes = {0};
	char *list;
	size_t length;
	size_t count = 0;
	FILE *stream = memory_stream(&list, &length);
	DIR *processes = opendir("/proc");

	find_sockets(&inodes);
	for (struct dirent *entry; processes && (entry = readdir(processes));) {
		if (!isdigit((unsigned char)entry->d_name[0]) || is_this_program(entry->d_name))
			continue;
		char name[16];
		read_name(entry->d_name, name);
		if (*name && (is_known_writer(name) || holds_socket(entry->d_name, &inodes)) && count++ < LISTED)
			fprintf(stream, "%s%s (process %s)", count > 1 ? ", " : "", name, entry->d_name);
	}
	if (processes)
		closedir(processes);
	array_free(&inodes.items);
	fclose(stream);
	return list;
}

char *rivals_list(const struct changes *changes)
{
	char *list;
	size_t length;
	FILE *stream = memory_stream(&list, &length);
	for (size_t i = 0; i < changes->list.count && i < LISTED; i++) {
		CLEANUP_FREE char *text = change_text(&changes->list.items[i]);
		static const char marks[] = {[CHANGE_ADD] = '+', [CHANGE_EDIT] = '~', [CHANGE_REMOVE] = '-'};
		fprintf(stream, "\n  %c %s", marks[changes->list.items[i].action], text);
	}
	if (changes->list.count > LISTED)
		fprintf(stream, "\n  and %zu more", changes->list.count - LISTED);
	fclose(stream);
	return list;
}

int rivals_blame(struct error *error, const char *when, const struct changes *changes)
{
	CLEANUP_FREE char *list = rivals_list(changes);
	CLEANUP_FREE char *suspects = list_suspects();
	error_set(error, ERROR_RIVAL, "somebody else is changing the table: %s, it changed:", when);
	error_add_lines(error, list);
	if (*suspects)
		return error_remedy(error, "stop who does it; it may be %s", suspects);
	return error_remedy(error, "stop who does it; no program that is known for it runs in sight");
}
