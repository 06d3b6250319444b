/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Headsets and cards, whose profiles and ports callsd switches for a call and back after it: a fake
 * one of each kind, which tells what it was asked for.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/suite.h"
#include "world.h"

#define HEADSET "bluez_card.hs"
#define MUSIC_SINK "bluez_output.hs.a2dp-sink"
#define HEADSET_SINK "bluez_output.hs.headset-head-unit"
#define HEADSET_SOURCE "bluez_input.hs.headset-head-unit"
#define EARPIECE "alsa_card.phone/[Out] Earpiece"
#define SPEAKER "alsa_card.phone/[Out] Speaker"
#define HEADPHONES "alsa_card.phone/[Out] Headphones"

static struct world world;
static struct world_call *call;
static struct world_app *speaker;
static pid_t device;
static char journal[64]; /* what the fake device says */
static char *no_kinds[] = {NULL};

static void prefer(char **kinds)
{
        struct audio_config config = AUDIO_CONFIG_DEFAULT;

        config.other_media = OTHER_MEDIA_LEAVE;
        config.echo_cancel = ECHO_CANCEL_OFF;
        config.route_preference = kinds;
        config.provider_routes = no_kinds;
        ck_assert_int_eq(audio_configure(world.audio, &config), 0);
}

static void setup(void)
{
        int fd;

        snprintf(journal, sizeof(journal), "/tmp/callsd-fake-XXXXXX");
        fd = mkstemp(journal);
        ck_assert_int_ge(fd, 0);
        close(fd);
        world_init(&world);
        prefer(no_kinds);
        call = world_call_new(&world);
        speaker = world_meter(WORLD_SPEAKER);
        device = 0;
}

static void teardown(void)
{
        world_done(&world);
        if (device > 0)
                world_kill(device, SIGKILL);
        unlink(journal);
}

/* What was asked for and what came of it, from `since` on, as one text. */
static const char *said(long since)
{
        static char text[4096];
        FILE *file = fopen(journal, "re");
        size_t n;

        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fseek(file, since, SEEK_SET), 0);
        n = fread(text, 1, sizeof(text) - 1, file);
        text[n] = '\0';
        fclose(file);
        return text;
}

static long mark(void)
{
        return (long)strlen(said(0));
}

static unsigned count(long since, const char *line)
{
        unsigned n = 0;

        for (const char *at = said(since); (at = strstr(at, line)); at += strlen(line))
                n++;
        return n;
}

/* Whether this is what the card was told last of its speakers. */
static bool plays_at(const char *port)
{
        const char *last = NULL;

        for (const char *at = said(0); (at = strstr(at, "set-route [Out] "));)
                last = at += strlen("set-route [Out] ");
        return last && strncmp(last, port, strlen(port)) == 0;
}

struct search {
        const char *id;
        bool found;
        bool available;
};

static void compare(const struct audio_route *route, void *userdata)
{
        struct search *search = userdata;

        if (streq(route->id, search->id)) {
                search->found = true;
                search->available = route->available;
        }
}

static bool is_there(const char *id, bool available)
{
        struct search search = {.id = id};

        audio_list_routes(world.audio, compare, &search);
        return search.found && search.available == available;
}

static void start_device(const char *card, const char *name, const char *priority,
                         const char *delay, const char *route)
{
        const char *const arguments[] = {FAKE_DEVICE_PROGRAM,
                                         "-n",
                                         name,
                                         "-p",
                                         priority,
                                         "-d",
                                         delay,
                                         "-l",
                                         journal,
                                         card,
                                         NULL};

        device = world_spawn(arguments);
        world_pump(&world, is_there(route, true));
        /* The session manager has chosen its ports, and is done. */
        world_pump(&world, count(0, "set-route") > 0);
}

/* A recorder that names a node too early ends up elsewhere. */
static struct world_app *meter(const char *sink)
{
        char command[128];
        const char *const list[] = {"sh", "-c", command, NULL};

        snprintf(command, sizeof(command), "pw-link -i | grep -qF '%s:'", sink);
        world_pump(&world, world_run(list) == 0);
        return world_meter(sink);
}

static void feed(const char *source)
{
        char port[96];
        const char *const link[] = {"pw-link", "feed:output_MONO", port, NULL};

        snprintf(port, sizeof(port), "%s:input_MONO", source);
        world_pump(&world, world_run(link) == 0);
}

/* A tone at a microphone of a device that comes and goes. */
static void start_feed(void)
{
        world_app_start("play", "-f", "880", "-P", "node.name=feed", "-P", "node.autoconnect=false",
                        NULL);
}

static void start_call(void)
{
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_app_play(call);
        world_hear(&world, speaker);
}

