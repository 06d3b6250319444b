/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd.conf: what an administrator may set.
 *
 * A file is taken as a whole or not at all: an unknown key or a bad value is an error that names
 * file, line, value and remedy, because a limit that silently is not in force is worse than a
 * daemon that says why it does not start.
 */
#ifndef CALLSD_CONFIG_CONFIG_H
#define CALLSD_CONFIG_CONFIG_H

#include "model/types.h"

/* How the sound of calls, of ringing and of everything else is treated. */
struct config_audio {
        enum other_media other_media;
        double duck_volume;       /* dB */
        char **ring_devices;      /* node names, NULL-terminated; NULL: the default device */
        double ring_volume;       /* 0 to 1 */
        usec_t ring_fade_in;      /* 0: at full volume from the start */
        bool play_feedback_tones; /* ringback and DTMF */
        enum echo_cancel echo_cancel;
        char **route_preference; /* kinds of routes, best first; NULL: the default device */
        char **provider_routes;  /* "identifier:kind,kind..."; NULL: none */
};

struct config {
        struct limits limits;
        int log_level;     /* a syslog priority */
        char *bus_address; /* NULL: the user's session bus */
        char **providers;  /* identifiers that may register, NULL-terminated; NULL: all may */
        struct config_audio audio;
};

/* The defaults. */
void config_init(struct config *config);
void config_done(struct config *config);

/*
 * Replaces `config` by the defaults and what the file at `path` says. With NULL for `path` the
 * first of $XDG_CONFIG_HOME/callsd/callsd.conf (else ~/.config/callsd/callsd.conf) and
 * /etc/callsd/callsd.conf that exists is read; when there is none the defaults stand. A `path`
 * that is given has to exist.
 *
 * On failure `config` is as before and `ret_error` is a text for people, to be freed. Returns
 * -EINVAL for a bad file, or the errno of opening or reading it.
 */
int config_load(const char *path, struct config *config, char **ret_error);

/* Whether `Providers=` lets this identifier register. */
bool config_allows_provider(const struct config *config, const char *identifier);

#endif
