/* SPDX-License-Identifier: MIT */
/* Text within XML and HTML. */
#ifndef IPVS_ISO_REPORT_MARKUP_H
#define IPVS_ISO_REPORT_MARKUP_H

#include "report/characters.h"

/* For the text of an element. */
character_writer markup_put;

/* Writes the text of an element, or of the rest of one, in which no line is a workflow command. */
void markup_put_lines(FILE *stream, const char *bytes, size_t length);

/* For an attribute's value in double quotes: there a line feed would become a space. */
character_writer markup_put_in_attribute;

#endif
