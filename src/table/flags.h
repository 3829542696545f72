/* SPDX-License-Identifier: MIT */
/* The words for flags in snapshots. A flag is one bit. */
#ifndef IPVS_ISO_TABLE_FLAGS_H
#define IPVS_ISO_TABLE_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "persistent", "one-packet", "scheduler-1" and so on. `scheduler` is the service's: those of sh and mh have names of
 * their own for theirs ("sh-port"). NULL for a flag that has no name.
 */
const char *service_flag_name(uint32_t flag, const char *scheduler);

/* The flag that any of those words means, or ipvsadm's "flag-1" to "flag-3". False when it is none. */
bool service_flag_parse(uint32_t *flag, const char *text);

/* All of those words as a list for messages: "persistent, one-packet, sh-fallback, ...". The caller frees. */
char *service_flag_words(void);

/* "checksum", "remote-checksum": IP_VS_TUNNEL_ENCAP_FLAG_*. NULL for a flag that has no name. */
const char *tunnel_flag_name(uint32_t flag);
bool tunnel_flag_parse(uint32_t *flag, const char *text);
char *tunnel_flag_words(void);

#endif
