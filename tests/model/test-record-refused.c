/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * States that the engine cannot be in: each is made by hand, written down, and refused for what is
 * wrong with it. (Bytes that are damaged by chance are in test-record.)
 */
#include "model/record-worlds.h"
#include "model/story.h"

#include <errno.h>
#include <fnmatch.h>
#include <utlist.h>

#include "model/engine-internal.h"
#include "model/record.h"
#include "support/sim-internal.h"

static struct engine *e;

/* ---- what there is in a world ---- */

static struct provider *provider_in(enum provider_state state)
{
        for (struct provider *at = e->providers; at; at = at->hh_number.next)
                if (at->state == state)
                        return at;
        sim_die(s, "no provider is in state %d", state);
}

static struct call *call_in(enum call_state state)
{
        for (struct call *at = e->calls; at; at = at->hh.next)
                if (at->state == state)
                        return at;
        sim_die(s, "no call is %s", call_state_to_string(state));
}

static struct transaction *transaction_that(bool complete)
{
        struct transaction *at;

        DL_FOREACH2 (e->admitted, at, admitted_next) {
                if (at->complete == complete)
                        return at;
        }
        sim_die(s, "no transaction is %scomplete", complete ? "" : "in");
}

static struct action *action_in(enum action_state state, bool joined)
{
        struct transaction *transaction;
        struct action *at;

        DL_FOREACH2 (e->admitted, transaction, admitted_next) {
                DL_FOREACH (transaction->actions, at) {
                        if (at->state == state && (at->joined_to != NULL) == joined)
                                return at;
                }
        }
        sim_die(s, "no action is in state %d", state);
}

static struct effect *perform(void)
{
        for (size_t i = e->effects.head; i < e->effects.n_items; i++)
                if (e->effects.items[i].type == EFFECT_PERFORM)
                        return &e->effects.items[i];
        sim_die(s, "nothing is performed");
}

static void arm(struct deadline *deadline)
{
        ck_assert_int_eq(deadline_heap_reserve(&e->deadlines, e->deadlines.n_items + 1), 0);
        deadline_arm(&e->deadlines, deadline, 5000 * USEC_PER_SEC);
}

/* ---- what can be wrong ---- */

static void forget_with_calls(void)
{
        arm(&provider_in(PROVIDER_GONE)->reclaim);
}

static void live_without_provider(void)
{
        provider_in(PROVIDER_GONE)->calls->state = CALL_STATE_HELD;
}

static void away_for_ever(void)
{
        deadline_disarm(&e->deadlines, &provider_in(PROVIDER_AWAY)->reclaim);
}

static void awaited_and_there(void)
{
        arm(&provider_in(PROVIDER_RUNNING)->reclaim);
}

static void lost_and_there(void)
{
        provider_in(PROVIDER_RUNNING)->bus_lost = true;
}

static void number_never_given(void)
{
        e->next_provider--;
}

static void identifier_of_no_form(void)
{
        provider_in(PROVIDER_RUNNING)->config.identifier[3] = '/';
}

static void interrupted_and_not_held(void)
{
        e->interrupted->state = CALL_STATE_STARTED;
}

static void interrupted_by_itself(void)
{
        e->interrupted->interrupter = e->interrupted;
}

static void interrupted_in_disorder(void)
{
        e->next_interruption = e->interrupted->interrupted_seq - 1;
}

static void serial_of_the_future(void)
{
        call_in(CALL_STATE_ACTIVE)->audio_serial = e->next_audio_serial + 1;
}

static void words_before_the_end(void)
{
        call_in(CALL_STATE_HELD)->ended_text = strdup("Busy");
}

static void complete_with_deadline(void)
{
        arm(&transaction_that(true)->reply_deadline);
}

static void complete_and_pending(void)
{
        transaction_that(true)->actions->state = ACTION_QUEUED;
}

static void one_id_twice(void)
{
        transaction_that(false)->id = transaction_that(true)->id;
}

static void one_action_twice(void)
{
        struct transaction *transaction;

        DL_FOREACH2 (e->admitted, transaction, admitted_next) {
                if (transaction->actions->next)
                        transaction->actions->next->id = transaction->actions->id;
        }
}

static void joined_to_what_is_done(void)
{
        struct action *action = action_in(ACTION_QUEUED, true)->joined_to;

        deadline_disarm(&e->deadlines, &action->deadline);
        action->state = ACTION_DONE;
}

static void joined_and_done(void)
{
        action_in(ACTION_QUEUED, true)->state = ACTION_DONE;
}

static void joined_to_another_type(void)
{
        struct action *action = action_in(ACTION_QUEUED, true);

        action->type = action->type == ACTION_END ? ACTION_SET_HELD : ACTION_END;
}

static void queued_with_deadline(void)
{
        arm(&action_in(ACTION_QUEUED, false)->deadline);
}

