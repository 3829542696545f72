/* SPDX-License-Identifier: MIT */
#include "process/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

/* The limit belongs to the process as a whole, and so does this. */
static struct {
	bool raised;
	struct rlimit before;
} descriptors;

/* The first number that is free; those that are open have lower ones, but for what our caller left us. */
static int first_free(struct error *error)
{
	int probe = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	if (probe < 0)
		return error_set_errno(error, errno, "cannot open anything more");
	close(probe);
	return probe;
}

int descriptors_reserve(size_t count, struct error *error)
{
	struct rlimit limit;
	int used = first_free(error);
	if (used < 0)
		return -1;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set_errno(error, errno, "cannot find out how many files may be open");
	rlim_t wanted = (rlim_t)used + count;
	if (limit.rlim_cur >= wanted)
		return 0;
	if (limit.rlim_max < wanted)
		return error_set(error, ERROR_FAILED, "%ju files have to be open at once, and no more than %ju may be",
				 (uintmax_t)wanted, (uintmax_t)limit.rlim_max);
	const struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
	if (setrlimit(RLIMIT_NOFILE, &raised) < 0)
		return error_set_errno(error, errno, "cannot have %ju files open at once", (uintmax_t)wanted);
	if (!descriptors.raised)
		descriptors.before = limit;
	descriptors.raised = true;
	return 0;
}

void descriptors_restore(void)
{
	if (descriptors.raised)
		setrlimit(RLIMIT_NOFILE, &descriptors.before);
}
