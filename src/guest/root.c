/* SPDX-License-Identifier: MIT */
#include "guest/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "guest/directory.h"
#include "kernel/loopback.h"
#include "kernel/module.h"

/* Where the new root is put together; /tmp is on every host. */
#define STAGE "/tmp"
#define ROOT STAGE "/root"

struct place {
	const char *source, *target, *type;
	unsigned long flags;
	const char *options;
};

/* In a new root, in this order. The options are complete, as guest_root_mend() gives them again. */
static const struct place places[] = {
	{"proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=0"},
	{"sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"cgroup2", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"devtmpfs", "dev", "devtmpfs", MS_NOSUID, "mode=0755"},
	{"devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666"},
	{"tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=50%"},
	{"mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=50%"},
};

static const char *const links[][2] = {
	{"/proc/self/fd", "dev/fd"},
	{"/proc/self/fd/0", "dev/stdin"},
	{"/proc/self/fd/1", "dev/stdout"},
	{"/proc/self/fd/2", "dev/stderr"},
};

static int mount_on(const char *source, const char *target, const char *type, unsigned long flags, const char *options,
		    struct error *error)
{
	if (mount(source, target, type, flags, options) < 0)
		return error_set_errno(error, errno, "cannot mount %s (%s) on %s", source, type, target);
	return 0;
}

/* As `mkdir -p`. */
static int make_folders(const char *path, struct error *error)
{
	CLEANUP_FREE char *copy = memory_copy_string(path);
	for (char *slash = copy + 1;; slash++) {
		slash = strchrnul(slash, '/');
		char end = *slash;
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_set_errno(error, errno, "cannot make the folder %s", copy);
		*slash = end;
		if (!end)
			return 0;
	}
}

/* The folder that holds this kernel's modules on the host: where distributions put them, or Debian's
   user-mode-linux. */
static char *find_modules(const char *release)
{
	static const char *const folders[] = {"/lib/modules", "/usr/lib/uml/modules"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		CLEANUP_FREE char *folder = memory_printf("%s/%s", folders[i], release);
		CLEANUP_FREE char *index = memory_printf("%s/modules.dep", folder);
		if (access(index, R_OK) == 0)
			return memory_copy_string(folder);
	}
	return NULL;
}

static int make_overlay(const char *modules, struct error *error)
{
	if (mount_on("tmpfs", STAGE, "tmpfs", 0, "mode=0755", error) < 0)
		return -1;
	if (make_folders(STAGE "/upper", error) < 0 || make_folders(STAGE "/work", error) < 0 ||
	    make_folders(ROOT, error) < 0)
		return -1;
	if (module_load(modules, "overlay", error) < 0)
		return -1;
	return mount_on("overlay", ROOT, "overlay", 0,
			"lowerdir=/,upperdir=" STAGE "/upper,workdir=" STAGE "/work,redirect_dir=on", error);
}

/* modprobe, and the kernel when it wants a module, look in /lib/modules alone. */
static int link_modules(const char *modules, const char *release, struct error *error)
{
	CLEANUP_FREE char *link = memory_printf(ROOT "/lib/modules/%s", release);
	CLEANUP_FREE char *index = memory_printf("%s/modules.dep", link);
	if (access(index, R_OK) == 0)
		return 0;
	if (make_folders(ROOT "/lib/modules", error) < 0)
		return -1;
	if (symlink(modules, link) < 0)
		return error_set_errno(error, errno, "cannot make the link %s", link);
	return 0;
}

static int mount_places(struct error *error)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const struct place *place = &places[i];
		CLEANUP_FREE char *target = memory_printf(ROOT "/%s", place->target);
		if (make_folders(target, error) < 0 ||
		    mount_on(place->source, target, place->type, place->flags, place->options, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		CLEANUP_FREE char *link = memory_printf(ROOT "/%s", links[i][1]);
		if (symlink(links[i][0], link) < 0 && errno != EEXIST)
			return error_set_errno(error, errno, "cannot make the link %s", link);
	}
	if (mkdir(ROOT "/run/lock", 0755) < 0 || chmod(ROOT "/run/lock", 01777) < 0)
		return error_set_errno(error, errno, "cannot make /run/lock");
	return 0;
}

/* A second mount of the host's files, writable: the first one, below the overlay, stays read-only. */
static int share_directory(const char *directory, struct error *error)
{
	if (strcmp(directory, GUEST_DIRECTORY_NONE) == 0)
		return 0;
	CLEANUP_FREE char *target = memory_printf(ROOT "%s", directory);
	if (make_folders(target, error) < 0)
		return -1;
	return mount_on("hostfs", target, "hostfs", 0, directory, error);
}

static int enter_root(struct error *error)
{
	/* Both places at once: the old root then lies over the new one, and is taken off. See pivot_root(2). */
	if (chdir(ROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_set_errno(error, errno, "cannot make the overlay the root");
	return 0;
}

static int raise_limits(struct error *error)
{
	/* What systemd gives on a host; the kernel's own hard limit of 4096 files is from another time. */
	const struct rlimit files = {.rlim_cur = 1024, .rlim_max = 524288};
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return error_set_errno(error, errno, "cannot set the limit of open files");
	return 0;
}

int guest_root_make(const struct guest_setup *setup, struct error *error)
{
	struct utsname kernel;
	uname(&kernel);

	if (mount_on("proc", "/proc", "proc", 0, NULL, error) < 0)
		return -1;
	CLEANUP_FREE char *modules = find_modules(kernel.release);
	if (!modules)
		return error_set(error, ERROR_UNAVAILABLE, "the modules of kernel %s are not on this host",
				 kernel.release);
	if (make_overlay(modules, error) < 0 || link_modules(modules, kernel.release, error) < 0 ||
	    mount_places(error) < 0 || share_directory(setup->directory, error) < 0 || enter_root(error) < 0)
		return -1;
	if (sethostname(setup->hostname, strlen(setup->hostname)) < 0)
		return error_set_errno(error, errno, "cannot set the host's name");
	/* IPv6 first, or IPVS comes up without it. */
	if (module_load(NULL, "ipv6", error) < 0 || module_load(NULL, "ip_vs", error) < 0)
		return -1;
	if (raise_limits(error) < 0)
		return -1;
	return loopback_up(error);
}

void guest_root_mend(const char *directory)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		CLEANUP_FREE char *path = memory_printf("/%s", places[i].target);
		mount(NULL, path, NULL, MS_REMOUNT | places[i].flags, places[i].options);
	}
	mount(NULL, "/", NULL, MS_REMOUNT, NULL);
	mount(NULL, directory, NULL, MS_REMOUNT, NULL);
}