/* The headset is not the default: nobody but callsd will give it a microphone. */
static void choose_headset(const char *delay)
{
        struct world_app *recorder;
        struct world_app *headset;
        usec_t start;
        long since;

        start_device("bluetooth", "hs", "100", delay, HEADSET);
        start_call();
        recorder = world_app_record(call);
        start_feed();
        /* Long enough for the session manager to be done with a new device. */
        world_stays_silent(&world, recorder, 80);
        since = mark();
        start = world_now();
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, HEADSET), 0);
        ck_assert_str_eq(audio_get_route(world.audio), HEADSET);
        world_silence(&world, speaker, 10);
        printf("headset with %s ms of its own: left the speaker after %u us\n", delay,
               (unsigned)(speaker->levels->blocks[world_blocks(speaker) - 11].usec - start));
        headset = meter(HEADSET_SINK);
        world_hear(&world, headset);
        feed(HEADSET_SOURCE);
        world_hear(&world, recorder);
        ck_assert_uint_eq(count(since, "set-profile"), 1);
        ck_assert_uint_eq(count(since, "set-profile headset-head-unit save=0"), 1);
        world_stays_silent(&world, speaker, 20);
        world_app_end(headset);
}

START_TEST(test_headset)
{
        long since;

        choose_headset("0");
        since = mark();
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        ck_assert_uint_eq(count(since, "set-profile"), 0);
        world_reach(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, count(since, "set-profile a2dp-sink save=0") == 1);
        world_pump(&world, count(since, "\nprofile a2dp-sink") == 1);
        ck_assert_uint_eq(count(since, "set-profile"), 1);
}
END_TEST

START_TEST(test_slow_headset)
{
        choose_headset("300");
}
END_TEST

/* It is the default: the session manager switches it when the app records, and back later. */
START_TEST(test_default_headset)
{
        struct world_app *recorder;
        struct world_app *headset;
        long since;

        start_device("bluetooth", "hs", "2000", "50", HEADSET);
        world_pump(&world, streq(audio_get_route(world.audio), HEADSET));
        since = mark();
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(call->route, HEADSET);
        world_app_play(call);
        headset = meter(MUSIC_SINK);
        world_hear(&world, headset);
        world_app_end(headset);
        recorder = world_app_record(call);
        world_pump(&world, count(since, "\nprofile headset-head-unit") == 1);
        headset = meter(HEADSET_SINK);
        world_hear(&world, headset);
        start_feed();
        feed(HEADSET_SOURCE);
        world_hear(&world, recorder);
        /* Once: callsd leaves it to the session manager. */
        ck_assert_uint_eq(count(since, "set-profile"), 1);
        ck_assert_str_eq(audio_get_route(world.audio), HEADSET);
        /* In between it was without a sink, and the speaker the default: nothing went there. */
        for (unsigned i = 0; i < world_blocks(speaker); i++)
                ck_assert(speaker->levels->blocks[i].rms <= 0.0f);
}
END_TEST

/* Off, in the middle of the call. */
START_TEST(test_headset_gone)
{
        choose_headset("0");
        world_kill(device, SIGKILL);
        device = 0;
        world_hear(&world, speaker);
        ck_assert_str_eq(audio_get_route(world.audio), WORLD_SPEAKER);
}
END_TEST

START_TEST(test_preferred_headset)
{
        char *kinds[] = {"bluetooth", NULL};
        struct world_app *headset;

        prefer(kinds);
        start_call();
        start_device("bluetooth", "hs", "100", "0", HEADSET);
        world_pump(&world, count(0, "\nprofile headset-head-unit") == 1);
        headset = meter(HEADSET_SINK);
        world_hear(&world, headset);
        world_silence(&world, speaker, 10);
        ck_assert_str_eq(audio_get_route(world.audio), HEADSET);
}
END_TEST

/* It does not answer: the calls of others, and this one elsewhere, do not wait for it. */
START_TEST(test_hung_headset)
{
        struct world_call *other = world_call_new(&world);
        usec_t start;

        start_device("bluetooth", "hs", "100", "0", HEADSET);
        start_call();
        kill(device, SIGSTOP);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, HEADSET), 0);
        start = world_now();
        world_reach(&world, other, AUDIO_LEVEL_NODES, true);
        world_reach(&world, other, AUDIO_LEVEL_NODES, false);
        ck_assert_uint_lt(world_now() - start, USEC_PER_SEC / 2);
        world_hear(&world, speaker);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_SPEAKER), 0);
        world_set(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 20);
        /* And when it is gone, others are seen again. */
        world_kill(device, SIGKILL);
        start_device("bluetooth", "other", "100", "0", "bluez_card.other");
}
END_TEST

