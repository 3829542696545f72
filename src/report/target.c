/* SPDX-License-Identifier: MIT */
#include "report/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "process/output.h"

int report_target_open(struct target *target, const char *path, struct error *error)
{
	if (strcmp(path, "-") == 0)
		return target_take(target, STDOUT_FILENO, "standard output", error);
	if (target_find(target, path, error) < 0)
		return -1;
	if (target_try(target, error) == 0)
		return 0;
	target_clear(target);
	return -1;
}

/* The time in front, so that a list of them reads well. The caller frees. */
static char *new_name(void)
{
	time_t now = time(NULL);
	struct tm calendar = {0};
	char when[64];
	uint64_t number = 0;
	gmtime_r(&now, &calendar);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &calendar);
	if (getrandom(&number, sizeof number, 0) < 0)
		number = (uint64_t)getpid();
	return memory_printf("%s-%016" PRIx64 ".json", when, number);
}

int report_target_open_in(struct target *target, const char *folder, struct error *error)
{
	*target = TARGET_INIT;
	if (*folder != '/')
		return error_set(error, ERROR_INPUT, "'%s' is not an absolute path", folder);
	CLEANUP_CLOSE int directory = way_open_directory(folder, true, "cannot make the directory", error);
	if (directory < 0)
		return -1;
	CLEANUP_FREE char *name = new_name();
	CLEANUP_FREE char *path = memory_printf("%s/%s", folder, name);
	return report_target_open(target, path, error);
}

static int write_stream(const struct target *target, const char *bytes, size_t length, struct error *error)
{
	CLEANUP_CLOSE int stream = target_open_stream(target, error);
	if (stream < 0)
		return -1;
	switch (output_write(stream, bytes, length)) {
	case WRITTEN_WHOLE:
		break;
	case WRITTEN_TO_NOBODY:
		return error_set(error, ERROR_FAILED, "cannot write all of %s: nobody reads it any more", target->path);
	case WRITTEN_INCOMPLETE:
		return error_set(error, ERROR_INTERRUPTED,
				 "cannot write all of %s: its reader takes no more: a signal ended the wait",
				 target->path);
	case WRITTEN_FAILED:
		return error_set_errno(error, errno, "cannot write %s", target->path);
	}
	return 0;
}

int report_target_write(const struct target *target, const char *bytes, size_t length, struct error *error)
{
	return target_is_stream(target) ? write_stream(target, bytes, length, error)
					: target_write_bytes(target, 0666, false, bytes, length, error);
}
