/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spellings of the model's words, one table each, and the default limits. */
#include "model/types.h"

#include <errno.h>

/* An index past the table is our own mistake; "" is no word that the outside may use. */
static int word_find(const char *const *words, size_t n_words, const char *text)
{
        for (size_t i = 0; i < n_words; i++)
                if (text[0] != '\0' && streq(words[i], text))
                        return (int)i;
        return -EINVAL;
}

#define DEFINE_TO_STRING(name)                        \
        const char *name##_to_string(enum name value) \
        {                                             \
                return name##_words[value];           \
        }                                             \
        struct types_semicolon_

#define DEFINE_FROM_STRING(name)                                                     \
        int name##_from_string(const char *text, enum name *ret_value)               \
        {                                                                            \
                int value = word_find(name##_words, ARRAY_SIZE(name##_words), text); \
                                                                                     \
                if (value < 0)                                                       \
                        return value;                                                \
                *ret_value = (enum name)value;                                       \
                return 0;                                                            \
        }                                                                            \
        struct types_semicolon_

static const char *const call_state_words[] = {
        [CALL_STATE_RINGING] = "ringing",
        [CALL_STATE_ANSWERING] = "answering",
        [CALL_STATE_STARTING] = "starting",
        [CALL_STATE_STARTED] = "started",
        [CALL_STATE_CONNECTING] = "connecting",
        [CALL_STATE_ACTIVE] = "active",
        [CALL_STATE_HELD] = "held",
        [CALL_STATE_ENDING] = "ending",
        [CALL_STATE_ENDED] = "ended",
};
DEFINE_TO_STRING(call_state);
DEFINE_FROM_STRING(call_state);

static const char *const hold_reason_words[] = {
        [HOLD_REASON_NONE] = "",
        [HOLD_REASON_USER] = "user",
        [HOLD_REASON_INTERRUPTED] = "interrupted",
        [HOLD_REASON_PROVIDER] = "provider",
};
DEFINE_TO_STRING(hold_reason);

static const char *const ended_reason_words[] = {
        [ENDED_REASON_NONE] = "",
        [ENDED_REASON_FAILED] = "failed",
        [ENDED_REASON_REMOTE_ENDED] = "remote-ended",
        [ENDED_REASON_UNANSWERED] = "unanswered",
        [ENDED_REASON_ANSWERED_ELSEWHERE] = "answered-elsewhere",
        [ENDED_REASON_DECLINED_ELSEWHERE] = "declined-elsewhere",
        [ENDED_REASON_LOCAL_ENDED] = "local-ended",
        [ENDED_REASON_DECLINED] = "declined",
        [ENDED_REASON_PROVIDER_LOST] = "provider-lost",
};
DEFINE_TO_STRING(ended_reason);
DEFINE_FROM_STRING(ended_reason);

static const char *const ended_cause_words[] = {
        [ENDED_CAUSE_NONE] = "",
        [ENDED_CAUSE_BUSY] = "busy",
        [ENDED_CAUSE_REJECTED] = "rejected",
        [ENDED_CAUSE_NO_ANSWER] = "no-answer",
        [ENDED_CAUSE_NO_SUCH_NUMBER] = "no-such-number",
        [ENDED_CAUSE_CONGESTION] = "congestion",
        [ENDED_CAUSE_NETWORK] = "network",
        [ENDED_CAUSE_MEDIA] = "media",
        [ENDED_CAUSE_FORWARDED] = "forwarded",
        [ENDED_CAUSE_OTHER] = "other",
};
DEFINE_TO_STRING(ended_cause);
DEFINE_FROM_STRING(ended_cause);

static const char *const handle_type_words[] = {
        [HANDLE_TYPE_NONE] = "",
        [HANDLE_TYPE_GENERIC] = "generic",
        [HANDLE_TYPE_PHONE_NUMBER] = "phone-number",
        [HANDLE_TYPE_EMAIL_ADDRESS] = "email-address",
};
DEFINE_TO_STRING(handle_type);
DEFINE_FROM_STRING(handle_type);

static const char *const action_type_words[] = {
        [ACTION_START] = "start-call",
        [ACTION_ANSWER] = "answer-call",
        [ACTION_END] = "end-call",
        [ACTION_SET_HELD] = "set-held-call",
        [ACTION_SET_MUTED] = "set-muted-call",
        [ACTION_SET_GROUP] = "set-group-call",
        [ACTION_PLAY_DTMF] = "play-dtmf-call",
        [ACTION_SET_TRANSLATING] = "set-translating-call",
};
DEFINE_TO_STRING(action_type);
DEFINE_FROM_STRING(action_type);

static const char *const dtmf_type_words[] = {
        [DTMF_SINGLE_TONE] = "single-tone",
        [DTMF_SOFT_PAUSE] = "soft-pause",
        [DTMF_HARD_PAUSE] = "hard-pause",
};
DEFINE_TO_STRING(dtmf_type);
DEFINE_FROM_STRING(dtmf_type);

static const char *const decline_reason_words[] = {
        [DECLINE_REASON_DECLINED] = "declined",
        [DECLINE_REASON_BUSY] = "busy",
};
DEFINE_TO_STRING(decline_reason);
DEFINE_FROM_STRING(decline_reason);

static const char *const origin_words[] = {
        [ORIGIN_SELF] = "self",
        [ORIGIN_USER] = "user",
        [ORIGIN_ACCESSORY] = "accessory",
        [ORIGIN_POLICY] = "policy",
        [ORIGIN_REMOTE] = "remote",
        [ORIGIN_NETWORK] = "network",
        [ORIGIN_OTHER_CLIENT] = "other-client",
};
DEFINE_TO_STRING(origin);
DEFINE_FROM_STRING(origin);

static const char *const fact_source_words[] = {
        [FACT_REMOTE] = "remote",
        [FACT_NETWORK] = "network",
        [FACT_OTHER_CLIENT] = "other-client",
        [FACT_SELF] = "self",
};
DEFINE_TO_STRING(fact_source);
DEFINE_FROM_STRING(fact_source);

static const char *const auto_resume_words[] = {
        [AUTO_RESUME_NEVER] = "never",
        [AUTO_RESUME_LOCAL_END] = "local-end",
        [AUTO_RESUME_ALWAYS] = "always",
};
DEFINE_TO_STRING(auto_resume);
DEFINE_FROM_STRING(auto_resume);

static const char *const call_audio_words[] = {
        [CALL_AUDIO_STREAMS] = "streams",
        [CALL_AUDIO_EXTERNAL] = "external",
        [CALL_AUDIO_NONE] = "none",
};
DEFINE_TO_STRING(call_audio);
DEFINE_FROM_STRING(call_audio);

static const char *const audio_level_words[] = {
        [AUDIO_LEVEL_NONE] = "none",
        [AUDIO_LEVEL_GATED] = "gated",
        [AUDIO_LEVEL_NODES] = "nodes",
        [AUDIO_LEVEL_LINKED] = "linked",
};
DEFINE_TO_STRING(audio_level);

static const char *const ring_mode_words[] = {
        [RING_NONE] = "none",
        [RING_TONE] = "tone",
        [RING_WAITING] = "waiting",
};
DEFINE_TO_STRING(ring_mode);

const struct limits LIMITS_DEFAULT = {
        .calls_per_provider = 64,
        .ringing_per_provider = 16,
        .transactions_per_provider = 64,
        .actions_per_transaction = 32,
        .providers_per_peer = 8,
        .ringing_sandboxed = 4,
        .ringing_total = 32,
        .calls_total = 10000,
        .pushes_per_provider = 16,
        .handle_length = 512,
        .name_length = 256,
        .identifier_length = 255,
        .dtmf_length = 64,
        .push_size = 16384,
        .start_timeout = 30 * USEC_PER_SEC,
        .answer_timeout = 30 * USEC_PER_SEC,
        .end_timeout = 5 * USEC_PER_SEC,
        .hold_in_front_timeout = 5 * USEC_PER_SEC,
        .other_timeout = 10 * USEC_PER_SEC,
        .timeout_min = 1 * USEC_PER_SEC,
        .timeout_max = 120 * USEC_PER_SEC,
        .reply_timeout = 20 * USEC_PER_SEC,
        .ring_limit = 90 * USEC_PER_SEC,
        .ended_linger = 3 * USEC_PER_SEC,
        .soft_pause = 2 * USEC_PER_SEC,
        .emergency_callback = 300 * USEC_PER_SEC,
        .bus_reclaim_grace = 30 * USEC_PER_SEC,
        .reclaim_grace_max = 300 * USEC_PER_SEC,
        .push_report_timeout = 7 * USEC_PER_SEC,
        .push_throttle = 3600 * USEC_PER_SEC,
        .auto_resume = AUTO_RESUME_LOCAL_END,
};