static void delivered_without_deadline(void)
{
        deadline_disarm(&e->deadlines, &action_in(ACTION_DELIVERED, false)->deadline);
}

static void delivered_and_waiting(void)
{
        action_in(ACTION_DELIVERED, false)->waits_for_provider = true;
}

static void delivered_by_nothing(void)
{
        action_in(ACTION_DELIVERED, false)->delivery = 0;
}

static void delivery_of_the_future(void)
{
        action_in(ACTION_DELIVERED, false)->delivery = e->next_delivery + 1;
}

static void fan_out_of_the_future(void)
{
        action_in(ACTION_DELIVERED, false)->fan_out = e->next_fan_out + 1;
}

static void pending_with_result(void)
{
        action_in(ACTION_DELIVERED, false)->result = REFUSAL_ACTION_FAILED;
}

static void pending_with_reason(void)
{
        action_in(ACTION_DELIVERED, false)->reason = strdup("no");
}

static void pending_without_call(void)
{
        struct action *action = action_in(ACTION_QUEUED, false);

        DL_DELETE2(action->call->actions, action, call_prev, call_next);
        action->call = NULL;
}

static void no_keys(void)
{
        struct transaction *transaction;
        struct action *at;

        DL_FOREACH2 (e->admitted, transaction, admitted_next) {
                DL_FOREACH (transaction->actions, at) {
                        if (at->type != ACTION_PLAY_DTMF || !action_is_pending(at))
                                continue;
                        free(at->text);
                        at->text = NULL;
                }
        }
}

static void effect_for_nobody(void)
{
        perform()->provider = e->next_provider + 1;
}

static void performs_too_many(void)
{
        perform()->n_actions++;
}

static void performs_nothing(void)
{
        struct effect *effect = perform();

        effect->transaction = (struct uuid){0};
        effect->n_actions = 0;
}

static void performs_what_is_not_delivered(void)
{
        struct effect *effect = perform();
        const struct transaction *transaction =
                engine_find_transaction(e, effect->transaction.text);
        struct action *at;

        DL_FOREACH (transaction->actions, at) {
                if (at->delivery == effect->serial)
                        at->delivery = 0;
                if (at->state == ACTION_DELIVERED) {
                        deadline_disarm(&e->deadlines, &at->deadline);
                        at->state = ACTION_QUEUED;
                }
        }
        effect->serial = 0;
}

static struct push *push_of(const char *identifier, enum push_state state)
{
        struct provider *provider;
        struct push *push;

        HASH_FIND(hh_identifier, e->identifiers, identifier, strlen(identifier), provider);
        DL_FOREACH (provider->pushes, push) {
                if (push->state == state)
                        return push;
        }
        sim_die(s, "%s has no such payload", identifier);
}

static void payload_waits_for_who_is_there(void)
{
        push_of("org.example.sip", PUSH_DELIVERED)->state = PUSH_WAITING;
}

static void payload_without_deadline(void)
{
        deadline_disarm(&e->deadlines, &push_of("org.example.sip", PUSH_DELIVERED)->deadline);
}

static void nothing_is_owed(void)
{
        push_of("org.example.sip", PUSH_DELIVERED)->report_required = false;
}

static void never_delivered(void)
{
        push_of("org.example.sip", PUSH_DELIVERED)->n_deliveries = 0;
}

static void reported_for_nothing(void)
{
        push_of("org.example.gsm", PUSH_WAITING)->reported = true;
}

static void one_payload_twice(void)
{
        push_of("org.example.web", PUSH_DELIVERED)->id =
                push_of("org.example.sip", PUSH_DELIVERED)->id;
}

static void effect_of_no_payload(void)
{
        push_of("org.example.web", PUSH_DELIVERED)->id = sim_uuid("dead");
}

static void shut_out_for_nothing(void)
{
        push_of("org.example.sip", PUSH_DELIVERED)->provider->push_throttled_until = 1;
}

static void missed_and_not_shut_out(void)
{
        push_of("org.example.sip", PUSH_DELIVERED)->provider->push_misses = PUSH_MISSES_MAX;
}

static void in_call_alone(void)
{
        e->in_call = !e->in_call;
}

static void rings_without_call(void)
{
        e->ring_call = (struct uuid){0};
}

static void rings_for_a_stranger(void)
{
        e->ring_call = sim_uuid("dead");
}

static void resumes_a_stranger(void)
{
        e->resumable = sim_uuid("dead");
}

static void two_defaults(void)
{
        free(e->defaults->key);
        e->defaults->key = strdup(e->defaults->next->key);
}

static void group_of_the_future(void)
{
        e->next_group = 0;
}

static void what_engine_check_knows(void)
{
        call_in(CALL_STATE_HELD)->audio_level = AUDIO_LEVEL_LINKED;
}

