/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd, the app and PipeWire die in every state of a call, in an order that a seed decides.
 *
 * All that the remote side would have heard is recorded through the whole sequence: while the call
 * is held or muted every block of it is exactly zero, whoever is dead just then. When callsd dies
 * an active call has no gap that an untouched stream on the same machine did not have. The session
 * manager dies together with PipeWire here; that it dies alone is for audio-server.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/suite.h"
#include "world.h"

#define GAP (16 * USEC_PER_MSEC)

enum state { ACTIVE, MUTED, HELD, N_STATES };
enum victim { CALLSD, APP, PIPEWIRE, N_VICTIMS };

static const char *const state_names[] = {"active", "muted", "held"};
static const char *const victim_names[] = {"callsd", "the app", "PipeWire"};
static const char *const wishes[] = {"linked open", "linked muted", "nodes open"};

static struct world world;
static struct {
        char uuid[UUID_TEXT_SIZE];
        struct world_call call; /* names for joining */
        pid_t keeper;
        int input;
        int output;
        char said[4096]; /* of the keeper that lives */
        size_t n_said;
        unsigned serial;
        enum state state;
        struct world_app *player;
        struct world_app *recorder;
        struct world_app *speaker;
        struct world_app *control; /* records the microphone itself */
        struct world_app *music;   /* what is to be heard of other sound */
        unsigned silent_since;     /* block of the recorder from which on it must be silent */
        pid_t pipewire;
        pid_t wireplumber;
} rig;

/* The daemon */

static void read_keeper(void)
{
        ssize_t n = read(rig.output, rig.said + rig.n_said, sizeof(rig.said) - 1 - rig.n_said);

        if (n > 0)
                rig.n_said += (size_t)n;
        rig.said[rig.n_said] = '\0';
}

static bool has_said(const char *text)
{
        read_keeper();
        return strstr(rig.said, text);
}

static bool is_ready(void)
{
        char text[32];

        snprintf(text, sizeof(text), "ready %u\n", rig.serial);
        return has_said(text);
}

static void start_keeper(void)
{
        int input[2];
        int output[2];
        pid_t parent = getpid();

        ck_assert_int_eq(pipe2(input, O_CLOEXEC), 0);
        ck_assert_int_eq(pipe2(output, O_CLOEXEC | O_NONBLOCK), 0);
        rig.keeper = fork();
        ck_assert_int_ge(rig.keeper, 0);
        if (rig.keeper == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent || dup2(input[0], STDIN_FILENO) < 0 ||
                    dup2(output[1], STDOUT_FILENO) < 0)
                        _exit(EXIT_FAILURE);
                fcntl(STDOUT_FILENO, F_SETFL, 0);
                execl(KEEPER_PROGRAM, KEEPER_PROGRAM, rig.uuid, NULL);
                _exit(127);
        }
        close(input[0]);
        close(output[1]);
        rig.input = input[1];
        rig.output = output[0];
        rig.n_said = 0;
        rig.said[0] = '\0';
}

static void kill_keeper(void)
{
        world_kill(rig.keeper, SIGKILL);
        close(rig.input);
        close(rig.output);
}

static void wish(enum state state)
{
        rig.n_said = 0;
        dprintf(rig.input, "%s %u\n", wishes[state], ++rig.serial);
        world_pump(&world, is_ready());
}

/* What is heard */

static void check_silence(void)
{
        const struct levels *levels = rig.recorder->levels;

        if (rig.state == ACTIVE)
                return;
        for (unsigned i = rig.silent_since; i < world_blocks(rig.recorder); i++)
                ck_assert_msg(levels->blocks[i].rms <= 0.0f, "%s, and level %f in block %u",
                              state_names[rig.state], (double)levels->blocks[i].rms, i);
}

static void check_sound(void)
{
        if (rig.state == HELD)
                world_silence(&world, rig.speaker, 20);
        else
                world_hear(&world, rig.speaker);
        if (rig.state == ACTIVE)
                world_hear(&world, rig.recorder);
        else
                world_stays_silent(&world, rig.recorder, 40);
}

static void enter(enum state state)
{
        check_silence();
        rig.state = state;
        wish(state);
        if (state == ACTIVE)
                return;
        world_silence(&world, rig.recorder, 20);
        rig.silent_since = world_blocks(rig.recorder);
}

static uint64_t gap_at(const struct world_app *app, uint64_t from, uint64_t until)
{
        uint64_t last = from;
        uint64_t longest = 0;

        for (unsigned i = 0; i < world_blocks(app); i++) {
                uint64_t usec = app->levels->blocks[i].usec;

                if (usec < from || app->levels->blocks[i].rms < WORLD_SOUND)
                        continue;
                if (usec > until)
                        break;
                if (usec - last > longest)
                        longest = usec - last;
                last = usec;
        }
        return longest;
}

/* A hole is silence: blocks that only come late are those of a late recorder. Every one must be one
 * of the machine's own. */
static void check_gaps(const struct world_app *app, const char *name, unsigned since)
{
        uint64_t last = app->levels->blocks[since].usec;
        unsigned silent = 0;

        for (unsigned i = since; i < world_blocks(app); i++) {
                uint64_t usec = app->levels->blocks[i].usec;

                if (app->levels->blocks[i].rms < WORLD_SOUND) {
                        silent++;
                        continue;
                }
                if (silent > 0) {
                        uint64_t control = gap_at(rig.control, last - 2 * GAP, usec + 2 * GAP);

                        printf("%s: %.1f ms, and %.1f ms in an untouched stream\n", name,
                               (double)(usec - last) / 1000, (double)control / 1000);
                        ck_assert_msg(control * 2 >= usec - last,
                                      "%s had a gap of %.1f ms of its own", name,
                                      (double)(usec - last) / 1000);
                }
                last = usec;
                silent = 0;
        }
}

