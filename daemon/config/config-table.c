/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every key of callsd.conf with its place, range and documentation. */
#include "config/config-table.h"

#include <ctype.h>
#include <strings.h>

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)

#define PLACE(member) offsetof(struct config, member)
#define LIMIT(name, member, min, max, text)                                              \
        {                                                                                \
                "Limits", name, CONFIG_COUNT, PLACE(limits.member), min, max, text, NULL \
        }
#define DEADLINE(name, member, min, max, text)                                                 \
        {                                                                                      \
                "Deadlines", name, CONFIG_DURATION, PLACE(limits.member), min, max, text, NULL \
        }
#define CALLS(name, member, min, max, text)                                                \
        {                                                                                  \
                "Calls", name, CONFIG_DURATION, PLACE(limits.member), min, max, text, NULL \
        }

#define AUDIO(name, type, member, text)                                    \
        {                                                                  \
                "Audio", name, type, PLACE(audio.member), 0, 0, text, NULL \
        }

static const char *const other_media_words[] = {
        [OTHER_MEDIA_PAUSE_THEN_DUCK] = "pause-then-duck",
        [OTHER_MEDIA_DUCK] = "duck",
        [OTHER_MEDIA_PAUSE] = "pause",
        [OTHER_MEDIA_LEAVE] = "leave",
        NULL,
};

static const char *const echo_cancel_words[] = {
        [ECHO_CANCEL_AUTO] = "auto",
        [ECHO_CANCEL_ON] = "on",
        [ECHO_CANCEL_OFF] = "off",
        NULL,
};

static const char *const route_words[] = {
        "earpiece", "speaker", "headset", "bluetooth", "car", "hdmi", "other", NULL,
};

