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

/* Whose network namespace this shows is decided when it is opened: that of the calling process. */
#define SYSCTL_FOLDER "/proc/sys/net/ipv4/vs"

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

static int read_one(struct table *table, const char *name, struct error *error)
{
	CLEANUP_FREE char *path = memory_printf("%s/%s", SYSCTL_FOLDER, name);
	CLEANUP_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0 && (errno == EACCES || errno == EPERM || errno == ENOENT))
		return 0; /* not readable, or gone since it was listed */
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open %s", path);

	size_t length;
	char *value = file_read_descriptor(descriptor, path, &length, error);
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

int sysctls_read(struct table *table, struct error *error)
{
	__attribute__((cleanup(cleanup_closedir))) DIR *folder = opendir(SYSCTL_FOLDER);
	if (!folder && errno == ENOENT)
		return 0; /* a kernel without CONFIG_SYSCTL */
	if (!folder)
		return error_set_errno(error, errno, "cannot open %s", SYSCTL_FOLDER);

	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(folder);
		if (!entry && errno)
			return error_set_errno(error, errno, "cannot list %s", SYSCTL_FOLDER);
		if (!entry)
			return 0;
		if (entry->d_name[0] != '.' && read_one(table, entry->d_name, error) < 0)
			return -1;
	}
}

bool sysctl_exists(const char *name)
{
	CLEANUP_FREE char *path = memory_printf("%s/%s", SYSCTL_FOLDER, name);
	return access(path, F_OK) == 0;
}

int sysctl_write(const struct sysctl *sysctl, struct error *error)
{
	/* A name from a snapshot must not lead out of the folder. */
	if (!sysctl->name[0] || sysctl->name[0] == '.' || strchr(sysctl->name, '/'))
		return error_set(error, ERROR_INPUT, "'%s' is not the name of a sysctl of IPVS", sysctl->name);

	CLEANUP_FREE char *path = memory_printf("%s/%s", SYSCTL_FOLDER, sysctl->name);
	CLEANUP_FREE char *line = memory_printf("%s\n", sysctl->value);
	CLEANUP_CLOSE int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open %s", path);
	return file_write_all(descriptor, path, line, strlen(line), error);
}
