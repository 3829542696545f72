/* SPDX-License-Identifier: MIT */
/* Tables in the words of ipvsadm(8): the options one would type to make a thing. */
#ifndef IPVS_ISO_TABLE_RULES_H
#define IPVS_ISO_TABLE_RULES_H

#include "table/diff.h"
#include "table/table.h"

/* All of these return text that the caller frees. Addresses and ports are numbers; IPv6 is in brackets. */

/* "-t 10.0.0.1:80", "-u [fd00::1]:53", "--sctp-service 10.0.0.1:80", "-f 7 -6": what names a service. */
char *service_name_rule(const struct service *service);

/* "-A -t 10.0.0.1:80 -s rr -p 300 -M 255.255.255.0": the service without its destinations. */
char *service_rule(const struct service *service);

/* "-t 10.0.0.1:80 -r 10.0.0.2:8080": what names a destination. */
char *destination_name_rule(const struct service *service, const struct destination *destination);

/*
 * "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1 -x 100 -y 50": a destination of `service`.
 * What ipvsadm has no option for (local, bypass) is written as "# forward local" behind the rest.
 */
char *destination_rule(const struct service *service, const struct destination *destination);

/*
 * Whether ipvsadm has options for the destination's tunnel: only GUE has a port there, only GUE the remote checksum,
 * only GUE and GRE have checksums, and without -i there are none of these.
 */
bool tunnel_has_rule(const struct destination *destination);

/* "--set 900 120 300" */
char *timeouts_rule(const struct timeouts *timeouts);

/* "--start-daemon master --mcast-interface lo --syncid 1 ...": only what differs from the kernel's defaults. */
char *daemon_rule(const struct sync_daemon *daemon);

/* "net.ipv4.vs.expire_nodest_conn = 1", as sysctl(8) writes it. */
char *sysctl_rule(const struct sysctl *sysctl);

/*
 * What a change is about, in one line. Additions and removals: the rule of the thing. Edits: both rules or values,
 * "-a -t ... -w 1 (was: -w 5)" style: the rule as it is in `to`, then in parentheses what it was in `from`.
 * A reordered destination says so in parentheses.
 */
char *change_text(const struct change *change);

#endif
