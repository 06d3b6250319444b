/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key files, as desktop files and manifests are: groups, keys with translations, values.
 *
 * Not inih, which reads callsd.conf: it knows no translated keys, joins indented lines, and takes
 * a ';' in a list for the beginning of a comment.
 */
#ifndef CALLSD_CONFIG_KEY_FILE_H
#define CALLSD_CONFIG_KEY_FILE_H

#include "model/types.h"

enum key_file_line {
        KEY_FILE_GROUP, /* [group] */
        KEY_FILE_KEY,   /* key[locale]=value */
        KEY_FILE_BAD,   /* neither; `value` is the line */
};

/* Borrowed for the length of the call. */
struct key_file_entry {
        enum key_file_line kind;
        unsigned line;
        const char *group; /* "" before the first */
        const char *key;
        const char *locale; /* "" without one */
        const char *value;  /* as it stands there, see key_file_unescape() */
};

/* Negative ends the reading. */
typedef int (*key_file_fn)(const struct key_file_entry *entry, void *userdata);

/*
 * Cuts `text`, which is `size` bytes and a NUL, into entries. -EILSEQ: it is no text, and
 * `ret_line` says where (nothing was told then); else what `entry_fn` returned.
 */
int key_file_read(char *text, size_t size, key_file_fn entry_fn, void *userdata,
                  unsigned *ret_line);

/* \s \n \t \r \\ in place. False for any other escape. */
bool key_file_unescape(char *value);

/*
 * The next of a list's items, unescaped, or NULL at its end; `list` is moved on. Items end in ';',
 * which is "\;" where it is meant; blanks around them don't count. `ret_good` is false for a bad
 * escape.
 */
char *key_file_next_item(char **list, bool *ret_good);

/*
 * How well a translation is for whoever has `locale` ("de_AT.UTF-8@euro", "" for none): 0 not at
 * all, 1 the text without a translation, more for a better one.
 */
unsigned key_file_rank(const char *translation, const char *locale);

/* LC_ALL, LC_MESSAGES or LANG, or "". */
const char *key_file_locale(void);

#endif
