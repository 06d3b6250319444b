/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From effects to adapters, and to the journal.
 *
 * What a call does is told in the journal here, where every effect passes: who called stays out of
 * it at all levels but debug.
 */
#include <errno.h>
#include <stdio.h>

#include "app/daemon.h"
#include "app/messages.h"
#include "util/cleanup.h"
#include "util/log.h"

/* ---- the journal ---- */

static struct log_context call_context(const struct call *call, const char *message_id)
{
        return (struct log_context){
                .call = call->id.text,
                .provider = call->provider->config.identifier,
                .message_id = message_id,
        };
}

static void log_call_added(const struct call *call)
{
        const struct log_context context = call_context(call, MESSAGE_CALL_ADDED);
        char redacted[64];

        log_write(LOG_INFO, &context, "%s call, %s%s", call->outgoing ? "Outgoing" : "Incoming",
                  call_state_to_string(call->state), call->imported ? ", imported" : "");
        log_write(LOG_DEBUG, &context, "The far end is %s",
                  log_redact(call->handle, redacted, sizeof(redacted)));
}

static void log_call_changed(const struct call *call, unsigned mask)
{
        const struct log_context context = call_context(call, MESSAGE_CALL_STATE);

        if (mask & CALL_CHANGED_STATE)
                log_write(LOG_INFO, &context, "The call is %s (%s)",
                          call_state_to_string(call->state), origin_to_string(call->state_origin));
        if (mask & CALL_CHANGED_MUTED)
                log_write(LOG_INFO, &context, "The call is %s", call->muted ? "muted" : "unmuted");
}

static void log_call_ended(const struct call *call)
{
        const struct log_context context = call_context(call, MESSAGE_CALL_ENDED);
        const char *cause = ended_cause_to_string(call->ended_cause);

        log_write(LOG_INFO, &context, "The call ended: %s%s%s",
                  ended_reason_to_string(call->ended_reason), *cause ? ", " : "", cause);
}

static void log_provider(struct daemon *daemon, unsigned number, const char *message_id,
                         const char *what)
{
        const struct provider *provider = engine_find_provider(daemon->engine, number);
        const struct log_context context = {
                .provider = provider ? provider->config.identifier : NULL,
                .message_id = message_id,
        };

        log_write(LOG_INFO, &context, "Provider %s %s",
                  provider ? str_or_empty(provider->config.identifier) : "", what);
}

/* One without a manifest has been told of as it came to be known. */
static void log_began(struct daemon *daemon, unsigned number)
{
        const struct provider *provider = engine_find_provider(daemon->engine, number);

        if (provider && provider->declared)
                log_provider(daemon, number, MESSAGE_PROVIDER_ADDED, "has registered");
}

/* The number of digits is nobody's business either. */
static void log_perform(struct daemon *daemon, const struct effect *effect)
{
        const struct provider *provider = engine_find_provider(daemon->engine, effect->provider);
        const struct action *action = engine_find_action(daemon->engine, effect->action.text);
        const struct log_context context = {
                .call = action ? action->call_id.text : NULL,
                .provider = provider ? provider->config.identifier : NULL,
                .transaction = effect->transaction.text,
                .message_id = MESSAGE_PERFORM,
        };

        if (action)
                log_write(LOG_DEBUG, &context, "The provider is asked for %s%s",
                          action_type_to_string(action->type),
                          effect->n_actions > 1 ? " and more" : "");
}

/* What is in a payload is nobody's business. */
static void log_push(struct daemon *daemon, const struct effect *effect)
{
        const struct provider *provider = engine_find_provider(daemon->engine, effect->provider);
        const struct push *push = engine_find_push(daemon->engine, effect->action.text);
        const struct log_context context = {
                .provider = provider ? provider->config.identifier : NULL,
                .message_id =
                        effect->type == EFFECT_PUSH_MISSED ? MESSAGE_PUSH_MISSED : MESSAGE_PUSH,
        };

        if (!provider || !push)
                return;
        if (effect->type == EFFECT_PUSH)
                log_write(LOG_INFO, &context, "A push payload for %s: %s",
                          provider->config.identifier,
                          push->report_required ? "it owes the report of a call"
                                                : "it has a call, and owes no report");
        else if (effect->type == EFFECT_PUSH_FAILED)
                log_write(LOG_WARNING, &context, "A push payload for %s was not delivered: %s",
                          provider->config.identifier,
                          push->reason ? push->reason : "it was started, and did not register");
        else
                log_write(LOG_WARNING, &context,
                          "%s has not reported a call for a push payload in time; %u in a row%s",
                          provider->config.identifier, provider->push_misses,
                          provider->push_throttled_until != 0 ? "; it gets one an hour now" : "");
}

