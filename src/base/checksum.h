/* SPDX-License-Identifier: MIT */
/* A checksum that finds what a disk, a slip of the hand or another program changed; no proof against malice. */
#ifndef IPVS_ISO_BASE_CHECKSUM_H
#define IPVS_ISO_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* How one is written in a file: behind the prefix, in lower-case hexadecimal digits. */
#define CHECKSUM_PREFIX "crc32:"
#define CHECKSUM_DIGITS 8

/*
 * The CRC-32 of gzip (RFC 1952) and of zlib's crc32(), of all that came before, whose checksum is `sum` (0: nothing
 * did), and `length` more bytes. Whatever is changed within four bytes on end changes it.
 */
uint32_t checksum_add(uint32_t sum, const char *bytes, size_t length);

#endif
