/* SPDX-License-Identifier: MIT */
/*
 * Errors that carry their context upwards.
 *
 * A function that can fail takes a `struct error *` as its last argument and returns -1 (or NULL) after filling it.
 * Callers add what they were doing with error_context() and hand it on; only cmd/ prints one.
 */
#ifndef IPVS_ISO_BASE_ERROR_H
#define IPVS_ISO_BASE_ERROR_H

#include <stdbool.h>

/* What sort of failure it is, for the callers that act on it. */
enum error_kind {
	ERROR_NONE = 0,
	ERROR_FAILED,       /* anything that none of the others says better */
	ERROR_INPUT,        /* what the user wrote is wrong; nothing was changed */
	ERROR_PERMISSION,   /* the caller may not do this */
	ERROR_UNAVAILABLE,  /* something that has to be on this machine is not: IPVS, a kernel, a module */
	ERROR_BUSY,         /* somebody else holds the lock */
	ERROR_NOT_FOUND,    /* no such file or command */
	ERROR_NOT_RUNNABLE, /* the command is there and cannot be run */
	ERROR_RIVAL,        /* somebody else changes the table at the same time */
	ERROR_INTERRUPTED   /* a signal asked us to end, and is still to be taken */
};

/* Start one with `= {0}` (or ERROR_INIT) and release it with error_clear(). */
struct error {
	enum error_kind kind;
	char *message; /* what went wrong, outermost context first; owned */
	char *remedy;  /* what the reader can do about it, or NULL; owned */
};

#define ERROR_INIT ((struct error){0})
#define CLEANUP_ERROR __attribute__((cleanup(error_clear)))

/*
 * Fills `error` (which must be empty, or is replaced) with a message. Names in it may hold anything: for each newline
 * stands its picture, U+240A, here and in the functions below. Returns -1, so that a caller can return it.
 */
int error_set(struct error *error, enum error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same, with ": " and the text of the errno value `number` behind the message.
 * EPERM and EACCES make it ERROR_PERMISSION, ENOENT ERROR_NOT_FOUND, everything else ERROR_FAILED.
 */
int error_set_errno(struct error *error, int number, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message of a filled error. Returns -1. */
int error_context(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts a text of ours behind the message of a filled error; its further lines begin with blanks. Returns -1. */
int error_add_lines(struct error *error, const char *lines);

/* Says what the reader can do; replaces an earlier remedy, which may be one of the arguments. Returns -1. */
int error_remedy(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether it has been filled. */
static inline bool error_is_set(const struct error *error)
{
	return error->kind != ERROR_NONE;
}

/* Frees what it holds and makes it empty again. */
void error_clear(struct error *error);

#endif
