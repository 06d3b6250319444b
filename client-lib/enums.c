/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the bus and the values of the API.
 *
 * A word that is not in its table becomes ..._UNKNOWN: a newer callsd must not break an app.
 */
#include "internal.h"

struct word {
        int value;
        const char *text;
};

static const char *to_word(const struct word *words, size_t n_words, int value)
{
        for (size_t i = 0; i < n_words; i++)
                if (words[i].value == value)
                        return words[i].text;
        return "unknown";
}

static int from_word(const struct word *words, size_t n_words, const char *text)
{
        for (size_t i = 0; text && i < n_words; i++)
                if (streq(words[i].text, text))
                        return words[i].value;
        return 0;
}

static const struct word handle_types[] = {
        {CX_HANDLE_TYPE_GENERIC, "generic"},
        {CX_HANDLE_TYPE_PHONE_NUMBER, "phone-number"},
        {CX_HANDLE_TYPE_EMAIL_ADDRESS, "email-address"},
};

static const struct word call_states[] = {
        {CX_CALL_STATE_RINGING, "ringing"},
        {CX_CALL_STATE_ANSWERING, "answering"},
        {CX_CALL_STATE_STARTING, "starting"},
        {CX_CALL_STATE_STARTED, "started"},
        {CX_CALL_STATE_CONNECTING, "connecting"},
        {CX_CALL_STATE_ACTIVE, "active"},
        {CX_CALL_STATE_HELD, "held"},
        {CX_CALL_STATE_ENDING, "ending"},
        {CX_CALL_STATE_ENDED, "ended"},
};

static const struct word ended_reasons[] = {
        {CX_CALL_ENDED_REASON_FAILED, "failed"},
        {CX_CALL_ENDED_REASON_REMOTE_ENDED, "remote-ended"},
        {CX_CALL_ENDED_REASON_UNANSWERED, "unanswered"},
        {CX_CALL_ENDED_REASON_ANSWERED_ELSEWHERE, "answered-elsewhere"},
        {CX_CALL_ENDED_REASON_DECLINED_ELSEWHERE, "declined-elsewhere"},
        {CX_CALL_ENDED_REASON_LOCAL_ENDED, "local-ended"},
        {CX_CALL_ENDED_REASON_DECLINED, "declined"},
        {CX_CALL_ENDED_REASON_PROVIDER_LOST, "provider-lost"},
};

static const struct word ended_causes[] = {
        {CX_CALL_ENDED_CAUSE_BUSY, "busy"},
        {CX_CALL_ENDED_CAUSE_REJECTED, "rejected"},
        {CX_CALL_ENDED_CAUSE_NO_ANSWER, "no-answer"},
        {CX_CALL_ENDED_CAUSE_NO_SUCH_NUMBER, "no-such-number"},
        {CX_CALL_ENDED_CAUSE_CONGESTION, "congestion"},
        {CX_CALL_ENDED_CAUSE_NETWORK, "network"},
        {CX_CALL_ENDED_CAUSE_MEDIA, "media"},
        {CX_CALL_ENDED_CAUSE_FORWARDED, "forwarded"},
        {CX_CALL_ENDED_CAUSE_OTHER, "other"},
};

static const struct word action_types[] = {
        {CX_ACTION_TYPE_START_CALL, "start-call"},
        {CX_ACTION_TYPE_ANSWER_CALL, "answer-call"},
        {CX_ACTION_TYPE_END_CALL, "end-call"},
        {CX_ACTION_TYPE_SET_HELD_CALL, "set-held-call"},
        {CX_ACTION_TYPE_SET_MUTED_CALL, "set-muted-call"},
        {CX_ACTION_TYPE_SET_GROUP_CALL, "set-group-call"},
        {CX_ACTION_TYPE_PLAY_DTMF_CALL, "play-dtmf-call"},
        {CX_ACTION_TYPE_SET_TRANSLATING_CALL, "set-translating-call"},
};

