/* SPDX-License-Identifier: MIT */
#include "guest/console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define CONSOLE_KEPT 32768
#define CONSOLE_LINES 12

void console_clear(struct console *console)
{
	free(console->bytes);
	*console = (struct console){0};
}

int console_receive(struct console *console, int descriptor)
{
	char bytes[4096];
	ssize_t got = read(descriptor, bytes, sizeof bytes);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (got == 0)
		return -1;

	size_t length = (size_t)got;
	if (!console->bytes)
		console->bytes = memory_allocate(CONSOLE_KEPT + 1, 1);
	if (console->length + length > CONSOLE_KEPT) {
		size_t surplus = console->length + length - CONSOLE_KEPT;
		memmove(console->bytes, console->bytes + surplus, console->length - surplus);
		console->length -= surplus;
	}
	memcpy(console->bytes + console->length, bytes, length);
	console->length += length;
	/* Serial consoles end lines with CR LF, and the kernel may print NULs from a broken memory. */
	for (size_t i = console->length - length; i < console->length; i++) {
		if (console->bytes[i] == '\r' || console->bytes[i] == '\0')
			console->bytes[i] = ' ';
	}
	console->bytes[console->length] = '\0';
	return 1;
}

const char *console_ending(const struct console *console)
{
	/* What every Linux says when it is told to end (kernel/reboot.c, drivers/tty/sysrq.c), however quiet it is. */
	static const struct {
		const char *words, *meaning;
	} endings[] = {
		{"reboot: Restarting system", "was restarted from inside, as `reboot -f` does it"},
		{"reboot: Power down", "was powered off from inside, as `poweroff -f` does it"},
		{"reboot: System halted", "was halted from inside, as `halt -f` does it"},
		{"sysrq: Resetting", "was restarted from inside, by /proc/sysrq-trigger"},
		{"sysrq: Power Off", "was powered off from inside, by /proc/sysrq-trigger"},
	};
	for (size_t i = 0; console->length > 0 && i < sizeof endings / sizeof *endings; i++) {
		if (strstr(console->bytes, endings[i].words))
			return endings[i].meaning;
	}
	return NULL;
}

static const char *start_of_last_lines(const char *text, size_t length)
{
	const char *start = text + length;
	for (int lines = 0; start > text; start--) {
		if (start[-1] == '\n' && start < text + length && ++lines == CONSOLE_LINES)
			break;
	}
	return start;
}

char *console_last_lines(const struct console *console)
{
	if (console->length == 0)
		return memory_copy_string("");

	const char *start = strstr(console->bytes, "Kernel panic");
	if (!start)
		start = start_of_last_lines(console->bytes, console->length);

	char *lines;
	size_t length;
	FILE *stream = memory_stream(&lines, &length);
	for (int count = 0; *start && count < CONSOLE_LINES; count++) {
		size_t line = strcspn(start, "\n");
		fprintf(stream, "\n    %.*s", (int)line, start);
		start += line + (start[line] == '\n');
	}
	fclose(stream);
	return lines;
}
