/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of check-provider share.
 *
 * Two connections look at the app under test. The first is an ordinary controller: it gives orders
 * and sees what became of calls. The second is a monitor of the bus: it sees what callsd and the
 * app say to each other, so that it is known when an order was answered, how often, and with what.
 */
#ifndef CALLSCTL_CHECK_H
#define CALLSCTL_CHECK_H

#include "ctl.h"

#include <systemd/sd-event.h>

#define UUID_SIZE 64
#define WORD_SIZE 32
#define MSEC UINT64_C(1000)
#define SEC UINT64_C(1000000)
#define NO_TIME UINT64_MAX
#define WISHES_MAX 16

enum result {
        RESULT_NONE,
        RESULT_PASS,
        RESULT_FAIL,
        RESULT_SKIPPED,
        RESULT_NOT_SEEN,
};

struct check;
struct row;

/* One line of the table. */
struct item {
        const char *name;
        const char *rows; /* of the acceptance list, in words: "T13 T14" */
        const char *help;
        void (*run)(struct check *check, struct row *row);
};

struct row {
        const struct item *item;
        enum result result;
        uint64_t usec; /* NO_TIME: there is none */
        char *text;
        char *advice;
};

/* An order as the monitor saw it. Times are of CLOCK_MONOTONIC. */
struct order {
        struct order *next;
        char action[UUID_SIZE];
        char call[UUID_SIZE];
        char type[WORD_SIZE];
        uint64_t delivered_at;
        uint64_t completed_at; /* 0: not yet */
        unsigned n_accepted;
        unsigned part;  /* which PerformTransaction it came with */
        unsigned index; /* in that */
        bool fulfilled;
        bool withdrawn; /* timed out or cancelled */
};

enum owner {
        OWNER_UNKNOWN,
        OWNER_TESTED,
        OWNER_OTHER,
};

/* A call, as callsd shows it and as the app speaks of it. */
struct test_call {
        struct test_call *next;
        char uuid[UUID_SIZE];
        char path[128];
        char state[WORD_SIZE];
        enum owner owner;
        bool taken; /* by a check */
        bool gone;  /* from the list of callsd */
        uint64_t seen_at;
        uint64_t seen_date; /* CLOCK_REALTIME */
        uint64_t active_at;
        /* the monitor's */
        uint64_t connecting_at;
        uint64_t connected_at;
        uint64_t over_at; /* the app has said, or has been told, that it is over */
        uint64_t asked_streams_at;
        uint64_t sound_at;
        unsigned n_reported; /* as new, or as one that exists */
        char reason[WORD_SIZE];
        char cause[WORD_SIZE];
};

/* What the rules of check-judge.c found: how often, and what the first was. */
enum rule {
        RULE_COMPLETES_ALL,
        RULE_COMPLETES_ONCE,
        RULE_IN_ORDER,
        RULE_VALID,
        RULE_KEYS,
        RULE_DATES,
        RULE_FINAL,
        RULE_STAYS,
        RULE_STREAMS,
        RULE_MAX_,
};

struct fault {
        unsigned n;
        char *text;
};

struct question;
struct command;

struct check {
        struct ctl *ctl;
        const struct check_options *options;
        const char *identifier;
        sd_event *event;
        sd_bus *monitor;  /* NULL: refused */
        json_t *provider; /* properties of ProviderInfo1 */
        char *path;       /* of the provider */
        char *callsd;     /* its connection; NULL while it is away */
        char *peer;       /* the app's connection; NULL until it is known */
        pid_t pid;        /* the app's process, while it is stopped */
        json_t *results;  /* transaction -> what became of it */
        struct test_call *calls;
        struct order *orders;
        struct question *questions;
        struct command *commands;
        struct fault faults[RULE_MAX_];
        uint64_t pong;     /* the cookie of the last answer to us that the monitor saw */
        uint64_t heard_at; /* when the app last said something */
        uint64_t asked_at; /* when something was last asked of callsd */
        uint64_t quiet_at; /* when all was quiet */
        unsigned n_parts;
        unsigned n_registered;
        unsigned n_completions;
        unsigned n_reports;
        bool provoked; /* orders that are not completed in time are our doing */
        bool peer_lost;
        bool began; /* calls of the app are test calls from here on */
        bool over;  /* the checks are: only clean up */
        char *stopped_by;
};

