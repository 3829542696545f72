/* SPDX-License-Identifier: MIT */
#include "process/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_open_own(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* Of any other the kernel does not tell. */
bool terminal_is_own(int terminal)
{
	return tcgetpgrp(terminal) >= 0;
}

bool terminal_in_foreground(int terminal)
{
	return tcgetpgrp(terminal) == getpgrp();
}

int terminal_make_pair(int like, int *outside, int *inside, struct error *error)
{
	struct termios modes;
	*outside = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*outside < 0 || unlockpt(*outside) < 0)
		return error_set_errno(error, errno, "cannot make a terminal");
	/* By the descriptor: /dev/pts may be another instance here. */
	*inside = ioctl(*outside, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*inside < 0)
		return error_set_errno(error, errno, "cannot open the terminal that was made");
	if (tcgetattr(like, &modes) == 0)
		tcsetattr(*inside, TCSANOW, &modes);
	terminal_copy_size(like, *outside);
	return 0;
}

bool terminal_completes_lines(int terminal)
{
	struct termios modes;
	return tcgetattr(terminal, &modes) == 0 && (modes.c_oflag & OPOST) && (modes.c_oflag & ONLCR);
}

void terminal_copy_size(int from, int to)
{
	struct winsize size;
	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		ioctl(to, TIOCSWINSZ, &size);
}

void terminal_make_raw(struct terminal *terminal)
{
	if (terminal->raw || !terminal_in_foreground(terminal->descriptor) ||
	    tcgetattr(terminal->descriptor, &terminal->before) < 0)
		return;
	struct termios raw = terminal->before;
	cfmakeraw(&raw);
	terminal->raw = tcsetattr(terminal->descriptor, TCSANOW, &raw) == 0;
	int waiting = 0;
	ioctl(terminal->descriptor, FIONREAD, &waiting);
	terminal->typed_ahead = (terminal->before.c_lflag & ICANON) && waiting > 0 ? (size_t)waiting : 0;
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->raw && terminal_in_foreground(terminal->descriptor))
		tcsetattr(terminal->descriptor, TCSANOW, &terminal->before);
	terminal->raw = false;
}

ssize_t terminal_read(struct terminal *terminal, char *bytes, size_t size)
{
	ssize_t got = read(terminal->descriptor, bytes, size);
	/* Among whole lines the kernel keeps a zero for it. */
	for (ssize_t i = 0; i < got && terminal->typed_ahead > 0; i++, terminal->typed_ahead--) {
		if (bytes[i] == '\0')
			bytes[i] = (char)terminal->before.c_cc[VEOF];
	}
	return got;
}
