/* SPDX-License-Identifier: MIT */
/*
 * What would have to be done to one table to make it equal to another.
 *
 * The same list serves restore (do it), `diff` (show it) and residue (who left it).
 */
#ifndef IPVS_ISO_TABLE_DIFF_H
#define IPVS_ISO_TABLE_DIFF_H

#include "table/table.h"

enum change_action { CHANGE_ADD, CHANGE_EDIT, CHANGE_REMOVE };

enum change_subject { SUBJECT_SERVICE, SUBJECT_DESTINATION, SUBJECT_TIMEOUTS, SUBJECT_DAEMON, SUBJECT_SYSCTL };

/*
 * One step. The pointers are borrowed from the two tables and live as long as those: `*_from` in the first table,
 * `*_to` in the second; an addition has no from, a removal no to.
 *
 *   SUBJECT_SERVICE      the service without its destinations: an added one's destinations follow as additions of
 *                        their own; a removed one's go with it and are not listed
 *   SUBJECT_DESTINATION  service_* says whose
 *   SUBJECT_TIMEOUTS     an edit; both pointers set
 *   SUBJECT_DAEMON       an edit means stop and start again
 *   SUBJECT_SYSCTL       an edit, and only where both tables name it
 */
struct change {
	enum change_action action;
	enum change_subject subject;
	/* The destination itself is the same, but stands at another place in the kernel's list. A removal with this
	   mark has the addition that belongs to it right behind it. */
	bool reorders;
	/* A union, because there can be very many: which member it is, the subject tells. */
	union {
		struct {
			const struct service *service_from, *service_to;
			const struct destination *destination_from, *destination_to;
		};
		struct {
			const struct timeouts *timeouts_from, *timeouts_to;
		};
		struct {
			const struct sync_daemon *daemon_from, *daemon_to;
		};
		struct {
			const struct sysctl *sysctl_from, *sysctl_to;
		};
	};
};

struct changes {
	ARRAY(struct change) list;
};

#define CLEANUP_CHANGES __attribute__((cleanup(changes_clear)))
void changes_clear(struct changes *changes);

/*
 * Appends to `changes` (zeros at first) the steps from table `from` to table `to`, both sorted by table_sort(). Carried
 * out in the order of the list they make `from` equal `to`, the kernel's order of destinations included: the kernel
 * puts a new destination at the head of its list, so additions come oldest first, that is from the end of `to`'s list,
 * and a destination that stands out of its place is removed and added again; where one of the tables has `any_order`,
 * every destination stays in its place. The order of the list is stable, and the kernel asks for it: removals of
 * services and of daemons first (a destination of another family than its service's is refused while a daemon runs, and
 * a daemon while there is such a destination), then each service of `to` in turn with its destinations, then timeouts,
 * sysctls, and daemons last (they start with as many threads as sync_ports says).
 *
 * A sysctl that only one of the tables names makes no difference, nor does what is of no concern in one. Linear in the
 * size of the tables but for sorting.
 */
void table_diff(struct changes *changes, const struct table *from, const struct table *to);

/*
 * The same for what `to` lacks of the services in `from`: services and destinations that are missing (removals) or have
 * other options (edits). Further services, further destinations, their order, and all that is no service make no
 * difference.
 */
void table_diff_services_within(struct changes *changes, const struct table *from, const struct table *to);

#endif
