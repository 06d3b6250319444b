/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a call is heard: chosen, preferred, plugged in and out. Sinks without devices. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/suite.h"
#include "world.h"

/* 27 ms: from the request to the last block at the old sink, and to the first at the new one. */
#define MOVED_WITHIN (5 * 5333)

static struct world world;
static struct world_call *call;
static struct world_app *speaker;
static struct world_app *headset;
static char *no_kinds[] = {NULL};

static void prefer(char **kinds, char **providers)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.other_media = OTHER_MEDIA_LEAVE;
        config.echo_cancel = ECHO_CANCEL_OFF;
        config.route_preference = kinds;
        config.provider_routes = providers;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
}

static void setup(void)
{
        world_init(&world);
        prefer(no_kinds, no_kinds);
        call = world_call_new(&world);
        speaker = world_meter(WORLD_SPEAKER);
        headset = world_meter(WORLD_HEADSET);
}

/* The user's own choice of a default device is his. */
static void teardown(void)
{
        const char *const configured[] = {"sh", "-c", "pw-metadata 0 | grep -q default.configured",
                                          NULL};

        ck_assert_int_eq(world_run(configured), 1);
        world_done(&world);
}

/* When the last sound was heard there, from `start`; 0 = none since. */
static usec_t last_sound(const struct world_app *app, unsigned since, usec_t start)
{
        usec_t last = 0;

        for (unsigned i = since; i < world_blocks(app); i++) {
                if (app->levels->blocks[i].rms > 0.0f && app->levels->blocks[i].usec > start)
                        last = app->levels->blocks[i].usec - start;
        }
        return last;
}

static void start_call(void)
{
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_play(call);
}

struct search {
        const char *id;
        const char *kind;
        bool available;
        unsigned n;
};

static void compare(const struct audio_route *route, void *userdata)
{
        struct search *search = userdata;

        if (!streq(route->id, search->id))
                return;
        search->n++;
        search->kind = route->kind;
        search->available = route->available;
}

START_TEST(test_list)
{
        struct search search = {.id = WORLD_HEADSET};

        audio_list_routes(world.audio, compare, &search);
        ck_assert_uint_eq(search.n, 1);
        ck_assert_str_eq(search.kind, "headset");
        ck_assert(search.available);
        /* Nodes of calls are no places. */
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        search = (struct search){.id = call->sink};
        audio_list_routes(world.audio, compare, &search);
        ck_assert_uint_eq(search.n, 0);
        ck_assert_str_eq(audio_get_route(world.audio), WORLD_SPEAKER);
}
END_TEST

static void assert_plain(const struct audio_route *route, void *userdata)
{
        (void)userdata;
        for (const char *at = route->id; *at; at++)
                ck_assert_int_gt(*at, 0);
}

/* A device may be called anything: what is no text cannot be told over the bus, and is not listed.
 */
START_TEST(test_strange_names)
{
        const char *const odd[] = {FAKE_DEVICE_PROGRAM, "-n", "od\xff", "phone", NULL};
        const char *const plain[] = {FAKE_DEVICE_PROGRAM, "-n", "plain", "phone", NULL};
        const char *const is_there[] = {"sh", "-c", "pw-link -i | grep -aq alsa_output.od", NULL};
        struct search search = {.id = "alsa_card.plain/[Out] Speaker"};
        pid_t first = world_spawn(odd);
        pid_t second;

        world_pump(&world, world_run(is_there) == 0);
        second = world_spawn(plain);
        world_pump(&world, (audio_list_routes(world.audio, compare, &search), search.n > 0));
        audio_list_routes(world.audio, assert_plain, NULL);
        world_kill(first, SIGKILL);
        world_kill(second, SIGKILL);
}
END_TEST

static int compare_times(const void *a, const void *b)
{
        const usec_t *x = a;
        const usec_t *y = b;

        return (*x > *y) - (*x < *y);
}

#define MOVES 6

START_TEST(test_moves)
{
        usec_t new_after[MOVES];
        usec_t old_until[MOVES];

        start_call();
        world_hear(&world, speaker);
        world_stays_silent(&world, headset, 10);
        for (unsigned i = 0; i < MOVES; i++) {
                const char *route = i % 2 == 0 ? WORLD_HEADSET : WORLD_SPEAKER;
                struct world_app *old = i % 2 == 0 ? speaker : headset;
                struct world_app *new = i % 2 == 0 ? headset : speaker;
                unsigned since = world_blocks(old);
                usec_t start = world_now();

                ck_assert_int_eq(audio_set_route(world.audio, call->uuid, route), 0);
                new_after[i] = world_hear(&world, new);
                world_silence(&world, old, 20);
                old_until[i] = last_sound(old, since, start);
                ck_assert_str_eq(audio_get_route(world.audio), route);
                world_stays_silent(&world, old, 20);
        }
        qsort(new_after, MOVES, sizeof(*new_after), compare_times);
        qsort(old_until, MOVES, sizeof(*old_until), compare_times);
        printf("%d changes of route: heard at the new sink after %u us (median; %u at most), last "
               "sound at the old one after %u us (%u at most)\n",
               MOVES, (unsigned)new_after[MOVES / 2], (unsigned)new_after[MOVES - 1],
               (unsigned)old_until[MOVES / 2], (unsigned)old_until[MOVES - 1]);
        /* The median: a busy machine stalls now and then. */
        ck_assert_uint_le(new_after[MOVES / 2], MOVED_WITHIN);
        ck_assert_uint_le(old_until[MOVES / 2], MOVED_WITHIN);
}
END_TEST

