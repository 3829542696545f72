/* SPDX-License-Identifier: MIT */
/* The live IPVS table of the current network namespace, over generic netlink (include/uapi/linux/ip_vs.h). */
#ifndef IPVS_ISO_KERNEL_IPVS_H
#define IPVS_ISO_KERNEL_IPVS_H

#include "base/error.h"
#include "table/diff.h"
#include "table/table.h"

/* An open door to the kernel: bound to the network namespace in which it was opened. */
struct ipvs;

#define CLEANUP_IPVS __attribute__((cleanup(ipvs_cleanup)))
void ipvs_cleanup(struct ipvs **ipvs);

/*
 * Opens it, loading the ip_vs module where it is missing and may be loaded. NULL with ERROR_UNAVAILABLE (this kernel
 * has no IPVS, with a remedy) or ERROR_PERMISSION (CAP_NET_ADMIN in the initial user namespace is missing).
 * That reading and changing are permitted is tried, not guessed.
 */
struct ipvs *ipvs_open(struct error *error);

/* Closes it; NULL is allowed. */
void ipvs_close(struct ipvs *ipvs);

/*
 * Reads the whole table, sorted: services with their destinations in the kernel's order, timeouts, daemons, and every
 * readable sysctl of net.ipv4.vs. An interrupted dump (NLM_F_DUMP_INTR) is read again. `table` must be initialised.
 */
int ipvs_read(struct ipvs *ipvs, struct table *table, struct error *error);

/* The same with counters. ERROR_UNAVAILABLE where the kernel has none of 64 bits. */
int ipvs_read_counted(struct ipvs *ipvs, struct table *table, struct error *error);

/*
 * Takes out of a table that was read here the sysctls whose value the kernel made of this machine's memory or
 * processors, for one that is to be compared on another machine. One that somebody set stays: it is not what a new
 * network namespace gets, which is made for the question. -1 where that cannot be (it takes CAP_SYS_ADMIN): all of
 * them are taken out then.
 */
int ipvs_leave_out_derived(struct table *table, struct error *error);

/*
 * Carries out changes in their order, many requests to a buffer, only the end of a batch and errors acknowledged.
 * On failure the error names the rule that the kernel refused and why (a scheduler that it lacks has a remedy);
 * the rules behind it are still tried, so that as much as possible is as it should be.
 */
int ipvs_apply(struct ipvs *ipvs, const struct changes *changes, struct error *error);

/*
 * Makes the live table, which has just been read and is `live`, equal `wanted`: applies the difference, reads the
 * table again and compares; destinations only of services that had to be changed. A difference that remains is an
 * error which lists it: ERROR_RIVAL where the kernel had taken every change. What came since `live` was read is
 * such a difference, and stays. Sysctls that `wanted` does not name stay.
 */
int ipvs_restore(struct ipvs *ipvs, const struct table *live, const struct table *wanted, struct error *error);

/* The same for those who do not undo what was done: behind a refusal the error says what remains to be done. */
int ipvs_restore_all(struct ipvs *ipvs, const struct table *live, const struct table *wanted, struct error *error);

/*
 * Empties a table that holds what is in `known`: no services, no daemons, default timeouts, no connections. What
 * somebody else has added stays, but for destinations of services that are in `known`. Sysctls stay, but for
 * expire_nodest_conn while connections are dropped. Some connections stay where the kernel cannot be made to drop
 * them, which is no error: those without a destination (received by a backup daemon, or made by cache_bypass), all
 * of them before Linux 5.9, and all of them where sysctls may not be written. connections_count() tells.
 */
int ipvs_flush(struct ipvs *ipvs, const struct table *known, struct error *error);

/*
 * Checks that the kernel has every sysctl that `table` names; the error (ERROR_UNAVAILABLE) names the first missing
 * one. A name that is misspelt would differ from nothing, as only what is named is compared.
 */
int ipvs_has_sysctls(struct ipvs *ipvs, const struct table *table, struct error *error);

/*
 * Checks that the kernel has every scheduler, persistence engine and sysctl that `table` names, loading modules as it
 * would itself; the error (ERROR_UNAVAILABLE) names the first missing one. And that no destination has an address that
 * every kernel refuses (ERROR_INPUT). Nothing in the live table changes. Worth asking before ipvs_apply(): the kernel
 * runs modprobe anew for each service with a scheduler that it does not find.
 */
int ipvs_can_hold(struct ipvs *ipvs, const struct table *table, struct error *error);

/*
 * Checks what depends on the network interfaces of this namespace. Each sync daemon of `table` must have its interface
 * (ERROR_UNAVAILABLE), which must be up for a master. No destination may have a link-local address that is not the
 * host's own, or the broadcast address of an interface (ERROR_INPUT). What is in the live table already passes.
 */
int ipvs_suits_interfaces(struct ipvs *ipvs, const struct table *table, struct error *error);

#endif
