/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One telephony app: who it is, what it can do, which calls it has. */
#ifndef CALLSD_MODEL_PROVIDER_H
#define CALLSD_MODEL_PROVIDER_H

#include <uthash.h>

#include "model/deadline.h"
#include "model/push.h"
#include "model/types.h"
#include "util/cleanup.h"

struct call;

/* A SIM card, a SIP line. Strings are owned and never NULL. */
struct account {
        char *id;
        char *label;
        char *state;
        unsigned handle_types; /* bits 1 << enum handle_type, 0 = all */
        char **uri_schemes;    /* NULL-terminated, or NULL */
        bool emergency;
};

/* What a provider says of itself. Owned strings; NULL where nothing was said. */
struct provider_config {
        char *identifier;
        char *ringtone;
        char *localized_name;
        char *icon;
        char **uri_schemes; /* NULL-terminated, or NULL */
        struct account *accounts;
        size_t n_accounts;
        unsigned handle_types; /* bits 1 << enum handle_type, 0 = all */
        unsigned maximum_call_groups;
        unsigned maximum_calls_per_call_group;
        bool supports_video;
        bool supports_audio_translation;
        bool includes_calls_in_recents;
        bool own_echo_cancel;
        bool mix_groups;
        bool testing; /* offers itself to callsctl check-provider */
        enum call_audio audio;
        usec_t reclaim_grace;
};

/* CallKit's defaults: 2 groups of 5 calls, recents on, everything else off. */
void provider_config_init(struct provider_config *config);
void provider_config_done(struct provider_config *config);

/* What a manifest declares; the provider need not be running. Borrowed strings. */
struct provider_manifest {
        const char *identifier;
        const char *const *emergency_numbers; /* NULL-terminated, or NULL */
        const char *const *uri_schemes;       /* the same; as long as it says nothing itself */
        unsigned handle_types;                /* bits 1 << enum handle_type, 0 = all; likewise */
        usec_t reclaim_grace;
        bool can_start; /* callsd can start it through the bus */
};

/* Who stands behind a registration; every string is compared, never interpreted. */
struct provider_peer {
        const char *name;     /* the connection; unique over all buses and restarts */
        const char *identity; /* uid and app: equal for an app that was restarted */
        bool sandboxed;
};

enum provider_state {
        PROVIDER_DECLARED, /* known by a manifest, not running */
        PROVIDER_STARTING, /* callsd asked the bus to start it */
        PROVIDER_RUNNING,
        PROVIDER_AWAY, /* gone for now, its calls wait to be reclaimed */
        PROVIDER_GONE, /* only its ended calls still refer to it */
};

/* Owned by the engine; found by number or identifier. */
struct provider {
        unsigned number; /* /org/callsd/provider/p<number>, never used twice */
        struct provider_config config;
        char *peer; /* "" unless running */
        char *identity;
        enum provider_state state;
        bool sandboxed;
        bool entitled;
        bool declared;  /* by a manifest: outlives its registration */
        bool can_start; /* through the bus */
        char **emergency_numbers;
        char **manifest_schemes;
        unsigned manifest_handle_types;
        usec_t manifest_grace;
        bool bus_lost;      /* away because the bus went, not the app */
        struct call *calls; /* list through provider_prev/next, oldest first */
        unsigned n_calls;   /* not ended */
        unsigned n_ringing;
        unsigned n_transactions;     /* pending, with an action of this provider */
        usec_t emergency_until;      /* boottime; its incoming calls skip filters until then */
        struct push *pushes;         /* list, oldest first */
        unsigned push_misses;        /* reports owed in a row and not made */
        usec_t push_throttled_until; /* boottime, while these are PUSH_MISSES_MAX or more; else 0 */
        struct deadline reclaim;
        UT_hash_handle hh_number, hh_identifier;
};

/* A reverse-DNS name, such as org.example.Phone. */
bool provider_identifier_is_valid(const char *identifier);
/* NULL if nobody. */
const struct account *provider_find_account(const struct provider *provider, const char *id);
/* What it said itself; before it has run, what its manifest says. Bits, resp. NULL-terminated. */
unsigned provider_handle_types(const struct provider *provider);
char *const *provider_uri_schemes(const struct provider *provider);
bool provider_takes_handle(const struct provider *provider, enum handle_type type);
bool provider_takes_scheme(const struct provider *provider, const char *scheme);

#endif
