/* SPDX-License-Identifier: MIT */
#include "process/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

void identity_clear(struct identity *identity)
{
	free(identity->groups);
	free(identity->name);
	free(identity->home);
	free(identity->shell);
	*identity = (struct identity){0};
}

static const struct passwd *look_up(const char *name)
{
	const struct passwd *entry = getpwnam(name);
	if (entry || !*name || strspn(name, "0123456789") != strlen(name))
		return entry;
	errno = 0;
	unsigned long number = strtoul(name, NULL, 10);
	return errno || number > (uid_t)-2 ? NULL : getpwuid((uid_t)number);
}

static void find_groups(struct identity *identity)
{
	int count = 0;
	getgrouplist(identity->name, identity->group, NULL, &count);
	do {
		identity->groups = memory_resize(identity->groups, (size_t)count, sizeof *identity->groups);
	} while (getgrouplist(identity->name, identity->group, identity->groups, &count) < 0);
	identity->group_count = (size_t)count;
}

int identity_find(struct identity *identity, const char *name, struct error *error)
{
	const struct passwd *entry = look_up(name);
	if (!entry)
		return error_set(error, ERROR_INPUT, "there is no user '%s'", name);
	if (entry->pw_uid != geteuid() && geteuid() != 0) {
		error_set(error, ERROR_PERMISSION, "only root may run a command as another user, here as '%s'", name);
		return error_remedy(error, "run ipvs-iso as root, or leave --user out");
	}
	identity->user = entry->pw_uid;
	identity->group = entry->pw_gid;
	identity->name = memory_copy_string(entry->pw_name);
	identity->home = memory_copy_string(entry->pw_dir);
	identity->shell = memory_copy_string(entry->pw_shell);
	find_groups(identity);
	return 0;
}

/* Setting the user drops what is effective; these would outlive it or come back through an exec. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	if (syscall(SYS_capset, &header, none) < 0)
		return -1;
	/* EINVAL: a kernel without ambient capabilities has none to clear. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Has to be done while CAP_SETPCAP is still there. EINVAL: past the last capability that the kernel has. */
static int drop_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -1;
	}
	return 0;
}

/*
 * Who has a session keyring may use what is in it, whoever he is. ENOSYS: a kernel without keys. EPERM: a container
 * that forbids to ask for keys, too.
 */
static int leave_keys(void)
{
	long joined = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	return joined < 0 && errno != ENOSYS && errno != EPERM ? -1 : 0;
}

static int take_environment(const struct identity *identity)
{
	return setenv("HOME", identity->home, 1) | setenv("USER", identity->name, 1) |
	       setenv("LOGNAME", identity->name, 1) | setenv("SHELL", identity->shell, 1);
}

int identity_become(const struct identity *identity)
{
	bool dropping = geteuid() == 0 && identity->user != 0;
	if (dropping && drop_bounding_set() < 0)
		return -1;
	if (geteuid() == 0 && (setgroups(identity->group_count, identity->groups) < 0 ||
			       setresgid(identity->group, identity->group, identity->group) < 0))
		return -1;
	if (setresuid(identity->user, identity->user, identity->user) < 0)
		return -1;
	/* As that user, whose it then is. */
	if (dropping && leave_keys() < 0)
		return -1;
	if (identity->user != 0 && drop_capabilities() < 0)
		return -1;
	return take_environment(identity);
}
