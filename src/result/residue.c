/* SPDX-License-Identifier: MIT */
#include "result/residue.h"

#include <string.h>

#include "table/rules.h"

static const char *const class_names[RESIDUE_CLASSES] = {
	[RESIDUE_SERVICES] = "services",       [RESIDUE_DESTINATIONS] = "destinations",
	[RESIDUE_TIMEOUTS] = "timeouts",       [RESIDUE_DAEMONS] = "daemons",
	[RESIDUE_SYSCTL] = "sysctl",           [RESIDUE_PROCESSES] = "processes",
	[RESIDUE_CONNECTIONS] = "connections",
};

static const char *const action_names[] = {
	[RESIDUE_LEFT] = "left",
	[RESIDUE_CHANGED] = "changed",
	[RESIDUE_REMOVED] = "removed",
};

static const enum residue_class class_of_subject[] = {
	[SUBJECT_SERVICE] = RESIDUE_SERVICES,  [SUBJECT_DESTINATION] = RESIDUE_DESTINATIONS,
	[SUBJECT_TIMEOUTS] = RESIDUE_TIMEOUTS, [SUBJECT_DAEMON] = RESIDUE_DAEMONS,
	[SUBJECT_SYSCTL] = RESIDUE_SYSCTL,
};

static const enum residue_action action_of_change[] = {
	[CHANGE_ADD] = RESIDUE_LEFT,
	[CHANGE_EDIT] = RESIDUE_CHANGED,
	[CHANGE_REMOVE] = RESIDUE_REMOVED,
};

void residue_clear(struct residue_list *list)
{
	for (size_t i = 0; i < list->entries.count; i++)
		free(list->entries.items[i].text);
	array_free(&list->entries);
}

void residue_add(struct residue_list *list, enum residue_class class, enum residue_action action, char *text)
{
	*array_append(&list->entries) = (struct residue){.class = class, .action = action, .text = text};
}

void residue_add_changes(struct residue_list *list, const struct changes *changes)
{
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct change *change = &changes->list.items[i];
		/* A destination that only changed its place is one thing to a reader, though two to the kernel. */
		if (change->reorders && change->action == CHANGE_REMOVE)
			continue;
		enum residue_action action = change->reorders ? RESIDUE_CHANGED : action_of_change[change->action];
		residue_add(list, class_of_subject[change->subject], action, change_text(change));
	}
}

const char *residue_class_name(enum residue_class class)
{
	return class_names[class];
}

bool residue_class_parse(enum residue_class *class, const char *name)
{
	for (unsigned i = 0; i < RESIDUE_CLASSES; i++) {
		if (strcmp(class_names[i], name) == 0) {
			*class = (enum residue_class)i;
			return true;
		}
	}
	return false;
}

const char *residue_action_name(enum residue_action action)
{
	return action_names[action];
}

void residue_tolerate(struct residue_list *list, unsigned fail_on)
{
	for (size_t i = 0; i < list->entries.count; i++) {
		struct residue *residue = &list->entries.items[i];
		residue->tolerated = !(fail_on & RESIDUE_SET(residue->class));
	}
}

bool residue_any(const struct residue_list *list, unsigned set)
{
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		if (!residue->tolerated && set & RESIDUE_SET(residue->class))
			return true;
	}
	return false;
}
