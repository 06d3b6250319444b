/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for UUIDs, words for actions, and back. */
#include "support/sim-internal.h"

#include <check.h>
#include <stdio.h>

#define CALL_PREFIX "00000000-0000-4000-8000-"

struct uuid sim_uuid(const char *name)
{
        struct uuid uuid;

        sim_must(strlen(name) <= 12);
        memcpy(uuid.text, CALL_PREFIX "000000000000", UUID_TEXT_SIZE);
        memcpy(uuid.text + UUID_TEXT_SIZE - 1 - strlen(name), name, strlen(name));
        return uuid;
}

const char *sim_name(const struct uuid *uuid)
{
        static char buffers[12][UUID_TEXT_SIZE + 1];
        static unsigned next;
        char *buffer = buffers[next++ % ARRAY_SIZE(buffers)];
        const char *digits = uuid->text;
        const char *sign = "";

        if (strncmp(digits, CALL_PREFIX, strlen(CALL_PREFIX)) == 0) {
                digits += strlen(CALL_PREFIX);
        } else if (strncmp(digits, SIM_ENGINE_PREFIX, strlen(SIM_ENGINE_PREFIX)) == 0) {
                digits += strlen(SIM_ENGINE_PREFIX);
                sign = "#";
        }
        while (digits[0] == '0' && digits[1])
                digits++;
        snprintf(buffer, sizeof(buffers[0]), "%s%s", sign, digits);
        return buffer;
}

static const char *dtmf_word(enum dtmf_type type)
{
        switch (type) {
        case DTMF_SINGLE_TONE:
                return "dtmf";
        case DTMF_SOFT_PAUSE:
                return "soft";
        case DTMF_HARD_PAUSE:
                return "hard";
        }
        return "?";
}

void sim_action_words(const struct action *action, char *buffer, size_t size)
{
        const char *call = sim_name(&action->call_id);

        switch (action->type) {
        case ACTION_START:
                snprintf(buffer, size, "start %s", call);
                break;
        case ACTION_ANSWER:
                snprintf(buffer, size, "answer %s", call);
                break;
        case ACTION_END:
                snprintf(buffer, size, "end %s", call);
                break;
        case ACTION_SET_HELD:
                snprintf(buffer, size, "%s %s", action->on ? "hold" : "unhold", call);
                break;
        case ACTION_SET_MUTED:
                snprintf(buffer, size, "%s %s", action->on ? "mute" : "unmute", call);
                break;
        case ACTION_SET_GROUP:
                if (action->other.text[0])
                        snprintf(buffer, size, "join %s %s", call, sim_name(&action->other));
                else
                        snprintf(buffer, size, "leave %s", call);
                break;
        case ACTION_PLAY_DTMF:
                snprintf(buffer, size, "%s %s %s", dtmf_word(action->dtmf_type), call,
                         str_or_empty(action->text));
                break;
        case ACTION_SET_TRANSLATING:
                snprintf(buffer, size, "%s %s", action->on ? "translate" : "untranslate", call);
                break;
        case ACTION_TYPE_MAX_:
                snprintf(buffer, size, "?");
        }
}

static const struct verb {
        const char *word;
        enum action_type type;
        bool on;
        enum dtmf_type dtmf;
} VERBS[] = {
        {"start", ACTION_START, false, DTMF_SINGLE_TONE},
        {"answer", ACTION_ANSWER, false, DTMF_SINGLE_TONE},
        {"end", ACTION_END, false, DTMF_SINGLE_TONE},
        {"hold", ACTION_SET_HELD, true, DTMF_SINGLE_TONE},
        {"unhold", ACTION_SET_HELD, false, DTMF_SINGLE_TONE},
        {"mute", ACTION_SET_MUTED, true, DTMF_SINGLE_TONE},
        {"unmute", ACTION_SET_MUTED, false, DTMF_SINGLE_TONE},
        {"join", ACTION_SET_GROUP, true, DTMF_SINGLE_TONE},
        {"leave", ACTION_SET_GROUP, false, DTMF_SINGLE_TONE},
        {"dtmf", ACTION_PLAY_DTMF, false, DTMF_SINGLE_TONE},
        {"soft", ACTION_PLAY_DTMF, false, DTMF_SOFT_PAUSE},
        {"hard", ACTION_PLAY_DTMF, false, DTMF_HARD_PAUSE},
        {"translate", ACTION_SET_TRANSLATING, true, DTMF_SINGLE_TONE},
        {"untranslate", ACTION_SET_TRANSLATING, false, DTMF_SINGLE_TONE},
};

static const struct verb *find_verb(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
                if (streq(VERBS[i].word, word))
                        return &VERBS[i];
        return NULL;
}

static void sim_parse_one(struct sim *sim, char *words, struct sim_parsed *parsed)
{
        char *save = NULL, *word = strtok_r(words, " ", &save), *call = strtok_r(NULL, " ", &save);
        const struct verb *verb = word ? find_verb(word) : NULL;
        const size_t i = parsed->n++;
        struct action_args *args = &parsed->args[i];
        char *rest;

        if (!verb || !call)
                sim_die(sim, "no such action: '%s'", word ? word : "");
        parsed->calls[i] = sim_uuid(call);
        *args = (struct action_args){.type = verb->type, .on = verb->on, .dtmf_type = verb->dtmf};
        args->call = parsed->calls[i].text;
        rest = strtok_r(NULL, " ", &save);
        if (verb->type == ACTION_START) {
                if (rest && !streq(rest, "-"))
                        snprintf(parsed->text[i], sizeof(parsed->text[i]), "org.example.%s", rest);
                args->provider = parsed->text[i];
                rest = strtok_r(NULL, " ", &save);
                args->video = rest && streq(rest, "video");
                args->handle_type = HANDLE_TYPE_GENERIC;
                snprintf(parsed->text2[i], sizeof(parsed->text2[i]), "sip:%s@example.org", call);
                args->handle = parsed->text2[i];
        } else if (verb->type == ACTION_SET_GROUP && verb->on) {
                parsed->others[i] = sim_uuid(rest ? rest : "");
                args->other = parsed->others[i].text;
        } else if (verb->type == ACTION_PLAY_DTMF) {
                snprintf(parsed->text[i], sizeof(parsed->text[i]), "%s", rest ? rest : "");
                args->digits = parsed->text[i];
        } else if (verb->type == ACTION_SET_TRANSLATING && verb->on) {
                args->local_language = "de-DE";
                args->remote_language = "en-GB";
        }
}

