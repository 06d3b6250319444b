/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documentation made from the table of keys. */
#ifndef CALLSD_CONFIG_CONFIG_DOC_H
#define CALLSD_CONFIG_CONFIG_DOC_H

#include <stdio.h>

/* callsd.conf with every key commented out at its default: what is installed as the sample. */
void config_print_sample(FILE *file);

/* The sections and keys in scdoc's language, for the manual page. */
void config_print_manual(FILE *file);

#endif
