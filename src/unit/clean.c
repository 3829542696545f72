/* SPDX-License-Identifier: MIT */
#include "unit/clean.h"

#include <string.h>

#include "base/memory.h"

static bool names_sysctl(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->sysctls.count; i++) {
		if (strcmp(table->sysctls.items[i].name, name) == 0)
			return true;
	}
	return false;
}

void clean_table_make(struct table *clean, const struct table *fixture, const struct table *host)
{
	if (fixture)
		table_copy(clean, fixture);
	for (size_t i = 0; i < host->sysctls.count; i++) {
		const struct sysctl *sysctl = &host->sysctls.items[i];
		if (names_sysctl(clean, sysctl->name))
			continue;
		*array_append(&clean->sysctls) = (struct sysctl){
			.name = memory_copy_string(sysctl->name),
			.value = memory_copy_string(sysctl->value),
		};
	}
	table_sort(clean);
}
