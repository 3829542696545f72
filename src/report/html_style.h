/* SPDX-License-Identifier: MIT */
/* What the HTML report looks like. */
#ifndef IPVS_ISO_REPORT_HTML_STYLE_H
#define IPVS_ISO_REPORT_HTML_STYLE_H

/* CSS, without what XML would have to escape. */
extern const char html_style[];

#endif
