/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ModemManager's numbers, and what may be dialled. */
#include "words.h"

#include <errno.h>
#include <string.h>

#include "support/suite.h"

#define ALL                                                                            \
        (MODEM_CAN_CALL | MODEM_CAN_HOLD | MODEM_CAN_END_AND_ANSWER | MODEM_CAN_JOIN | \
         MODEM_CAN_SPLIT | MODEM_CAN_SEND_TONES)

START_TEST(a_modem_can_call_when_it_is_enabled)
{
        ck_assert_uint_eq(mm_modem_abilities(MM_MODEM_DISABLED, true, true), 0);
        ck_assert_uint_eq(mm_modem_abilities(MM_MODEM_LOCKED, true, true), 0);
        ck_assert_uint_eq(mm_modem_abilities(MM_MODEM_FAILED, true, true), 0);
        ck_assert_uint_eq(mm_modem_abilities(MM_MODEM_REGISTERED, false, false), 0);
        ck_assert_uint_eq(mm_modem_abilities(MM_MODEM_SEARCHING, true, true), ALL);
        ck_assert_uint_eq(mm_modem_abilities(MM_MODEM_REGISTERED, true, false),
                          ALL | MODEM_CAN_DIAL_ALL);
        ck_assert_uint_eq(mm_modem_abilities(11, true, false), ALL | MODEM_CAN_DIAL_ALL);
}
END_TEST

START_TEST(a_modem_has_a_word_for_its_state)
{
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_FAILED, MM_FAILED_SIM_MISSING), "no-sim");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_FAILED, MM_FAILED_SIM_ERROR), "sim-error");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_FAILED, MM_FAILED_UNKNOWN), "failed");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_LOCKED, 0), "locked");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_DISABLED, 0), "offline");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_ENABLING, 0), "starting");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_SEARCHING, 0), "searching");
        ck_assert_str_eq(mm_modem_state_word(MM_MODEM_REGISTERED, 0), "online");
        ck_assert_str_eq(mm_modem_state_word(11, 0), "online");
        ck_assert_str_eq(mm_modem_state_word(-2, 0), "failed");
}
END_TEST

START_TEST(a_call_lives_between_its_start_and_its_end)
{
        static const enum modem_call_state states[] = {
                [MM_CALL_DIALING] = MODEM_CALL_DIALING,
                [MM_CALL_RINGING_OUT] = MODEM_CALL_ALERTING,
                [MM_CALL_RINGING_IN] = MODEM_CALL_INCOMING,
                [MM_CALL_ACTIVE] = MODEM_CALL_ACTIVE,
                [MM_CALL_HELD] = MODEM_CALL_HELD,
                [MM_CALL_WAITING] = MODEM_CALL_WAITING,
        };

        for (int state = -2; state < 12; state++) {
                enum modem_call_state got;
                bool lives = state >= MM_CALL_DIALING && state <= MM_CALL_WAITING;

                ck_assert_int_eq(mm_call_state_lives(state, &got), lives);
                if (lives)
                        ck_assert_int_eq(got, states[state]);
        }
}
END_TEST

START_TEST(an_end_is_no_more_than_what_is_known_of_it)
{
        /* Some program hung up. */
        ck_assert_int_eq(mm_call_end(MM_REASON_TERMINATED, MM_CALL_ACTIVE).end, MODEM_END_LOCAL);
        /* Some program did, or the caller gave up. */
        ck_assert_int_eq(mm_call_end(MM_REASON_TERMINATED, MM_CALL_RINGING_IN).end,
                         MODEM_END_UNKNOWN);
        ck_assert_int_eq(mm_call_end(MM_REASON_TERMINATED, MM_CALL_WAITING).end, MODEM_END_UNKNOWN);
        /* The modem does not list it any more. */
        ck_assert_int_eq(mm_call_end(MM_REASON_UNKNOWN, MM_CALL_ACTIVE).end, MODEM_END_REMOTE);
        ck_assert_int_eq(mm_call_end(MM_REASON_REFUSED_OR_BUSY, MM_CALL_RINGING_OUT).cause,
                         CX_CALL_ENDED_CAUSE_BUSY);
        ck_assert_int_eq(mm_call_end(MM_REASON_ERROR, MM_CALL_DIALING).end, MODEM_END_NETWORK);
        ck_assert_int_eq(mm_call_end(MM_REASON_AUDIO_SETUP_FAILED, MM_CALL_ACTIVE).cause,
                         CX_CALL_ENDED_CAUSE_MEDIA);
        ck_assert_int_eq(mm_call_end(MM_REASON_TRANSFERRED, MM_CALL_ACTIVE).cause,
                         CX_CALL_ENDED_CAUSE_FORWARDED);
        ck_assert_int_eq(mm_call_end(MM_REASON_DEFLECTED, MM_CALL_RINGING_IN).end, MODEM_END_LOCAL);
        ck_assert_int_eq(mm_call_end(99, MM_CALL_ACTIVE).end, MODEM_END_REMOTE);
}
END_TEST

