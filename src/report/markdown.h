/* SPDX-License-Identifier: MIT */
/* GitHub's Markdown, as others than a file of its own use it. */
#ifndef IPVS_ISO_REPORT_MARKDOWN_H
#define IPVS_ISO_REPORT_MARKDOWN_H

#include <stdbool.h>
#include <stdio.h>

#include "result/result.h"

/* `outputs`: with the end of what the units wrote that did not pass. */
void markdown_write(FILE *stream, const struct run_result *result, bool outputs);

#endif
