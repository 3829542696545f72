/* SPDX-License-Identifier: MIT */
/*
 * One line at the bottom of a terminal that says how far a run has come and how long that takes. It is there only while
 * nothing else is written there, and nothing is left of it.
 */
#ifndef IPVS_ISO_STATUS_LINE_H
#define IPVS_ISO_STATUS_LINE_H

#include "process/output.h"
#include "report/progress.h"

/*
 * Readies it, where standard error is a terminal that can clear a line (TERM is there and is not "dumb"). `progress` is
 * borrowed until status_line_close(). Without this all else here does nothing.
 */
void status_line_open(const struct progress *progress);

/* Takes it from the screen, for good. */
void status_line_close(void);

/* Before something of ours is written to the terminal: takes it away, and ends the line that a unit left unfinished. */
void status_line_hide(void);

/* After that, and when there is news: draws it anew where it was there. */
void status_line_show(void);

/* Draws it while units run; NULL where there is none. */
const struct output_bystander *status_line_bystander(void);

#endif
