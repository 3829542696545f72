/* SPDX-License-Identifier: MIT */
#include "base/checksum.h"

/* The generator polynomial of ITU-T V.42, section 8.1.1.6.2, with the highest power in the lowest bit. */
#define POLYNOMIAL UINT32_C(0xedb88320)

uint32_t checksum_add(uint32_t sum, const char *bytes, size_t length)
{
	sum = ~sum;
	for (size_t i = 0; i < length; i++) {
		sum ^= (unsigned char)bytes[i];
		/* Without a branch, which would be mispredicted half of the time. */
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (POLYNOMIAL & -(sum & 1));
	}
	return ~sum;
}