void sim_parse(struct sim *sim, const char *actions, struct sim_parsed *parsed)
{
        char text[8192], *save = NULL;

        memset(parsed, 0, sizeof(*parsed));
        sim_must(strlen(actions) < sizeof(text));
        snprintf(text, sizeof(text), "%s", actions);
        for (char *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
                sim_must(parsed->n < SIM_MAX_ACTIONS);
                sim_parse_one(sim, one, parsed);
        }
}

void sim_parse_who(struct sim *sim, const char *who, struct request *request, char *peer,
                   size_t peer_size)
{
        char text[128], *save = NULL, *word;
        const struct sim_provider *provider;

        snprintf(text, sizeof(text), "%s", who);
        word = strtok_r(text, " ", &save);
        provider = sim_find_provider(sim, word);
        if (provider)
                snprintf(peer, peer_size, "%s", provider->peer);
        else
                snprintf(peer, peer_size, ":%s", word);
        *request = (struct request){.peer = peer, .origin = ORIGIN_USER};
        request->controller = streq(word, "ui") || streq(word, "car");
        if (streq(word, "car"))
                request->origin = ORIGIN_ACCESSORY;
        while ((word = strtok_r(NULL, " ", &save))) {
                if (streq(word, "may-end"))
                        request->may_end = true;
                else if (streq(word, "end-and-answer"))
                        request->end_and_answer = true;
                else if (streq(word, "waits"))
                        request->waits = true;
                else if (streq(word, "controller"))
                        request->controller = true;
                else if (strncmp(word, "timeout=", 8) == 0)
                        request->timeout = strtoull(word + 8, NULL, 10) * USEC_PER_SEC;
                else
                        sim_die(sim, "no such option: '%s'", word);
        }
}

struct sim_provider *sim_find_provider(struct sim *sim, const char *name)
{
        for (size_t i = 0; i < sim->providers.n; i++)
                if (streq(sim->providers.items[i].name, name))
                        return &sim->providers.items[i];
        return NULL;
}

struct sim_provider *sim_find_number(struct sim *sim, unsigned number)
{
        for (size_t i = 0; i < sim->providers.n; i++)
                if (number && sim->providers.items[i].number == number)
                        return &sim->providers.items[i];
        return NULL;
}

struct sim_call_view *sim_find_view(struct sim *sim, const struct uuid *id)
{
        for (size_t i = sim->calls.n; i > 0; i--)
                if (streq(sim->calls.items[i - 1].id.text, id->text))
                        return &sim->calls.items[i - 1];
        return NULL;
}

struct sim_delivery *sim_find_delivery(struct sim *sim, const struct uuid *action)
{
        for (size_t i = sim->deliveries.n; i > 0; i--)
                if (streq(sim->deliveries.items[i - 1].action.text, action->text))
                        return &sim->deliveries.items[i - 1];
        return NULL;
}

struct sim_delivery *sim_find_words(struct sim *sim, const char *words, bool open_only)
{
        for (size_t i = sim->deliveries.n; i > 0; i--) {
                struct sim_delivery *delivery = &sim->deliveries.items[i - 1];

                if (streq(delivery->words, words) && (!open_only || delivery->end == SIM_OPEN))
                        return delivery;
        }
        return NULL;
}

const struct call *sim_call(struct sim *sim, const char *name)
{
        return engine_find_call(sim->engine, sim_uuid(name).text);
}

unsigned sim_number(struct sim *sim, const char *provider)
{
        const struct sim_provider *found = sim_find_provider(sim, provider);

        if (!found)
                sim_die(sim, "no provider '%s' in this test", provider);
        return found->number;
}

const struct provider *sim_provider_of(struct sim *sim, const char *provider)
{
        return engine_find_provider(sim->engine, sim_number(sim, provider));
}

const char *sim_peer(struct sim *sim, const char *provider)
{
        const struct sim_provider *found = sim_find_provider(sim, provider);

        if (!found)
                sim_die(sim, "no provider '%s' in this test", provider);
        return found->peer;
}

const struct action *sim_action(struct sim *sim, const char *words)
{
        const struct transaction *transaction = NULL;
        const struct action *found = NULL;
        char text[SIM_WORDS_SIZE];

        while ((transaction = engine_next_transaction(sim->engine, transaction)))
                for (const struct action *at = transaction->actions; at; at = at->next) {
                        sim_action_words(at, text, sizeof(text));
                        if (streq(text, words))
                                found = at;
                }
        return found;
}

const char *sim_provider_of_call(struct sim *sim, const char *call)
{
        const struct uuid id = sim_uuid(call);
        const struct sim_call_view *view = sim_find_view(sim, &id);

        if (!view)
                sim_die(sim, "nobody has seen a call '%s'", call);
        return view->provider;
}
