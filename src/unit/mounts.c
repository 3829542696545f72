/* SPDX-License-Identifier: MIT */
#include "unit/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/memory.h"
#include "session/state.h"

#define SECURE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* A file, a directory or a mount, with all that is mounted in it, taken out of its place. */
struct taken {
	char *path; /* owned */
	int tree;
	bool is_directory;
};

struct taken_list {
	ARRAY(struct taken) items;
};

#define CLEANUP_TAKEN __attribute__((cleanup(taken_clear)))

static void taken_clear(struct taken_list *list)
{
	for (size_t i = 0; i < list->items.count; i++) {
		free(list->items.items[i].path);
		file_cleanup_close(&list->items.items[i].tree);
	}
	array_free(&list->items);
}

static int mount_on(const char *type, const char *target, unsigned long flags, const char *options, struct error *error)
{
	if (mount(type, target, type, flags, options) < 0)
		return error_set_errno(error, errno, "cannot mount %s on %s", type, target);
	return 0;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static bool is_taken(const struct taken_list *list, const char *path)
{
	for (size_t i = 0; i < list->items.count; i++) {
		const char *taken = list->items.items[i].path;
		if (strcmp(path, taken) == 0 || is_below(path, taken))
			return true;
	}
	return false;
}

/* What is not there, or cannot be taken, is missing afterwards. */
static void take(const char *path, struct taken_list *list)
{
	struct stat status;
	if (is_taken(list, path) || stat(path, &status) < 0)
		return;
	int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree >= 0)
		*array_append(&list->items) = (struct taken){
			.path = memory_copy_string(path), .tree = tree, .is_directory = S_ISDIR(status.st_mode)};
}

/* Takes what is mounted below `folder`, but for what is in `except` (NULL at the end) there. */
static void take_mounts_below(const char *folder, const char *const *except, struct taken_list *list)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	for (struct mntent *entry; mounts && (entry = getmntent(mounts));) {
		bool wanted = is_below(entry->mnt_dir, folder);
		for (size_t i = 0; wanted && except[i]; i++) {
			CLEANUP_FREE char *path = memory_printf("%s/%s", folder, except[i]);
			wanted = strcmp(entry->mnt_dir, path) != 0 && !is_below(entry->mnt_dir, path);
		}
		if (wanted)
			take(entry->mnt_dir, list);
	}
	if (mounts)
		endmntent(mounts);
}

static void put_back(const struct taken_list *list)
{
	for (size_t i = 0; i < list->items.count; i++)
		move_mount(list->items.items[i].tree, "", AT_FDCWD, list->items.items[i].path, MOVE_MOUNT_F_EMPTY_PATH);
}

int mounts_keep_apart(struct error *error)
{
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return error_set_errno(error, errno, "cannot keep the unit's mounts from others");
	return 0;
}

/* A sysfs shows the network namespace in which it was mounted. */
static int renew_sys(struct error *error)
{
	static const char *const none[] = {NULL};
	CLEANUP_TAKEN struct taken_list below = {0};
	struct statvfs old;
	unsigned long flags = SECURE;
	if (statvfs("/sys", &old) == 0 && old.f_flag & ST_RDONLY)
		flags |= MS_RDONLY;
	take_mounts_below("/sys", none, &below);
	if (mount_on("sysfs", "/sys", flags, NULL, error) < 0)
		return -1;
	put_back(&below);
	return 0;
}

int mounts_renew_kernel_views(struct error *error)
{
	return mount_on("proc", "/proc", SECURE, NULL, error) < 0 ? -1 : renew_sys(error);
}

/* The system's daemons, and what programs ask whether and where they are. What tests themselves start is not here. */
static const char *const system_names[] = {
	"systemd",    "dbus",           "udev",       "nscd", /* the journal, names, devices */
	"resolvconf", "NetworkManager", "connman",            /* where /etc/resolv.conf leads, beside systemd */
	"docker",     "docker.sock",    "containerd", "podman", "crio", /* containers */
	"wrappers",   "opengl-driver",                                  /* programs of NixOS */
	"user",       "secrets",
};

