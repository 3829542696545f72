/* SPDX-License-Identifier: MIT */
/* What a unit has in its environment beyond what its caller had there. Changes this process's, which has one thread. */
#ifndef IPVS_ISO_UNIT_ENVIRONMENT_H
#define IPVS_ISO_UNIT_ENVIRONMENT_H

/*
 * For a unit that is root: adds to PATH, at its end, the folders of root's programs that are missing there. An ordinary
 * user's PATH has none of them on Debian, and in a guest he is root with that PATH; so is who became root by `su`.
 */
void environment_add_root_path(void);

/*
 * Has git work in repositories of every user (safe.directory=*), behind what GIT_CONFIG_COUNT says already. For a guest
 * in which the unit is root, and the files of who started it another's.
 */
void environment_trust_repositories(void);

#endif