/* clang-format off: a table is read by its columns, not by the width of its lines. */
const struct config_key CONFIG_KEYS[] = {
        {"Calls", "AutoResume", CONFIG_AUTO_RESUME, PLACE(limits.auto_resume), 0, 0,
         "When the call that interrupted another one has ended, whether the held call goes on by "
         "itself: `never`; `local-end`, only after an end by the user; `always`, also after an end "
         "by the other side, when the user may be overheard by surprise.",
         NULL},
        CALLS("RingLimit", ring_limit, SEC, HOUR,
              "How long a call rings before it ends as unanswered."),
        CALLS("EndedLinger", ended_linger, 0, 10 * MINUTE,
              "How long an ended call can still be read."),
        CALLS("SoftPause", soft_pause, 0, MINUTE,
              "The length of a comma in the digits dialled after a number."),
        CALLS("EmergencyCallback", emergency_callback, 0, 24 * HOUR,
              "For how long after an emergency call the incoming calls of its provider pass "
              "do-not-disturb and blocking."),
        CALLS("BusReclaimGrace", bus_reclaim_grace, 0, HOUR,
              "For how long calls wait for their provider after the bus itself was lost."),
        CALLS("ReclaimGraceMaximum", reclaim_grace_max, 0, 24 * HOUR,
              "The longest time that a provider may ask callsd to keep its calls while it is "
              "away."),
        CALLS("PushReportTimeout", push_report_timeout, SEC, MINUTE,
              "How long a provider may take to report a call after it was given a push payload."),
        CALLS("PushThrottle", push_throttle, SEC, 24 * HOUR,
              "How often a provider that has reported no call for its last three payloads is "
              "given another."),

        DEADLINE("StartTimeout", start_timeout, MSEC, HOUR,
                 "How long a provider may take to start an outgoing call."),
        DEADLINE("AnswerTimeout", answer_timeout, MSEC, HOUR,
                 "How long a provider may take to answer a call."),
        DEADLINE("EndTimeout", end_timeout, MSEC, HOUR,
                 "How long a provider may take to end a call; then it counts as ended."),
        DEADLINE("HoldInFrontTimeout", hold_in_front_timeout, MSEC, HOUR,
                 "How long a provider may take to hold a call that is in the way of another."),
        DEADLINE("OtherTimeout", other_timeout, MSEC, HOUR,
                 "How long a provider may take for any other action."),
        DEADLINE("MinimumTimeout", timeout_min, MSEC, HOUR,
                 "The shortest deadline that a request may ask for."),
        DEADLINE("MaximumTimeout", timeout_max, MSEC, HOUR,
                 "The longest deadline that a request may ask for."),
        DEADLINE("ReplyTimeout", reply_timeout, MSEC, 24 * SEC,
                 "When a method of a call replies at the latest. D-Bus itself gives up after "
                 "25 seconds."),

        LIMIT("CallsPerProvider", calls_per_provider, 1, 10000, "Live calls of one provider."),
        LIMIT("RingingPerProvider", ringing_per_provider, 1, 10000,
              "Ringing calls of one provider."),
        LIMIT("TransactionsPerProvider", transactions_per_provider, 1, 10000,
              "Transactions that wait for one provider."),
        LIMIT("ActionsPerTransaction", actions_per_transaction, 1, 1000,
              "Actions in one transaction."),
        LIMIT("ProvidersPerPeer", providers_per_peer, 1, 1000,
              "Providers of one connection, and of one app."),
        LIMIT("RingingSandboxed", ringing_sandboxed, 1, 10000,
              "Ringing calls of one sandboxed app."),
        LIMIT("RingingTotal", ringing_total, 1, 10000, "Ringing calls of all providers together."),
        LIMIT("CallsTotal", calls_total, 1, 1000000, "Live calls of all providers together."),
        LIMIT("PushesPerProvider", pushes_per_provider, 1, 1000,
              "Push payloads that wait for one provider, or for its reports."),
        LIMIT("HandleLength", handle_length, 16, 4096,
              "Bytes in a handle: a number or an address."),
        LIMIT("NameLength", name_length, 16, 4096, "Bytes in a name that is shown to people."),
        LIMIT("IdentifierLength", identifier_length, 16, 255,
              "Bytes in the identifier of a provider."),
        LIMIT("DTMFLength", dtmf_length, 1, 1024, "Keys in one request to play DTMF."),
        LIMIT("PushSize", push_size, 1024, 1048576, "Bytes in a push payload."),

        {"Providers", "Providers", CONFIG_LIST, PLACE(providers), 0, 0,
         "Identifiers of the apps that may be providers, separated by spaces; the key may be "
         "given several times. Empty: every app may.",
         NULL},

        {"Audio", "OtherMedia", CONFIG_WORD, PLACE(audio.other_media), 0, 0,
         "What happens to other sound while a call is heard: `pause-then-duck`, media players "
         "(MPRIS) pause and everything else gets quieter; `duck`, everything gets quieter; "
         "`pause`, "
         "media players pause, and nothing else happens; `leave`, nothing at all. After the last "
         "call exactly what callsd did is undone.",
         other_media_words},
        AUDIO("DuckVolume", CONFIG_DECIBEL, duck_volume,
              "By how much other sound gets quieter, in decibels."),
        AUDIO("RingDevices", CONFIG_LIST, ring_devices,
              "Where it rings besides the default device: names of sinks (node.name in `pw-cli ls "
              "Node`) or kinds of routes, such as `speaker`, separated by spaces; the key may be "
              "given several times."),
        AUDIO("RingVolume", CONFIG_FRACTION, ring_volume,
              "How loud it rings, as a part of the ringtone's own loudness. The beep during a call "
              "is not changed. After a reload it is that of the next ringing."),
        {"Audio", "RingFadeIn", CONFIG_DURATION, PLACE(audio.ring_fade_in), 0, MINUTE,
         "How long the ringing takes to reach its full volume; 0 is at once. After a reload it is "
         "that of the next ringing.",
         NULL},
        AUDIO("PlayFeedbackTones", CONFIG_BOOL, play_feedback_tones,
              "Whether callsd lets the user hear a ringback tone and the keys that are dialled. "
              "Most apps do so themselves."),
        {"Audio", "EchoCancel", CONFIG_WORD, PLACE(audio.echo_cancel), 0, 0,
         "Whether callsd takes the echo of the speaker out of the microphone's sound: `auto`, when "
         "the call is heard on a speaker and its app does not do it; `on`; `off`.",
         echo_cancel_words},
        {"Audio", "RoutePreference", CONFIG_LIST, PLACE(audio.route_preference), 0, 0,
         "Where calls are heard, best first, as far as it is there: `earpiece`, `speaker`, "
         "`headset`, `bluetooth`, `car`, `hdmi`, `other`. Empty: on the default device.",
         route_words},
        {"Audio", "ProviderRoutes", CONFIG_APP_LISTS, PLACE(audio.provider_routes), 0, 0,
         "The same for the calls of one app, as `identifier:kind,kind`; several are separated by "
         "spaces, and the key may be given several times. Without a kind: on the default device, "
         "whatever RoutePreference says.",
         route_words},

        {"Bus", "Address", CONFIG_TEXT, PLACE(bus_address), 0, 0,
         "D-Bus address to serve on, for example `unix:path=/run/user/1000/bus`. Empty: the "
         "session bus. Read at start only; `--bus-address` comes first.",
         NULL},

        {"Log", "Level", CONFIG_LOG_LEVEL, PLACE(log_level), 0, 0,
         "What is logged: `error`, `warning`, `notice`, `info` or `debug`. Names and numbers are "
         "logged at `debug` only, and then with all but two characters starred.",
         NULL},
};
/* clang-format on */
const size_t N_CONFIG_KEYS = ARRAY_SIZE(CONFIG_KEYS);