static const char *const left_out[] = {"netns", "lock", NULL};

/* Whose value is a path, or several with colons between, that a unit may need. */
static const char *const variables[] = {"HOME", "PATH", "TMPDIR", "XDG_RUNTIME_DIR", "IPVS_ISO_REPORT_DIR"};

static void take_if_below(const char *path, const char *folder, struct taken_list *list)
{
	if (is_below(path, folder))
		take(path, list);
}

static void take_named_by_environment(const char *folder, struct taken_list *list)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		const char *value = getenv(variables[i]);
		CLEANUP_FREE char *copy = value ? memory_copy_string(value) : NULL;
		char *rest = NULL;
		for (char *path = copy ? strtok_r(copy, ":", &rest) : NULL; path; path = strtok_r(NULL, ":", &rest))
			take_if_below(path, folder, list);
	}
}

/* Makes the directories that `path` lies in. What cannot be made shows when something is put there. */
static void make_way(const char *path)
{
	CLEANUP_FREE char *copy = memory_copy_string(path);
	for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
}

static void make_places(const struct taken_list *list)
{
	for (size_t i = 0; i < list->items.count; i++) {
		const struct taken *taken = &list->items.items[i];
		make_way(taken->path);
		if (taken->is_directory)
			mkdir(taken->path, 0755);
		else
			mknod(taken->path, S_IFREG | 0600, 0);
	}
}

/* Makes the links of the old folder in the new one, which is mounted over it. */
static void copy_links(int old, const char *folder)
{
	DIR *entries = fdopendir(fcntl(old, F_DUPFD_CLOEXEC, 0));
	for (const struct dirent *entry; entries && (entry = readdir(entries));) {
		CLEANUP_FREE char *link = memory_printf("%s/%s", folder, entry->d_name);
		char target[PATH_MAX];
		ssize_t length = readlinkat(old, entry->d_name, target, sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (symlink(target, link) < 0)
			continue; /* something has the name, which is what counts */
	}
	if (entries)
		closedir(entries);
}

static int renew_run_folder(const char *folder, const char *directory, const char *program, struct error *error)
{
	CLEANUP_CLOSE int old = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (old < 0)
		return 0; /* it is a link to the other, or there is none */
	CLEANUP_TAKEN struct taken_list taken = {0};
	take_mounts_below(folder, left_out, &taken);
	for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++) {
		CLEANUP_FREE char *path = memory_printf("%s/%s", folder, system_names[i]);
		take(path, &taken);
	}
	take_if_below(directory, folder, &taken);
	take_if_below(program, folder, &taken);
	take_named_by_environment(folder, &taken);

	if (mount_on("tmpfs", folder, MS_NOSUID | MS_NODEV, "mode=0755", error) < 0)
		return -1;
	copy_links(old, folder);
	make_places(&taken);
	put_back(&taken);
	const char *state = getenv(STATE_ENVIRONMENT);
	if (state && is_below(state, folder))
		make_way(state);
	CLEANUP_FREE char *lock = memory_printf("%s/lock", folder);
	if ((mkdir(lock, 0755) < 0 && errno != EEXIST) || chmod(lock, 01777) < 0)
		return error_set_errno(error, errno, "cannot make the directory %s", lock);
	return 0;
}

int mounts_renew_run(const char *program, struct error *error)
{
	CLEANUP_FREE char *directory = getcwd(NULL, 0);
	if (renew_run_folder("/run", directory ? directory : "", program, error) < 0 ||
	    renew_run_folder("/var/run", directory ? directory : "", program, error) < 0)
		return -1;
	/* The one that was put there; the old one can be left by `..` into what is covered. */
	if (directory && (is_below(directory, "/run") || is_below(directory, "/var/run")) && chdir(directory) < 0)
		return error_set_errno(error, errno, "cannot enter the working directory %s", directory);
	return 0;
}

int mounts_renew_netns(struct error *error)
{
	if (mkdir("/run/netns", 0755) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "cannot make the directory /run/netns");
	return mount_on("tmpfs", "/run/netns", SECURE, "mode=0755", error);
}