/* check-loop.c */
uint64_t monotonic_now(void);
int check_open(struct check *check);
void check_close(struct check *check);
uint64_t deadline_in(uint64_t usec);
uint64_t patience(const struct check *check);
bool check_turn(struct check *check, uint64_t deadline);
bool check_pause(struct check *check, uint64_t usec, uint64_t deadline);
void check_stop(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_settle(struct check *check);
int check_request(struct check *check, order_fn append, const void *userdata, sd_bus_error *error,
                  json_t **ret_arguments);
void check_quiet(struct check *check);

/* check-command.c */
bool command_run(struct check *check, struct row *row, const char *text,
                 const struct test_call *call);
bool command_failed(const struct check *check);
void command_blame(const struct check *check, struct row *row, const char *text);
void commands_end(struct check *check);
void commands_free(struct check *check);
bool process_stop(struct check *check, struct row *row);
void process_continue(struct check *check);

/* check-watch.c */
int watch_open(struct check *check);
void watch_close(struct check *check);
struct order *order_find(const struct check *check, const char *action);

/* check-judge.c */
void fault(struct check *check, enum rule rule, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void judge_said(struct check *check, const char *member, const json_t *arguments);
void judge_answered(struct check *check, const char *member, const json_t *arguments, uint64_t at,
                    const char *error, const char *message);
void judge_unanswered(struct check *check, const char *member, const json_t *arguments,
                      uint64_t at);
void judge_told(struct check *check, const char *member, const json_t *arguments);
void judge_lost(struct check *check);
void judge_withdrawn(struct check *check, const struct test_call *call);

/* check-keys.c */
void keys_judge(struct check *check, const char *member, const json_t *arguments);

/* check-call.c: the list of calls */
int calls_watch(struct check *check);
int calls_load(struct check *check);
void calls_identify(struct check *check);
void calls_free(struct check *check);
struct test_call *call_find(const struct check *check, const char *uuid);
struct test_call *call_note(struct check *check, const char *uuid);
bool call_lives(const struct test_call *call);
bool call_in(const struct test_call *call, const char *state);
bool call_wait(struct check *check, const struct test_call *call, const char *state);
bool call_wait_over(struct check *check, const struct test_call *call);
bool call_flag(struct check *check, const struct test_call *call, const char *property);
json_t *call_details(struct check *check, const struct test_call *call);
void calls_clear(struct check *check);

/* check-order.c: requests, and calls to try them on */
struct wish {
        const char *type;
        const char *call;
        const char *key;
        const char *text; /* NULL: `flag` */
        bool flag;
        const char *handle_type; /* of a start */
};

struct request {
        char transaction[UUID_SIZE];
        char actions[WISHES_MAX][UUID_SIZE];
        size_t n;
        uint64_t sent_at;
        uint64_t done_at;
};

bool request_send(struct check *check, struct row *row, const struct wish *wishes, size_t n,
                  uint64_t timeout, struct request *ret_request);
bool request_wait(struct check *check, struct request *request);
bool request_fulfilled(struct check *check, struct row *row, struct request *request);
const char *request_result(const struct check *check, const struct request *request, size_t i);
uint64_t request_time(const struct check *check, const struct request *request, size_t i);
bool wish_come_true(struct check *check, struct row *row, const struct wish *wish,
                    uint64_t *ret_usec);
bool wish_choose(struct check *check, const struct test_call *call, struct wish *ret_wish);
bool wish_refused(struct check *check, struct row *row, const struct wish *wish);
struct test_call *call_dial(struct check *check, struct row *row, const char *handle,
                            struct request *ret_request);
struct test_call *call_receive(struct check *check, struct row *row);
struct test_call *call_get_active(struct check *check, struct row *row);
struct test_call *call_get_other(struct check *check, struct row *row,
                                 const struct test_call *first);
bool needs(struct row *row, const char *value, const char *option);
const char *ms(char *buffer, size_t size, uint64_t usec);

/* check-row.c */
void row_pass(struct row *row, uint64_t usec, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void row_fail(struct row *row, const char *advice, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void row_skip(struct row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));
void row_not_seen(struct row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));
void row_begin(const struct check *check, const struct row *row);
void row_print(const struct check *check, const struct row *row);
void rows_print_json(const struct check *check, const struct row *rows, size_t n);
void rows_print_sum(const struct check *check, const struct row *rows, size_t n);
size_t rows_count(const struct row *rows, size_t n, enum result result);
const char *result_to_string(enum result result);

/* the checks, in the order in which they run */
/* check-outgoing.c */
void check_configuration(struct check *check, struct row *row);
void check_outgoing(struct check *check, struct row *row);
void check_outgoing_cancelled(struct check *check, struct row *row);
void check_outgoing_refused(struct check *check, struct row *row);
void check_end(struct check *check, struct row *row);
void check_remote_end(struct check *check, struct row *row);
/* check-incoming.c */
void check_incoming(struct check *check, struct row *row);
void check_declined(struct check *check, struct row *row);
void check_missed(struct check *check, struct row *row);
/* check-active.c */
void check_mute(struct check *check, struct row *row);
void check_hold(struct check *check, struct row *row);
void check_remote_hold(struct check *check, struct row *row);
void check_dtmf(struct check *check, struct row *row);
void check_several(struct check *check, struct row *row);
/* check-two.c */
void check_second_call(struct check *check, struct row *row);
void check_swap(struct check *check, struct row *row);
void check_group(struct check *check, struct row *row);
void check_end_and_answer(struct check *check, struct row *row);
/* check-fault.c */
void check_end_during_start(struct check *check, struct row *row);
void check_end_during_answer(struct check *check, struct row *row);
void check_cancelled(struct check *check, struct row *row);
void check_late_answer(struct check *check, struct row *row);
/* check-restart.c */
void check_restart(struct check *check, struct row *row);
void check_restart_pending(struct check *check, struct row *row);
bool provider_find(struct check *check);
/* check-rules.c */
void check_completes_all(struct check *check, struct row *row);
void check_completes_once(struct check *check, struct row *row);
void check_in_order(struct check *check, struct row *row);
void check_valid(struct check *check, struct row *row);
void check_keys(struct check *check, struct row *row);
void check_dates(struct check *check, struct row *row);
void check_final(struct check *check, struct row *row);
void check_stays(struct check *check, struct row *row);
void check_streams(struct check *check, struct row *row);

#endif
