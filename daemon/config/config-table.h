/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of keys: file, defaults, sample and manual page all come from it. */
#ifndef CALLSD_CONFIG_CONFIG_TABLE_H
#define CALLSD_CONFIG_CONFIG_TABLE_H

#include "config/config.h"

enum config_type {
        CONFIG_COUNT,       /* unsigned */
        CONFIG_DURATION,    /* usec_t */
        CONFIG_AUTO_RESUME, /* enum auto_resume */
        CONFIG_LOG_LEVEL,   /* int */
        CONFIG_WORD,        /* an enumeration: the place of the word in `words` */
        CONFIG_BOOL,        /* bool */
        CONFIG_DECIBEL,     /* double, CONFIG_DECIBEL_MIN to 0 */
        CONFIG_FRACTION,    /* double, 0 to 1 */
        CONFIG_TEXT,        /* char *, "" gives NULL */
        CONFIG_LIST,        /* char **, "" gives NULL; the key may be given several times */
        CONFIG_APP_LISTS,   /* the same, of "identifier:word,word" */
};

#define CONFIG_DECIBEL_MIN (-60.0)

struct config_key {
        const char *section;
        const char *name;
        enum config_type type;
        size_t offset; /* in struct config */
        uint64_t min;  /* of a count, or of a duration in microseconds */
        uint64_t max;
        const char *text;         /* documentation, one or two sentences */
        const char *const *words; /* NULL-terminated: all that there are for a word or a list */
};

/* Keys of one section follow each other. */
extern const struct config_key CONFIG_KEYS[];
extern const size_t N_CONFIG_KEYS;

bool config_section_exists(const char *section);
const struct config_key *config_key_find(const char *section, const char *name);

/* The closest known word, or NULL when none is close; for "did you mean". */
const char *config_section_suggest(const char *section);
const struct config_key *config_key_suggest(const char *section, const char *name);

/* How many letters to insert, drop or change; case does not count. */
size_t config_word_distance(const char *a, const char *b);
/* Up to a third of the letters may be wrong. */
bool config_word_is_close(const char *word, size_t wrong);

/* The section's text in the documentation. */
const char *config_section_text(const char *section);

#endif
