/* SPDX-License-Identifier: MIT */
#include "kernel/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "kernel/netlink.h"
#include "kernel/sysctls.h"

/* Links of /proc, and so what they lead to, are followed once: this is the folder of our own process. */
#define PARENT_FOLDER "/proc/net"
#define CONNECTIONS_NAME "ip_vs_conn"
#define CONNECTIONS_FILE PARENT_FOLDER "/" CONNECTIONS_NAME
#define EXPIRE_SYSCTL "expire_nodest_conn"

/* How long to wait before counting again, at most. */
#define LONGEST_PAUSE_MS 50

static void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

void connections_open(struct ipvs *ipvs)
{
	ipvs->connections = open(PARENT_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void connections_close(struct ipvs *ipvs)
{
	file_cleanup_close(&ipvs->connections);
}

int connections_count(const struct ipvs *ipvs, size_t *count, struct error *error)
{
	const char *path = ipvs->connections < 0 ? CONNECTIONS_FILE : CONNECTIONS_NAME;
	int descriptor = openat(ipvs->connections, path, O_RDONLY | O_CLOEXEC);
	__attribute__((cleanup(cleanup_fclose))) FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	if (!file) {
		error_set_errno(error, errno, "cannot open %s", CONNECTIONS_FILE);
		file_cleanup_close(&descriptor);
		return -1;
	}
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	size_t lines = 0;
	while (getline(&line, &room, file) >= 0)
		lines++;
	if (ferror(file))
		return error_set_errno(error, errno, "cannot read %s", CONNECTIONS_FILE);
	*count = lines > 0 ? lines - 1 : 0; /* the first line names the columns */
	return 0;
}

int connections_drain(const struct ipvs *ipvs, unsigned limit_ms, size_t *left, struct error *error)
{
	int64_t end = duration_now() + limit_ms;
	for (int pause = 1;; pause = pause < LONGEST_PAUSE_MS / 2 ? pause * 2 : LONGEST_PAUSE_MS) {
		if (connections_count(ipvs, left, error) < 0)
			return -1;
		int64_t rest = end - duration_now();
		if (*left == 0 || rest <= 0)
			return 0;
		/* There is nothing that tells of the end of a connection. */
		poll(NULL, 0, pause < rest ? pause : (int)rest);
	}
}

static int write_expire(const struct ipvs *ipvs, int value, struct error *error)
{
	CLEANUP_FREE char *text = memory_printf("%d", value);
	const struct sysctl sysctl = {.name = (char[]){EXPIRE_SYSCTL}, .value = text};
	return sysctl_write(ipvs, &sysctl, error);
}

int connections_expire_begin(const struct ipvs *ipvs, int *old, struct error *error)
{
	CLEANUP_FREE char *text = sysctl_read(ipvs, EXPIRE_SYSCTL, error);
	if (!text)
		return -1;
	*old = (int)strtol(text, NULL, 10);
	return *old == 1 ? 0 : write_expire(ipvs, 1, error);
}

int connections_expire_end(const struct ipvs *ipvs, int old, struct error *error)
{
	return old == 1 ? 0 : write_expire(ipvs, old, error);
}
