/* SPDX-License-Identifier: MIT */
/*
 * What a unit prints: shown on our own stdout and stderr as it comes, or kept until it is known whether somebody wants
 * to see it, or both. What is kept is in a temporary file without a name, so that no unit can fill our memory.
 */
#ifndef IPVS_ISO_PROCESS_OUTPUT_H
#define IPVS_ISO_PROCESS_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "base/queue.h"

/* So many bytes in a row went to one stream. */
struct output_part {
	int stream; /* STDOUT_FILENO or STDERR_FILENO */
	size_t length;
};

/* Who has something of its own on the terminal that units print to as well: a line that says how time passes. */
struct output_bystander {
	void *context;
	/* Called while a unit is waited for. After how many milliseconds to call again at the latest; -1: no matter. */
	int (*idle)(void *context);
	/* What a unit printed goes to a stream of ours next; `last` is its last byte. */
	void (*showing)(void *context, int stream, char last);
};

struct output {
	bool live;               /* shown as it comes */
	bool kept;               /* for output_show() and output_tail() */
	int ends[2];             /* where the unit's stdout and stderr are read, non-blocking; -1: nowhere */
	struct queue waiting[2]; /* for slow readers of ours */
	bool closed[2];          /* nobody reads that stream of ours any more */
	int spool;               /* the file; -1: nothing has been kept */
	size_t length;           /* of what has been kept */
	ARRAY(struct output_part) parts;
	int failure; /* errno of what failed: a stream of ours, unless its reader has gone away, or the file; or 0 */
	bool spool_failed;                        /* it was the file */
	bool spool_is_memory;                     /* which is none on disk */
	const struct output_bystander *bystander; /* borrowed; or NULL */
};

#define CLEANUP_OUTPUT __attribute__((cleanup(output_clear)))
void output_init(struct output *output, bool live, bool kept);
void output_clear(struct output *output);

/* Makes the pipes: our ends stand in `output`, the unit's in `theirs`, O_CLOEXEC and the caller's to close. */
int output_open(struct output *output, int theirs[2], struct error *error);

/* Takes something that a unit printed on a stream. */
void output_take(struct output *output, int stream, const char *bytes, size_t length);

/* Whether so much waits for a slow reader that no more should be taken. */
bool output_is_full(const struct output *output);

/* Whether something waits for a reader at all. */
bool output_is_waiting(const struct output *output);

/* 0; -1 where something of it was lost, with an error that says where there was no room for it. */
int output_failure(const struct output *output, struct error *error);

/* Drops that. */
void output_drop_waiting(struct output *output);

/* What poll(2) shall look at for it, and what is moved then: from the unit to where it belongs. */
#define OUTPUT_POLLS 4
void output_poll(const struct output *output, struct pollfd polls[OUTPUT_POLLS]);
void output_move(struct output *output, const struct pollfd polls[OUTPUT_POLLS]);

/* Calls the bystander. How long poll(2) may wait, in its words: `milliseconds` at most, and less where the bystander
   wants that. */
int output_wait_ms(const struct output *output, int milliseconds);

/* Takes what is in the pipes now; whoever still has the other ends is not waited for. */
void output_drain(struct output *output);

/*
 * Writes what still waits for readers. One that takes nothing is waited for until a signal asks us to end
 * (supervise.h), or did so already (`hurried`); what it has not taken a moment later is dropped.
 */
void output_flush(struct output *output, bool hurried);

enum written {
	WRITTEN_WHOLE,
	WRITTEN_TO_NOBODY,  /* there is no reader any more */
	WRITTEN_INCOMPLETE, /* a reader took nothing until a signal asked us to end */
	WRITTEN_FAILED,     /* with errno */
};

/* Writes bytes to any descriptor, one that does not block or one that does. */
enum written output_write(int stream, const char *bytes, size_t length);

/*
 * Shows what was kept, stdout on stdout and stderr on stderr, in the order in which it came. A reader that takes
 * nothing is waited for likewise. -1 when what was kept cannot be read or written.
 */
int output_show(const struct output *output, struct error *error);

/*
 * The last `limit` bytes of what was kept, in the order in which they came, less what is left of a UTF-8 character that
 * began before them; for the caller to free. NULL on failure.
 */
char *output_tail(const struct output *output, size_t limit, size_t *length, struct error *error);

#endif