/* The earpiece needs the profile for calls, and the port; both are given back. */
START_TEST(test_earpiece)
{
        struct world_app *sink;
        long since;

        start_device("phone", "phone", "100", "0", SPEAKER);
        ck_assert(is_there(EARPIECE, true));
        ck_assert(is_there(HEADPHONES, false));
        start_call();
        since = mark();
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, EARPIECE), 0);
        world_pump(&world, count(since, "set-profile Voice Call") == 1 && plays_at("Earpiece"));
        sink = meter("alsa_output.phone.Voice Call");
        world_hear(&world, sink);
        world_silence(&world, speaker, 10);
        ck_assert_uint_eq(count(since, "set-profile"), 1);
        ck_assert_uint_eq(count(since, "set-profile Voice Call save=0"), 1);
        ck_assert_str_eq(audio_get_route(world.audio), EARPIECE);

        /* From one port of the card to another: the profile stays. */
        since = mark();
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, SPEAKER), 0);
        world_pump(&world, plays_at("Speaker"));
        world_hear(&world, sink);
        ck_assert_uint_eq(count(since, "set-profile"), 0);
        world_app_end(sink);
        since = mark();
        world_reach(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, count(since, "\nprofile HiFi") == 1);
        ck_assert_uint_eq(count(since, "set-profile HiFi save=0"), 1);
}
END_TEST

/* A wired headset is plugged in: it is heard there, and its microphone is used. */
START_TEST(test_jack)
{
        char *kinds[] = {"headset", "speaker", NULL};
        long since;

        prefer(kinds);
        start_device("phone", "phone", "2000", "0", SPEAKER);
        /* The stand-in for a headset is there all the time, and no card: it comes first. */
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(call->route, WORLD_HEADSET);
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, SPEAKER), 0);
        since = mark();
        kill(device, SIGUSR1);
        world_pump(&world, is_there(HEADPHONES, true));
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, HEADPHONES), 0);
        world_pump(&world, count(since, "set-route [Out] Headphones save=0") >= 1);
        world_pump(&world, count(since, "set-route [In] Headset save=0") >= 1);
        ck_assert_str_eq(audio_get_route(world.audio), HEADPHONES);
        since = mark();
        kill(device, SIGUSR2);
        world_pump(&world, is_there(HEADPHONES, false));
        world_pump(&world, streq(audio_get_route(world.audio), WORLD_HEADSET));
}
END_TEST

/* The daemon that switched it is killed; nobody imports the call: the next one gives it back. */
START_TEST(test_given_back_after_a_crash)
{
        const char *const owner[] = {OWNER_PROGRAM, call->uuid, "linked", "open", NULL};
        bool muted;
        bool linked;
        long since;
        pid_t pid;

        start_device("bluetooth", "hs", "100", "0", HEADSET);
        setenv("OWNER_ROUTE", HEADSET, 1);
        pid = world_spawn(owner);
        world_pump(&world,
                   audio_get_found(world.audio, call->uuid, &muted, &linked) == 0 && linked);
        world_pump(&world, count(0, "\nprofile headset-head-unit") == 1);
        since = mark();
        world_kill(pid, SIGKILL);
        unsetenv("OWNER_ROUTE");
        world_restart(&world);
        world_pump(&world, is_there(HEADSET, true));
        ck_assert_int_eq(audio_get_found(world.audio, call->uuid, &muted, &linked), 0);
        ck_assert_uint_eq(count(since, "set-profile"), 0);
        audio_settle_orphans(world.audio);
        world_pump(&world, count(since, "set-profile a2dp-sink save=0") == 1);
}
END_TEST

/* The same, but the app imports its call: it goes on in the headset, and then that is given back.
 */
START_TEST(test_taken_over_after_a_crash)
{
        const char *const owner[] = {OWNER_PROGRAM, call->uuid, "linked", "open", NULL};
        struct world_app *headset;
        bool muted;
        bool linked;
        long since;
        pid_t pid;

        start_device("bluetooth", "hs", "100", "0", HEADSET);
        setenv("OWNER_ROUTE", HEADSET, 1);
        pid = world_spawn(owner);
        world_pump(&world, count(0, "\nprofile headset-head-unit") == 1);
        world_pump(&world,
                   audio_get_found(world.audio, call->uuid, &muted, &linked) == 0 && linked);
        world_app_play(call);
        headset = meter(HEADSET_SINK);
        world_hear(&world, headset);
        since = mark();
        world_kill(pid, SIGKILL);
        unsetenv("OWNER_ROUTE");
        world_restart(&world);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        ck_assert_str_eq(call->route, HEADSET);
        world_stays_silent(&world, speaker, 20);
        ck_assert_uint_eq(count(since, "set-profile"), 0);
        world_app_end(headset);
        /* Other tests have left nodes behind. */
        audio_settle_orphans(world.audio);
        world_reach(&world, call, AUDIO_LEVEL_NONE, false);
        world_pump(&world, count(since, "set-profile a2dp-sink save=0") == 1);
}
END_TEST

static TCase *devices(void)
{
        TCase *tc = tcase_create("devices");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, test_headset);
        tcase_add_test(tc, test_slow_headset);
        tcase_add_test(tc, test_default_headset);
        tcase_add_test(tc, test_headset_gone);
        tcase_add_test(tc, test_preferred_headset);
        tcase_add_test(tc, test_hung_headset);
        tcase_add_test(tc, test_earpiece);
        tcase_add_test(tc, test_jack);
        tcase_add_test(tc, test_given_back_after_a_crash);
        tcase_add_test(tc, test_taken_over_after_a_crash);
        return tc;
}

SUITE_MAIN("audio-device", devices());
