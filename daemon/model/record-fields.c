/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields of every struct, a line each. A new field gets its line here, and the record a new
 * RECORD_FORMAT; test-record-fields misses a field that has none. What points to others is in
 * record-links.c, what can be counted in record-check.c.
 *
 * Bools come first: eight of them share a byte.
 */
#include "model/record-internal.h"

#include <stdlib.h>

/* An array is bounded by the bytes that are left, so nobody is made to allocate much. */
static void *new_array(struct codec *codec, size_t n, size_t size)
{
        void *array = codec_ok(codec) && n > 0 ? calloc(n, size) : NULL;

        if (!array && n > 0)
                codec_fail(codec, -ENOMEM, "there is no memory for a list");
        return array;
}

void record_engine_fields(struct codec *codec, struct engine *engine)
{
        codec_bool(codec, &engine->do_not_disturb);
        codec_bool(codec, &engine->audio_available);
        codec_bool(codec, &engine->in_call);
        codec_bool(codec, &engine->allowed_stale);
        codec_number(codec, &engine->next_group, UINT64_MAX);
        codec_number(codec, &engine->next_delivery, UINT64_MAX);
        codec_number(codec, &engine->next_interruption, UINT64_MAX);
        codec_number(codec, &engine->next_audio_serial, UINT64_MAX);
        codec_number(codec, &engine->audio_resumed, engine->next_audio_serial);
        codec_number(codec, &engine->next_fan_out, UINT64_MAX);
        codec_number(codec, &engine->deadlines.next_order, UINT64_MAX);
        CODEC_NUMBER(codec, engine->next_provider, UINT32_MAX);
        CODEC_NUMBER(codec, engine->ring_mode, RING_WAITING);
        codec_uuid_or_none(codec, &engine->ring_call);
        codec_uuid_or_none(codec, &engine->resumable);
}

void record_default_fields(struct codec *codec, struct default_provider *preset)
{
        codec_text(codec, &preset->key);
        codec_text(codec, &preset->identifier);
}

/* ---- providers ---- */

static void account_fields(struct codec *codec, struct account *account)
{
        codec_bool(codec, &account->emergency);
        codec_text(codec, &account->id);
        codec_text(codec, &account->label);
        codec_text(codec, &account->state);
        CODEC_NUMBER(codec, account->handle_types, UINT32_MAX);
        codec_names_or_null(codec, &account->uri_schemes);
}

static void accounts(struct codec *codec, struct provider_config *config)
{
        size_t n = config->n_accounts;

        codec_count(codec, &n, 1);
        if (codec->reading) {
                config->accounts = new_array(codec, n, sizeof(*config->accounts));
                config->n_accounts = config->accounts ? n : 0;
        }
        for (size_t i = 0; i < config->n_accounts; i++)
                account_fields(codec, &config->accounts[i]);
}

static void config_fields(struct codec *codec, struct provider_config *config)
{
        codec_bool(codec, &config->supports_video);
        codec_bool(codec, &config->supports_audio_translation);
        codec_bool(codec, &config->includes_calls_in_recents);
        codec_bool(codec, &config->own_echo_cancel);
        codec_bool(codec, &config->mix_groups);
        codec_bool(codec, &config->testing);
        codec_text(codec, &config->identifier);
        codec_text_or_null(codec, &config->ringtone);
        codec_text_or_null(codec, &config->localized_name);
        codec_text_or_null(codec, &config->icon);
        codec_names_or_null(codec, &config->uri_schemes);
        CODEC_NUMBER(codec, config->handle_types, UINT32_MAX);
        CODEC_NUMBER(codec, config->maximum_call_groups, UINT32_MAX);
        CODEC_NUMBER(codec, config->maximum_calls_per_call_group, UINT32_MAX);
        CODEC_NUMBER(codec, config->audio, CALL_AUDIO_NONE);
        codec_number(codec, &config->reclaim_grace, UINT64_MAX);
        accounts(codec, config);
}

void record_provider_fields(struct codec *codec, struct provider *provider)
{
        codec_bool(codec, &provider->sandboxed);
        codec_bool(codec, &provider->entitled);
        codec_bool(codec, &provider->declared);
        codec_bool(codec, &provider->can_start);
        codec_bool(codec, &provider->bus_lost);
        CODEC_NUMBER(codec, provider->number, UINT32_MAX);
        CODEC_NUMBER(codec, provider->state, PROVIDER_GONE);
        codec_name(codec, &provider->peer);
        codec_name(codec, &provider->identity);
        codec_names_or_null(codec, &provider->emergency_numbers);
        codec_names_or_null(codec, &provider->manifest_schemes);
        CODEC_NUMBER(codec, provider->manifest_handle_types, UINT32_MAX);
        codec_number(codec, &provider->manifest_grace, UINT64_MAX);
        codec_number(codec, &provider->emergency_until, UINT64_MAX);
        CODEC_NUMBER(codec, provider->push_misses, UINT32_MAX);
        codec_number(codec, &provider->push_throttled_until, UINT64_MAX);
        config_fields(codec, &provider->config);
}