static const struct word origins[] = {
        {CX_ORIGIN_SELF, "self"},
        {CX_ORIGIN_USER, "user"},
        {CX_ORIGIN_ACCESSORY, "accessory"},
        {CX_ORIGIN_POLICY, "policy"},
};

static const struct word hold_reasons[] = {
        {CX_HOLD_REASON_USER, "user"},
        {CX_HOLD_REASON_INTERRUPTED, "interrupted"},
        {CX_HOLD_REASON_PROVIDER, "provider"},
};

static const struct word dtmf_types[] = {
        {CX_PLAY_DTMF_CALL_ACTION_TYPE_SINGLE_TONE, "single-tone"},
        {CX_PLAY_DTMF_CALL_ACTION_TYPE_SOFT_PAUSE, "soft-pause"},
        {CX_PLAY_DTMF_CALL_ACTION_TYPE_HARD_PAUSE, "hard-pause"},
};

static const struct word decline_reasons[] = {
        {CX_DECLINE_REASON_DECLINED, "declined"},
        {CX_DECLINE_REASON_BUSY, "busy"},
};

static const struct word fact_sources[] = {
        {CX_FACT_SOURCE_REMOTE, "remote"},
        {CX_FACT_SOURCE_NETWORK, "network"},
        {CX_FACT_SOURCE_OTHER_CLIENT, "other-client"},
        {CX_FACT_SOURCE_SELF, "self"},
};

static const struct word call_audios[] = {
        {CX_CALL_AUDIO_STREAMS, "streams"},
        {CX_CALL_AUDIO_EXTERNAL, "external"},
        {CX_CALL_AUDIO_NONE, "none"},
};

#define DEFINE_TO_WORD(function, type, words)                         \
        const char *function(type value)                              \
        {                                                             \
                return to_word(words, ARRAY_SIZE(words), (int)value); \
        }
#define DEFINE_FROM_WORD(function, type, words)                         \
        type function(const char *word)                                 \
        {                                                               \
                return (type)from_word(words, ARRAY_SIZE(words), word); \
        }

DEFINE_TO_WORD(cx_handle_type_to_string, enum cx_handle_type, handle_types)
DEFINE_TO_WORD(cx_call_state_to_string, enum cx_call_state, call_states)
DEFINE_TO_WORD(cx_call_ended_reason_to_string, enum cx_call_ended_reason, ended_reasons)
DEFINE_TO_WORD(cx_call_ended_cause_to_string, enum cx_call_ended_cause, ended_causes)
DEFINE_TO_WORD(cx_action_type_to_string, enum cx_action_type, action_types)
DEFINE_TO_WORD(cx_origin_to_string, enum cx_origin, origins)
DEFINE_TO_WORD(dtmf_type_to_string, enum cx_play_dtmf_call_action_type, dtmf_types)
DEFINE_TO_WORD(decline_reason_to_string, enum cx_decline_reason, decline_reasons)
DEFINE_TO_WORD(fact_source_to_string, enum cx_fact_source, fact_sources)
DEFINE_TO_WORD(call_audio_to_string, enum cx_call_audio, call_audios)

DEFINE_FROM_WORD(handle_type_from_string, enum cx_handle_type, handle_types)
DEFINE_FROM_WORD(call_state_from_string, enum cx_call_state, call_states)
DEFINE_FROM_WORD(ended_reason_from_string, enum cx_call_ended_reason, ended_reasons)
DEFINE_FROM_WORD(action_type_from_string, enum cx_action_type, action_types)
DEFINE_FROM_WORD(origin_from_string, enum cx_origin, origins)
DEFINE_FROM_WORD(hold_reason_from_string, enum cx_hold_reason, hold_reasons)
DEFINE_FROM_WORD(dtmf_type_from_string, enum cx_play_dtmf_call_action_type, dtmf_types)
DEFINE_FROM_WORD(decline_reason_from_string, enum cx_decline_reason, decline_reasons)
