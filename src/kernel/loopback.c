/* SPDX-License-Identifier: MIT */
#include "kernel/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/file.h"

int loopback_up(struct error *error)
{
	CLEANUP_CLOSE int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};
	if (any < 0 || ioctl(any, SIOCGIFFLAGS, &request) < 0)
		return error_set_errno(error, errno, "cannot find the loopback link");
	request.ifr_flags |= IFF_UP;
	if (ioctl(any, SIOCSIFFLAGS, &request) < 0)
		return error_set_errno(error, errno, "cannot bring loopback up");
	return 0;
}
