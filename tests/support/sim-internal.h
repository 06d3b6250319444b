/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the simulator share; tests use sim.h. */
#ifndef CALLSD_TESTS_SIM_INTERNAL_H
#define CALLSD_TESTS_SIM_INTERNAL_H

#include <check.h>

#include "support/sim.h"

#define SIM_WORDS_SIZE 160
/* of ids that the engine asks for */
#define SIM_ENGINE_PREFIX "00000000-0000-4000-9000-"
#define SIM_MAX_PROVIDERS 24
#define SIM_MAX_ACTIONS 80

struct sim_provider {
        char name[16];
        char identifier[64];
        char peer[32];
        char identity[32];
        unsigned number; /* 0: never registered */
        bool running;
        enum sim_behaviour behaviour[ACTION_TYPE_MAX_];
};

#define SIM_N_PROPERTIES 26
#define SIM_N_SYSTEM 6

/* What a provider, an observer and the audio adapter know about a call. */
struct sim_call_view {
        uint64_t properties[SIM_N_PROPERTIES]; /* as last announced, by bit of enum call_change */
        struct uuid id;
        char provider[16];
        unsigned number;
        enum call_state announced;
        bool ended_announced, recorded, reset, activated;
        enum audio_level level;
        bool muted;
        uint64_t serial, ready;
};

enum sim_delivery_end {
        SIM_OPEN,
        SIM_COMPLETED,
        SIM_TIMED_OUT,
        SIM_CANCELLED,
        SIM_FACT, /* its provider's own report settled it */
        SIM_LOST, /* the provider went */
};

struct sim_delivery {
        struct uuid action, call;
        unsigned provider;
        enum action_type type;
        enum sim_delivery_end end;
        unsigned part;        /* deliveries of one signal have the same number */
        bool scripted, fails; /* completes by itself, when those before it in its part are done */
        char words[SIM_WORDS_SIZE];
};

struct sim_pending {
        struct uuid id;
        char who[32];
        bool waits, overdue;
};

/* A payload: given to its provider at most twice, and never lost. */
struct sim_payload {
        struct uuid id;
        char words[32];
        unsigned n_deliveries;
        bool failed, missed;
};

enum sim_reaction_kind {
        SIM_REACT_FULFIL,
        SIM_REACT_FAIL,
        SIM_REACT_EARLY, /* completes out of order on purpose */
        SIM_REACT_LATE,
        SIM_REACT_VANISH,
        SIM_REACT_AUDIO,
};

struct sim_reaction {
        enum sim_reaction_kind kind;
        struct uuid id;
        unsigned provider;
        uint64_t serial;
};

#define SIM_ARRAY(type, name)  \
        struct {               \
                type *items;   \
                size_t n, max; \
        } name

struct sim {
        struct engine *engine;
        struct instant now;
        uint64_t last_uuid;
        unsigned last_part;
        char label[64];
        bool quick;
        bool blind;           /* on ground that was walked before: no trace, no check at rest */
        void (*on_die)(void); /* or NULL; before anything is printed */
        uint64_t trace_hash;
        unsigned record_one_in; /* 0: the engine is never replaced by its record */
        uint64_t record_random;
        bool entitled;
        char judged_handle[64];
        enum refusal judge;
        bool judge_allowed;
        enum sim_audio audio;
        unsigned depth;
        bool held_mark;
        char *before;           /* dump in front of the input */
        unsigned reporter;      /* the provider whose input is being handled */
        struct uuid completing; /* the action whose completion is being handled */
        char ring[32];
        uint64_t system[SIM_N_SYSTEM]; /* as last announced, by bit of enum system_change */
        bool audio_gone;
        char results[1024];
        char reasons[SIM_MAX_ACTIONS][128];
        size_t n_reasons;
        SIM_ARRAY(char *, trace);
        size_t mark;
        SIM_ARRAY(struct sim_provider, providers);
        SIM_ARRAY(struct sim_call_view, calls);
        SIM_ARRAY(struct sim_delivery, deliveries);
        SIM_ARRAY(struct sim_pending, pending);
        SIM_ARRAY(struct sim_reaction, reactions);
        SIM_ARRAY(struct sim_payload, payloads);
};

/* ck_assert() writes a file each time it is passed, which is far too slow for here. */
#define sim_must(condition)                             \
        do {                                            \
                if (!(condition))                       \
                        ck_abort_msg("%s", #condition); \
        } while (false)

/* Adds one item and returns it, all zero. */
#define sim_push(array)                                                                          \
        (sim_grow((void **)&(array)->items, &(array)->max, (array)->n, sizeof(*(array)->items)), \
         &(array)->items[(array)->n++])
void sim_grow(void **items, size_t *max, size_t n, size_t item_size);
void sim_remove_at(void *items, size_t *n, size_t index, size_t item_size);

struct engine_host sim_host(struct sim *sim);
/* The engine becomes what its record says: always, or as sim_set_record() said. */
void sim_replace(struct sim *sim);
void sim_maybe_replace(struct sim *sim);
/* Clears what no record holds: pointers, what belongs to a list or a table, what is counted. */
void sim_clear_engine(struct engine *copy);
void sim_clear_provider(struct provider *copy);
void sim_clear_push(struct push *copy);
void sim_clear_call(struct call *copy);
void sim_clear_transaction(struct transaction *copy);
void sim_clear_action(struct action *copy);
void sim_compare(struct sim *sim, const struct engine *a, const struct engine *b);

void sim_line(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
void sim_drain(struct sim *sim);
void sim_check(struct sim *sim);
void sim_check_deliveries(struct sim *sim);
void sim_check_views(struct sim *sim);
/* A number for the values behind each bit of enum call_change and enum system_change. */
void sim_call_properties(const struct call *call, uint64_t *ret_properties);
void sim_system_properties(struct sim *sim, uint64_t *ret_properties);
const char *sim_call_property_name(unsigned bit);
const char *sim_system_property_name(unsigned bit);
void sim_effect(struct sim *sim, const struct effect *effect);
void sim_react(struct sim *sim, enum sim_reaction_kind kind, const struct uuid *id,
               unsigned provider, uint64_t serial);
int sim_complete(struct sim *sim, struct sim_delivery *delivery, bool fulfil,
                 const struct action_outcome *outcome);
/* The next completion that the scripts have in store; false if there is none. */
bool sim_next_scripted(struct sim *sim, struct sim_reaction *ret_reaction);
void sim_lose_deliveries(struct sim *sim, unsigned provider);

struct sim_provider *sim_find_provider(struct sim *sim, const char *name);
struct sim_provider *sim_find_number(struct sim *sim, unsigned number);
struct sim_call_view *sim_find_view(struct sim *sim, const struct uuid *id);
struct sim_delivery *sim_find_delivery(struct sim *sim, const struct uuid *action);
struct sim_delivery *sim_find_words(struct sim *sim, const char *words, bool open_only);
const char *sim_provider_of_call(struct sim *sim, const char *call);

/* One action of the list at `*text`; false at its end. Words live in `buffer`. */
struct sim_parsed {
        struct action_args args[SIM_MAX_ACTIONS];
        struct uuid calls[SIM_MAX_ACTIONS], others[SIM_MAX_ACTIONS];
        char text[SIM_MAX_ACTIONS][96];
        char text2[SIM_MAX_ACTIONS][96];
        size_t n;
};
void sim_parse(struct sim *sim, const char *actions, struct sim_parsed *parsed);
void sim_parse_who(struct sim *sim, const char *who, struct request *request, char *peer,
                   size_t peer_size);

#endif
