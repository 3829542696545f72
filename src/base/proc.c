/* SPDX-License-Identifier: MIT */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum whose { OURS, OF_A_NAMESPACE_AROUND, NOT_TO_BE_SEEN };

static enum whose look(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	size_t length;
	CLEANUP_FREE char *text = file_read("/proc/self/status", &length, &ignored);
	/* Our numbers from that of /proc's namespace to that of our own; kernels without namespaces have none. */
	const char *numbers = text ? strstr(text, "\nNSpid:") : NULL;
	if (!numbers)
		numbers = text ? strstr(text, "\nPid:") : NULL;
	int there = 0, next;
	int count = numbers ? sscanf(strchr(numbers, ':'), ": %d %d", &there, &next) : 0;
	if (count < 1)
		return NOT_TO_BE_SEEN;
	return count == 1 && there == getpid() ? OURS : OF_A_NAMESPACE_AROUND;
}

bool proc_is_ours(void)
{
	return look() == OURS;
}

int proc_propose_mount(struct error *error)
{
	return error_remedy(error, "mount it: mount -t proc proc /proc");
}

static int say(enum whose whose, struct error *error)
{
	if (whose == NOT_TO_BE_SEEN)
		error_set(error, ERROR_UNAVAILABLE, "/proc does not show this process");
	else
		error_set(error, ERROR_UNAVAILABLE, "/proc is that of another PID namespace than this process's");
	return proc_propose_mount(error);
}

int proc_check(struct error *error)
{
	enum whose whose = look();
	return whose == OURS ? 0 : say(whose, error);
}

/* Mounted nowhere, so that nobody but us sees it, and it goes with its descriptor. */
static int make_own(void)
{
	CLEANUP_CLOSE int context = fsopen("proc", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int proc_open(struct error *error)
{
	enum whose whose = look();
	int descriptor = whose == OURS                    ? open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)
			 : whose == OF_A_NAMESPACE_AROUND ? make_own()
							  : -1;
	if (descriptor >= 0)
		return descriptor;
	if (whose != OURS)
		return say(whose, error);
	error_set_errno(error, errno, "cannot open /proc");
	return proc_propose_mount(error);
}
