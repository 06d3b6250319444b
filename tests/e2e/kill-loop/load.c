/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is asked of callsd, at random, and what its answer says.
 *
 * One operation per call at a time. An answer of callsd settles what it was about; one that never
 * comes leaves it open until the next callsd is looked at.
 */
#include <errno.h>
#include <uuid/uuid.h>

#include "kill-loop.h"

#define RINGING_MAX 20

enum operation_type {
        NEW_INCOMING,
        NEW_HELD,
        UPDATE_NAME,
        REPORT_MUTED,
        REPORT_ENDED,
        ANSWER,
        SET_HELD,
        SET_MUTED,
        END,
        REQUEST_MUTED,
        REQUEST_END,
};

struct operation {
        struct world *world;
        struct call *call;
        enum operation_type type;
        bool on;
};

enum answer {
        ANSWER_DONE,
        ANSWER_REFUSED,
        ANSWER_NONE, /* it may have happened */
};

static void settle_done(struct operation *operation)
{
        struct call *call = operation->call;

        switch (operation->type) {
        case NEW_INCOMING:
        case NEW_HELD:
                call->life = LIFE_LIVE;
                break;
        case UPDATE_NAME:
                call->name = call->name_next;
                break;
        case REPORT_MUTED:
        case SET_MUTED:
        case REQUEST_MUTED:
                call->muted = operation->on;
                call->mute_unsure = false;
                call->mute_settling = operation->type == REQUEST_MUTED;
                break;
        case REPORT_ENDED:
        case END:
                call->life = LIFE_OVER;
                break;
        case REQUEST_END:
                call->life = LIFE_ENDING;
                break;
        case ANSWER:
                call->talked = true;
                break;
        case SET_HELD:
                break;
        }
}

/* A call that was refused never was; what else was refused is looked up. */
static void settle_refused(struct operation *operation)
{
        struct call *call = operation->call;

        if (operation->type == NEW_INCOMING || operation->type == NEW_HELD)
                call->life = LIFE_OVER;
        else if (operation->type == UPDATE_NAME)
                call->name_next = call->name;
}

/* What is open stays so, as begin() left it. */
static void settle(struct operation *operation, enum answer answer, const char *problem)
{
        struct world *world = operation->world;

        if (world->providers[operation->call->provider].library && operation->type <= REPORT_ENDED)
                world->library_in_flight--;
        else
                world->in_flight--;
        operation->call->busy = false;
        if (answer == ANSWER_DONE) {
                world->acknowledged++;
                settle_done(operation);
        } else if (answer == ANSWER_REFUSED) {
                world->refused++;
                if (world->options.verbose)
                        fprintf(stderr, "operation %d refused: %s\n", operation->type, problem);
                settle_refused(operation);
        } else {
                world->unsure++;
                world->loading = false; /* it has died */
        }
        free(operation);
        load_more(world);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *problem = sd_bus_message_get_error(reply);
        const char *sender = sd_bus_message_get_sender(reply);

        (void)error;
        if (!problem)
                settle(userdata, ANSWER_DONE, NULL);
        else if (!sender || strcmp(sender, "org.freedesktop.DBus") == 0)
                settle(userdata, ANSWER_NONE, NULL);
        else
                settle(userdata, ANSWER_REFUSED, problem->message);
        return 0;
}

/*
 * The library sends again what a callsd that died did not answer; so there is an answer. On a
 * machine so busy that callsd is away for 2 s it says so, and tells the whole call later.
 */
static void on_told(const struct cx_error *error, void *userdata)
{
        struct operation *operation = userdata;

        if (error && cx_error_is(error, CX_ERROR_DOMAIN_CALLSD, CX_ERROR_NOT_RUNNING)) {
                operation->world->excused++;
                operation->call->excused = true;
                settle(operation, ANSWER_NONE, NULL);
                return;
        }
        settle(operation, error ? ANSWER_REFUSED : ANSWER_DONE,
               error ? cx_error_get_message(error) : NULL);
}

/* ---- sending ---- */

