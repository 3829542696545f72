/* SPDX-License-Identifier: MIT */
/* Reading the services of a snapshot and their destinations. */
#ifndef IPVS_ISO_TABLE_JSON_SERVICES_H
#define IPVS_ISO_TABLE_JSON_SERVICES_H

#include "table/json_fields.h"

/*
 * Reads an array of services, which json_parse() left empty, into a struct table, whose own are none yet, in the order
 * of the text. On failure the table has some of them, to be freed with it.
 */
json_reader json_read_services;

#endif
