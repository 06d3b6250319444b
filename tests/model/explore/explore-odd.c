/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens less often: numbers with pauses and for emergencies, settings, limits, flags, other
 * people's requests. With all of these the world is too wide to go far; a few inputs in a row are
 * enough to see that nothing behaves otherwise than before.
 */
#include "explore.h"

#include "support/sim-internal.h"

static enum explore_result ask_as(struct sim *sim, const struct input *input)
{
        return explore_result(sim_try_ask(sim, input->call, input->text));
}

/* Call 4 is dialled by the app "sip", or by the one that `number` says. */
static enum explore_result dial(struct sim *sim, const struct input *input)
{
        const struct uuid id = sim_uuid("4");
        const struct action_args args = {.type = ACTION_START,
                                         .call = id.text,
                                         .provider = input->number ? "org.example.gsm"
                                                                   : "org.example.sip",
                                         .handle_type = HANDLE_TYPE_PHONE_NUMBER,
                                         .handle = input->text};

        return explore_result(sim_try_ask_raw(sim, input->call, &args, 1));
}

static enum explore_result post_dial(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, "4"))
                return EXPLORE_NO_SENSE;
        return explore_result(input->number ? sim_try_post_dial(sim, "ui", "4")
                                            : sim_try_cancel_post_dial(sim, "ui", "4"));
}

static enum explore_result outgoing(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call))
                return EXPLORE_NO_SENSE;
        return explore_result(input->number ? sim_try_connected(sim, "sip", input->call, 0)
                                            : sim_try_connecting(sim, "sip", input->call, 0));
}

/* ---- settings ---- */

static enum explore_result disturb(struct sim *sim, const struct input *input)
{
        sim_set_do_not_disturb(sim, input->number != 0);
        return EXPLORE_DONE;
}

/* An incoming call that is filtered. */
static enum explore_result filtered(struct sim *sim, const struct input *input)
{
        enum explore_result result;

        if (sim_call(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        sim_judge(sim, "", (enum refusal)input->number, input->text != NULL);
        result = explore_result(
                sim_try_incoming(sim, explore_owner(input->call), input->call, NULL));
        sim_judge(sim, "", REFUSAL_NONE, false);
        return result;
}

static enum explore_result silence(struct sim *sim, const struct input *input)
{
        (void)input;
        sim_silence(sim);
        return EXPLORE_DONE;
}

static enum explore_result set_default(struct sim *sim, const struct input *input)
{
        return explore_result(sim_set_default(sim, "generic", input->text));
}

static enum explore_result set_resume(struct sim *sim, const struct input *input)
{
        struct limits limits = LIMITS_DEFAULT;

        limits.auto_resume = (enum auto_resume)input->number;
        sim_set_limits(sim, &limits);
        return EXPLORE_DONE;
}

/* As little as there can be. */
static enum explore_result tighten(struct sim *sim, const struct input *input)
{
        struct limits limits = LIMITS_DEFAULT;

        (void)input;
        limits.calls_per_provider = limits.ringing_per_provider = limits.ringing_total = 1;
        limits.transactions_per_provider = limits.actions_per_transaction = 1;
        limits.dtmf_length = limits.handle_length = 1;
        sim_set_limits(sim, &limits);
        return EXPLORE_DONE;
}

static enum explore_result configure(struct sim *sim, const struct input *input)
{
        struct provider_config config = sim_config(input->call);

        config.supports_audio_translation = config.supports_video = true;
        config.maximum_call_groups = config.maximum_calls_per_call_group = input->number;
        if (!explore_runs(sim, input->call)) {
                provider_config_done(&config);
                return EXPLORE_NO_SENSE;
        }
        return explore_result(sim_configure(sim, input->call, &config));
}

/* ---- the app that is not running ---- */

static enum explore_result come(struct sim *sim, const struct input *input)
{
        struct provider_config config = sim_config(input->call);

        sim_behave(sim, input->call, SIM_SILENT);
        return explore_result(sim_register(sim, input->call, &config));
}

static enum explore_result cannot_start(struct sim *sim, const struct input *input)
{
        return explore_result(sim_start_failed(sim, input->call));
}

static enum explore_result push(struct sim *sim, const struct input *input)
{
        return explore_result(sim_try_push(sim, input->call, "payload"));
}

/* Of a new connection of the same app, or of a stranger with its name. */
static enum explore_result register_as(struct sim *sim, const struct input *input)
{
        struct provider_config config = sim_config(input->call);

        return explore_result(sim_register_as(sim, input->call, &config, ":other", input->text,
                                              input->number != 0));
}

/* ---- reports ---- */

static enum explore_result update(struct sim *sim, const struct input *input)
{
        const struct call_update update = {.set = input->number,
                                           .name = "Ada",
                                           .account = "",
                                           .handle_type = HANDLE_TYPE_GENERIC,
                                           .handle = "sip:x@example.org",
                                           .audio = CALL_AUDIO_EXTERNAL,
                                           .video = true,
                                           .remote_held = true,
                                           .alerting = true,
                                           .early_media = true};

        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(
                sim_try_updated(sim, explore_owner(input->call), input->call, &update));
}

static enum explore_result ends_as(struct sim *sim, const struct input *input)
{
        const struct call_ending ending = {.reason = (enum ended_reason)input->number,
                                           .cause = ENDED_CAUSE_BUSY,
                                           .text = "so it is"};

        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ended(sim, explore_owner(input->call), input->call, &ending));
}

static enum explore_result fact_of_others(struct sim *sim, const struct input *input)
{
        if (!explore_lives(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_fact(sim, explore_owner(input->call), input->call,
                                           (enum call_state)input->number, FACT_REMOTE));
}

static enum explore_result import_grouped(struct sim *sim, const struct input *input)
{
        struct uuid with = sim_uuid(input->text);
        const struct call_import import = {.state = (enum call_state)input->number,
                                           .outgoing = true,
                                           .muted = true,
                                           .group_with = with.text};

