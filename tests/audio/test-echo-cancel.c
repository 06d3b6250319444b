/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The echo canceller: what it takes away, what it leaves, and that no call depends on it.
 *
 * The echo is made by linking what the speaker plays with the microphone. The figures that are
 * printed are those of docs/audio.md.
 */
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audio/audio-private.h"
#include "support/suite.h"
#include "world.h"

#define ONSETS 8

static struct world world;
static struct world_call *call;
static struct world_app *speaker;
static struct world_app *player;
static struct world_app *recorder;

/* Another daemon, for the calls there are. */
static void start_again(void)
{
        struct world_call kept = *call;

        world_init(&world);
        world_cancel_echo(&world, ECHO_CANCEL_AUTO);
        world.calls[0] = kept;
        world.n_calls = 1;
}

static void setup(void)
{
        world_init(&world);
        world_cancel_echo(&world, ECHO_CANCEL_AUTO);
        call = world_call_new(&world);
}

static void teardown(void)
{
        world_done(&world);
}

static void link_ports(const char *output, const char *input)
{
        const char *const link[] = {"pw-link", output, input, NULL};

        world_pump(&world, world_run(link) == 0);
}

static void unlink_ports(const char *output, const char *input)
{
        const char *const cut[] = {"pw-link", "-d", output, input, NULL};

        world_pump(&world, world_run(cut) == 0);
}

static void start_echo(void)
{
        link_ports("test-speaker:monitor_FL", "test-mic:input_MONO");
}

static void stop_echo(void)
{
        unlink_ports("test-speaker:monitor_FL", "test-mic:input_MONO");
}

/* Where the call's sound goes to, and that it is there alone. */
static bool plays_into(const char *prefix)
{
        struct graph_node *sink = graph_find_node_by_name(&world.audio->graph, call->sink);
        struct graph_link *link;
        unsigned n = 0;

        for (link = sink ? sink->outputs : NULL; link; link = link->output_next) {
                if (strncmp(link->input->name, "callsd-tone", 11) == 0)
                        continue;
                if (strncmp(link->input->name, prefix, strlen(prefix)) != 0)
                        return false;
                n++;
        }
        return n == 2;
}

static bool is_in_path(void)
{
        return plays_into("callsd.echo-");
}

static bool is_direct(void)
{
        return plays_into(WORLD_SPEAKER);
}

static double decibel(double level)
{
        return 20 * log10(level > 1e-6 ? level : 1e-6);
}

/* RMS of the next blocks. */
static double average(struct world_app *app, unsigned blocks)
{
        unsigned from = world_blocks(app);
        double sum = 0;

        world_pump(&world, world_blocks(app) >= from + blocks);
        for (unsigned i = from; i < from + blocks; i++)
                sum += (double)app->levels->blocks[i].rms * (double)app->levels->blocks[i].rms;
        return sqrt(sum / blocks);
}

static void start_call(void)
{
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        player = world_app_play(call);
        recorder = world_app_record(call);
        speaker = world_meter(WORLD_SPEAKER);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
}

static void set_mode(enum echo_cancel mode)
{
        world_cancel_echo(&world, mode);
        world_pump(&world, mode == ECHO_CANCEL_OFF ? is_direct() : is_in_path());
}

/* The same echo with and without; then somebody speaks, alone and at the same time. */
START_TEST(test_figures)
{
        double echo_in;
        double echo_out;
        double near_in;
        double near_out;
        double both;

        start_call();
        world_pump(&world, is_in_path());
        set_mode(ECHO_CANCEL_OFF);
        start_echo();
        world_hear(&world, recorder);
        echo_in = average(recorder, 100);
        set_mode(ECHO_CANCEL_AUTO);
        average(recorder, 300); /* it learns the room */
        echo_out = average(recorder, 100);
        world_feed_microphone(&world);
        average(recorder, 100);
        both = average(recorder, 100);
        stop_echo();
        world_app_end(player);
        average(recorder, 100);
        near_out = average(recorder, 100);
        set_mode(ECHO_CANCEL_OFF);
        average(recorder, 50);
        near_in = average(recorder, 100);
        printf("echo %.4f (%.1f dB) -> %.6f (%.1f dB); near end %.4f -> %.4f (%+.1f dB), with echo "
               "%.4f (%+.1f dB)\n",
               echo_in, decibel(echo_in), echo_out, decibel(echo_out), near_in, near_out,
               decibel(near_out) - decibel(near_in), both, decibel(both) - decibel(near_in));
        ck_assert_double_gt(echo_in, 0.01);
        ck_assert_double_lt(echo_out, echo_in / 10);
        ck_assert_double_gt(near_out, near_in / 2);
}
END_TEST

static usec_t first_sound(const struct world_app *app, unsigned from)
{
        for (unsigned i = from; i < world_blocks(app); i++) {
                if (app->levels->blocks[i].rms > WORLD_SOUND / 5)
                        return app->levels->blocks[i].usec;
        }
        return 0;
}

