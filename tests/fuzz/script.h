/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages of D-Bus as text, so that a corpus can be read and written by people and a fuzzer
 * changes words rather than offsets. Words are separated by white space; `%20` stands for a byte,
 * `~` for an empty text. Values follow their signature:
 *
 *     a{sv} [ Identifier s org.example.a SupportsVideo b 1 ]      ] may be left out at the end
 *     a(ssa{sv}) [ end-call aaaaaaaa-0000-4000-8000-000000000001 [ Reason s busy ] ]
 *     h some%20text                                               a file with that content
 *
 * Words that are missing count as empty or 0.
 */
#ifndef CALLSD_TESTS_FUZZ_SCRIPT_H
#define CALLSD_TESTS_FUZZ_SCRIPT_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define SCRIPT_WORD_SIZE 4096

/* What stands for something that is known at run time only, or NULL. */
typedef const char *(*script_name_fn)(const char *word, void *userdata);

struct script {
        const char *at, *end;
        script_name_fn name;
        void *userdata;
        char word[SCRIPT_WORD_SIZE];
};

/* The next line as a script of its own; false at the end. */
bool script_next_line(struct script *script, struct script *ret_line);
/* The next word, decoded; "" at the end. Valid until the next one. */
const char *script_word(struct script *line);
/*
 * "Call1.Answer" is org.callsd.Call1 and Answer, "Properties.Get" is of org.freedesktop.DBus; names
 * of interfaces with more dots are as they are. Both outputs have room for `size`.
 */
void script_member(const char *word, char *interface, char *member, size_t size);
/* Negative errno where that cannot be a message. */
int script_append(struct script *line, sd_bus_message *message, const char *signature);

#endif
