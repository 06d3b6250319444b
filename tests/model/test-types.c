/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spelling of every word of the model, there and back. */
#include "model/action.h"
#include "model/call.h"
#include "model/effect.h"
#include "model/engine.h"
#include "model/refusal.h"
#include "model/types.h"

#include <errno.h>
#include <stdio.h>

#include "support/suite.h"

/* The words of an enumeration from 0 on; "" where the bus shows nothing. */
#define CHECK_WORDS(function, type, ...)                               \
        do {                                                           \
                static const char *const words[] = {__VA_ARGS__};      \
                                                                       \
                for (unsigned i = 0; i < ARRAY_SIZE(words); i++)       \
                        ck_assert_str_eq(function((type)i), words[i]); \
        } while (0)

/* And each one is found again. Unknown words, other cases and the empty one are not. */
#define CHECK_BACK(to, from, type, first, end)                          \
        do {                                                            \
                type value = (type)(end);                               \
                                                                        \
                for (unsigned i = (first); i < (unsigned)(end); i++) {  \
                        ck_assert_int_eq(from(to((type)i), &value), 0); \
                        ck_assert_int_eq((int)value, (int)i);           \
                }                                                       \
                value = (type)(first);                                  \
                ck_assert_int_eq(from("nonsense", &value), -EINVAL);    \
                ck_assert_int_eq(from("Held", &value), -EINVAL);        \
                ck_assert_int_eq((int)value, (int)(first));             \
        } while (0)

START_TEST(call_states)
{
        CHECK_WORDS(call_state_to_string, enum call_state, "ringing", "answering", "starting",
                    "started", "connecting", "active", "held", "ending", "ended");
        CHECK_BACK(call_state_to_string, call_state_from_string, enum call_state, 0,
                   CALL_STATE_MAX_);
}
END_TEST

START_TEST(hold_reasons)
{
        CHECK_WORDS(hold_reason_to_string, enum hold_reason, "", "user", "interrupted", "provider");
}
END_TEST

/* Rows: E1, E2, E3, E4, S1 */
START_TEST(ended_reasons)
{
        CHECK_WORDS(ended_reason_to_string, enum ended_reason, "", "failed", "remote-ended",
                    "unanswered", "answered-elsewhere", "declined-elsewhere", "local-ended",
                    "declined", "provider-lost");
        CHECK_BACK(ended_reason_to_string, ended_reason_from_string, enum ended_reason,
                   ENDED_REASON_FAILED, ENDED_REASON_LOCAL_ENDED + 1);
        ck_assert_int_eq(ENDED_REASON_FAILED, 1);
        ck_assert_int_eq(ENDED_REASON_REMOTE_ENDED, 2);
        ck_assert_int_eq(ENDED_REASON_UNANSWERED, 3);
        ck_assert_int_eq(ENDED_REASON_ANSWERED_ELSEWHERE, 4);
        ck_assert_int_eq(ENDED_REASON_DECLINED_ELSEWHERE, 5);
}
END_TEST

START_TEST(ended_causes)
{
        CHECK_WORDS(ended_cause_to_string, enum ended_cause, "", "busy", "rejected", "no-answer",
                    "no-such-number", "congestion", "network", "media", "forwarded", "other");
        CHECK_BACK(ended_cause_to_string, ended_cause_from_string, enum ended_cause,
                   ENDED_CAUSE_BUSY, ENDED_CAUSE_OTHER + 1);
}
END_TEST

/* Rows: U2 */
START_TEST(handle_types)
{
        ck_assert_str_eq(handle_type_to_string(HANDLE_TYPE_GENERIC), "generic");
        ck_assert_str_eq(handle_type_to_string(HANDLE_TYPE_PHONE_NUMBER), "phone-number");
        ck_assert_str_eq(handle_type_to_string(HANDLE_TYPE_EMAIL_ADDRESS), "email-address");
        CHECK_BACK(handle_type_to_string, handle_type_from_string, enum handle_type,
                   HANDLE_TYPE_GENERIC, HANDLE_TYPE_MAX_);
}
END_TEST

START_TEST(action_types)
{
        CHECK_WORDS(action_type_to_string, enum action_type, "start-call", "answer-call",
                    "end-call", "set-held-call", "set-muted-call", "set-group-call",
                    "play-dtmf-call", "set-translating-call");
        CHECK_BACK(action_type_to_string, action_type_from_string, enum action_type, 0,
                   ACTION_TYPE_MAX_);
}
END_TEST

/* Rows: T21, T22, T23 */
START_TEST(dtmf_types)
{
        CHECK_WORDS(dtmf_type_to_string, enum dtmf_type, "single-tone", "soft-pause", "hard-pause");
        CHECK_BACK(dtmf_type_to_string, dtmf_type_from_string, enum dtmf_type, 0,
                   DTMF_HARD_PAUSE + 1);
}
END_TEST

/* Rows: T16 */
START_TEST(origins)
{
        CHECK_WORDS(origin_to_string, enum origin, "self", "user", "accessory", "policy");
        CHECK_BACK(origin_to_string, origin_from_string, enum origin, ORIGIN_USER,
                   ORIGIN_ACCESSORY + 1);
}
END_TEST