static void report_by_library(struct provider *provider, struct operation *operation)
{
        struct call *call = operation->call;
        struct cx_call_update *update;
        struct cx_call_facts facts = {.size = sizeof(facts), .state = CX_CALL_STATE_HELD};
        char name[16];
        int r = -EINVAL;

        if (cx_call_update_new(&update) < 0)
                fatal("no memory");
        snprintf(name, sizeof(name), "n%u", call->name_next);
        cx_call_update_set_localized_caller_name(update, name);
        if (operation->type == NEW_INCOMING)
                r = cx_provider_report_new_incoming_call(provider->library, call->uuid, update,
                                                         on_told, operation);
        else if (operation->type == NEW_HELD)
                r = cx_provider_report_call(provider->library, call->uuid, &facts, update, on_told,
                                            operation);
        else if (operation->type == UPDATE_NAME)
                r = cx_provider_report_call_updated(provider->library, call->uuid, update, on_told,
                                                    operation);
        else if (operation->type == REPORT_MUTED)
                r = cx_provider_report_call_muted(provider->library, call->uuid, operation->on,
                                                  CX_FACT_SOURCE_REMOTE, on_told, operation);
        else if (operation->type == REPORT_ENDED)
                r = cx_provider_report_call_ended(provider->library, call->uuid, 0,
                                                  CX_CALL_ENDED_REASON_REMOTE_ENDED, on_told,
                                                  operation);
        if (r < 0)
                fatal("%s: a report failed: %s", provider->identifier, strerror(-r));
        cx_call_update_unref(update);
}

static int append_report(sd_bus_message *message, const struct operation *operation)
{
        const struct call *call = operation->call;
        char name[16];

        snprintf(name, sizeof(name), "n%u", call->name_next);
        switch (operation->type) {
        case NEW_INCOMING:
        case UPDATE_NAME:
                return sd_bus_message_append(message, "sa{sv}", call->uuid, 1,
                                             "LocalizedCallerName", "s", name);
        case NEW_HELD:
                return sd_bus_message_append(message, "sa{sv}", call->uuid, 3, "State", "s", "held",
                                             "LocalizedCallerName", "s", name, "GroupWith", "s",
                                             call->mate ? call->mate->uuid : "");
        case REPORT_MUTED:
                return sd_bus_message_append(message, "sba{sv}", call->uuid, operation->on, 0);
        default:
                return sd_bus_message_append(message, "ssa{sv}", call->uuid, "remote-ended", 0);
        }
}

static void report(struct provider *provider, struct operation *operation)
{
        static const char *const members[] = {
                [NEW_INCOMING] = "ReportNewIncomingCall", [NEW_HELD] = "ReportCall",
                [UPDATE_NAME] = "ReportCallUpdated",      [REPORT_MUTED] = "ReportCallMuted",
                [REPORT_ENDED] = "ReportCallEnded",
        };
        sd_bus_message *message;

        if (provider->library) {
                report_by_library(provider, operation);
                return;
        }
        if (sd_bus_message_new_method_call(provider->bus, &message, NAME, provider->path,
                                           NAME ".Provider1", members[operation->type]) < 0 ||
            append_report(message, operation) < 0 ||
            sd_bus_call_async(provider->bus, NULL, message, on_reply, operation, 0) < 0)
                fatal("%s: a report failed", provider->identifier);
        sd_bus_message_unref(message);
}

static int append_request(sd_bus_message *message, const struct operation *operation)
{
        const char *call = operation->call->uuid;

        if (operation->type == SET_HELD || operation->type == SET_MUTED)
                return sd_bus_message_append(message, "b", operation->on);
        if (operation->type == REQUEST_MUTED)
                return sd_bus_message_append(message, "a(sa{sv})a{sv}", 1, "set-muted-call", 2,
                                             "Call", "s", call, "Muted", "b", operation->on, 0);
        if (operation->type == REQUEST_END)
                return sd_bus_message_append(message, "a(sa{sv})a{sv}", 1, "end-call", 1, "Call",
                                             "s", call, 0);
        return 0;
}

static void request(struct world *world, struct operation *operation)
{
        static const char *const members[] = {
                [ANSWER] = "Answer",
                [SET_HELD] = "SetHeld",
                [SET_MUTED] = "SetMuted",
                [END] = "End",
                [REQUEST_MUTED] = "RequestTransaction",
                [REQUEST_END] = "RequestTransaction",
        };
        bool of_call = operation->type < REQUEST_MUTED;
        sd_bus_message *message;

        if (sd_bus_message_new_method_call(world->controller, &message, NAME,
                                           of_call ? operation->call->path : "/org/callsd",
                                           of_call ? NAME ".Call1" : NAME ".Manager1",
                                           members[operation->type]) < 0 ||
            append_request(message, operation) < 0 ||
            sd_bus_call_async(world->controller, NULL, message, on_reply, operation, 0) < 0)
                fatal("a request failed");
        sd_bus_message_unref(message);
}

