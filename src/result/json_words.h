/* SPDX-License-Identifier: MIT */
/* The words and the version of results as JSON, which writing and reading share. */
#ifndef IPVS_ISO_RESULT_JSON_WORDS_H
#define IPVS_ISO_RESULT_JSON_WORDS_H

#include <stdint.h>

#include "base/error.h"

#define RESULT_FORMAT "ipvs-iso.result"
#define RESULT_VERSION 1

#define ERROR_KIND_LAST ERROR_RIVAL

/* "failed", "input", ...; NULL where there is none: for ERROR_NONE. */
const char *error_kind_word(uint32_t kind);

#endif
