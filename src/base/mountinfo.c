/* SPDX-License-Identifier: MIT */
#include "base/mountinfo.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* -1 where it is not told. */
static long mount_of(int file)
{
	static const char key[] = "\nmnt_id:";
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *path = memory_printf("/proc/self/fdinfo/%d", file);
	size_t length;
	CLEANUP_FREE char *text = file_read(path, &length, &ignored);
	const char *line = text ? strstr(text, key) : NULL;
	return line ? strtol(line + strlen(key), NULL, 10) : -1;
}

char *mountinfo_line(int file)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	long wanted = mount_of(file);
	size_t length;
	CLEANUP_FREE char *mounts = wanted < 0 ? NULL : file_read("/proc/self/mountinfo", &length, &ignored);
	char *rest = NULL;
	for (char *line = mounts ? strtok_r(mounts, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		if (strtol(line, NULL, 10) == wanted)
			return memory_copy_string(line);
	}
	return NULL;
}
