/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What callsd has changed of other people's things and not yet put back.
 *
 * A record is on disk before the change is asked for, and goes when the change is undone or what it
 * was made to is gone. So a callsd that dies leaves a list of what the next one has to undo. The
 * file is in the runtime directory, whose life is the user's session, as is the sound server's.
 */
#ifndef CALLSD_AUDIO_JOURNAL_H
#define CALLSD_AUDIO_JOURNAL_H

#include "util/macro.h"

enum journal_kind {
        JOURNAL_DUCK,    /* softVolumes of a stream */
        JOURNAL_PAUSE,   /* a media player; `text` says which */
        JOURNAL_TARGET,  /* target metadata of a stream; `text` is what it was */
        JOURNAL_PROFILE, /* profile of a device; `text` is what it was */
        JOURNAL_KIND_MAX_,
};

/* An object of the server is named by the server's cookie and its serial: neither comes again. */
struct journal_record {
        struct journal_record *prev;
        struct journal_record *next;
        enum journal_kind kind;
        uint32_t cookie;
        uint64_t serial;
        char *text; /* one line, never NULL */
};

struct journal {
        char *path; /* NULL: there is no runtime directory */
        struct journal_record *records;
};

/* Reads what an earlier callsd has left. Without a runtime directory, or with a file that says
 * nothing useful, it is empty. */
void journal_init(struct journal *journal);
/* Leaves the file. */
void journal_done(struct journal *journal);

/*
 * On disk when this returns 0; otherwise the change must not be made. -ENOENT without a runtime
 * directory, which is told in the log once; -ENOMEM; an errno of writing.
 */
int journal_add(struct journal *journal, enum journal_kind kind, uint32_t cookie, uint64_t serial,
                const char *text, struct journal_record **ret_record);
/* `record` may be NULL. */
void journal_remove(struct journal *journal, struct journal_record *record);
/* Removes what was done in a server that is not the one with this cookie. */
void journal_forget_others(struct journal *journal, uint32_t cookie);

#endif
