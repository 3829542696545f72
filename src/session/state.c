/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/proc.h"
#include "base/way.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define NAMESPACE_FILE "/proc/self/ns/net"

/* asm-generic/socket.h; since Linux 5.14, and not in every libc's headers. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* What to do where the folder is not ours to use. */
static int propose_own_folder(struct error *error)
{
	return error_remedy(error, "run as the user that it belongs to, or set " STATE_ENVIRONMENT
				   " to a folder of your own, the same for all that share a table");
}

/* What sets the current network namespace apart from others of this boot; the caller frees. */
static char *namespace_number(struct error *error)
{
	CLEANUP_CLOSE int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie;
	socklen_t length = sizeof cookie;
	if (descriptor >= 0 && getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) == 0)
		return memory_printf("cookie-%" PRIu64, cookie);
	/* Every process must come to the same name, so only a kernel without cookies may take us further. */
	if (descriptor < 0 || errno != ENOPROTOOPT) {
		error_set_errno(error, errno, "cannot tell which network namespace this is");
		return NULL;
	}

	struct stat namespace;
	if (stat(NAMESPACE_FILE, &namespace) < 0) {
		error_set_errno(error, errno, "cannot tell which network namespace this is from " NAMESPACE_FILE);
		return NULL;
	}
	return memory_printf("inode-%ju", (uintmax_t) namespace.st_ino);
}

char *state_namespace(struct error *error)
{
	size_t length;
	CLEANUP_FREE char *number = namespace_number(error);
	CLEANUP_FREE char *boot = number ? file_read(BOOT_ID_FILE, &length, error) : NULL;
	if (!boot) {
		if (error->kind == ERROR_NOT_FOUND)
			proc_propose_mount(error);
		return NULL;
	}
	boot[strcspn(boot, "\n")] = '\0';
	return memory_printf("%s-%s", number, boot);
}

static int check_folder(int descriptor, const char *path, struct error *error)
{
	struct stat folder;
	if (fstat(descriptor, &folder) < 0)
		return error_set_errno(error, errno, "cannot look at %s", path);
	if (folder.st_uid != geteuid()) {
		error_set(error, ERROR_PERMISSION, "%s belongs to user %ju, not to user %ju, who runs this", path,
			  (uintmax_t)folder.st_uid, (uintmax_t)geteuid());
		return propose_own_folder(error);
	}
	if (folder.st_mode & (S_IWGRP | S_IWOTH)) {
		error_set(error, ERROR_PERMISSION, "others may write to %s, so nothing in it can be trusted", path);
		return error_remedy(error, "see that what is in it is yours, then: chmod 700 %s", path);
	}
	return 0;
}

static int make_folder(int parent, const char *name, const char *path, struct error *error)
{
	if (mkdirat(parent, name, 0700) == 0 || errno == EEXIST)
		return 0;
	error_set_errno(error, errno, "cannot make the folder %s", path);
	return propose_own_folder(error);
}

/* Opens the folder `name` of the folder `parent`. `path` is for messages. */
static int open_folder(int parent, const char *name, const char *path, struct error *error)
{
	int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		error_set(error, ERROR_FAILED, "%s is not a folder; a link to one will not do", path);
		return error_remedy(error, "remove it, or set " STATE_ENVIRONMENT " to another folder");
	}
	if (descriptor < 0) {
		error_set_errno(error, errno, "cannot open the folder %s", path);
		return propose_own_folder(error);
	}
	if (check_folder(descriptor, path, error) < 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

/* The state directory's path, without slashes at its end: O_NOFOLLOW would follow "link/". The caller frees. */
static char *base_path(struct error *error)
{
	const char *chosen = getenv(STATE_ENVIRONMENT);
	if (!chosen || !*chosen)
		return memory_copy_string(STATE_DIRECTORY_DEFAULT);
	if (*chosen != '/') {
		error_set(error, ERROR_INPUT, STATE_ENVIRONMENT " is \"%s\", which does not begin with /", chosen);
		error_remedy(error,
			     "every process must find the same folder, whatever it runs in: write its whole path");
		return NULL;
	}
	size_t length = strlen(chosen);
	while (length > 1 && chosen[length - 1] == '/')
		length--;
	return memory_copy_bytes(chosen, length);
}

static int walk_to(struct way *way, const char *path, struct error *error)
{
	return way_walk_to_name(way, path, "cannot open the folder", error) < 0 ? propose_own_folder(error) : 0;
}

/* Walks to the state directory, but does not look at it; its path, which the caller frees, or NULL. */
static char *walk_to_base(struct way *way, struct error *error)
{
	char *base = base_path(error);
	if (!base || walk_to(way, base, error) == 0)
		return base;
	free(base);
	return NULL;
}

static int open_own(const char *path, bool make, struct error *error)
{
	CLEANUP_WAY struct way way = WAY_INIT;
	if (walk_to(&way, path, error) < 0 || (make && make_folder(way.directory, way.name, path, error) < 0))
		return -1;
	return open_folder(way.directory, way.name, path, error);
}

int state_open_own(const char *path, struct error *error)
{
	return open_own(path, true, error);
}

static int open_base(char **path, bool make, struct error *error)
{
	CLEANUP_FREE char *base = base_path(error);
	int descriptor = base ? open_own(base, make, error) : -1;
	if (descriptor >= 0) {
		*path = base;
		base = NULL;
	}
	return descriptor;
}

int state_open_base(char **path, struct error *error)
{
	return open_base(path, true, error);
}

bool state_base_is_there(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_WAY struct way way = WAY_INIT;
	CLEANUP_FREE char *base = walk_to_base(&way, &ignored);
	return base && faccessat(way.directory, way.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void state_forget_base(void)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_WAY struct way way = WAY_INIT;
	CLEANUP_FREE char *base = walk_to_base(&way, &ignored);
	if (base)
		unlinkat(way.directory, way.name, AT_REMOVEDIR);
}

static int open_state(char **path, bool make, struct error *error)
{
	CLEANUP_FREE char *base = NULL;
	CLEANUP_FREE char *name = state_namespace(error);
	if (!name && error->kind == ERROR_NOT_FOUND)
		error->kind = ERROR_FAILED; /* that is said of the folder alone */
	if (!name)
		return -1;

	CLEANUP_CLOSE int parent = open_base(&base, make, error);
	if (parent < 0)
		return -1;

	CLEANUP_FREE char *own = memory_printf("%s/%s", base, name);
	if (make && make_folder(parent, name, own, error) < 0)
		return -1;
	int descriptor = open_folder(parent, name, own, error);
	if (descriptor < 0)
		return -1;
	*path = own;
	own = NULL;
	return descriptor;
}

int state_open(char **path, struct error *error)
{
	return open_state(path, true, error);
}

int state_look(char **path, struct error *error)
{
	return open_state(path, false, error);
}