START_TEST(test_unknown)
{
        start_call();
        world_hear(&world, speaker);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, "nowhere"), -EINVAL);
        ck_assert_int_eq(
                audio_set_route(world.audio, "00000000-0000-4000-8000-000000000000", WORLD_HEADSET),
                -ENOENT);
        world_stays_silent(&world, headset, 20);
}
END_TEST

START_TEST(test_back_to_default)
{
        start_call();
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_HEADSET), 0);
        world_hear(&world, headset);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, ""), 0);
        world_hear(&world, speaker);
        world_silence(&world, headset, 20);
}
END_TEST

/* Kept while the call is held; gone with it. */
START_TEST(test_forgotten_with_the_call)
{
        struct world_call *next = world_call_new(&world);

        start_call();
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_HEADSET), 0);
        world_hear(&world, headset);
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, headset, 10);
        world_reach(&world, next, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(next->route, WORLD_SPEAKER);
        world_reach(&world, next, AUDIO_LEVEL_NONE, false);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(call->route, WORLD_HEADSET);
        world_hear(&world, headset);
        world_reach(&world, call, AUDIO_LEVEL_NONE, false);
        world_silence(&world, headset, 10);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(call->route, WORLD_SPEAKER);
        world_hear(&world, speaker);
        world_stays_silent(&world, headset, 20);
}
END_TEST

/* The option Route of an answer: it comes with the first wish. */
START_TEST(test_with_the_wish)
{
        call->wish.route = WORLD_HEADSET;
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        call->wish.route = "";
        start_call();
        ck_assert_str_eq(call->route, WORLD_HEADSET);
        world_hear(&world, headset);
        world_stays_silent(&world, speaker, 20);
}
END_TEST

START_TEST(test_preference)
{
        char *kinds[] = {"bluetooth", "headset", "speaker", NULL};
        char *theirs[] = {"org.example.Other:earpiece", "org.example.Phone:car,speaker", NULL};

        prefer(kinds, no_kinds);
        start_call();
        ck_assert_str_eq(call->route, WORLD_HEADSET);
        world_hear(&world, headset);
        world_stays_silent(&world, speaker, 10);
        /* An app's own comes first; a choice before both. */
        prefer(kinds, theirs);
        world_hear(&world, speaker);
        world_silence(&world, headset, 10);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_HEADSET), 0);
        world_hear(&world, headset);
        world_silence(&world, speaker, 10);
}
END_TEST

/* What is chosen vanishes: the default device; it comes back: there again. */
START_TEST(test_hot_plug)
{
        const char *const fake[] = {FAKE_DEVICE_PROGRAM, "-n", "usb", "phone", NULL};
        const char *const route = "alsa_card.usb/[Out] Speaker";
        struct search search = {.id = route};
        struct world_app *usb;
        usec_t fallback;
        pid_t device = world_spawn(fake);

        world_pump(&world, (audio_list_routes(world.audio, compare, &search),
                            search.n > 0 && search.available));
        usb = world_meter("alsa_output.usb.HiFi");
        start_call();
        world_hear(&world, speaker);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, route), 0);
        world_hear(&world, usb);
        world_silence(&world, speaker, 20);
        world_app_end(usb);
        world_kill(device, SIGKILL);
        fallback = world_hear(&world, speaker);
        printf("pulled out: heard at the default device after %u us\n", (unsigned)fallback);
        ck_assert_str_eq(audio_get_route(world.audio), WORLD_SPEAKER);
        device = world_spawn(fake);
        world_pump(&world, streq(audio_get_route(world.audio), route));
        world_silence(&world, speaker, 20);
        world_kill(device, SIGKILL);
}
END_TEST

/* The next daemon finds the call where it is heard, and leaves it there. */
START_TEST(test_adopted)
{
        const char *const owner[] = {OWNER_PROGRAM, call->uuid, "linked", "open", NULL};
        bool muted;
        bool linked;
        unsigned since;
        pid_t pid;

        setenv("OWNER_ROUTE", WORLD_HEADSET, 1);
        pid = world_spawn(owner);
        world_pump(&world,
                   audio_get_found(world.audio, call->uuid, &muted, &linked) == 0 && linked);
        world_app_play(call);
        world_hear(&world, headset);
        world_kill(pid, SIGKILL);
        since = world_blocks(headset);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(call->route, WORLD_HEADSET);
        world_pump(&world, world_blocks(headset) > since + 100);
        world_went_on(headset, since);
        world_stays_silent(&world, speaker, 10);
}
END_TEST

static TCase *routes(void)
{
        TCase *tc = tcase_create("routes");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, test_list);
        tcase_add_test(tc, test_strange_names);
        tcase_add_test(tc, test_moves);
        tcase_add_test(tc, test_unknown);
        tcase_add_test(tc, test_back_to_default);
        tcase_add_test(tc, test_forgotten_with_the_call);
        tcase_add_test(tc, test_with_the_wish);
        tcase_add_test(tc, test_preference);
        tcase_add_test(tc, test_hot_plug);
        tcase_add_test(tc, test_adopted);
        return tc;
}

SUITE_MAIN("audio-route", routes());
