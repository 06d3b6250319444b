/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From status codes (RFC 3261, section 21) to callsd's reasons and causes.
 *
 * The reason says whose doing it was; the cause what the network said. Codes that are not in the
 * table go by their class.
 */
#include "reason.h"

static const struct {
        int code;
        enum cx_call_ended_reason reason;
        enum cx_call_ended_cause cause;
} codes[] = {
        {301, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_FORWARDED},
        {302, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_FORWARDED},
        {305, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_FORWARDED},
        {401, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_REJECTED},
        {403, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_REJECTED},
        {404, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
        {407, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_REJECTED},
        {408, CX_CALL_ENDED_REASON_UNANSWERED, CX_CALL_ENDED_CAUSE_NO_ANSWER},
        {410, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
        {415, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_MEDIA},
        {416, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
        {480, CX_CALL_ENDED_REASON_UNANSWERED, CX_CALL_ENDED_CAUSE_NO_ANSWER},
        {484, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
        {485, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
        {486, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_BUSY},
        {487, CX_CALL_ENDED_REASON_UNANSWERED, CX_CALL_ENDED_CAUSE_NO_ANSWER},
        {488, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_MEDIA},
        {503, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_CONGESTION},
        {504, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NETWORK},
        {600, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_BUSY},
        {603, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_REJECTED},
        {604, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
        {606, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_MEDIA},
        {607, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_REJECTED},
};

static enum cx_call_ended_cause cause_of_class(int code)
{
        switch (code / 100) {
        case 3:
                return CX_CALL_ENDED_CAUSE_FORWARDED;
        case 5:
                return CX_CALL_ENDED_CAUSE_CONGESTION;
        case 6:
                return CX_CALL_ENDED_CAUSE_REJECTED;
        default:
                return CX_CALL_ENDED_CAUSE_OTHER;
        }
}

static void reason_of_code(int code, enum cx_call_ended_reason *ret_reason,
                           enum cx_call_ended_cause *ret_cause)
{
        *ret_reason = CX_CALL_ENDED_REASON_FAILED;
        *ret_cause = cause_of_class(code);
        for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
                if (codes[i].code == code) {
                        *ret_reason = codes[i].reason;
                        *ret_cause = codes[i].cause;
                }
        }
}

/* A proxy that has forked a call tells the losers who took it (RFC 3326). */
static enum cx_call_ended_reason reason_of_cancel(int elsewhere)
{
        if (elsewhere == 200)
                return CX_CALL_ENDED_REASON_ANSWERED_ELSEWHERE;
        if (elsewhere == 486 || elsewhere / 100 == 6)
                return CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE;
        return CX_CALL_ENDED_REASON_REMOTE_ENDED;
}

void reason_of_end(const struct end *end, enum cx_call_ended_reason *ret_reason,
                   enum cx_call_ended_cause *ret_cause)
{
        *ret_cause = CX_CALL_ENDED_CAUSE_UNKNOWN;
        if (end->media_lost) {
                *ret_reason = CX_CALL_ENDED_REASON_FAILED;
                *ret_cause = CX_CALL_ENDED_CAUSE_NETWORK;
        } else if (!end->outgoing && !end->connected) {
                *ret_reason = reason_of_cancel(end->elsewhere);
        } else if (end->code >= 300) {
                reason_of_code(end->code, ret_reason, ret_cause);
        } else {
                *ret_reason = CX_CALL_ENDED_REASON_REMOTE_ENDED;
        }
}
