/* SPDX-License-Identifier: MIT */
/* Which processor a guest is kept on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "guest/processor.h"

/* Who is root takes part as somebody else, or guests of the machine would count. */
#define SOMEBODY 65534

static char folder[] = "/tmp/ipvs-iso-processor.XXXXXX";

/* In a directory of its own, with which processors may be used. */
static int enter_folder(void **state)
{
	static cpu_set_t allowed;
	*state = &allowed;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	umask(022);
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	if (geteuid() == 0 && (chown(folder, SOMEBODY, (gid_t)-1) < 0 || seteuid(SOMEBODY) < 0))
		return -1;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	return sched_getaffinity(0, sizeof allowed, &allowed);
}

static int remove_folder(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", folder);
	return seteuid(getuid()) < 0 || system(command) ? -1 : sched_setaffinity(0, sizeof(cpu_set_t), *state);
}

static void each_is_taken_once_until_it_is_given_back(void **state)
{
	const cpu_set_t *allowed = *state;
	cpu_set_t seen;
	CPU_ZERO(&seen);
	size_t count = (size_t)CPU_COUNT(allowed);
	CLEANUP_FREE int *taken = memory_allocate(count, sizeof *taken);
	int processor = PROCESSOR_ANY;
	for (size_t i = 0; i < count; i++) {
		taken[i] = processor_take(&processor);
		assert_true(taken[i] >= 0);
		assert_true(CPU_ISSET(processor, allowed));
		assert_false(CPU_ISSET(processor, &seen));
		CPU_SET(processor, &seen);
	}
	assert_int_equal(-1, processor_take(&processor));
	assert_int_equal(PROCESSOR_ANY, processor);
	for (size_t i = 0; i < count; i++) {
		file_cleanup_close(&taken[i]);
		taken[i] = processor_take(&processor);
		assert_true(taken[i] >= 0);
	}
	for (size_t i = 0; i < count; i++)
		file_cleanup_close(&taken[i]);
}

static void one_that_may_not_be_used_is_not_taken(void **state)
{
	const cpu_set_t *allowed = *state;
	for (int only = 0; only < CPU_SETSIZE; only++) {
		int processor;
		if (!CPU_ISSET(only, allowed))
			continue;
		processor_keep(only);
		CLEANUP_CLOSE int taken = processor_take(&processor);
		assert_true(taken >= 0);
		assert_int_equal(only, processor);
		CLEANUP_CLOSE int second = processor_take(&processor);
		assert_int_equal(-1, second);
	}
}

static void any_leaves_all_of_them(void **state)
{
	const cpu_set_t *allowed = *state;
	cpu_set_t after;
	processor_keep(PROCESSOR_ANY);
	assert_int_equal(0, sched_getaffinity(0, sizeof after, &after));
	assert_true(CPU_EQUAL(allowed, &after));
}

/* What any stranger can have: the addresses that once stood for processors, and a place in everybody's directory. */
static void strangers_cannot_take_them(void **state)
{
	const cpu_set_t *allowed = *state;
	CLEANUP_FREE int *theirs = memory_allocate(CPU_SETSIZE, sizeof *theirs);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		theirs[i] = -1;
		if (!CPU_ISSET(i, allowed))
			continue;
		int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "ipvs-iso/processor/%d", i);
		theirs[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		/* One may be taken, which is as good. */
		(void)bind(theirs[i], (const struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length));
	}
	int processor;
	CLEANUP_CLOSE int taken = processor_take(&processor);
	assert_true(taken >= 0);
	for (int i = 0; i < CPU_SETSIZE; i++)
		file_cleanup_close(&theirs[i]);

	struct stat file;
	assert_int_equal(0, fstat(taken, &file));
	assert_int_equal(S_IFREG | 0600, file.st_mode);
	assert_int_equal(geteuid(), file.st_uid);
	assert_int_equal(0, stat("ipvs-iso", &file));
	assert_int_equal(S_IFDIR | 0700, file.st_mode);
}

static void a_place_that_others_may_write_to_is_none(void **state)
{
	(void)state;
	int processor;
	assert_int_equal(0, mkdir("ipvs-iso", 0700));
	assert_int_equal(0, chmod("ipvs-iso", 0777));
	assert_int_equal(-1, processor_take(&processor));
	assert_int_equal(PROCESSOR_ANY, processor);
	assert_int_equal(-1, access("ipvs-iso/processors", F_OK));

	assert_int_equal(0, rmdir("ipvs-iso"));
	assert_int_equal(0, mkdir("elsewhere", 0700));
	assert_int_equal(0, symlink("elsewhere", "ipvs-iso"));
	assert_int_equal(-1, processor_take(&processor));
	assert_int_equal(-1, access("elsewhere/processors", F_OK));

	assert_int_equal(0, mkdir("ipvs-iso.home", 0700));
	CLEANUP_FREE char *home = memory_printf("%s/ipvs-iso.home", folder);
	setenv("HOME", home, 1);
	CLEANUP_CLOSE int taken = processor_take(&processor);
	assert_true(taken >= 0);
	assert_int_equal(0, access("ipvs-iso.home/.cache/ipvs-iso/processors", F_OK));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_is_taken_once_until_it_is_given_back),
		TEST(one_that_may_not_be_used_is_not_taken),
		TEST(strangers_cannot_take_them),
		TEST(a_place_that_others_may_write_to_is_none),
		TEST(any_leaves_all_of_them),
	};
	cpu_set_t allowed;
	/* More than CPU_SETSIZE: guests are not kept anywhere. */
	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