static const struct {
        const char *world;
        void (*spoil)(void);
        const char *problem;
} WRONG[] = {
        {"ended", forget_with_calls, "a provider that is gone is kept *"},
        {"ended", live_without_provider, "a call lives on without its provider"},
        {"away", away_for_ever, "a provider is away for ever"},
        {"away", awaited_and_there, "a provider is awaited that is not away"},
        {"away", lost_and_there, "a provider is awaited that is not away"},
        {"providers", number_never_given, "a provider's number was never given"},
        {"providers", identifier_of_no_form, "a provider's identifier is none"},
        {"providers", two_defaults, "there are two default providers *"},
        {"conference", interrupted_and_not_held, "a call is interrupted that is not held"},
        {"conference", interrupted_by_itself, "a call stands in front of itself"},
        {"conference", interrupted_in_disorder, "the list of interrupted calls *"},
        {"conference", serial_of_the_future, "a wish for audio has a serial of the future"},
        {"conference", words_before_the_end, "a call has words for its end *"},
        {"conference", group_of_the_future, "a value is out of its range"},
        {"conference", what_engine_check_knows, "a ringing, held, * call has audio"},
        {"not taken", complete_with_deadline, "a complete transaction has a deadline"},
        {"not taken", one_id_twice, "two transactions have one id"},
        {"conference", one_action_twice, "two actions have one id"},
        {"not taken", complete_and_pending, "a complete transaction has an action *"},
        {"ringing", joined_to_what_is_done, "an action joins one that is done*"},
        {"ringing", joined_and_done, "an action joins one that is done*"},
        {"ringing", joined_to_another_type, "an action joins one that is not the same"},
        {"ringing", queued_with_deadline, "an action has a deadline too many, or none"},
        {"ringing", delivered_without_deadline, "an action has a deadline too many, or none"},
        {"ringing", delivered_and_waiting, "an action waits for its provider *"},
        {"ringing", delivered_by_nothing, "an action was delivered without a delivery"},
        {"ringing", delivery_of_the_future, "an action has a number of the future"},
        {"ringing", fan_out_of_the_future, "an action has a number of the future"},
        {"ringing", pending_with_result, "a pending action has a result"},
        {"ringing", pending_with_reason, "a pending action has a result"},
        {"ringing", pending_without_call, "a pending action is about no call"},
        {"post-dial", no_keys, "keys are to be sent, and there are none"},
        {"not taken", effect_for_nobody, "an effect is for a provider that never was"},
        {"not taken", performs_too_many, "actions are to be delivered that there are not"},
        {"not taken", performs_nothing, "actions are to be delivered that there are not"},
        {"not taken", performs_what_is_not_delivered, "actions are to be delivered *"},
        {"payloads", payload_waits_for_who_is_there, "a payload waits for a provider *"},
        {"payloads", payload_without_deadline, "a payload has a deadline too many, or none"},
        {"payloads", nothing_is_owed, "a report is owed for no payload, or by nobody"},
        {"payloads", never_delivered, "a report is owed for no payload, or by nobody"},
        {"payloads", reported_for_nothing, "a duty was kept that there was not"},
        {"payloads", one_payload_twice, "two payloads have one id"},
        {"payloads", effect_of_no_payload, "an effect is about a payload *"},
        {"payloads", shut_out_for_nothing, "a provider is shut out *"},
        {"payloads", missed_and_not_shut_out, "a provider is shut out *"},
        {"ringing", in_call_alone, "it says that there is a call *"},
        {"ringing", rings_without_call, "a call rings that there is not"},
        {"ringing", rings_for_a_stranger, "a call rings that there is not"},
        {"conference", resumes_a_stranger, "a call can be resumed that there is not"},
};

static void make_world(const char *name)
{
        for (size_t i = 0; i < RECORD_N_WORLDS; i++)
                if (streq(RECORD_WORLDS[i].name, name)) {
                        RECORD_WORLDS[i].make(s);
                        return;
                }
        sim_die(s, "there is no world '%s'", name);
}

START_TEST(refused_for_what_is_wrong)
{
        const struct engine_host host = sim_host(s);
        struct record_bytes bytes = {0};
        struct engine *loaded = NULL;
        const char *problem = "";

        make_world(WRONG[_i].world);
        e = sim_engine(s);
        WRONG[_i].spoil();
        ck_assert_int_eq(engine_save(e, &bytes), 0);
        ck_assert_int_eq(
                engine_load(&host, &LIMITS_DEFAULT, bytes.data, bytes.size, &loaded, &problem),
                -EBADMSG);
        ck_assert_msg(fnmatch(WRONG[_i].problem, problem, 0) == 0, "'%s' instead of '%s'", problem,
                      WRONG[_i].problem);
        record_bytes_done(&bytes);
}
END_TEST

static TCase *refused_case(void)
{
        TCase *refused = story_case("refused");

        tcase_add_loop_test(refused, refused_for_what_is_wrong, 0, (int)ARRAY_SIZE(WRONG));
        return refused;
}

SUITE_MAIN("refused records", refused_case());
