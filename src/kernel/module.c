/* SPDX-License-Identifier: MIT */
#include "kernel/module.h"

#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/memory.h"

static void cleanup_context(struct kmod_ctx **context)
{
	kmod_unref(*context);
}

static void cleanup_list(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}

/* libkmod would write to stderr by itself; what matters of it comes back as an error. */
static void say_nothing(void *data, int priority, const char *file, int line, const char *function, const char *format,
			va_list arguments)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)function;
	(void)format;
	(void)arguments;
}

static int refused(struct error *error, int number, const char *name)
{
	error_set_errno(error, number, "cannot load the kernel module %s", name);
	if (error->kind == ERROR_NOT_FOUND)
		error->kind = ERROR_UNAVAILABLE;
	return -1;
}

int module_load(const char *directory, const char *name, struct error *error)
{
	__attribute__((cleanup(cleanup_context))) struct kmod_ctx *context = kmod_new(directory, NULL);
	if (!context)
		return error_set(error, ERROR_FAILED, "cannot load the kernel module %s: libkmod does not start", name);
	kmod_set_log_fn(context, say_nothing, NULL);

	__attribute__((cleanup(cleanup_list))) struct kmod_list *found = NULL;
	int failed = kmod_module_new_from_lookup(context, name, &found);
	if (failed < 0 && failed != -ENOENT)
		return refused(error, -failed, name);
	if (!found)
		return error_set(error, ERROR_UNAVAILABLE, "there is no kernel module %s", name);

	struct kmod_list *position;
	kmod_list_foreach(position, found)
	{
		struct kmod_module *module = kmod_module_get_module(position);
		failed = kmod_module_probe_insert_module(module, 0, NULL, NULL, NULL, NULL);
		kmod_module_unref(module);
		if (failed < 0)
			return refused(error, -failed, name);
	}
	return 0;
}

bool module_list_exists(const char *directory)
{
	struct utsname system;
	if (uname(&system) < 0)
		return false;
	CLEANUP_FREE char *folder =
		directory ? memory_copy_string(directory) : memory_printf("/lib/modules/%s", system.release);
	CLEANUP_FREE char *index = memory_printf("%s/modules.dep.bin", folder);
	CLEANUP_FREE char *text = memory_printf("%s/modules.dep", folder);
	return access(index, R_OK) == 0 || access(text, R_OK) == 0;
}
