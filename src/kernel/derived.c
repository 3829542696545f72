/* SPDX-License-Identifier: MIT */
/*
 * Sysctls whose value the kernel makes of the machine: a table of one machine would never equal that of another.
 * What it makes can be seen in a new network namespace, which gets it anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/ipvs.h"
#include "kernel/netlink.h"
#include "kernel/sysctls.h"

/* In ip_vs_control_net_init_sysctl() all others get constants. */
static bool is_derived(const char *name)
{
	static const char *const names[] = {
		"sync_qlen_max", /* of the memory: nr_free_buffer_pages() / 32 */
		"est_cpulist",   /* of the processors, from Linux 6.2 on: those of housekeeping */
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static int read_here(struct table *table, struct error *error)
{
	struct ipvs here = {.sysctls = -1};
	int failed = sysctls_open(&here, error);
	if (failed == 0)
		failed = sysctls_read(&here, table, error);
	sysctls_close(&here);
	return failed;
}

/* The sysctls of a network namespace that is new. */
static int read_untouched(struct table *untouched, struct error *error)
{
	CLEANUP_CLOSE int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || unshare(CLONE_NEWNET) < 0)
		return error_set_errno(error, errno, "cannot make a network namespace");
	int failed = read_here(untouched, error);
	if (setns(home, CLONE_NEWNET) < 0)
		return error_set_errno(error, errno, "cannot go back to the network namespace");
	return failed;
}

static const struct sysctl *find(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->sysctls.count; i++) {
		if (strcmp(table->sysctls.items[i].name, name) == 0)
			return &table->sysctls.items[i];
	}
	return NULL;
}

int ipvs_leave_out_derived(struct table *table, struct error *error)
{
	CLEANUP_TABLE struct table untouched;
	table_init(&untouched);
	int failed = read_untouched(&untouched, error);
	size_t kept = 0;
	for (size_t i = 0; i < table->sysctls.count; i++) {
		struct sysctl *sysctl = &table->sysctls.items[i];
		const struct sysctl *made = find(&untouched, sysctl->name);
		bool unset = is_derived(sysctl->name) && (!made || strcmp(made->value, sysctl->value) == 0);
		if (!unset) {
			table->sysctls.items[kept++] = *sysctl;
			continue;
		}
		free(sysctl->name);
		free(sysctl->value);
	}
	table->sysctls.count = kept;
	return failed;
}