/* Its id comes before. */
void record_push_fields(struct codec *codec, struct push *push)
{
        codec_bool(codec, &push->report_required);
        codec_bool(codec, &push->reported);
        CODEC_NUMBER(codec, push->state, PUSH_DONE);
        CODEC_NUMBER(codec, push->n_deliveries, UINT32_MAX);
        codec_text_or_null(codec, &push->reason);
        codec_bytes(codec, &push->data, &push->size);
}

/* ---- calls ---- */

static void date_fields(struct codec *codec, struct call_date *date)
{
        codec_number(codec, &date->realtime, UINT64_MAX);
        codec_number(codec, &date->boottime, UINT64_MAX);
}

static void members(struct codec *codec, struct call *call)
{
        size_t n = call->n_members;

        codec_count(codec, &n, 1);
        if (codec->reading) {
                call->members = new_array(codec, n, sizeof(*call->members));
                call->n_members = call->members ? n : 0;
        }
        for (size_t i = 0; i < call->n_members; i++) {
                codec_bool(codec, &call->members[i].active);
                codec_text(codec, &call->members[i].handle);
                codec_text(codec, &call->members[i].name);
        }
}

static void call_flags(struct codec *codec, struct call *call)
{
        codec_bool(codec, &call->outgoing);
        codec_bool(codec, &call->muted);
        codec_bool(codec, &call->video);
        codec_bool(codec, &call->remote_held);
        codec_bool(codec, &call->alerting);
        codec_bool(codec, &call->early_media);
        codec_bool(codec, &call->emergency);
        codec_bool(codec, &call->translating);
        codec_bool(codec, &call->reconnecting);
        codec_bool(codec, &call->imported);
        codec_bool(codec, &call->waiting);
        codec_bool(codec, &call->answer_pending);
        codec_bool(codec, &call->silenced);
        codec_bool(codec, &call->turn_taken);
        codec_bool(codec, &call->was_active);
        codec_bool(codec, &call->hold_untold);
        codec_bool(codec, &call->post_dial_waits);
        codec_bool(codec, &call->audio_muted);
        codec_bool(codec, &call->audio_ready);
        codec_bool(codec, &call->audio_announced);
        codec_bool(codec, &call->audio_closing);
        codec_bool(codec, &call->audio_lost);
}

/* Its id and its provider come before. */
void record_call_fields(struct codec *codec, struct call *call)
{
        call_flags(codec, call);
        CODEC_NUMBER(codec, call->state, CALL_STATE_ENDED);
        CODEC_NUMBER(codec, call->capabilities, CALL_SUPPORTS_ALL);
        CODEC_NUMBER(codec, call->allowed, CALL_ALLOWED_MAX_ - 1);
        CODEC_NUMBER(codec, call->hold_reason, HOLD_REASON_PROVIDER);
        CODEC_NUMBER(codec, call->state_origin, ORIGIN_OTHER_CLIENT);
        CODEC_NUMBER(codec, call->handle_type, HANDLE_TYPE_MAX_ - 1);
        CODEC_NUMBER(codec, call->audio, CALL_AUDIO_NONE);
        codec_text(codec, &call->handle);
        codec_text(codec, &call->name);
        codec_text(codec, &call->account);
        codec_text(codec, &call->contact);
        codec_text_or_null(codec, &call->post_dial);
        codec_number(codec, &call->picture, UINT64_MAX);
        members(codec, call);
        date_fields(codec, &call->started_at);
        date_fields(codec, &call->connected_at);
        date_fields(codec, &call->ended_at);
        date_fields(codec, &call->reported_at);
        CODEC_NUMBER(codec, call->ended_reason, ENDED_REASON_PROVIDER_LOST);
        CODEC_NUMBER(codec, call->end_reason_wanted, ENDED_REASON_PROVIDER_LOST);
        CODEC_NUMBER(codec, call->ended_cause, ENDED_CAUSE_OTHER);
        codec_text_or_null(codec, &call->ended_text);
        codec_number(codec, &call->interrupted_seq, UINT64_MAX);
        CODEC_NUMBER(codec, call->interruption_end, INTERRUPTION_OFFERED);
        CODEC_NUMBER(codec, call->audio_level, AUDIO_LEVEL_LINKED);
        codec_number(codec, &call->audio_serial, UINT64_MAX);
        codec_number(codec, &call->audio_group, UINT64_MAX);
        codec_number(codec, &call->ring_left, UINT64_MAX);
        codec_number(codec, &call->ring_resumed_at, UINT64_MAX);
}

