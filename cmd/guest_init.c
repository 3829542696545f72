/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "command.h"
#include "guest/init.h"

static int run_guest_init(int count, char **operands)
{
	(void)count;
	(void)operands;
	if (getpid() != 1)
		return print_usage_error(&command_guest_init, "this is for a guest's kernel to call");
	guest_init();
}

const struct subcommand command_guest_init = {
	.name = "guest-init",
	.operands = "",
	.summary = "What a guest's kernel starts",
	.run = run_guest_init,
};
