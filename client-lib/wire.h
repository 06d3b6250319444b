/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing a{sv}.
 *
 * Writers append one entry to an open dictionary and return 0 or a negative errno; those for texts
 * leave a NULL out. The reader calls back for each key; a key that nobody consumed is skipped, so a
 * newer callsd can say more.
 */
#ifndef CALLSD_CLIENT_WIRE_H
#define CALLSD_CLIENT_WIRE_H

#include "internal.h"

int wire_open_dict(sd_bus_message *message);
int wire_close_dict(sd_bus_message *message);
int wire_string(sd_bus_message *message, const char *key, const char *value);
int wire_boolean(sd_bus_message *message, const char *key, bool value);
int wire_u32(sd_bus_message *message, const char *key, uint32_t value);
int wire_u64(sd_bus_message *message, const char *key, uint64_t value);
int wire_i64(sd_bus_message *message, const char *key, int64_t value);
int wire_fd(sd_bus_message *message, const char *key, int fd);
int wire_strv(sd_bus_message *message, const char *key, const char *const *value);
/* Opens an entry whose value has this signature; write it, then close. */
int wire_open_entry(sd_bus_message *message, const char *key, const char *signature);
int wire_close_entry(sd_bus_message *message);

/*
 * One entry: `type` is the signature of its value. Read it with the functions below and return 1,
 * or return 0 to have it skipped.
 */
typedef int (*wire_entry_fn)(sd_bus_message *message, const char *key, const char *type,
                             void *userdata);
/* Reads an a{sv}. 0 or a negative errno. */
int wire_read_dict(sd_bus_message *message, wire_entry_fn entry, void *userdata);
/* Reads an aa{sv}, calling `begin` before each dictionary. */
int wire_read_dicts(sd_bus_message *message, int (*begin)(void *userdata), wire_entry_fn entry,
                    void *userdata);

/* Values inside an entry: 1 and the value, or 0 if it is of another type. */
int wire_take_string(sd_bus_message *message, const char *type, const char **ret_value);
int wire_take_boolean(sd_bus_message *message, const char *type, bool *ret_value);
int wire_take_u64(sd_bus_message *message, const char *type, uint64_t *ret_value);
int wire_take_i64(sd_bus_message *message, const char *type, int64_t *ret_value);
/* Copies; frees what was there. */
int wire_take_string_copy(sd_bus_message *message, const char *type, char **value);
/* An array of strings, or of key and value strings in turn for a{ss}. Replaces `value`. */
int wire_take_strv(sd_bus_message *message, const char *type, char ***value);
int wire_take_string_map(sd_bus_message *message, const char *type, char ***value);

#endif
