/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A modem daemon, as the bridge sees it.
 *
 * callsd-ofono and callsd-modemmanager are one program with two backends. What is common is here in
 * providers/modem ("the bridge"): being a provider of callsd's, modems as accounts, calls with
 * their UUIDs, orders and what they come to, finding calls again after a crash. A backend knows one
 * modem daemon: it says what is there, and does as it is asked. It knows nothing of callsd.
 *
 * Rules for both sides
 *
 * - One thread, one sd-event loop, no synchronous bus call. The bridge makes the connection to the
 *   daemon's bus, makes it again when it is lost, and watches the daemon's name. A backend lives
 *   between open() and close().
 * - All pointers that are handed over, in both directions, are lent for the duration of the call.
 *   Whoever wants to keep a text copies it.
 * - Everything that a backend tells is the whole truth of one object at this moment, never a
 *   difference: telling the same twice does no harm. The bridge compares.
 * - Both sides may call the other from inside a call: the bridge never asks from inside a
 *   bridge_...() function, but a backend may tell of calls, and complete, from inside ask(). That a
 *   modem is gone has to wait until ask() has returned.
 *
 * What a backend must tell, and when
 *
 * 1. After open(): every modem (bridge_modem()), then every call of it (bridge_call()), and when
 *    all that was there has been told, bridge_listed(), once. Nothing else completes the start:
 *    until then the bridge does not know which calls of a life before this one are over. A modem
 *    that cannot be asked (it answers with an error) is left out, or told without MODEM_CAN_CALL;
 *    it must not keep bridge_listed() away.
 * 2. A modem that comes later: the modem first, then its calls.
 * 3. Every change of a modem or a call, as soon as it is known and in the order in which it was
 *    learned. The bridge itself waits for the end of a burst (a swap is two changes).
 * 4. A call that is over: bridge_call_gone(), with whatever was said about why. Also for calls that
 *    were asked to be hung up. A modem that goes takes its calls with it: bridge_modem_gone() is
 *    enough.
 * 5. When the daemon or the bus goes, nothing: the bridge notices, calls close(), and ends all
 * calls.
 */
#ifndef CALLSD_MODEM_BACKEND_H
#define CALLSD_MODEM_BACKEND_H

#include <callsd/types.h>
#include <stdbool.h>
#include <stdint.h>

struct backend;
struct bridge;
struct request;
struct sd_bus;

/* --- what is told ----------------------------------------------------------------------------- */

/*
 * What can be asked of a modem. An order that needs what is missing is failed by the bridge with a
 * text that says so; where callsd has a flag for it (holding, grouping, muting, DTMF) it is not
 * even offered.
 */
enum modem_ability {
        MODEM_CAN_CALL =
                1 << 0, /* MODEM_DIAL, MODEM_ANSWER, MODEM_HANG_UP: there are calls at all */
        MODEM_CAN_DIAL_ALL = 1 << 1,       /* any number now; else emergency_numbers alone */
        MODEM_CAN_HOLD = 1 << 2,           /* MODEM_SWAP, MODEM_HOLD_AND_ANSWER */
        MODEM_CAN_END_AND_ANSWER = 1 << 3, /* MODEM_END_AND_ANSWER */
        MODEM_CAN_JOIN = 1 << 4,           /* MODEM_JOIN */
        MODEM_CAN_SPLIT = 1 << 5,          /* MODEM_SPLIT */
        MODEM_CAN_SEND_TONES = 1 << 6,     /* MODEM_SEND_TONES */
        MODEM_CAN_MUTE = 1 << 7,           /* MODEM_MUTE, MODEM_UNMUTE */
        /*
         * MODEM_SWAP while a call waits either swaps and leaves that call alone, or fails. Without
         * it the bridge does not ask: AT+CHLD=2 would answer.
         */
        MODEM_CAN_SWAP_BESIDE_WAITING = 1 << 8,
};

/* A modem, which is an account of the provider. */
struct modem_info {
        /*
         * Names the modem in all that is said about it, and is the account's id: so it has to stay
         * the same for the same modem over a restart of the daemon and of this program. Not empty,
         * at most 255 bytes.
         */
        const char *id;
        const char *label; /* for people: the network's or the modem's name; NULL: the id */
        const char *state; /* for people, a word: "online", "offline", "no-sim", "locked", ... */
        unsigned abilities;
        const char *const *emergency_numbers; /* NULL at its end; NULL: none */
        bool muted;                           /* its microphone, with MODEM_CAN_MUTE */
};

/* As in AT+CLCC. There is no state for a call that is over: bridge_call_gone(). */
enum modem_call_state {
        MODEM_CALL_DIALING,  /* outgoing: sent */
        MODEM_CALL_ALERTING, /* outgoing: it rings there */
        MODEM_CALL_INCOMING, /* it rings here, alone */
        MODEM_CALL_WAITING,  /* it rings here beside another call */
        MODEM_CALL_ACTIVE,
        MODEM_CALL_HELD, /* by this side */
};

struct modem_call {
        const char
                *id; /* unique among the calls of its modem as long as it lives; an object path */
        enum modem_call_state state;
        bool outgoing;
        const char *number;      /* dialled or calling; NULL: not known, or withheld */
        const char *name;        /* what the network says (CNAP); NULL: nothing */
        bool multiparty;         /* in the modem's one conference, active or held as a whole */
        bool remote_held;        /* the far end holds it */
        uint64_t connected_usec; /* date since when it is or was active; 0: not yet, or not known */
};

