/* SPDX-License-Identifier: MIT */
#include "guest/processor.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/way.h"
#include "session/state.h"

static int open_ipvs_iso_in(const char *parent)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *path = memory_printf("%s/ipvs-iso", parent);
	return state_open_own(path, &ignored);
}

static int open_in_runtime(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	return runtime && *runtime == '/' ? open_ipvs_iso_in(runtime) : -1;
}

static int open_in_cache(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	CLEANUP_FREE char *path = NULL;
	if (cache && *cache == '/')
		path = memory_copy_string(cache);
	else if (home && *home == '/')
		path = memory_printf("%s/.cache", home);
	/* A new user has none. */
	CLEANUP_CLOSE int made = path ? way_open_directory(path, true, "cannot open", &ignored) : -1;
	return made < 0 ? -1 : open_ipvs_iso_in(path);
}

static int open_own_directory(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	int directory = geteuid() == 0 ? state_open_own(STATE_DIRECTORY_DEFAULT, &ignored) : -1;
	if (directory < 0)
		directory = open_in_runtime();
	return directory < 0 ? open_in_cache() : directory;
}

/* Byte N is processor N. The lock is this descriptor's: free when that is closed, whatever its owner dies of. */
static int take(int directory, int processor)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = processor, .l_len = 1};
	int taken = openat(directory, "processors", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			   0600);
	if (taken >= 0 && fcntl(taken, F_OFD_SETLK, &lock) < 0)
		file_cleanup_close(&taken);
	return taken;
}

int processor_take(int *processor)
{
	cpu_set_t allowed;
	int here = sched_getcpu();
	*processor = PROCESSOR_ANY;
	/* The second fails where there are more than CPU_SETSIZE. */
	if (here < 0 || sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return -1;
	CLEANUP_CLOSE int directory = open_own_directory();
	if (directory < 0)
		return -1;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		int candidate = (here + i) % CPU_SETSIZE;
		int taken = CPU_ISSET(candidate, &allowed) ? take(directory, candidate) : -1;
		if (taken >= 0) {
			*processor = candidate;
			return taken;
		}
	}
	return -1;
}

void processor_keep(int processor)
{
	cpu_set_t only;
	if (processor < 0)
		return;
	CPU_ZERO(&only);
	CPU_SET(processor, &only);
	sched_setaffinity(0, sizeof only, &only);
}
