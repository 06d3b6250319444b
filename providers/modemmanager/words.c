/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ModemManager's numbers in words. */
#include "words.h"

#include <errno.h>
#include <string.h>

#define CONNECTION_ERROR MM_NAME ".Error.Connection."

const char *mm_modem_state_word(int state, unsigned failed_reason)
{
        switch (state) {
        case MM_MODEM_FAILED:
                return failed_reason == MM_FAILED_SIM_MISSING ? "no-sim"
                       : failed_reason == MM_FAILED_SIM_ERROR ? "sim-error"
                                                              : "failed";
        case MM_MODEM_LOCKED:
                return "locked";
        case MM_MODEM_DISABLED:
        case MM_MODEM_DISABLING:
                return "offline";
        case MM_MODEM_UNKNOWN:
        case MM_MODEM_INITIALIZING:
        case MM_MODEM_ENABLING:
                return "starting";
        case MM_MODEM_ENABLED:
        case MM_MODEM_SEARCHING:
                return "searching";
        default:
                return state < MM_MODEM_FAILED ? "failed" : "online";
        }
}

/*
 * No MODEM_CAN_MUTE: ModemManager has nothing for it. No MODEM_CAN_SWAP_BESIDE_WAITING either:
 * HoldAndAccept is the only verb that holds, and it answers what waits.
 */
unsigned mm_modem_abilities(int state, bool voice, bool emergency_only)
{
        if (!voice || state < MM_MODEM_ENABLED)
                return 0;
        return MODEM_CAN_CALL | MODEM_CAN_HOLD | MODEM_CAN_END_AND_ANSWER | MODEM_CAN_JOIN |
               MODEM_CAN_SPLIT | MODEM_CAN_SEND_TONES | (emergency_only ? 0 : MODEM_CAN_DIAL_ALL);
}

bool mm_call_state_lives(int state, enum modem_call_state *ret_state)
{
        static const enum modem_call_state states[] = {
                [MM_CALL_DIALING] = MODEM_CALL_DIALING,
                [MM_CALL_RINGING_OUT] = MODEM_CALL_ALERTING,
                [MM_CALL_RINGING_IN] = MODEM_CALL_INCOMING,
                [MM_CALL_ACTIVE] = MODEM_CALL_ACTIVE,
                [MM_CALL_HELD] = MODEM_CALL_HELD,
                [MM_CALL_WAITING] = MODEM_CALL_WAITING,
        };

        if (state <= MM_CALL_UNKNOWN || (size_t)state >= ARRAY_SIZE(states))
                return false;
        *ret_state = states[state];
        return true;
}

struct mm_end mm_call_end(int reason, int was)
{
        bool rang = was == MM_CALL_RINGING_IN || was == MM_CALL_WAITING;

        switch (reason) {
        case MM_REASON_TERMINATED:
                return (struct mm_end){.end = rang ? MODEM_END_UNKNOWN : MODEM_END_LOCAL};
        case MM_REASON_REFUSED_OR_BUSY:
                return (struct mm_end){MODEM_END_REMOTE, CX_CALL_ENDED_CAUSE_BUSY,
                                       "Busy, or refused"};
        case MM_REASON_ERROR:
                return (struct mm_end){MODEM_END_NETWORK, CX_CALL_ENDED_CAUSE_NETWORK,
                                       "Wrong number, or an error of the network"};
        case MM_REASON_AUDIO_SETUP_FAILED:
                return (struct mm_end){MODEM_END_NETWORK, CX_CALL_ENDED_CAUSE_MEDIA,
                                       "The modem's sound could not be set up"};
        case MM_REASON_TRANSFERRED:
                return (struct mm_end){MODEM_END_LOCAL, CX_CALL_ENDED_CAUSE_FORWARDED,
                                       "Transferred"};
        case MM_REASON_DEFLECTED:
                return (struct mm_end){MODEM_END_LOCAL, CX_CALL_ENDED_CAUSE_FORWARDED, "Deflected"};
        default:
                return (struct mm_end){.end = MODEM_END_REMOTE};
        }
}

struct mm_end mm_start_end(const char *error_name)
{
        static const struct {
                const char *name;
                struct mm_end end;
        } ends[] = {
                {CONNECTION_ERROR "Busy", {MODEM_END_REMOTE, CX_CALL_ENDED_CAUSE_BUSY, "Busy"}},
                {CONNECTION_ERROR "NoAnswer",
                 {MODEM_END_REMOTE, CX_CALL_ENDED_CAUSE_NO_ANSWER, "No answer"}},
                {CONNECTION_ERROR "NoCarrier",
                 {MODEM_END_REMOTE, CX_CALL_ENDED_CAUSE_UNKNOWN, "The network ended the call"}},
                {CONNECTION_ERROR "NoDialtone",
                 {MODEM_END_NETWORK, CX_CALL_ENDED_CAUSE_NETWORK, "No connection to the network"}},
        };

        for (size_t i = 0; error_name && i < ARRAY_SIZE(ends); i++)
                if (streq(error_name, ends[i].name))
                        return ends[i].end;
        return (struct mm_end){MODEM_END_NETWORK, CX_CALL_ENDED_CAUSE_OTHER,
                               "The modem could not place the call"};
}

int mm_dial_number(const char *text, char ret_number[MM_NUMBER_SIZE])
{
        char number[MM_NUMBER_SIZE];
        size_t n = 0;

        for (; *text; text++) {
                if (strchr(" -.()/", *text))
                        continue;
                if (!strchr("0123456789*#", *text) && !(*text == '+' && n == 0))
                        return -EINVAL;
                if (n + 1 >= sizeof(number))
                        return -E2BIG;
                number[n++] = *text;
        }
        number[n] = '\0';
        if (n == 0 || (n == 1 && number[0] == '+'))
                return -EINVAL;
        memcpy(ret_number, number, n + 1);
        return 0;
}
