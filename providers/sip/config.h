/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sip.conf says. */
#ifndef CALLSD_SIP_CONFIG_H
#define CALLSD_SIP_CONFIG_H

#include "base.h"

enum transport {
        TRANSPORT_UDP,
        TRANSPORT_TCP,
        TRANSPORT_TLS,
};

enum encryption {
        ENCRYPTION_NONE,
        ENCRYPTION_SRTP,          /* offered, and taken if it is offered */
        ENCRYPTION_SRTP_REQUIRED, /* or no call */
};

#define PORT_ANY (-1)

struct account_config {
        char *id;           /* of the section's heading */
        unsigned line;      /* of the section's heading */
        char *address;      /* sip:user@host */
        char *display_name; /* what others are shown; NULL: nothing */
        char *registrar;    /* sip:host; NULL: no registration */
        char *user;         /* to log in; NULL: that of the address */
        char *password;     /* NULL: none */
        enum transport transport;
        enum encryption encryption;
        unsigned expires; /* of a registration, in seconds */
        bool outbound_proxy;
};

struct config {
        char *listen;  /* an address of this machine; NULL: all */
        int port;      /* or PORT_ANY */
        int rtp_first; /* UDP ports for sound */
        int rtp_last;
        char *codecs;  /* names in order of preference; NULL: all, as the library likes them */
        char *ca_file; /* certificates to trust for TLS; NULL: those of the system */
        bool verify;   /* a server's certificate */
        bool ringback; /* play the ringing at the far end */
        unsigned media_timeout; /* seconds; 0: never */
        struct account_config *accounts;
        size_t n_accounts;
};

/*
 * Reads a configuration as a whole or not at all.
 * 0, or a negative errno with a text for people (path, line, what is wrong, what would be right),
 * which the caller frees. It may be NULL for want of memory.
 */
int config_load(const char *path, struct config *ret_config, char **ret_error);
/* The user's file if there is one, else the machine's, to be freed; -ENOENT: there is none. */
int config_find(char **ret_path);
void config_done(struct config *config);

#endif
