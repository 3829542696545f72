/* SPDX-License-Identifier: MIT */
/* Residue: what a unit left behind, by class, in the words of ipvsadm(8). */
#ifndef IPVS_ISO_RESULT_RESIDUE_H
#define IPVS_ISO_RESULT_RESIDUE_H

#include <stdbool.h>

#include "base/array.h"
#include "table/diff.h"

enum residue_class {
	RESIDUE_SERVICES,
	RESIDUE_DESTINATIONS,
	RESIDUE_TIMEOUTS,
	RESIDUE_DAEMONS,
	RESIDUE_SYSCTL,
	RESIDUE_PROCESSES,
	RESIDUE_CONNECTIONS,
	RESIDUE_CLASSES /* how many there are */
};

enum residue_action { RESIDUE_LEFT, RESIDUE_CHANGED, RESIDUE_REMOVED };

struct residue {
	enum residue_class class;
	enum residue_action action;
	char *text;     /* one line; owned */
	bool tolerated; /* no reason to fail the run; see residue_tolerate() */
};

struct residue_list {
	ARRAY(struct residue) entries;
};

void residue_clear(struct residue_list *list);

/* Adds an entry; takes over `text`. */
void residue_add(struct residue_list *list, enum residue_class class, enum residue_action action, char *text);

/* Adds what the steps from the clean table to the table as it was found say. */
void residue_add_changes(struct residue_list *list, const struct changes *changes);

/* The class's name, as --fail-on takes it: services, destinations, timeouts, daemons, sysctl, processes,
   connections. */
const char *residue_class_name(enum residue_class class);

/* The other way; false when there is no class of that name. */
bool residue_class_parse(enum residue_class *class, const char *name);

/* left, changed, removed */
const char *residue_action_name(enum residue_action action);

/* A set of classes: bit 1 << class. */
#define RESIDUE_SET(class) (1u << (class))
#define RESIDUE_SET_ALL (RESIDUE_SET(RESIDUE_CLASSES) - 1)
#define RESIDUE_SET_DEFAULT (RESIDUE_SET_ALL & ~RESIDUE_SET(RESIDUE_CONNECTIONS))

/* Marks the entries of all classes but those in the set as tolerated: the list then says by itself what fails a run. */
void residue_tolerate(struct residue_list *list, unsigned fail_on);

/* Whether the list has an entry of a class in the set that is not tolerated. */
bool residue_any(const struct residue_list *list, unsigned set);

#endif