/* Who ended it, as far as the daemon says. */
enum modem_end {
        MODEM_END_UNKNOWN,
        MODEM_END_LOCAL,   /* somebody here, through whatever program */
        MODEM_END_REMOTE,  /* the far end */
        MODEM_END_NETWORK, /* lost, or never placed: a failure */
};

/* A modem is there, or is like this now. */
void bridge_modem(struct bridge *bridge, const struct modem_info *modem);
/* It is not there any more; its calls are over (network, failure). An unknown id is ignored. */
void bridge_modem_gone(struct bridge *bridge, const char *modem);

/*
 * A call is there, or is like this now. An unknown modem is ignored.
 *
 * An outgoing call that the bridge asked for may be told before, inside or after the completion of
 * its MODEM_DIAL; the completion's `call` says which one it is.
 */
void bridge_call(struct bridge *bridge, const char *modem, const struct modem_call *call);
/*
 * It is over. `cause` and `text` (for people) say what the network said; ..._UNKNOWN and NULL where
 * it said nothing. The bridge makes CallKit's reason of `end`, of what the call was, and of what it
 * had asked for itself. An unknown call is ignored.
 */
void bridge_call_gone(struct bridge *bridge, const char *modem, const char *call,
                      enum modem_end end, enum cx_call_ended_cause cause, const char *text);

/* Everything that was there at open() has been told. */
void bridge_listed(struct bridge *bridge);

/* --- what is asked ---------------------------------------------------------------------------- */

/*
 * The verbs are those of 3GPP 22.030, 6.5.5, and the bridge keeps its rules: at most one call or
 * one conference active and one held at each modem, at most one waiting.
 */
enum modem_verb {
        MODEM_DIAL,            /* `text` is the number; `call` NULL */
        MODEM_ANSWER,          /* `call`, which is INCOMING */
        MODEM_HANG_UP,         /* `call` alone, in any state; one that rings is rejected (busy) */
        MODEM_HOLD_AND_ANSWER, /* hold what is active, if anything, and answer the WAITING `call` */
        MODEM_END_AND_ANSWER,  /* end all that is active, and answer the WAITING `call` */
        /*
         * What is active is held, and what is held becomes active; one of the two may be nothing.
         * `call`: one of those that are to become active, or, if there are none, to be held.
         */
        MODEM_SWAP,
        MODEM_JOIN,  /* active and held calls become one conference; `call` is one that is held */
        MODEM_SPLIT, /* the other members of the active conference are held; `call` stays active */
        MODEM_SEND_TONES, /* `text`: keys 0-9 * # A-D, and ',' for a pause; to the active `call` */
        MODEM_MUTE,       /* the modem's microphone; `call` NULL */
        MODEM_UNMUTE,
};

struct modem_order {
        enum modem_verb verb;
        const char *modem; /* modem_info.id */
        const char *call;  /* modem_call.id; NULL where the verb has none */
        const char *text;
};

/* Why it did not work. */
struct modem_failure {
        enum cx_call_ended_cause cause; /* of MODEM_DIAL: what the network said; else ..._OTHER */
        const char *text;               /* for people, not empty, without a full stop */
        bool again; /* the daemon is busy with something else: the bridge asks again soon */
};

/*
 * What was asked is done (`failure` NULL), or not. Once for each request, also of a modem or a call
 * that has gone meanwhile; after it the request is no more. Not after close(): there the bridge has
 * forgotten all requests itself.
 *
 * "Done" means that the daemon said yes, not that the calls are as they should be: that is told
 * with bridge_call(), before or after. The bridge waits for both.
 *
 * @param call of MODEM_DIAL that succeeded: the new call's id. Else NULL.
 */
void request_done(struct request *request, const struct modem_failure *failure, const char *call);

/* A backend: one of these, constant. */
struct backend_type {
        const char *program;    /* "callsd-ofono" */
        const char *daemon;     /* for people: "oFono" */
        const char *bus_name;   /* whose owner is the daemon: "org.ofono" */
        const char *identifier; /* of the provider: "org.callsd.oFono" */
        const char *name;       /* of the provider, for people: "Mobile network" */
        const char *help;       /* further lines for --help; "" */

        /*
         * The daemon is on this bus, whose connection is attached to a loop: begin to list. The bus
         * is not lent: keep a reference until close(). The daemon is `owner` (a unique name): match
         * signals and send calls by it or by bus_name, as you like.
         * @return 0 or a negative errno; then close() is not called, and open() again when another
         * daemon takes the name
         */
        int (*open)(struct bridge *bridge, struct sd_bus *bus, const char *owner,
                    struct backend **ret_backend);
        /*
         * The daemon is gone, the bus is gone, or the program ends. Frees everything, drops all bus
         * slots (sd_bus_slot_unref), completes nothing, tells nothing.
         */
        void (*close)(struct backend *backend);
        /*
         * Do this, and say request_done(request, ...) when it is done. One at a time for each
         * modem: the next comes after that. There is no deadline: the bus's own (25 s) is good.
         * @return 0, or a negative errno if it could not be asked; then request_done() is not
         * called
         */
        int (*ask)(struct backend *backend, const struct modem_order *order,
                   struct request *request);
};

/* The program, for a main() of one line: arguments in, exit status out. */
int bridge_main(int argc, char **argv, const struct backend_type *type);

/* --- log ----------------------------------------------------------------------------------------
 */

/* Lines for the journal. Numbers and names of people: log_debug() alone. */
#define log_error(...) bridge_log(3, __VA_ARGS__)
#define log_warning(...) bridge_log(4, __VA_ARGS__)
#define log_info(...) bridge_log(6, __VA_ARGS__)
#define log_debug(...) bridge_log(7, __VA_ARGS__)
void bridge_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
