/* SPDX-License-Identifier: MIT */
/* The guest's loop: units in, their output and their results out. */
#ifndef IPVS_ISO_GUEST_SERVE_H
#define IPVS_ISO_GUEST_SERVE_H

#include "guest/wire.h"

/* Serves the host until it says FRAME_POWER_OFF or the line breaks. Units start in `directory`. For process 1 only. */
void guest_serve(struct wire *wire, const char *directory);

#endif
