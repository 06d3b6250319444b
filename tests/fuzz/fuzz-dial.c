/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people dial: the first line is a phone number with pauses, the others are keys; over as
 * much time as it takes.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "model/engine.h"
#include "util/cleanup.h"

#define CALL "aaaaaaaa-0000-4000-8000-000000000001"
#define ROUNDS_MAX 600
#define LINES_MAX 8

static unsigned long long last_uuid;

static void make_uuid(struct uuid *ret_uuid, void *userdata)
{
        (void)userdata;
        snprintf(ret_uuid->text, sizeof(ret_uuid->text), "00000000-0000-4000-9000-%012llx",
                 ++last_uuid & 0xffffffffffffULL);
}

struct world {
        struct engine *engine;
        struct instant now;
        unsigned provider;
};

/* The app does everything at once. */
static void settle(struct world *world)
{
        const struct action_outcome outcome = {.date = 0};
        struct effect effect;

        while (engine_next_effect(world->engine, &effect))
                if (effect.type == EFFECT_PERFORM)
                        engine_fulfill_action(world->engine, world->now, world->provider,
                                              effect.action.text, &outcome);
        engine_settle(world->engine);
        fuzz_must(!engine_check(world->engine));
}

static void ask(struct world *world, const struct action_args *args)
{
        const struct request request = {.peer = ":ui",
                                        .controller = true,
                                        .origin = ORIGIN_USER,
                                        .actions = args,
                                        .n_actions = 1};
        struct uuid id;
        int r = engine_request(world->engine, world->now, &request, &id);

        fuzz_must(r == 0 || engine_explain(world->engine)[0]);
        settle(world);
}

static void begin(struct world *world)
{
        const struct engine_host host = {.make_uuid = make_uuid};
        const struct provider_peer peer = {.name = ":a", .identity = "1"};
        struct provider_config config;

        *world = (struct world){.now = {.boottime = USEC_PER_SEC, .realtime = USEC_PER_SEC}};
        provider_config_init(&config);
        config.identifier = strdup("org.example.a");
        fuzz_must(engine_new(&host, &LIMITS_DEFAULT, &world->engine) == 0);
        fuzz_must(engine_register_provider(world->engine, world->now, &peer, &config,
                                           &world->provider) == 0);
        provider_config_done(&config);
        settle(world);
}

/* Until all is said, or the user would have to. */
static void let_it_dial(struct world *world)
{
        const struct request request = {.peer = ":ui", .controller = true, .origin = ORIGIN_USER};
        const struct call *call;
        struct uuid id;
        unsigned rounds = 0;

        while ((call = engine_find_call(world->engine, CALL)) && call->post_dial) {
                fuzz_must(rounds++ < ROUNDS_MAX);
                if (call->post_dial_waits) {
                        fuzz_must(engine_request_post_dial(world->engine, world->now, &request,
                                                           CALL, &id) == 0);
                } else {
                        fuzz_must(engine_next_deadline(world->engine) != USEC_INFINITY);
                        world->now.boottime = engine_next_deadline(world->engine);
                        fuzz_must(engine_tick(world->engine, world->now) == 0);
                }
                settle(world);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        cleanup_(freep) char *text = malloc(size + 1);
        struct action_args args = {.type = ACTION_START,
                                   .call = CALL,
                                   .provider = "org.example.a",
                                   .handle_type = HANDLE_TYPE_PHONE_NUMBER};
        char *save = NULL, *line;
        struct world world;

        fuzz_must(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        begin(&world);
        args.handle = strtok_r(text, "\n", &save);
        ask(&world, &args);
        engine_report_connected(world.engine, world.now, world.provider, CALL, 0);
        settle(&world);
        let_it_dial(&world);
        for (unsigned n = 0; n < LINES_MAX && (line = strtok_r(NULL, "\n", &save)); n++) {
                args = (struct action_args){.type = ACTION_PLAY_DTMF,
                                            .call = CALL,
                                            .digits = line,
                                            .dtmf_type = (enum dtmf_type)(n % 3)};
                ask(&world, &args);
        }
        engine_free(world.engine);
        return 0;
}
