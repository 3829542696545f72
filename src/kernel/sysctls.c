/* SPDX-License-Identifier: MIT */
#include "kernel/sysctls.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/proc.h"
#include "kernel/netlink.h"

/*
 * Whose network namespace this shows is decided when it is opened: that of the calling process. It is not the folder of
 * the sysctls itself, which goes away with the module and is another one when that is loaded again.
 */
#define PARENT_FOLDER "/proc/sys/net/ipv4"
#define SYSCTL_FOLDER PARENT_FOLDER "/vs"

/* Enough for most values: numbers. */
#define VALUE_ROOM 64

int sysctls_open(struct ipvs *ipvs, struct error *error)
{
	ipvs->sysctls = open(PARENT_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ipvs->sysctls < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot open %s", PARENT_FOLDER);
	/* Every kernel has this file. */
	if (ipvs->sysctls < 0 && access("/proc/version", F_OK) < 0) {
		error_set(error, ERROR_UNAVAILABLE, "sysctls cannot be seen, as /proc is not mounted, or not whole");
		return proc_propose_mount(error);
	}
	if (ipvs->sysctls >= 0 && faccessat(ipvs->sysctls, "vs", F_OK, 0) < 0 && errno == ENOENT)
		sysctls_close(ipvs); /* a kernel without sysctls of IPVS */
	return 0;
}

void sysctls_close(struct ipvs *ipvs)
{
	if (ipvs->sysctls >= 0)
		close(ipvs->sysctls);
	ipvs->sysctls = -1;
}

/* Opens one, by a name that is known to be a plain file name. As open(2). */
static int open_one(const struct ipvs *ipvs, const char *name, int flags)
{
	if (ipvs->sysctls < 0) {
		errno = ENOENT;
		return -1;
	}
	CLEANUP_FREE char *path = memory_printf("vs/%s", name);
	return openat(ipvs->sysctls, path, flags | O_CLOEXEC | O_NOFOLLOW);
}

/* Takes away white space at both ends, and makes one space of any between: the kernel separates numbers by tabs. */
static void tidy(char *value)
{
	char *end = value;
	for (const char *at = value; *at; at++) {
		if (!isspace((unsigned char)*at))
			*end++ = *at;
		else if (end > value && end[-1] != ' ')
			*end++ = ' ';
	}
	if (end > value && end[-1] == ' ')
		end--;
	*end = '\0';
}

/*
 * The value as the kernel prints it, with a NUL behind it. Not file_read_descriptor(): there are thirty of them, they
 * are short, and every table holds them all. A short read is the end: the kernel prints a value at once. The caller
 * frees.
 */
static char *read_value(int descriptor, const char *name, struct error *error)
{
	size_t room = VALUE_ROOM;
	for (;; room *= 2) {
		CLEANUP_FREE char *value = memory_allocate(room, 1);
		ssize_t got;
		do {
			got = pread(descriptor, value, room - 1, 0);
		} while (got < 0 && errno == EINTR);
		if (got < 0) {
			error_set_errno(error, errno, "cannot read %s", name);
			return NULL;
		}
		if ((size_t)got < room - 1)
			return memory_copy_bytes(value, (size_t)got);
	}
}

static int read_one(const struct ipvs *ipvs, struct table *table, const char *name, struct error *error)
{
	CLEANUP_FREE char *path = memory_printf("%s/%s", SYSCTL_FOLDER, name);
	CLEANUP_CLOSE int descriptor = open_one(ipvs, name, O_RDONLY);
	if (descriptor < 0 && (errno == EACCES || errno == EPERM || errno == ENOENT))
		return 0; /* not readable, or gone since it was listed */
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open %s", path);

	char *value = read_value(descriptor, path, error);
	if (!value)
		return -1;
	tidy(value);
	*array_append(&table->sysctls) = (struct sysctl){.name = memory_copy_string(name), .value = value};
	return 0;
}

static void cleanup_closedir(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

int sysctls_read(const struct ipvs *ipvs, struct table *table, struct error *error)
{
	if (ipvs->sysctls < 0)
		return 0;
	int descriptor = openat(ipvs->sysctls, "vs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open %s", SYSCTL_FOLDER);
	__attribute__((cleanup(cleanup_closedir))) DIR *folder = fdopendir(descriptor);
	if (!folder) {
		error_set_errno(error, errno, "cannot list %s", SYSCTL_FOLDER);
		close(descriptor);
		return -1;
	}

	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(folder);
		if (!entry && errno)
			return error_set_errno(error, errno, "cannot list %s", SYSCTL_FOLDER);
		if (!entry)
			return 0;
		if (entry->d_name[0] != '.' && read_one(ipvs, table, entry->d_name, error) < 0)
			return -1;
	}
}

bool sysctl_exists(const struct ipvs *ipvs, const char *name)
{
	CLEANUP_FREE char *path = memory_printf("vs/%s", name);
	return ipvs->sysctls >= 0 && faccessat(ipvs->sysctls, path, F_OK, 0) == 0;
}

char *sysctl_read(const struct ipvs *ipvs, const char *name, struct error *error)
{
	CLEANUP_CLOSE int descriptor = open_one(ipvs, name, O_RDONLY);
	if (descriptor < 0) {
		error_set_errno(error, errno, "cannot open %s/%s", SYSCTL_FOLDER, name);
		return NULL;
	}
	return read_value(descriptor, name, error);
}

int sysctl_write(const struct ipvs *ipvs, const struct sysctl *sysctl, struct error *error)
{
	/* A name from a snapshot must not lead out of the folder. */
	if (!sysctl->name[0] || sysctl->name[0] == '.' || strchr(sysctl->name, '/'))
		return error_set(error, ERROR_INPUT, "'%s' is not the name of a sysctl of IPVS", sysctl->name);

	CLEANUP_FREE char *path = memory_printf("%s/%s", SYSCTL_FOLDER, sysctl->name);
	CLEANUP_FREE char *line = memory_printf("%s\n", sysctl->value);
	CLEANUP_CLOSE int descriptor = open_one(ipvs, sysctl->name, O_WRONLY);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open %s", path);
	return file_write_all(descriptor, path, line, strlen(line), error);
}
