/* SPDX-License-Identifier: MIT */
#include "kernel/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/memory.h"

/*
 * What is used of libkmod. It is opened where it is needed, which is seldom: it brings libcrypto, whose relocations are
 * half of the time that a program with it takes to start.
 */
struct libkmod {
	void *handle;
	typeof(&kmod_new) new;
	typeof(&kmod_unref) unref;
	typeof(&kmod_set_log_fn) set_log_fn;
	typeof(&kmod_module_new_from_lookup) module_new_from_lookup;
	typeof(&kmod_module_get_module) module_get_module;
	typeof(&kmod_module_probe_insert_module) module_probe_insert_module;
	typeof(&kmod_module_unref) module_unref;
	typeof(&kmod_module_unref_list) module_unref_list;
	typeof(&kmod_list_next) list_next;
};

#define LIBKMOD "libkmod.so.2"

static void libkmod_close(struct libkmod *kmod)
{
	if (kmod->handle)
		dlclose(kmod->handle);
}

/* False when it cannot be had; dlerror(3) says why. */
static bool libkmod_open(struct libkmod *kmod)
{
	kmod->handle = dlopen(LIBKMOD, RTLD_LAZY | RTLD_LOCAL);
	if (!kmod->handle)
		return false;
#define FUNCTION(name)                     \
	{                                  \
		"kmod_" #name, &kmod->name \
	}
	const struct {
		const char *name;
		void *function;
	} functions[] = {
		FUNCTION(new),
		FUNCTION(unref),
		FUNCTION(set_log_fn),
		FUNCTION(module_new_from_lookup),
		FUNCTION(module_get_module),
		FUNCTION(module_probe_insert_module),
		FUNCTION(module_unref),
		FUNCTION(module_unref_list),
		FUNCTION(list_next),
	};
#undef FUNCTION
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *address = dlsym(kmod->handle, functions[i].name);
		if (!address)
			return false;
		memcpy(functions[i].function, &address, sizeof address);
	}
	return true;
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

/* Loads all modules that were found for a name. Returns 0 or an errno value, negative. */
static int insert(const struct libkmod *kmod, const struct kmod_list *found)
{
	int failed = 0;
	for (const struct kmod_list *at = found; at && failed >= 0; at = kmod->list_next(found, at)) {
		struct kmod_module *module = kmod->module_get_module(at);
		failed = kmod->module_probe_insert_module(module, 0, NULL, NULL, NULL, NULL);
		kmod->module_unref(module);
	}
	return failed;
}

static int load(const struct libkmod *kmod, struct kmod_ctx *context, const char *name, struct error *error)
{
	kmod->set_log_fn(context, say_nothing, NULL);
	struct kmod_list *found = NULL;
	int failed = kmod->module_new_from_lookup(context, name, &found);
	if (!found && (failed >= 0 || failed == -ENOENT))
		return error_set(error, ERROR_UNAVAILABLE, "there is no kernel module %s", name);
	if (failed >= 0)
		failed = insert(kmod, found);
	kmod->module_unref_list(found);
	return failed < 0 ? refused(error, -failed, name) : 0;
}

int module_load(const char *directory, const char *name, struct error *error)
{
	__attribute__((cleanup(libkmod_close))) struct libkmod kmod = {0};
	if (!libkmod_open(&kmod))
		return error_set(error, ERROR_FAILED, "cannot load the kernel module %s: %s", name, dlerror());
	struct kmod_ctx *context = kmod.new(directory, NULL);
	if (!context)
		return error_set(error, ERROR_FAILED, "cannot load the kernel module %s: libkmod does not start", name);
	int failed = load(&kmod, context, name, error);
	kmod.unref(context);
	return failed;
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
