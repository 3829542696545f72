/* SPDX-License-Identifier: MIT */
/*
 * User-mode Linux: a kernel that is an ordinary program (Debian and Ubuntu package user-mode-linux). Its options are
 * those of Documentation/virt/uml/ in the kernel's source, and of `linux.uml --help`.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "guest/kernel.h"
#include "guest/machine.h"

#define INSTALL_REMEDY "install the package user-mode-linux: apt-get install user-mode-linux"

static const char *const programs[] = {"/usr/bin/linux.uml", "/usr/local/bin/linux.uml"};

/* It traces its processes in a way that it does not support itself. */
static bool is_this_kernel(void)
{
	size_t length;
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *processor = file_read("/proc/cpuinfo", &length, &ignored);
	return processor && strstr(processor, "User Mode Linux");
}

static int uml_find(char **program, struct error *error)
{
	if (is_this_kernel()) {
		error_set(error, ERROR_UNAVAILABLE,
			  "this is the embedded kernel already, and it does not run inside itself");
		return error_remedy(error, "use the IPVS that it has: --kernel host");
	}
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (access(programs[i], X_OK) == 0) {
			*program = memory_copy_string(programs[i]);
			return 0;
		}
	}
	error_set(error, ERROR_UNAVAILABLE, "the embedded kernel is not here: there is no %s", programs[0]);
	return error_remedy(error, INSTALL_REMEDY);
}

static char **uml_arguments(const char *program, const char *init, uint64_t memory)
{
	char *const arguments[] = {
		memory_copy_string(program),
		memory_printf("mem=%lluM", (unsigned long long)(memory >> 20)),
		/* A read-only root: nothing in the guest can change the host through it, not even by mistake. */
		memory_copy_string("rootfstype=hostfs"),
		memory_copy_string("ro"),
		memory_printf("init=\"%s\"", init),
		memory_printf("ssl0=fd:%d", MACHINE_LINE_DESCRIPTOR),
		memory_copy_string("con=null"),
		memory_copy_string("con0=null,fd:1"),
		/* A folder that cannot be: else the kernel makes one for its management console in ~/.uml. */
		memory_copy_string("uml_dir=/dev/null/"),
		memory_copy_string("quiet"),
		memory_copy_string("panic_on_oops=1"),
		memory_copy_string("--"),
		memory_copy_string("guest-init"),
		NULL,
	};
	char **copy = memory_allocate(sizeof arguments / sizeof *arguments, sizeof *arguments);
	memcpy(copy, arguments, sizeof arguments);
	return copy;
}

/* Whether a file can be made there from which the kernel may map code, as it does with its memory. */
static bool can_hold_memory(const char *directory, uint64_t memory)
{
	struct statvfs system;
	return faccessat(AT_FDCWD, directory, R_OK | W_OK | X_OK, AT_EACCESS) == 0 &&
	       statvfs(directory, &system) == 0 && !(system.f_flag & ST_NOEXEC) &&
	       (uint64_t)system.f_bavail * system.f_frsize >= memory;
}

/*
 * The guest's memory is an unlinked file, best in /dev/shm. Where that is smaller than the memory (containers often
 * have 64 MiB) the kernel would die of a SIGBUS once the guest uses it: then the file goes to /tmp, whatever room that
 * has, as most guests use little.
 */
static char **uml_environment(uint64_t memory, struct error *error)
{
	const char *directory = "/dev/shm";
	if (!can_hold_memory(directory, memory))
		directory = "/tmp";
	if (!can_hold_memory(directory, 0)) {
		error_set(error, ERROR_FAILED,
			  "neither /dev/shm nor /tmp can hold the guest's memory, a file that is written and executed");
		return NULL;
	}
	char **environment = memory_allocate(2, sizeof *environment);
	environment[0] = memory_printf("TMPDIR=%s", directory);
	return environment;
}

const struct guest_kernel guest_kernel_uml = {
	.name = "uml",
	.summary = "User-mode Linux, a kernel that runs as an ordinary process",
	.takes_turns = true,
	.find = uml_find,
	.arguments = uml_arguments,
	.environment = uml_environment,
};
