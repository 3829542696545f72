/* SPDX-License-Identifier: MIT */
/*
 * The way to a file, walked step by step. Each step is taken from a descriptor of where the walk has come to, and
 * looked at by a descriptor of its own, so nothing can be exchanged between the look and the step.
 */
#ifndef IPVS_ISO_BASE_WALK_H
#define IPVS_ISO_BASE_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

/* Something on the way: "/", a directory, a link that is then followed, or what stands at the end. */
struct walk_step {
	int directory;      /* that it is in, O_PATH */
	const char *name;   /* there */
	int file;           /* the thing itself, O_PATH; a link is not followed */
	struct stat status; /* of the thing */
};

struct walk_rules {
	int from;            /* a directory, where the path is relative; or AT_FDCWD. It is not judged */
	const char *failure; /* what messages begin with, such as "cannot write a.json" */
	/* Says whether the walk may go on: 0, or -1 with an error. Called once for each step, before it is taken. */
	int (*judge)(void *context, const struct walk_step *step, struct error *error);
	void *context;
};

/* Starts as WALK_END_INIT. */
struct walk_end {
	int directory; /* where the walk came to, O_PATH: no link is followed from here on */
	char *name;    /* of the file there; "." where the path ended with a slash. Owned */
	int file;      /* the file, O_PATH; -1: there is none of that name */
	bool unnamed;  /* only a link of proc(5) leads to the file, such as that of a descriptor: it was followed */
	int failure;   /* errno of the step that could not be taken; 0 where there is none */
};

#define WALK_END_INIT ((struct walk_end){.directory = -1, .file = -1})
#define CLEANUP_WALK_END __attribute__((cleanup(walk_end_clear)))
void walk_end_clear(struct walk_end *end);

/*
 * Walks to the end of `path`. That there is nothing at the end is no error, but that there is none of the directories
 * on the way is. What `end` held is not released.
 */
int walk(struct walk_end *end, const struct walk_rules *rules, const char *path, struct error *error);

#endif