/* ---- sound ---- */

/*
 * An earlier daemon may have left the call's source muted, and then it stays so: this has to be
 * known before the first wish opens it.
 */
static void adopt_found_nodes(struct daemon *daemon, const struct call *call)
{
        bool muted, linked;

        if (!daemon->audio || !call->imported)
                return;
        if (audio_get_found(daemon->audio, call->id.text, &muted, &linked) == 0 && muted)
                engine_audio_found_muted(daemon->engine, bus_now(), call->id.text);
}

static void set_audio(struct daemon *daemon, const struct effect *effect)
{
        const struct call *call = engine_find_call(daemon->engine, effect->call.text);
        struct audio_wish wish = {.call = effect->call.text,
                                  .level = effect->audio_level,
                                  .muted = effect->muted,
                                  .serial = effect->serial};
        char group[32] = "";
        int r;

        if (!daemon->audio) {
                engine_audio_ready(daemon->engine, bus_now(), effect->call.text, effect->serial);
                return;
        }
        wish.group = group;
        wish.app_id = wish.provider = "";
        if (call) {
                const struct provider *provider = call->provider;

                if (call->group != 0)
                        snprintf(group, sizeof(group), "g%llu", (unsigned long long)call->group);
                /* Later effects of this turn may mute it; closing early does no harm. */
                wish.muted = wish.muted || call->muted;
                wish.kind = call->audio;
                wish.provider = provider->config.identifier;
                wish.mix = provider->config.mix_groups;
                wish.own_echo_cancel = provider->config.own_echo_cancel;
                wish.pid = bus_peer_pid(daemon->bus, provider->peer, &wish.app_id);
        }
        wish.route = route_choice_get(daemon->route_choices, wish.call);
        r = audio_set(daemon->audio, &wish);
        if (wish.level != AUDIO_LEVEL_NONE)
                route_choice_forget(&daemon->route_choices, wish.call);
        if (r < 0) {
                const struct log_context context = {.call = effect->call.text};

                log_write(LOG_ERR, &context, "The call's sound cannot be set: %s", strerror(-r));
        }
}

/* The app's ringtone: the file that it handed over, else the one that it named. */
static void set_ring(struct daemon *daemon)
{
        const struct call *call = engine_ring_call(daemon->engine);
        struct audio_ring ring = AUDIO_RING(engine_ring_mode(daemon->engine));

        if (!daemon->audio)
                return;
        if (call && ring.mode == RING_TONE) {
                ring.sound = call->provider->config.ringtone;
                ring.provider = call->provider->config.identifier;
                if (bus_open_ringtone(daemon->bus, call->provider->number, &ring.fd) < 0)
                        ring.fd = -1;
        }
        audio_set_ring(daemon->audio, &ring);
        closep(&ring.fd);
}

/* Feedback for the user; audio plays it where the administrator asked for it. */
static void play_keys(struct daemon *daemon, const struct effect *effect)
{
        const struct transaction *transaction =
                engine_find_transaction(daemon->engine, effect->transaction.text);
        const struct action *action = transaction ? transaction->actions : NULL;

        for (; daemon->audio && action; action = action->next) {
                if (action->delivery == effect->serial && action->type == ACTION_PLAY_DTMF)
                        audio_play_keys(daemon->audio, str_or_empty(action->text));
        }
}

