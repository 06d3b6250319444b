/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ModemManager's numbers, and what they mean to the bridge. Pure.
 *
 * The numbers are MMModemState, MMCallState, MMCallStateReason and MMCallDirection of ModemManager
 * 1.20; they are part of its D-Bus interface and do not change.
 */
#ifndef CALLSD_MODEMMANAGER_WORDS_H
#define CALLSD_MODEMMANAGER_WORDS_H

#include "modem/backend.h"
#include "modem/base.h"

#define MM_NAME "org.freedesktop.ModemManager1"
#define MM_PATH "/org/freedesktop/ModemManager1"
#define MM_MODEM_INTERFACE MM_NAME ".Modem"
#define MM_3GPP_INTERFACE MM_NAME ".Modem.Modem3gpp"
#define MM_VOICE_INTERFACE MM_NAME ".Modem.Voice"
#define MM_CALL_INTERFACE MM_NAME ".Call"
#define MM_SIM_INTERFACE MM_NAME ".Sim"

enum mm_modem_state {
        MM_MODEM_FAILED = -1,
        MM_MODEM_UNKNOWN,
        MM_MODEM_INITIALIZING,
        MM_MODEM_LOCKED,
        MM_MODEM_DISABLED,
        MM_MODEM_DISABLING,
        MM_MODEM_ENABLING,
        MM_MODEM_ENABLED,
        MM_MODEM_SEARCHING,
        MM_MODEM_REGISTERED, /* this and all above */
};

enum mm_failed_reason {
        MM_FAILED_NONE,
        MM_FAILED_UNKNOWN,
        MM_FAILED_SIM_MISSING,
        MM_FAILED_SIM_ERROR,
};

enum mm_call_state {
        MM_CALL_UNKNOWN, /* made, and not started yet */
        MM_CALL_DIALING,
        MM_CALL_RINGING_OUT,
        MM_CALL_RINGING_IN,
        MM_CALL_ACTIVE,
        MM_CALL_HELD,
        MM_CALL_WAITING,
        MM_CALL_TERMINATED,
};

enum mm_call_reason {
        MM_REASON_UNKNOWN,
        MM_REASON_OUTGOING_STARTED,
        MM_REASON_INCOMING_NEW,
        MM_REASON_ACCEPTED,
        MM_REASON_TERMINATED,
        MM_REASON_REFUSED_OR_BUSY,
        MM_REASON_ERROR,
        MM_REASON_AUDIO_SETUP_FAILED,
        MM_REASON_TRANSFERRED,
        MM_REASON_DEFLECTED,
};

enum mm_direction {
        MM_DIRECTION_UNKNOWN,
        MM_DIRECTION_INCOMING,
        MM_DIRECTION_OUTGOING,
};

/* Why a call is over, in the bridge's terms. `text` is static; NULL: nothing to say. */
struct mm_end {
        enum modem_end end;
        enum cx_call_ended_cause cause;
        const char *text;
};

/* The account's state for people; never NULL. */
const char *mm_modem_state_word(int state, unsigned failed_reason);
/* What can be asked of a modem in this state. `voice`: it has ModemManager's Voice interface. */
unsigned mm_modem_abilities(int state, bool voice, bool emergency_only);

/* Whether the state is one that the bridge is told of; false: not started yet, over, or new. */
bool mm_call_state_lives(int state, enum modem_call_state *ret_state);
/*
 * `was`: the state before. Nobody says who ended a call. With a reason of "terminated" an order of
 * some program did, or a caller who rings was not heard of for 10 s; with "unknown" the modem.
 */
struct mm_end mm_call_end(int reason, int was);
/* The same of the D-Bus error that the start of a call came to. */
struct mm_end mm_start_end(const char *error_name);

/*
 * The number as it may be dialled. ModemManager writes what it gets between "ATD" and ";", so this
 * takes digits, * and #, and a + in front, and leaves out what people write between them.
 * @return 0; -EINVAL: something else, or nothing, is in it; -E2BIG: more than the 80 that fit
 */
#define MM_NUMBER_SIZE 81
int mm_dial_number(const char *text, char ret_number[MM_NUMBER_SIZE]);

#endif