/* ---- transactions ---- */

/* Its id comes before. */
void record_transaction_fields(struct codec *codec, struct transaction *transaction)
{
        codec_bool(codec, &transaction->controller);
        codec_bool(codec, &transaction->may_end);
        codec_bool(codec, &transaction->end_obstacles);
        codec_bool(codec, &transaction->emergency);
        codec_bool(codec, &transaction->complete);
        codec_name_or_null(codec, &transaction->requester);
        codec_number(codec, &transaction->timeout, UINT64_MAX);
}

/* The provider's words, or callsd's own, which are static: one or the other is told. */
static void reason(struct codec *codec, struct action *action)
{
        char *words = action->reason ? action->reason : (char *)(uintptr_t)action->why;

        codec_text_or_null(codec, &words);
        if (codec->reading)
                action->reason = words;
}

/* Its id comes before. */
void record_action_fields(struct codec *codec, struct action *action)
{
        codec_bool(codec, &action->on);
        codec_bool(codec, &action->video);
        codec_bool(codec, &action->requested);
        codec_bool(codec, &action->counted);
        codec_bool(codec, &action->policy_added);
        codec_bool(codec, &action->enforced);
        codec_bool(codec, &action->wanted);
        codec_bool(codec, &action->turn_taken);
        codec_bool(codec, &action->waits_for_provider);
        codec_bool(codec, &action->marks);
        CODEC_NUMBER(codec, action->type, ACTION_TYPE_MAX_ - 1);
        CODEC_NUMBER(codec, action->state, ACTION_DONE);
        CODEC_NUMBER(codec, action->origin, ORIGIN_POLICY);
        codec_uuid(codec, &action->call_id);
        CODEC_NUMBER(codec, action->provider, UINT32_MAX);
        codec_uuid_or_none(codec, &action->other);
        CODEC_NUMBER(codec, action->decline_reason, DECLINE_REASON_BUSY);
        CODEC_NUMBER(codec, action->dtmf_type, DTMF_HARD_PAUSE);
        codec_text_or_null(codec, &action->text);
        codec_text_or_null(codec, &action->text2);
        codec_number(codec, &action->timeout, UINT64_MAX);
        CODEC_NUMBER(codec, action->result, REFUSAL_MAX_ - 1);
        reason(codec, action);
        codec_number(codec, &action->delivery, UINT64_MAX);
        CODEC_NUMBER(codec, action->purpose_over, INTERRUPTION_OFFERED);
        codec_uuid_or_none(codec, &action->clears_for);
        codec_number(codec, &action->fan_out, UINT64_MAX);
}

/* ---- effects ---- */

void record_effect_fields(struct codec *codec, struct effect *effect)
{
        codec_bool(codec, &effect->muted);
        CODEC_NUMBER(codec, effect->type, EFFECT_TYPE_MAX_ - 1);
        CODEC_NUMBER(codec, effect->provider, UINT32_MAX);
        codec_uuid_or_none(codec, &effect->call);
        codec_uuid_or_none(codec, &effect->transaction);
        codec_uuid_or_none(codec, &effect->action);
        CODEC_NUMBER(codec, effect->mask, 2 * CALL_CHANGED_EMERGENCY - 1);
        CODEC_NUMBER(codec, effect->n_actions, UINT32_MAX);
        codec_number(codec, &effect->serial, UINT64_MAX);
        CODEC_NUMBER(codec, effect->audio_level, AUDIO_LEVEL_LINKED);
        CODEC_NUMBER(codec, effect->ring_mode, RING_WAITING);
}

/* ---- deadlines ---- */

void record_deadline(struct codec *codec, struct engine *engine, struct deadline *deadline)
{
        bool armed = deadline_is_armed(deadline);
        uint64_t at = deadline->at, order = deadline->order;

        codec_bool(codec, &armed);
        if (!armed)
                return;
        codec_number(codec, &at, UINT64_MAX);
        codec_number(codec, &order, engine->deadlines.next_order);
        if (!codec->reading || !codec_ok(codec))
                return;
        if (deadline_heap_reserve(&engine->deadlines, engine->deadlines.n_items + 1) < 0)
                codec_fail(codec, -ENOMEM, "there is no memory for the deadlines");
        else
                deadline_arm_again(&engine->deadlines, deadline, at, order);
}
