/* SPDX-License-Identifier: MIT */
#include "guest/line.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "guest/kernel.h"

/* Of the two, the outer denies and the inner is what units see as the root: so they cannot allow it again. */
#define DENYING "line"
#define DENIED DENYING "/units"

int guest_line_open(struct error *error)
{
	int line = open(GUEST_LINE, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (line < 0)
		return error_set_errno(error, errno, "cannot open %s", GUEST_LINE);
	struct termios settings;
	if (tcgetattr(line, &settings) == 0) {
		cfmakeraw(&settings);
		tcsetattr(line, TCSANOW, &settings);
	}
	return line;
}

/* The hierarchy of the device controller, mounted nowhere; -1 where there is none. */
static int open_controller(void)
{
	CLEANUP_CLOSE int context = fsopen("cgroup", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_SET_FLAG, "devices", NULL, 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, 0);
}

static int write_text(int folder, const char *name, const char *text)
{
	CLEANUP_CLOSE int file = openat(folder, name, O_WRONLY | O_CLOEXEC);
	return file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

void guest_line_hide(int line)
{
	unlink(GUEST_LINE);
	struct stat device;
	CLEANUP_CLOSE int controller = open_controller();
	if (controller < 0 || fstat(line, &device) < 0 || mkdirat(controller, DENYING, 0755) < 0)
		return;
	CLEANUP_FREE char *all_access = memory_printf("c %u:%u rwm", major(device.st_rdev), minor(device.st_rdev));
	/* We ourselves have it open, which is not asked again. */
	if (write_text(controller, DENYING "/devices.deny", all_access) == 0 && mkdirat(controller, DENIED, 0755) == 0)
		write_text(controller, DENIED "/cgroup.procs", "0");
}