START_TEST(an_error_of_a_start_has_a_cause)
{
        ck_assert_int_eq(mm_start_end(MM_NAME ".Error.Connection.Busy").cause,
                         CX_CALL_ENDED_CAUSE_BUSY);
        ck_assert_int_eq(mm_start_end(MM_NAME ".Error.Connection.NoAnswer").cause,
                         CX_CALL_ENDED_CAUSE_NO_ANSWER);
        ck_assert_int_eq(mm_start_end(MM_NAME ".Error.Connection.NoCarrier").end, MODEM_END_REMOTE);
        ck_assert_int_eq(mm_start_end(MM_NAME ".Error.Connection.NoDialtone").cause,
                         CX_CALL_ENDED_CAUSE_NETWORK);
        ck_assert_int_eq(mm_start_end(MM_NAME ".Error.Core.Unauthorized").cause,
                         CX_CALL_ENDED_CAUSE_OTHER);
        ck_assert_int_eq(mm_start_end(NULL).end, MODEM_END_NETWORK);
}
END_TEST

/* What is dialled ends up in a command line of the modem. */
START_TEST(a_number_is_digits_and_nothing_else)
{
        char number[MM_NUMBER_SIZE] = "untouched";

        ck_assert_int_eq(mm_dial_number("5;+CHUP", number), -EINVAL);
        ck_assert_int_eq(mm_dial_number("5\r\nATH", number), -EINVAL);
        ck_assert_int_eq(mm_dial_number("555+1", number), -EINVAL);
        ck_assert_int_eq(mm_dial_number("alice", number), -EINVAL);
        ck_assert_int_eq(mm_dial_number("", number), -EINVAL);
        ck_assert_int_eq(mm_dial_number("+", number), -EINVAL);
        ck_assert_int_eq(mm_dial_number(" - ", number), -EINVAL);
        ck_assert_str_eq(number, "untouched");
        ck_assert_int_eq(mm_dial_number("+1 (555) 010-0.1/2", number), 0);
        ck_assert_str_eq(number, "+1555010012");
        ck_assert_int_eq(mm_dial_number("*100#", number), 0);
        ck_assert_str_eq(number, "*100#");
}
END_TEST

START_TEST(a_number_has_80_digits_at_most)
{
        char digits[82], number[MM_NUMBER_SIZE];

        memset(digits, '5', sizeof(digits) - 1);
        digits[81] = '\0';
        ck_assert_int_eq(mm_dial_number(digits, number), -E2BIG);
        digits[80] = '\0';
        ck_assert_int_eq(mm_dial_number(digits, number), 0);
        ck_assert_str_eq(number, digits);
}
END_TEST

static TCase *words_case(void)
{
        TCase *tcase = tcase_create("words");

        tcase_add_test(tcase, a_modem_can_call_when_it_is_enabled);
        tcase_add_test(tcase, a_modem_has_a_word_for_its_state);
        tcase_add_test(tcase, a_call_lives_between_its_start_and_its_end);
        tcase_add_test(tcase, an_end_is_no_more_than_what_is_known_of_it);
        tcase_add_test(tcase, an_error_of_a_start_has_a_cause);
        tcase_add_test(tcase, a_number_is_digits_and_nothing_else);
        tcase_add_test(tcase, a_number_has_80_digits_at_most);
        return tcase;
}

SUITE_MAIN("modemmanager-words", words_case());