/* How much later than at `early` something that begins is heard at `late`. */
static double onset_delay(struct world_app *early, struct world_app *late, const char *output,
                          const char *input)
{
        double sum = 0;

        for (unsigned n = 0; n < ONSETS; n++) {
                unsigned at_early = world_blocks(early);
                unsigned at_late = world_blocks(late);

                link_ports(output, input);
                world_pump(&world, first_sound(late, at_late) && first_sound(early, at_early));
                sum += (double)first_sound(late, at_late) - (double)first_sound(early, at_early);
                unlink_ports(output, input);
                world_silence(&world, early, 20);
                world_silence(&world, late, 20);
        }
        return sum / ONSETS / 1000;
}

static double cpu_percent(void)
{
        struct rusage before;
        struct rusage after;
        usec_t start = world_now();
        double used;

        getrusage(RUSAGE_SELF, &before);
        average(speaker, 300);
        getrusage(RUSAGE_SELF, &after);
        used = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                        before.ru_stime.tv_sec) +
               (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
                        before.ru_stime.tv_usec) /
                       1e6;
        return 100 * used * 1e6 / (double)(world_now() - start);
}

/* Sound that begins is heard by a block's length later or earlier: hence the average. */
START_TEST(test_cost)
{
        double latency[2][2];
        double cpu[2];

        start_call();
        for (unsigned i = 0; i < 2; i++) {
                set_mode(i == 0 ? ECHO_CANCEL_OFF : ECHO_CANCEL_AUTO);
                cpu[i] = cpu_percent();
        }
        world_app_end(player);
        world_app_start("play", "-P", "node.name=far", "-P", "node.autoconnect=false", NULL);
        world_app_start("play", "-P", "node.name=feed", "-P", "node.autoconnect=false", NULL);
        for (unsigned i = 0; i < 2; i++) {
                struct world_app *at_sink = world_meter(call->sink);
                struct world_app *at_mic =
                        world_app_start("record", "-P", "target.object=" WORLD_MICROPHONE, NULL);
                char input[96];

                set_mode(i == 0 ? ECHO_CANCEL_OFF : ECHO_CANCEL_AUTO);
                snprintf(input, sizeof(input), "%s:playback_FL", call->sink);
                latency[i][0] = onset_delay(at_sink, speaker, "far:output_MONO", input);
                latency[i][1] =
                        onset_delay(at_mic, recorder, "feed:output_MONO", "test-mic:input_MONO");
                world_app_end(at_sink);
                world_app_end(at_mic);
        }
        printf("latency added: %.1f ms to the speaker, %.1f ms from the microphone; CPU of the "
               "daemon %.1f %% -> %.1f %% of a core\n",
               latency[1][0] - latency[0][0], latency[1][1] - latency[0][1], cpu[0], cpu[1]);
        ck_assert_double_lt(latency[1][0] - latency[0][0], 100);
        ck_assert_double_lt(latency[1][1] - latency[0][1], 100);
}
END_TEST

/* Loaded while the call is answered, not in the middle of it; gone when it is over. */
START_TEST(test_life)
{
        start_call();
        world_pump(&world, is_in_path());
        world_reach(&world, call, AUDIO_LEVEL_NODES, false);
        world_silence(&world, speaker, 50);
        ck_assert_ptr_nonnull(world.audio->canceller.module);
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_pump(&world, is_in_path());
        world_reach(&world, call, AUDIO_LEVEL_LINKED, true);
        start_echo();
        world_stays_silent(&world, recorder, 50);
        world_set(&world, call, AUDIO_LEVEL_NONE, false);
        world_silence(&world, speaker, 50);
        world_pump(&world, !world.audio->canceller.module);
}
END_TEST

/* Not for an app that does it itself; "on" is for all. */
START_TEST(test_not_wanted)
{
        call->wish.own_echo_cancel = true;
        start_call();
        ck_assert(is_direct());
        ck_assert_ptr_null(world.audio->canceller.module);
        set_mode(ECHO_CANCEL_ON);
        set_mode(ECHO_CANCEL_OFF);
        world_pump(&world, !world.audio->canceller.module);
}
END_TEST

/* The user moves a call to a headset, where there is no echo, and back. */
START_TEST(test_headset)
{
        struct world_app *headset = world_meter(WORLD_HEADSET);

        start_call();
        world_pump(&world, is_in_path());
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_HEADSET), 0);
        world_hear(&world, headset);
        world_silence(&world, speaker, 20);
        world_pump(&world, plays_into(WORLD_HEADSET));
        world_pump(&world, !world.audio->canceller.module);
        ck_assert(plays_into(WORLD_HEADSET));
        ck_assert_int_eq(audio_set_route(world.audio, call->uuid, WORLD_SPEAKER), 0);
        world_pump(&world, is_in_path());
        world_hear(&world, speaker);
        world_silence(&world, headset, 20);
}
END_TEST

