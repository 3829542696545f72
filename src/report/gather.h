/* SPDX-License-Identifier: MIT */
/* Results read from files, as --report FILE.json and IPVS_ISO_REPORT_DIR wrote them. */
#ifndef IPVS_ISO_REPORT_GATHER_H
#define IPVS_ISO_REPORT_GATHER_H

#include "base/error.h"
#include "result/result.h"

/*
 * Reads results, at least one, and makes one of them. Each name is a file, "-" for standard input, or a folder, in
 * which all files *.json are results; one without any is an error. `result` starts as zeros.
 */
int report_gather(struct run_result *result, char *const *names, size_t count, struct error *error);

#endif