        if (sim_call(sim, input->call) || !explore_runs(sim, explore_owner(input->call)))
                return EXPLORE_NO_SENSE;
        return explore_result(
                sim_try_import(sim, explore_owner(input->call), input->call, &import));
}

/* Its provider is not the one that reports. */
static enum explore_result meddle(struct sim *sim, const struct input *input)
{
        const struct call_ending ending = {.reason = ENDED_REASON_FAILED};

        if (!sim_call(sim, input->call) || !explore_runs(sim, input->text))
                return EXPLORE_NO_SENSE;
        return explore_result(sim_try_ended(sim, input->text, input->call, &ending));
}

const struct input explore_odd_inputs[] = {
        {dial, "ui", "112", 0},
        {dial, "ui", "112", 1},
        {dial, "sip", "112,5", 0},
        {dial, "ui", "0123,45;67", 0},
        {dial, "ui may-end", "0123;x", 0},
        {dial, "sip", "0123;4", 0},
        {post_dial, "4", NULL, 0},
        {post_dial, "4", NULL, 1},
        {outgoing, "4", NULL, 0},
        {outgoing, "4", NULL, 1},
        {disturb, "", NULL, 0},
        {disturb, "", NULL, 1},
        {filtered, "2", NULL, REFUSAL_INCOMING_BLOCK_LIST},
        {filtered, "2", "allowed", REFUSAL_NONE},
        {silence, "", NULL, 0},
        {set_default, "", "org.example.web", 0},
        {set_default, "", "", 0},
        {ask_as, "ui", "start 4 -", 0},
        {ask_as, "web", "start 4 - video", 0},
        {ask_as, "ui", "start 4 gsm", 0},
        {set_resume, "", NULL, AUTO_RESUME_NEVER},
        {set_resume, "", NULL, AUTO_RESUME_ALWAYS},
        {tighten, "", NULL, 0},
        {configure, "sip", NULL, 1},
        {configure, "sip", NULL, 9},
        {configure, "web", NULL, 1},
        {come, "gsm", NULL, 0},
        {cannot_start, "gsm", NULL, 0},
        {push, "gsm", NULL, 0},
        {push, "sip", NULL, 0},
        {register_as, "web", "1000/web", 0},
        {register_as, "web", "1000/other", 0},
        {register_as, "sip", "1000/sip", 1},
        {ask_as, "ui", "translate 1", 0},
        {ask_as, "ui", "untranslate 1", 0},
        {ask_as, "ui", "soft 1 12", 0},
        {ask_as, "ui", "hard 2 1;2", 0},
        {ask_as, "ui", "dtmf 1 12", 0},
        {ask_as, "ui waits timeout=2", "hold 1", 0},
        {ask_as, "ui waits", "unhold 1,mute 1,dtmf 1 5", 0},
        {ask_as, "ui timeout=500", "end 1", 0},
        {ask_as, "car", "end 2", 0},
        {ask_as, "stranger", "hold 1", 0},
        {ask_as, "web", "answer 2", 0},
        {ask_as, "web may-end", "answer 2", 0},
        {ask_as, "web", "end 1", 0},
        {ask_as, "sip", "mute 1", 0},
        {ask_as, "ui", "end 1,end 2", 0},
        {ask_as, "ui", "end 2,end 2,unhold 1", 0},
        {ask_as, "ui", "hold 1,answer 2,mute 2", 0},
        {ask_as, "ui", "leave 3,hold 3", 0},
        {ask_as, "ui", "join 3 1,hold 1", 0},
        {ask_as, "ui", "join 1 2", 0},
        {ask_as, "ui", "mute 2,unmute 2,mute 2", 0},
        {update, "1", NULL, UPDATE_GROUPING},
        {update, "1", NULL, UPDATE_UNGROUPING},
        {update, "1", NULL, UPDATE_DTMF},
        {update, "1", NULL, UPDATE_MUTING},
        {update, "2", NULL, UPDATE_AUDIO | UPDATE_VIDEO | UPDATE_HANDLE},
        {update, "2", NULL, UPDATE_NAME | UPDATE_REMOTE_HELD | UPDATE_EARLY_MEDIA},
        {ends_as, "1", NULL, ENDED_REASON_FAILED},
        {ends_as, "2", NULL, ENDED_REASON_ANSWERED_ELSEWHERE},
        {ends_as, "2", NULL, ENDED_REASON_UNANSWERED},
        {fact_of_others, "1", NULL, CALL_STATE_ACTIVE},
        {fact_of_others, "2", NULL, CALL_STATE_CONNECTING},
        {import_grouped, "3", "1", CALL_STATE_ACTIVE},
        {import_grouped, "3", "2", CALL_STATE_HELD},
        {import_grouped, "3", "1", CALL_STATE_RINGING},
        {meddle, "1", "web", 0},
};

const size_t explore_n_odd_inputs = ARRAY_SIZE(explore_odd_inputs);