static const struct {
        const char *name;
        const char *text;
} sections[] = {
        {"Calls", "How calls behave, and how long things last."},
        {"Deadlines", "How much time an app has before callsd goes on without it."},
        {"Limits", "How many, and how long. A request beyond one is refused with LimitReached."},
        {"Providers", "Who may be a provider."},
        {"Audio", "How calls, ringing and other sound get along."},
        {"Bus", "Where callsd is found."},
        {"Log", "What is logged."},
};

bool config_section_exists(const char *section)
{
        return config_section_text(section) != NULL;
}

const char *config_section_text(const char *section)
{
        for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
                if (streq(sections[i].name, section))
                        return sections[i].text;
        return NULL;
}

const struct config_key *config_key_find(const char *section, const char *name)
{
        for (size_t i = 0; i < N_CONFIG_KEYS; i++)
                if (streq(CONFIG_KEYS[i].section, section) && streq(CONFIG_KEYS[i].name, name))
                        return &CONFIG_KEYS[i];
        return NULL;
}

#define WORD_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
        size_t ab = a < b ? a : b;

        return ab < c ? ab : c;
}

size_t config_word_distance(const char *a, const char *b)
{
        size_t length = strlen(b), row[WORD_MAX + 1];

        if (length > WORD_MAX || strlen(a) > WORD_MAX)
                return SIZE_MAX;
        for (size_t j = 0; j <= length; j++)
                row[j] = j;
        for (size_t i = 1; i <= strlen(a); i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= length; j++) {
                        size_t change = tolower((unsigned char)a[i - 1]) !=
                                        tolower((unsigned char)b[j - 1]);
                        size_t best = min3(row[j] + 1, row[j - 1] + 1, diagonal + change);

                        diagonal = row[j];
                        row[j] = best;
                }
        }
        return row[length];
}

bool config_word_is_close(const char *word, size_t wrong)
{
        return wrong <= (strlen(word) + 2) / 3;
}

const char *config_section_suggest(const char *section)
{
        const char *best = NULL;
        size_t least = SIZE_MAX;

        for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
                size_t wrong = config_word_distance(section, sections[i].name);

                if (wrong < least && config_word_is_close(section, wrong)) {
                        least = wrong;
                        best = sections[i].name;
                }
        }
        return best;
}

/* A key of the same section comes before one of another section that is as close. */
const struct config_key *config_key_suggest(const char *section, const char *name)
{
        const struct config_key *best = NULL;
        size_t least = SIZE_MAX;

        for (size_t i = 0; i < N_CONFIG_KEYS; i++) {
                const struct config_key *key = &CONFIG_KEYS[i];
                size_t wrong = config_word_distance(name, key->name);
                bool here = streq(key->section, section);

                if (!config_word_is_close(name, wrong) || wrong > least ||
                    (wrong == least && !here))
                        continue;
                least = wrong;
                best = key;
        }
        return best;
}