/* Open from now on, until the answer. */
static void open_question(struct call *call, enum operation_type type)
{
        switch (type) {
        case NEW_INCOMING:
        case NEW_HELD:
                call->life = LIFE_UNSURE_NEW;
                break;
        case UPDATE_NAME:
                call->name_next++;
                break;
        case REPORT_MUTED:
        case SET_MUTED:
        case REQUEST_MUTED:
                call->mute_unsure = true;
                break;
        case REPORT_ENDED:
        case END:
        case REQUEST_END:
                call->life = LIFE_UNSURE_END;
                break;
        case ANSWER:
                call->answered = true;
                break;
        case SET_HELD:
                break;
        }
}

static void begin(struct world *world, struct call *call, enum operation_type type)
{
        struct operation *operation = calloc(1, sizeof(*operation));
        struct provider *provider = &world->providers[call->provider];

        if (!operation)
                fatal("no memory");
        *operation = (struct operation){world, call, type, pick(world, 2)};
        call->busy = true;
        open_question(call, type);
        if (provider->library && type <= REPORT_ENDED)
                world->library_in_flight++;
        else
                world->in_flight++;
        if (type <= REPORT_ENDED)
                report(provider, operation);
        else
                request(world, operation);
}

/* ---- what next ---- */

static void name_call(struct call *call)
{
        uuid_t uuid;
        char *at;

        uuid_generate_random(uuid);
        uuid_unparse_lower(uuid, call->uuid);
        snprintf(call->path, sizeof(call->path), "/org/callsd/call/%s", call->uuid);
        for (at = call->path; (at = strchr(at, '-'));)
                *at = '_';
}

/* A held call of the same provider that is alone, so that both can be a group. */
static struct call *find_mate(struct world *world, unsigned provider)
{
        for (size_t i = 0; i < world->n_live; i++) {
                struct call *call = world->live[i];

                if (call->provider == provider && call->stable && call->life == LIFE_LIVE &&
                    !call->busy && !call->mate)
                        return call;
        }
        return NULL;
}

static void begin_new(struct world *world, unsigned n_ringing)
{
        struct call *call = calloc(1, sizeof(*call));

        if (!call || world->n_live == LIVE_MAX)
                fatal("too many calls");
        name_call(call);
        HASH_ADD_STR(world->calls, uuid, call);
        world->live[world->n_live++] = call;
        call->provider = pick(world, world->options.providers);
        call->stable = n_ringing >= RINGING_MAX || pick(world, 10) < 6;
        if (call->stable && !world->providers[call->provider].library && pick(world, 3) == 0)
                call->mate = find_mate(world, call->provider);
        if (call->mate)
                call->mate->mate = call;
        begin(world, call, call->stable ? NEW_HELD : NEW_INCOMING);
}

static enum operation_type choose(struct world *world, const struct call *call)
{
        static const enum operation_type for_all[] = {
                UPDATE_NAME,   REPORT_MUTED, SET_MUTED,   UPDATE_NAME,
                REQUEST_MUTED, REPORT_ENDED, REQUEST_END, END};

        if (!call->stable && pick(world, 3) > 0)
                return call->talked ? SET_HELD : ANSWER;
        return for_all[pick(world, ARRAY_SIZE(for_all))];
}

static bool is_ready(const struct call *call)
{
        return call->life == LIFE_LIVE && !call->busy && !call->excused && !call->mute_unsure &&
               !call->mute_settling && call->name == call->name_next;
}

static void begin_one(struct world *world)
{
        struct call *ready[LIVE_MAX];
        unsigned n_live = 0, n_ringing = 0, n_ready = 0;

        for (size_t i = 0; i < world->n_live; i++) {
                struct call *call = world->live[i];

                n_live += call->life != LIFE_OVER;
                n_ringing += call->life != LIFE_OVER && !call->stable && !call->talked;
                if (is_ready(call))
                        ready[n_ready++] = call;
        }
        if (n_live < world->options.calls || n_ready == 0) {
                begin_new(world, n_ringing);
        } else {
                struct call *call = ready[pick(world, n_ready)];

                begin(world, call, choose(world, call));
        }
}

void load_more(struct world *world)
{
        while (world->loading &&
               world->in_flight + world->library_in_flight < world->options.in_flight)
                begin_one(world);
}
