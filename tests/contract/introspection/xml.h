/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces in XML as lines of text, one per statement, so that two descriptions can be compared:
 *   org.callsd.Call1 property State s read
 *   org.callsd.Call1 property State org.freedesktop.DBus.Property.EmitsChangedSignal=true
 *   org.callsd.Call1 method Decline in 0 s message
 */
#ifndef CALLSD_TESTS_CONTRACT_XML_H
#define CALLSD_TESTS_CONTRACT_XML_H

#include <stddef.h>

struct statements {
        char **lines; /* sorted */
        size_t n;
};

/* Adds what `xml` says about interfaces whose names begin with org.callsd. */
void statements_add(struct statements *statements, const char *xml);
/* Adds a file; fails the test where there is none. */
void statements_add_file(struct statements *statements, const char *path);
void statements_sort(struct statements *statements);
void statements_done(struct statements *statements);

#endif