void daemon_settle_sound(struct daemon *daemon)
{
        enum ring_mode wanted = engine_ring_mode(daemon->engine);

        if (!daemon->audio)
                return;
        audio_set_ringback(daemon->audio, engine_wants_ringback(daemon->engine));
        if (audio_get_ring(daemon->audio) == wanted)
                return;
        log_error("The ringing is \"%s\" where the calls want \"%s\"; it is set right",
                  ring_mode_to_string(audio_get_ring(daemon->audio)), ring_mode_to_string(wanted));
        set_ring(daemon);
}

/* ---- effects ---- */

static void apply_call_added(struct daemon *daemon, const struct effect *effect)
{
        const struct call *call = engine_find_call(daemon->engine, effect->call.text);

        if (!call)
                return;
        log_call_added(call);
        adopt_found_nodes(daemon, call);
        bus_apply_call_added(daemon->bus, &effect->call);
}

static void apply_call_changed(struct daemon *daemon, const struct effect *effect)
{
        const struct call *call = engine_find_call(daemon->engine, effect->call.text);

        if (call)
                log_call_changed(call, effect->mask);
        bus_apply_call_changed(daemon->bus, &effect->call, effect->mask);
}

static void apply_call_ended(struct daemon *daemon, const struct effect *effect)
{
        const struct call *call = engine_find_call(daemon->engine, effect->call.text);

        if (call)
                log_call_ended(call);
        route_choice_forget(&daemon->route_choices, effect->call.text);
}

void daemon_apply(struct daemon *daemon, const struct effect *effect)
{
        switch (effect->type) {
        case EFFECT_PROVIDER_ADDED:
                log_provider(daemon, effect->provider, MESSAGE_PROVIDER_ADDED, "is here");
                bus_apply_provider_added(daemon->bus, effect->provider);
                return;
        case EFFECT_PROVIDER_CHANGED:
                bus_apply_provider_changed(daemon->bus, effect->provider);
                return;
        case EFFECT_PROVIDER_REMOVED:
                log_provider(daemon, effect->provider, MESSAGE_PROVIDER_REMOVED, "is gone");
                bus_apply_provider_removed(daemon->bus, effect->provider);
                return;
        case EFFECT_CALL_ADDED:
                apply_call_added(daemon, effect);
                return;
        case EFFECT_CALL_CHANGED:
                apply_call_changed(daemon, effect);
                return;
        case EFFECT_CALL_REMOVED:
                bus_apply_call_removed(daemon->bus, &effect->call);
                return;
        case EFFECT_SYSTEM_CHANGED:
                bus_apply_system_changed(daemon->bus, effect->mask);
                if (effect->mask & SYSTEM_CHANGED_DEFAULT_PROVIDERS)
                        choices_changed(&daemon->choices);
                return;
        case EFFECT_PERFORM:
                log_perform(daemon, effect);
                play_keys(daemon, effect);
                bus_apply_delegate(daemon->bus, effect);
                return;
        case EFFECT_BEGAN:
                log_began(daemon, effect->provider);
                bus_apply_delegate(daemon->bus, effect);
                return;
        case EFFECT_RESET:
        case EFFECT_ACTION_TIMED_OUT:
        case EFFECT_ACTION_CANCELLED:
        case EFFECT_AUDIO_ACTIVATED:
        case EFFECT_AUDIO_DEACTIVATED:
                bus_apply_delegate(daemon->bus, effect);
                return;
        case EFFECT_PUSH:
        case EFFECT_PUSH_FAILED:
        case EFFECT_PUSH_MISSED:
                log_push(daemon, effect);
                bus_apply_push(daemon->bus, effect);
                return;
        case EFFECT_TRANSACTION_COMPLETED:
                bus_apply_transaction_completed(daemon->bus, &effect->transaction);
                return;
        case EFFECT_TRANSACTION_OVERDUE:
                bus_apply_transaction_overdue(daemon->bus, &effect->transaction);
                return;
        case EFFECT_AUDIO:
                set_audio(daemon, effect);
                return;
        case EFFECT_RING:
                set_ring(daemon);
                return;
        case EFFECT_CALL_ENDED:
                apply_call_ended(daemon, effect);
                return;
        case EFFECT_START_PROVIDER:
                daemon_start_provider(daemon, effect->provider);
                return;
        case EFFECT_TYPE_MAX_:
                return;
        }
}
