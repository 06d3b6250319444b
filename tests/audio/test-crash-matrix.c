/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything that can die dies in every state of a call, in an order that a seed decides.
 *
 * All that the remote side would have heard is recorded through the whole sequence: while the call
 * rings, is held or muted every block of it is exactly zero, whoever is dead just then. When callsd
 * dies an active call loses not one block, nothing goes on ringing, and other sound is ducked while
 * the call is heard and exactly as it was otherwise.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "servers.h"
#include "sound-file.h"
#include "support/suite.h"
#include "world.h"

/* -12 dB */
#define DUCKED 0.2512
#define RINGTONE_HZ "2000"
/* Whole periods in a block, so that every block has the same level. */
#define MUSIC_HZ "750"
/* A machine that stalls takes blocks from anybody, but not every time; a busy one most times. */
#define ATTEMPTS 15
/* Blocks; before the next callsd comes, half of them. */
#define WATCHED 120

enum state { ACTIVE, MUTED, HELD, RINGING, N_STATES };
enum victim { CALLSD, APP, PIPEWIRE, MANAGER, BOTH, BOTH_CALLSD_FIRST, N_VICTIMS };

static const char *const state_names[] = {"active", "muted", "held", "ringing"};
static const char *const victim_names[] = {
        "callsd",
        "the app",
        "PipeWire",
        "the session manager",
        "callsd, and then the session manager,",
        "callsd, and the session manager, which comes back after it,",
};
static const char *const wishes[] = {"linked open", "linked muted", "nodes open", "ringing open"};

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
        struct world_app *player; /* NULL: the app waits for a call that is not ringing */
        struct world_app *recorder;
        struct world_app *speaker;
        struct world_app *ringtone; /* of what the speaker plays, the ringtone alone */
        struct world_app *music;    /* what is to be heard of other sound */
        double music_level;         /* without any call */
        unsigned silent_since;      /* block of the recorder from which on it must be silent */
        char ringtone_path[64];
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
                execl(KEEPER_PROGRAM, KEEPER_PROGRAM, rig.uuid, rig.ringtone_path, NULL);
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
        const struct levels *levels;

        if (rig.state == ACTIVE || !rig.recorder)
                return;
        levels = rig.recorder->levels;
        for (unsigned i = rig.silent_since; i < world_blocks(rig.recorder); i++)
                ck_assert_msg(levels->blocks[i].rms <= 0.0f, "%s, and level %f in block %u",
                              state_names[rig.state], (double)levels->blocks[i].rms, i);
}

/* Give or take 1 %, in twenty blocks. */
static bool is_steady(const struct world_app *app, double level)
{
        unsigned n = world_blocks(app);

        if (n < 20)
                return false;
        for (unsigned i = n - 20; i < n; i++) {
                if (fabs((double)app->levels->blocks[i].rms - level) > level * 0.01)
                        return false;
        }
        return true;
}

/* Whether the call is heard decides about other sound. */
static void check_music(void)
{
        bool heard = rig.state == ACTIVE || rig.state == MUTED;

        world_pump(&world, is_steady(rig.music, rig.music_level * (heard ? DUCKED : 1)));
}

static void check_sound(void)
{
        if (rig.state == HELD)
                world_silence(&world, rig.speaker, 20);
        else
                world_hear(&world, rig.speaker);
        if (rig.state == RINGING)
                world_hear(&world, rig.ringtone);
        if (rig.state == ACTIVE)
                world_hear(&world, rig.recorder);
        else if (rig.recorder)
                world_stays_silent(&world, rig.recorder, 40);
        check_music();
}

/* Where two recordings were. */
struct mark {
        unsigned speaker;
        unsigned recorder;
};

static struct mark set_mark(void)
{
        return (struct mark){
                .speaker = world_blocks(rig.speaker),
                .recorder = rig.recorder ? world_blocks(rig.recorder) : 0,
        };
}

static void watch(struct mark mark, unsigned n)
{
        world_pump(&world, world_blocks(rig.speaker) > mark.speaker + n);
        if (rig.recorder)
                world_pump(&world, world_blocks(rig.recorder) > mark.recorder + n);
}

/* Of those that were to be heard in this state. */
static unsigned lost_blocks(struct mark mark, const char *when)
{
        bool heard = rig.state == ACTIVE || rig.state == MUTED;
        unsigned speaker = heard ? world_silent_blocks(rig.speaker, mark.speaker) : 0;
        unsigned microphone =
                rig.state == ACTIVE ? world_silent_blocks(rig.recorder, mark.recorder) : 0;

        if (speaker + microphone > 0)
                printf("%s: %u blocks of the speaker and %u of the microphone were lost\n", when,
                       speaker, microphone);
        return speaker + microphone;
}

/* Apps */

static void start_app(void)
{
        rig.player = world_app_play(&rig.call);
        rig.recorder = world_app_record(&rig.call);
        rig.silent_since = 0;
}

static void end_app(void)
{
        if (!rig.player)
                return;
        world_app_signal(rig.player, SIGKILL);
        world_app_signal(rig.recorder, SIGKILL);
        world_app_end(rig.player);
        world_app_end(rig.recorder);
        rig.player = rig.recorder = NULL;
}

