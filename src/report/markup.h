/* SPDX-License-Identifier: MIT */
/* Text within XML and HTML. */
#ifndef IPVS_ISO_REPORT_MARKUP_H
#define IPVS_ISO_REPORT_MARKUP_H

#include "report/characters.h"

/* For the text of an element. */
character_writer markup_put;

/* For an attribute's value in double quotes: there a line feed would become a space. */
character_writer markup_put_in_attribute;

#endif
