/* SPDX-License-Identifier: MIT */
#include "process/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#define NAME_PREFIX "ipvs-iso-"

/* Where cgroup v2 is mounted; NULL: nowhere. The caller frees. */
static char *find_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char *path = NULL;
	for (struct mntent *entry; mounts && !path && (entry = getmntent(mounts));) {
		if (strcmp(entry->mnt_type, "cgroup2") == 0)
			path = memory_copy_string(entry->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
	return path;
}

/* This process's place in it, from the line "0::/path" of /proc/self/cgroup; NULL: none. The caller frees. */
static char *find_own(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	size_t length;
	CLEANUP_FREE char *text = file_read("/proc/self/cgroup", &length, &ignored);
	char *rest = text;
	for (char *line; text && (line = strsep(&rest, "\n"));) {
		if (strncmp(line, "0::", 3) == 0)
			return memory_copy_string(line + 3);
	}
	return NULL;
}

static bool is_ours_to_remove(const char *name)
{
	return strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0;
}

/* The kernel refuses to remove one that is in use. */
static void remove_abandoned(const char *parent)
{
	DIR *folder = opendir(parent);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		if (is_ours_to_remove(entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
	}
	if (folder)
		closedir(folder);
}

void cgroup_make(struct cgroup *cgroup)
{
	*cgroup = CGROUP_NONE;
	CLEANUP_FREE char *mount = find_mount();
	CLEANUP_FREE char *own = mount ? find_own() : NULL;
	if (!own)
		return;
	CLEANUP_FREE char *parent = memory_printf("%s%s", mount, own);
	remove_abandoned(parent);
	/* Process numbers are only unique within a PID namespace. */
	struct stat namespace = {0};
	stat("/proc/self/ns/pid", &namespace);
	CLEANUP_FREE char *path =
		memory_printf("%s/" NAME_PREFIX "%ju-%d", parent, (uintmax_t) namespace.st_ino, (int)getpid());
	if (mkdir(path, 0755) < 0)
		return;
	cgroup->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroup->path = path;
	path = NULL;
}

/* Writes to one of its files, which is what asks the kernel for something. */
static bool write_file(const struct cgroup *cgroup, const char *name, const char *text)
{
	CLEANUP_CLOSE int descriptor = openat(cgroup->directory, name, O_WRONLY | O_CLOEXEC);
	return descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text);
}

bool cgroup_enter(const struct cgroup *cgroup)
{
	return cgroup->directory < 0 || write_file(cgroup, "cgroup.procs", "0");
}

bool cgroup_kill(const struct cgroup *cgroup)
{
	return cgroup->directory >= 0 && write_file(cgroup, "cgroup.kill", "1");
}

void cgroup_remove(struct cgroup *cgroup)
{
	file_cleanup_close(&cgroup->directory);
	if (cgroup->path)
		rmdir(cgroup->path);
	free(cgroup->path);
	*cgroup = CGROUP_NONE;
}