static void start_others(void)
{
        world_feed_microphone(&world);
        world_app_start("play", "-f", MUSIC_HZ, "-P", "node.name=music", "-P", "media.role=Music",
                        "-P", "target.object=" WORLD_HEADSET, NULL);
        rig.speaker = world_meter(WORLD_SPEAKER);
        rig.ringtone = world_app_start("meter", "-f", RINGTONE_HZ, WORLD_SPEAKER, NULL);
        rig.music = world_meter(WORLD_HEADSET);
}

static void enter(enum state state)
{
        check_silence();
        rig.state = state;
        wish(state);
        if (!rig.player && state != RINGING)
                start_app();
        if (state == ACTIVE || !rig.recorder)
                return;
        world_silence(&world, rig.recorder, 20);
        rig.silent_since = world_blocks(rig.recorder);
}

/* Victims */

/* As many blocks as its death is watched for, with nobody dying: not one of them is lost. */
static void wait_for_calm(void)
{
        usec_t deadline = world_now() + 30 * USEC_PER_SEC;
        struct mark mark;

        do {
                mark = set_mark();
                watch(mark, WATCHED);
                ck_assert_msg(world_now() < deadline, "this machine always loses blocks");
        } while (lost_blocks(mark, "before") > 0);
}

/* Returns how many blocks were lost that were to be heard. */
static unsigned kill_callsd_once(void)
{
        struct mark mark = set_mark();

        kill_keeper();
        if (rig.state == RINGING)
                world_silence(&world, rig.speaker, WATCHED / 2);
        watch(mark, WATCHED / 2);
        start_keeper();
        wish(rig.state);
        watch(mark, WATCHED);
        return lost_blocks(mark, "killed");
}

static void kill_callsd(void)
{
        unsigned attempt = 0;

        for (;;) {
                wait_for_calm();
                if (kill_callsd_once() == 0)
                        return;
                ck_assert_msg(++attempt < ATTEMPTS, "blocks are lost whenever callsd dies");
                check_sound();
        }
}

static void kill_app(void)
{
        end_app();
        if (rig.state == RINGING)
                return;
        world_silence(&world, rig.speaker, 20);
        start_app();
}

/* An app has its names when the call is answered, or has them no more. */
static void restart_app(void)
{
        if (rig.state == RINGING)
                return;
        world_pump(&world, has_said("nodes\n"));
        wish(rig.state);
        start_app();
}

/* Its session manager ends with it. */
static void kill_pipewire(void)
{
        rig.n_said = 0;
        servers_kill_pipewire();
        servers_kill_manager(SIGTERM);
        world_end_apps_but(NULL, NULL);
        rig.player = rig.recorder = NULL;
        servers_start_pipewire(&world);
        servers_start_manager();
        servers_wait_for_defaults(&world);
        start_others();
        restart_app();
}

/* The streams of the app live on through it. */
static void end_manager(void)
{
        world_end_apps_but(rig.player, rig.recorder);
        servers_kill_manager(SIGKILL);
        servers_destroy_devices();
}

static void restart_manager(void)
{
        servers_start_manager();
        servers_create_devices();
        servers_wait_for_defaults(&world);
}

static void kill_manager(void)
{
        rig.n_said = 0;
        end_manager();
        restart_manager();
        if (rig.player)
                world_pump(&world, has_said("nodes\n"));
        start_others();
}

/* The new session manager finds the nodes in use, and nobody there to make them anew. */
static void kill_both(void)
{
        kill_keeper();
        end_manager();
        restart_manager();
        check_silence();
        start_keeper();
        wish(rig.state);
        start_others();
}

static void kill_both_callsd_first(void)
{
        kill_keeper();
        end_manager();
        start_keeper();
        restart_manager();
        check_silence();
        wish(rig.state);
        start_others();
}

static void (*const kill_victim[])(void) = {kill_callsd,  kill_app,  kill_pipewire,
                                            kill_manager, kill_both, kill_both_callsd_first};

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
        servers_find();
        rig.call = *world_call_new(&world);
        memcpy(rig.uuid, rig.call.uuid, sizeof(rig.uuid));
        snprintf(rig.ringtone_path, sizeof(rig.ringtone_path), "%s/ringtone.wav",
                 getenv("CALLSD_TEST_DIR"));
        sound_file_write_wav(rig.ringtone_path, atof(RINGTONE_HZ), 1);
        rig.state = HELD;
        rig.player = rig.recorder = NULL;
        start_keeper();
        start_others();
        world_hear(&world, rig.music);
        rig.music_level = (double)world_level(rig.music);
        wish(HELD);
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

        for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
                order[i] = i;
        printf("seed %u\n", seed);
        shuffle(order, ARRAY_SIZE(order), &seed);
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
        /* Nobody hears the call any more: nothing stays ducked. */
        enter(HELD);
        check_sound();
        check_silence();
}
END_TEST

static unsigned n_orders(void)
{
        const char *text = getenv("CALLSD_TEST_ORDERS");

        return text ? (unsigned)atoi(text) : 2;
}

static TCase *matrix_case(void)
{
        TCase *tcase = tcase_create("matrix");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, test_any_order, 0, (int)n_orders());
        return tcase;
}

SUITE_MAIN("audio crash-matrix", matrix_case());