START_TEST(other_words)
{
        CHECK_WORDS(decline_reason_to_string, enum decline_reason, "declined", "busy");
        CHECK_BACK(decline_reason_to_string, decline_reason_from_string, enum decline_reason, 0,
                   DECLINE_REASON_BUSY + 1);
        CHECK_WORDS(fact_source_to_string, enum fact_source, "remote", "network", "other-client",
                    "self");
        CHECK_BACK(fact_source_to_string, fact_source_from_string, enum fact_source, 0,
                   FACT_SELF + 1);
        CHECK_WORDS(auto_resume_to_string, enum auto_resume, "never", "local-end", "always");
        CHECK_BACK(auto_resume_to_string, auto_resume_from_string, enum auto_resume, 0,
                   AUTO_RESUME_ALWAYS + 1);
        CHECK_WORDS(call_audio_to_string, enum call_audio, "streams", "external", "none");
        CHECK_BACK(call_audio_to_string, call_audio_from_string, enum call_audio, 0,
                   CALL_AUDIO_NONE + 1);
        CHECK_WORDS(audio_level_to_string, enum audio_level, "none", "gated", "nodes", "linked");
        CHECK_WORDS(ring_mode_to_string, enum ring_mode, "none", "tone", "waiting");
}
END_TEST

START_TEST(allowed)
{
        static const char *const words[] = {
                "answer", "hold-and-answer", "end-and-answer", "decline",
                "hold",   "resume",          "swap",           "mute",
                "dtmf",   "merge",           "leave",          "end"};

        for (unsigned i = 0; 1u << i < CALL_ALLOWED_MAX_; i++)
                ck_assert_str_eq(call_allowed_to_string((enum call_allowed)(1u << i)), words[i]);
}
END_TEST

/* Rows: I8, S1. Every refusal and every effect has a word of its own. */
START_TEST(words_are_unique)
{
        for (int i = 0; i < REFUSAL_MAX_; i++)
                for (int j = 0; j < i; j++)
                        ck_assert_str_ne(refusal_to_string((enum refusal)i),
                                         refusal_to_string((enum refusal)j));
        for (int i = 0; i < EFFECT_TYPE_MAX_; i++)
                for (int j = 0; j < i; j++)
                        ck_assert_str_ne(effect_type_to_string((enum effect_type)i),
                                         effect_type_to_string((enum effect_type)j));
}
END_TEST

/* Rows: S1, I8. CallKit's order, so that a client can compute its numbers. */
START_TEST(refusals_are_in_callkits_order)
{
        ck_assert_int_eq(REFUSAL_INCOMING_UNENTITLED - REFUSAL_INCOMING_UNKNOWN, 1);
        ck_assert_int_eq(REFUSAL_INCOMING_UUID_EXISTS - REFUSAL_INCOMING_UNKNOWN, 2);
        ck_assert_int_eq(REFUSAL_INCOMING_DO_NOT_DISTURB - REFUSAL_INCOMING_UNKNOWN, 3);
        ck_assert_int_eq(REFUSAL_INCOMING_BLOCK_LIST - REFUSAL_INCOMING_UNKNOWN, 4);
        ck_assert_int_eq(REFUSAL_INCOMING_RESTRICTED_SHARING - REFUSAL_INCOMING_UNKNOWN, 5);
        ck_assert_int_eq(REFUSAL_INCOMING_PROTECTED - REFUSAL_INCOMING_UNKNOWN, 6);
        ck_assert_int_eq(REFUSAL_INCOMING_SENSITIVE - REFUSAL_INCOMING_UNKNOWN, 7);
        ck_assert_int_eq(REFUSAL_REQUEST_UNENTITLED - REFUSAL_REQUEST_UNKNOWN, 1);
        ck_assert_int_eq(REFUSAL_REQUEST_UNKNOWN_PROVIDER - REFUSAL_REQUEST_UNKNOWN, 2);
        ck_assert_int_eq(REFUSAL_REQUEST_EMPTY - REFUSAL_REQUEST_UNKNOWN, 3);
        ck_assert_int_eq(REFUSAL_REQUEST_UNKNOWN_CALL - REFUSAL_REQUEST_UNKNOWN, 4);
        ck_assert_int_eq(REFUSAL_REQUEST_UUID_EXISTS - REFUSAL_REQUEST_UNKNOWN, 5);
        ck_assert_int_eq(REFUSAL_REQUEST_INVALID_ACTION - REFUSAL_REQUEST_UNKNOWN, 6);
        ck_assert_int_eq(REFUSAL_REQUEST_MAXIMUM_GROUPS - REFUSAL_REQUEST_UNKNOWN, 7);
}
END_TEST

START_TEST(effects_print)
{
        struct effect effect = {.type = EFFECT_PERFORM, .provider = 7, .n_actions = 2};
        char text[256] = "";

        ck_assert_int_gt(effect_print(&effect, text, sizeof(text)), 0);
        ck_assert_ptr_nonnull(strstr(text, effect_type_to_string(EFFECT_PERFORM)));
        ck_assert_ptr_null(strchr(text, '\n'));
        for (int i = 0; i < EFFECT_TYPE_MAX_; i++) {
                effect.type = (enum effect_type)i;
                ck_assert_int_gt(effect_print(&effect, text, sizeof(text)), 0);
        }
        ck_assert_int_gt(effect_print(&effect, text, 4), 3);
        ck_assert_uint_eq(strlen(text), 3);
}
END_TEST

static TCase *words_case(void)
{
        TCase *words = tcase_create("words");

        tcase_add_test(words, call_states);
        tcase_add_test(words, hold_reasons);
        tcase_add_test(words, ended_reasons);
        tcase_add_test(words, ended_causes);
        tcase_add_test(words, handle_types);
        tcase_add_test(words, action_types);
        tcase_add_test(words, dtmf_types);
        tcase_add_test(words, origins);
        tcase_add_test(words, other_words);
        tcase_add_test(words, allowed);
        tcase_add_test(words, words_are_unique);
        tcase_add_test(words, refusals_are_in_callkits_order);
        tcase_add_test(words, effects_print);
        return words;
}

SUITE_MAIN("types", words_case());
