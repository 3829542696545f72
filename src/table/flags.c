/* SPDX-License-Identifier: MIT */
#include "table/flags.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "table/table.h"

struct flag_word {
	uint32_t flag;
	const char *scheduler; /* written for this one only; NULL: for all */
	const char *word;
};

/* The first that fits is written; all of them are read. */
static const struct flag_word service_flags[] = {
	{SERVICE_FLAG_PERSISTENT, NULL, "persistent"},   {SERVICE_FLAG_ONE_PACKET, NULL, "one-packet"},
	{SERVICE_FLAG_SCHEDULER_1, "sh", "sh-fallback"}, {SERVICE_FLAG_SCHEDULER_1, "mh", "mh-fallback"},
	{SERVICE_FLAG_SCHEDULER_2, "sh", "sh-port"},     {SERVICE_FLAG_SCHEDULER_2, "mh", "mh-port"},
	{SERVICE_FLAG_SCHEDULER_1, NULL, "scheduler-1"}, {SERVICE_FLAG_SCHEDULER_2, NULL, "scheduler-2"},
	{SERVICE_FLAG_SCHEDULER_3, NULL, "scheduler-3"}, {SERVICE_FLAG_SCHEDULER_1, NULL, "flag-1"},
	{SERVICE_FLAG_SCHEDULER_2, NULL, "flag-2"},      {SERVICE_FLAG_SCHEDULER_3, NULL, "flag-3"},
};

static const struct flag_word tunnel_flags[] = {
	{TUNNEL_FLAG_CHECKSUM, NULL, "checksum"},
	{TUNNEL_FLAG_REMOTE_CHECKSUM, NULL, "remote-checksum"},
};

#define COUNT(words) (sizeof(words) / sizeof *(words))

static const char *name(const struct flag_word *words, size_t count, uint32_t flag, const char *scheduler)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].flag == flag && (!words[i].scheduler || !strcmp(words[i].scheduler, scheduler)))
			return words[i].word;
	}
	return NULL;
}

static bool parse(const struct flag_word *words, size_t count, uint32_t *flag, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i].word, text)) {
			*flag = words[i].flag;
			return true;
		}
	}
	return false;
}

static char *list(const struct flag_word *words, size_t count)
{
	char *text;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%s%s", i ? ", " : "", words[i].word);
	fclose(stream);
	return text;
}

const char *service_flag_name(uint32_t flag, const char *scheduler)
{
	return name(service_flags, COUNT(service_flags), flag, scheduler);
}

bool service_flag_parse(uint32_t *flag, const char *text)
{
	return parse(service_flags, COUNT(service_flags), flag, text);
}

char *service_flag_words(void)
{
	return list(service_flags, COUNT(service_flags));
}

const char *tunnel_flag_name(uint32_t flag)
{
	return name(tunnel_flags, COUNT(tunnel_flags), flag, "");
}

bool tunnel_flag_parse(uint32_t *flag, const char *text)
{
	return parse(tunnel_flags, COUNT(tunnel_flags), flag, text);
}

char *tunnel_flag_words(void)
{
	return list(tunnel_flags, COUNT(tunnel_flags));
}
