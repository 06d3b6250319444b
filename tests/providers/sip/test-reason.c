/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a SIP status code becomes for callsd. */
#include "reason.h"

#include "support/suite.h"

static void check(struct end end, enum cx_call_ended_reason reason, enum cx_call_ended_cause cause)
{
        enum cx_call_ended_reason got_reason;
        enum cx_call_ended_cause got_cause;

        reason_of_end(&end, &got_reason, &got_cause);
        ck_assert_msg(got_reason == reason && got_cause == cause,
                      "code %d is %s, %s and not %s, %s", end.code,
                      cx_call_ended_reason_to_string(got_reason),
                      cx_call_ended_cause_to_string(got_cause),
                      cx_call_ended_reason_to_string(reason), cx_call_ended_cause_to_string(cause));
}

START_TEST(outgoing_calls_that_fail)
{
        static const struct {
                int code;
                enum cx_call_ended_reason reason;
                enum cx_call_ended_cause cause;
        } rows[] = {
                {302, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_FORWARDED},
                {403, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_REJECTED},
                {404, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
                {408, CX_CALL_ENDED_REASON_UNANSWERED, CX_CALL_ENDED_CAUSE_NO_ANSWER},
                {480, CX_CALL_ENDED_REASON_UNANSWERED, CX_CALL_ENDED_CAUSE_NO_ANSWER},
                {484, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
                {486, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_BUSY},
                {488, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_MEDIA},
                {503, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_CONGESTION},
                {600, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_BUSY},
                {603, CX_CALL_ENDED_REASON_REMOTE_ENDED, CX_CALL_ENDED_CAUSE_REJECTED},
                {604, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER},
                /* by their class */
                {399, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_FORWARDED},
                {418, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_OTHER},
                {599, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_CONGESTION},
                {699, CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_REJECTED},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                check((struct end){.outgoing = true, .code = rows[i].code}, rows[i].reason,
                      rows[i].cause);
}
END_TEST

START_TEST(hang_up_is_the_far_ends_doing)
{
        const enum cx_call_ended_cause none = CX_CALL_ENDED_CAUSE_UNKNOWN;

        check((struct end){.outgoing = true, .connected = true}, CX_CALL_ENDED_REASON_REMOTE_ENDED,
              none);
        check((struct end){.connected = true, .code = 200}, CX_CALL_ENDED_REASON_REMOTE_ENDED,
              none);
}
END_TEST

START_TEST(callers_who_give_up)
{
        const enum cx_call_ended_cause none = CX_CALL_ENDED_CAUSE_UNKNOWN;

        check((struct end){.code = 487}, CX_CALL_ENDED_REASON_REMOTE_ENDED, none);
        check((struct end){.elsewhere = 200}, CX_CALL_ENDED_REASON_ANSWERED_ELSEWHERE, none);
        check((struct end){.elsewhere = 486}, CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE, none);
        check((struct end){.elsewhere = 603}, CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE, none);
        check((struct end){.elsewhere = 408}, CX_CALL_ENDED_REASON_REMOTE_ENDED, none);
}
END_TEST

START_TEST(lost_media_is_the_networks_doing)
{
        check((struct end){.connected = true, .media_lost = true, .code = 200},
              CX_CALL_ENDED_REASON_FAILED, CX_CALL_ENDED_CAUSE_NETWORK);
}
END_TEST

static TCase *reason_case(void)
{
        TCase *tcase = tcase_create("reason");

        tcase_add_test(tcase, outgoing_calls_that_fail);
        tcase_add_test(tcase, hang_up_is_the_far_ends_doing);
        tcase_add_test(tcase, callers_who_give_up);
        tcase_add_test(tcase, lost_media_is_the_networks_doing);
        return tcase;
}

SUITE_MAIN("sip-reason", reason_case());
