/* SPDX-License-Identifier: MIT */
#include "base/mounter.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

/* What is behind the third space of " - TYPE SOURCE OPTIONS", where spaces within words are "\040". */
static char *options_of(char *line)
{
	char *at = strstr(line, " - ");
	for (int word = 0; at && word < 3; word++)
		at = strchr(at + 1, ' ');
	return at ? at + 1 : NULL;
}

static int user_of(char *line, uid_t *user)
{
	char *rest = options_of(line);
	for (const char *option; (option = strsep(&rest, ",\n"));) {
		unsigned number;
		if (sscanf(option, "user_id=%u", &number) == 1) {
			*user = number;
			return 1;
		}
	}
	return 0;
}

int mounter_find(int file, uid_t *user)
{
	struct statx status;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	int found = -1;
	bool known = statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) == 0 && status.stx_mask & STATX_MNT_ID;
	while (mounts && known && found < 0 && getline(&line, &room, mounts) >= 0) {
		if (strtoull(line, NULL, 10) == status.stx_mnt_id)
			found = user_of(line, user);
	}
	if (mounts)
		fclose(mounts);
	return found;
}
