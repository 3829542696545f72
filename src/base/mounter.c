/* SPDX-License-Identifier: MIT */
#include "base/mounter.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/mountinfo.h"

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
	for (const char *option; (option = strsep(&rest, ","));) {
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
	CLEANUP_FREE char *line = mountinfo_line(file);
	return line ? user_of(line, user) : -1;
}