static double longest_gap(const struct world_app *app, unsigned since)
{
        uint64_t heard = app->levels->blocks[since].usec;
        uint64_t longest = 0;

        for (unsigned i = since; i < world_blocks(app); i++) {
                if (app->levels->blocks[i].rms < WORLD_SOUND)
                        continue;
                if (app->levels->blocks[i].usec - heard > longest)
                        longest = app->levels->blocks[i].usec - heard;
                heard = app->levels->blocks[i].usec;
        }
        return (double)longest / 1000;
}

/* An earlier daemon with a canceller is killed: the next one links directly first. */
START_TEST(test_killed)
{
        const char *const owner_arguments[] = {OWNER_PROGRAM, "--echo-cancel", call->uuid,
                                               "linked",      "open",          NULL};
        pid_t owner = world_spawn(owner_arguments);
        bool muted;
        bool linked;
        unsigned since;

        world_pump(&world, audio_get_found(world.audio, call->uuid, &muted, &linked) == 0);
        player = world_app_play(call);
        speaker = world_meter(WORLD_SPEAKER);
        world_hear(&world, speaker);
        world_pump(&world, is_in_path());
        world_hear(&world, speaker);
        audio_free(world.audio);
        sd_event_unref(world.event);
        since = world_blocks(speaker);
        world_kill(owner, SIGKILL);
        start_again();
        world_reach(&world, call, AUDIO_LEVEL_LINKED, false);
        world_hear(&world, speaker);
        world_pump(&world, is_in_path());
        world_hear(&world, speaker);
        average(speaker, 50);
        printf("killed with the canceller in the path: %.1f ms without sound, of a daemon that is "
               "started at once\n",
               longest_gap(speaker, since));
        /* What it takes to be started is not ours. */
        ck_assert_double_lt(longest_gap(speaker, since), 1000);
}
END_TEST

/* One that ends in order leaves the call linked directly. */
START_TEST(test_ended)
{
        unsigned since;

        start_call();
        world_pump(&world, is_in_path());
        world_hear(&world, speaker);
        since = world_blocks(speaker);
        audio_free(world.audio);
        sd_event_unref(world.event);
        start_again();
        average(speaker, 100);
        printf("ended with the canceller in the path: %.1f ms without sound\n",
               longest_gap(speaker, since));
        ck_assert(is_direct());
        ck_assert_double_lt(longest_gap(speaker, since), 200);
}
END_TEST

/* All modules but one, as where a distribution has it in another package. */
static void hide_module(char *directory)
{
        DIR *modules = opendir(MODULE_DIRECTORY);
        struct dirent *entry;

        ck_assert_ptr_nonnull(modules);
        ck_assert_ptr_nonnull(mkdtemp(directory));
        while ((entry = readdir(modules))) {
                char from[512];
                char to[512];

                if (*entry->d_name == '.' || strstr(entry->d_name, "echo-cancel"))
                        continue;
                snprintf(from, sizeof(from), "%s/%s", MODULE_DIRECTORY, entry->d_name);
                snprintf(to, sizeof(to), "%s/%s", directory, entry->d_name);
                ck_assert_int_eq(symlink(from, to), 0);
        }
        closedir(modules);
}

static void remove_directory(const char *directory)
{
        const char *const remove[] = {"rm", "-r", directory, NULL};

        ck_assert_int_eq(world_run(remove), 0);
}

START_TEST(test_missing)
{
        char directory[] = "/tmp/callsd-modules-XXXXXX";

        audio_free(world.audio);
        sd_event_unref(world.event);
        hide_module(directory);
        setenv("PIPEWIRE_MODULE_DIR", directory, 1);
        setup();
        world_set(&world, call, AUDIO_LEVEL_LINKED, false);
        world_pump(&world, call->ready == call->wish.serial);
        ck_assert(world.audio->canceller.failed);
        ck_assert(call->ready_with_nodes);
        unsetenv("PIPEWIRE_MODULE_DIR");
        ck_assert(is_direct());
        player = world_app_play(call);
        speaker = world_meter(WORLD_SPEAKER);
        world_hear(&world, speaker);
        remove_directory(directory);
}
END_TEST

static TCase *echo_case(void)
{
        TCase *tcase = tcase_create("echo");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, test_figures);
        tcase_add_test(tcase, test_cost);
        tcase_add_test(tcase, test_life);
        tcase_add_test(tcase, test_not_wanted);
        tcase_add_test(tcase, test_headset);
        tcase_add_test(tcase, test_killed);
        tcase_add_test(tcase, test_ended);
        tcase_add_test(tcase, test_missing);
        return tcase;
}

SUITE_MAIN("audio echo-cancel", echo_case());
