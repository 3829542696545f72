/* SPDX-License-Identifier: MIT */
#include "base/trust.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/mounter.h"

void trust_clear(struct trust *trust)
{
	error_clear(&trust->refusal);
}

/* ---- who ---- */

/* Whether a variable of sudo(8)'s names the user, or the group, who called it. */
static bool is_before_sudo(const char *variable, unsigned id)
{
	const char *before_sudo = geteuid() == 0 ? getenv(variable) : NULL;
	return before_sudo && strtoul(before_sudo, NULL, 10) == id;
}

/* In a user namespace the kernel shows all users who are not in it, the owner of "/" among them, as one number. */
static bool is_outside(uid_t user)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	if (!map)
		return false;
	bool inside = false;
	unsigned first, outside, count;
	while (fscanf(map, "%u %u %u", &first, &outside, &count) == 3)
		inside |= user >= first && user - first < count;
	fclose(map);
	return !inside;
}

/* As in an embedded kernel, where an ordinary user is root and runs what he has built. */
static bool owns_this_program(uid_t user)
{
	struct stat program;
	return stat("/proc/self/exe", &program) == 0 && program.st_uid == user && !is_outside(user);
}

static bool is_trusted_user(uid_t user)
{
	return user == geteuid() || user == 0 || is_before_sudo("SUDO_UID", user) || owns_this_program(user);
}

/* A directory of somebody who is outside can be walked through: what is in it is still judged. */
static bool is_trusted_owner(const struct stat *status)
{
	return is_trusted_user(status->st_uid) || (S_ISDIR(status->st_mode) && is_outside(status->st_uid));
}

static bool is_trusted_group(gid_t group)
{
	return group == getegid() || group == 0 || is_before_sudo("SUDO_GID", group);
}

/* ---- what ---- */

/* Those of the kernel's own file systems in which a file has an owner who did not write it. */
static const long made_up[] = {
	PROC_SUPER_MAGIC,
	SYSFS_MAGIC,
	CGROUP_SUPER_MAGIC,
	CGROUP2_SUPER_MAGIC,
	DEBUGFS_MAGIC,
	TRACEFS_MAGIC,
	SECURITYFS_MAGIC,
	SELINUX_MAGIC,
	SMACK_MAGIC,
	DEVPTS_SUPER_MAGIC,
	PIPEFS_MAGIC,
	SOCKFS_MAGIC,
	NSFS_MAGIC,
	ANON_INODE_FS_MAGIC,
	BPF_FS_MAGIC,
	PSTOREFS_MAGIC,
	EFIVARFS_MAGIC,
	BINFMTFS_MAGIC,
	RDTGROUP_SUPER_MAGIC,
	0x62656570 /* configfs */,
	0x65735543 /* fusectl */,
	0x5a3c69f0 /* apparmorfs */,
	0x19800202 /* mqueue */,
	0x67596969 /* rpc_pipefs */,
};

static int check_file_system(struct trust *trust, const struct walk_step *step, struct error *error)
{
	struct statfs status;
	if (fstatfs(step->file, &status) < 0)
		return error_set_errno(error, errno, "cannot ask for the file system of %s", step->name);
	for (size_t i = 0; i < sizeof made_up / sizeof *made_up; i++)
		trust->made_up |= (long)status.f_type == made_up[i];
	return 0;
}

/* Whether a program of another user's may have made up whose its files are. */
static bool is_kept_by_others(int file)
{
	struct statfs system;
	if (fstatfs(file, &system) == 0 && system.f_type != FUSE_SUPER_MAGIC)
		return false;
	uid_t mounter = 0;
	return mounter_find(file, &mounter) < 0 || !is_trusted_user(mounter);
}

/* The whole path of a thing, as far as that can be found out. The caller frees. */
static char *path_of(int file, const char *name)
{
	CLEANUP_FREE char *link = memory_printf("/proc/self/fd/%d", file);
	char path[PATH_MAX];
	ssize_t length = readlink(link, path, sizeof path);
	return length > 0 ? memory_copy_bytes(path, (size_t)length) : memory_copy_string(name);
}

/* What messages call it. The caller frees. */
static char *word_for(const struct walk_step *step)
{
	if (!S_ISDIR(step->status.st_mode) && !S_ISLNK(step->status.st_mode))
		return memory_copy_string("it");
	CLEANUP_FREE char *path = path_of(step->file, step->name);
	return memory_printf("the %s %s", S_ISLNK(step->status.st_mode) ? "link" : "directory", path);
}

/* `why` stands behind the word for the thing. */
static void refuse(struct trust *trust, const struct walk_step *step, const char *why)
{
	CLEANUP_FREE char *word = word_for(step);
	error_set(&trust->refusal, ERROR_PERMISSION, "%s %s", word, why);
}

static void refuse_owner(struct trust *trust, const struct walk_step *step)
{
	CLEANUP_FREE char *why = memory_printf("belongs to somebody else (user %u)", (unsigned)step->status.st_uid);
	refuse(trust, step, why);
}

/* Takes over the word. */
static void refuse_writers(struct trust *trust, char *word, const struct stat *status)
{
	if (status->st_mode & S_IWOTH)
		error_set(&trust->refusal, ERROR_PERMISSION, "everybody may write to %s", word);
	else
		error_set(&trust->refusal, ERROR_PERMISSION, "group %u may write to %s", (unsigned)status->st_gid,
			  word);
	free(word);
}

static bool others_may_write(const struct stat *status)
{
	return (status->st_mode & S_IWOTH) || ((status->st_mode & S_IWGRP) && !is_trusted_group(status->st_gid));
}

/* A file or a link of ours can be moved into a directory by whoever may write to that, sticky or not. */
static int check_place(struct trust *trust, const struct walk_step *step, struct error *error)
{
	struct stat directory;
	if (fstat(step->directory, &directory) < 0)
		return error_set_errno(error, errno, "cannot look at the directory of %s", step->name);
	if (!others_may_write(&directory))
		return 0;
	CLEANUP_FREE char *path = path_of(step->directory, ".");
	refuse_writers(trust, memory_printf("the directory %s", path), &directory);
	return 0;
}

/* A sticky directory is fit to walk through: nobody may move another's directories in it. */
static bool is_open_to_others(const struct stat *status)
{
	bool sticky = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX);
	return !sticky && !S_ISLNK(status->st_mode) && others_may_write(status);
}

int trust_judge(void *context, const struct walk_step *step, struct error *error)
{
	struct trust *trust = context;
	if (check_file_system(trust, step, error) < 0)
		return -1;
	if (error_is_set(&trust->refusal))
		return 0;
	if (trust->made_up)
		refuse(trust, step, "is in a file system like proc, which keeps no files");
	else if (is_kept_by_others(step->file))
		refuse(trust, step, "is in a file system (FUSE) of another user, who says whose its files are");
	else if (!is_trusted_owner(&step->status))
		refuse_owner(trust, step);
	else if (is_open_to_others(&step->status))
		refuse_writers(trust, word_for(step), &step->status);
	else if (!S_ISDIR(step->status.st_mode))
		return check_place(trust, step, error);
	return 0;
}