/* Apps */

static void start_app(void)
{
        rig.player = world_app_play(&rig.call);
        rig.recorder = world_app_record(&rig.call);
        rig.silent_since = 0;
}

static void start_listening(void)
{
        rig.speaker = world_meter(WORLD_SPEAKER);
        rig.control = world_app_start("record", "-P", "target.object=" WORLD_MICROPHONE, NULL);
        rig.music = world_meter(WORLD_HEADSET);
        world_hear(&world, rig.control);
}

static void start_others(void)
{
        world_feed_microphone(&world);
        world_app_start("play", "-P", "node.name=music", "-P", "media.role=Music", "-P",
                        "target.object=" WORLD_HEADSET, NULL);
        start_listening();
}

/* Victims */

static bool shell(const char *command)
{
        const char *const arguments[] = {"sh", "-c", command, NULL};

        return world_run(arguments) == 0;
}

static bool default_is(const char *key, const char *name)
{
        char command[160];

        snprintf(command, sizeof(command), "pw-metadata 0 %s 2>/dev/null | grep -q '\"%s\"'", key,
                 name);
        return shell(command);
}

static void wait_for_defaults(void)
{
        world_pump(&world, default_is("default.audio.sink", WORLD_SPEAKER));
        world_pump(&world, default_is("default.audio.source", WORLD_MICROPHONE));
}

static void spawn_manager(void)
{
        const char *const wireplumber[] = {"wireplumber", NULL};

        rig.wireplumber = world_spawn(wireplumber);
}

static void kill_callsd(void)
{
        unsigned at_speaker = world_blocks(rig.speaker);
        unsigned at_recorder = world_blocks(rig.recorder);

        kill_keeper();
        world_pump(&world, world_blocks(rig.speaker) > at_speaker + 60);
        start_keeper();
        wish(rig.state);
        world_pump(&world, world_blocks(rig.recorder) > at_recorder + 120);
        if (rig.state != HELD)
                check_gaps(rig.speaker, "speaker", at_speaker);
        if (rig.state == ACTIVE)
                check_gaps(rig.recorder, "microphone", at_recorder);
}

static void kill_app(void)
{
        world_app_signal(rig.player, SIGKILL);
        world_app_signal(rig.recorder, SIGKILL);
        world_app_end(rig.player);
        world_app_end(rig.recorder);
        world_silence(&world, rig.speaker, 20);
        start_app();
}

/* Its session manager ends with it. */
static void kill_pipewire(void)
{
        const char *const pipewire[] = {"pipewire", NULL};

        rig.n_said = 0;
        world_kill(rig.pipewire, SIGKILL);
        world_kill(rig.wireplumber, SIGTERM);
        world_end_apps_but(NULL, NULL);
        /* The first one is no child of ours, to be waited for. */
        world_pump(&world, shell("flock -n \"$XDG_RUNTIME_DIR/pipewire-0.lock\" true"));
        rig.pipewire = world_spawn(pipewire);
        world_pump(&world, shell("pw-cli info 0 > /dev/null 2>&1"));
        spawn_manager();
        wait_for_defaults();
        world_pump(&world, has_said("nodes\n"));
        wish(rig.state);
        start_others();
        start_app();
}

static void (*const kill_victim[])(void) = {kill_callsd, kill_app, kill_pipewire};

static void shuffle(unsigned order[], unsigned n, unsigned *seed)
{
        for (unsigned i = n - 1; i > 0; i--) {
                unsigned j = (unsigned)rand_r(seed) % (i + 1);
                unsigned other = order[i];

                order[i] = order[j];
                order[j] = other;
        }
}

static void setup(void)
{
        world_init_apart(&world);
        if (rig.pipewire == 0) {
                rig.pipewire = atoi(getenv("CALLSD_TEST_PIPEWIRE_PID"));
                rig.wireplumber = atoi(getenv("CALLSD_TEST_WIREPLUMBER_PID"));
        }
        rig.call = *world_call_new(&world);
        memcpy(rig.uuid, rig.call.uuid, sizeof(rig.uuid));
        rig.state = ACTIVE;
        start_keeper();
        start_others();
}

static void teardown(void)
{
        kill_keeper();
        world_done(&world);
}

START_TEST(test_any_order)
{
        unsigned order[N_STATES * N_VICTIMS];
        unsigned seed = (unsigned)_i + 1;
        double music;

        for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
                order[i] = i;
        printf("seed %u\n", seed);
        shuffle(order, ARRAY_SIZE(order), &seed);
        world_hear(&world, rig.music);
        music = (double)world_level(rig.music);
        wish(HELD);
        start_app();
        for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
                enum victim victim = order[i] % N_VICTIMS;

                enter(order[i] / N_VICTIMS);
                check_sound();
                printf("%s: %s is killed\n", state_names[rig.state], victim_names[victim]);
                check_silence();
                kill_victim[victim]();
                check_sound();
                check_silence();
        }
        /* The call is over: nothing stays ducked. */
        enter(HELD);
        world_pump(&world, (double)world_level(rig.music) > music * 0.99 &&
                                   (double)world_level(rig.music) < music * 1.01);
        check_silence();
}
END_TEST

static TCase *matrix_case(void)
{
        TCase *tcase = tcase_create("matrix");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, test_any_order, 0, 2);
        return tcase;
}

SUITE_MAIN("audio crash-matrix", matrix_case());
