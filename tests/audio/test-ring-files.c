/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ringtones from files, descriptors and the sound theme, by their pitch; and what rings instead. */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio-private.h"
#include "listen.h"
#include "sound-file.h"
#include "support/suite.h"

#define PITCH 1250.0
#define OTHER_PITCH 1550.0
#define THEME_PITCH 950.0
#define TOLERANCE 20.0 /* a lost block blurs a pitch */

static struct world world;
static struct listener speaker;
static char directory[64];

static const char *path_of(const char *name)
{
        static char path[256];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        return path;
}

static void make_folder(const char *name)
{
        ck_assert_int_eq(mkdir(path_of(name), 0700), 0);
}

static void setup(void)
{
        snprintf(directory, sizeof(directory), "/tmp/callsd-ring-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        /* No sound theme of this machine, and none yet of ours. */
        setenv("XDG_DATA_DIRS", directory, 1);
        setenv("XDG_DATA_HOME", "/nowhere", 1);
        world_init(&world);
        speaker = listen_to(&world, WORLD_SPEAKER);
}

static void teardown(void)
{
        const char *const remove[] = {"rm", "-r", directory, NULL};

        ck_assert_int_eq(world_run(remove), 0);
        listen_end(&speaker);
        world_done(&world);
}

static void ring(const char *sound, int fd)
{
        struct audio_ring ring = AUDIO_RING(RING_TONE);

        ring.sound = sound;
        ring.fd = fd;
        ring.provider = "org.example.Phone";
        audio_set_ring(world.audio, &ring);
        ck_assert(audio_is_ringing(world.audio));
}

static void stop(void)
{
        unsigned from = listen_now(&speaker);

        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        ck_assert(!audio_is_ringing(world.audio));
        listen_silence(&speaker, from, LISTEN_MS(50));
}

/* The pitch of what rings; both outputs count from 30 ms after its beginning. */
static double pitch_of(const char *sound, int fd, double *ret_amplitude)
{
        unsigned from = listen_now(&speaker);
        double pitch;

        ring(sound, fd);
        from = listen_onset(&speaker, from) + LISTEN_MS(30);
        pitch = listen_pitch(&speaker, from, LISTEN_MS(80), 400, 2000);
        if (ret_amplitude)
                *ret_amplitude = listen_best_tone(&speaker, from, pitch);
        stop();
        return pitch;
}

/* The built-in tone begins with 659.3 and 880 Hz; a busy machine loses blocks now and then. */
static void hear_built_in(unsigned from)
{
        unsigned at = listen_onset(&speaker, from);

        do {
                at = listen_find(&speaker, at + LISTEN_MS(5), LISTEN_MS(60), 659.3, 0.1);
        } while (listen_tone(&speaker, at, LISTEN_MS(60), 880.0) < 0.1);
        ck_assert_double_lt(listen_tone(&speaker, at, LISTEN_MS(60), PITCH), 0.05);
}

static void expect_built_in(const char *sound, int fd)
{
        unsigned from = listen_now(&speaker);

        ring(sound, fd);
        hear_built_in(from);
        stop();
}

/* What is logged while something is done. */

static int log_before, log_file;

static void log_catch(void)
{
        fflush(stderr);
        log_before = dup(STDERR_FILENO);
        log_file = memfd_create("log", MFD_CLOEXEC);
        ck_assert_int_ge(log_file, 0);
        dup2(log_file, STDERR_FILENO);
}

static const char *log_caught(void)
{
        static char text[4096];
        ssize_t n;

        fflush(stderr);
        dup2(log_before, STDERR_FILENO);
        close(log_before);
        n = pread(log_file, text, sizeof(text) - 1, 0);
        text[n < 0 ? 0 : n] = '\0';
        close(log_file);
        return text;
}

/* Formats */

static const struct {
        const char *name;
        struct sound_file file;
} formats[] = {
        {"a.wav", {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, PITCH, 0.4}},
        {"stereo.wav", {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 2, PITCH, 0.4}},
        {"a.ogg", {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, PITCH, 0.4}},
        {"a.flac", {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 1, PITCH, 0.4}},
        {"a.opus", {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 2, PITCH, 0.4}},
        {"six.wav", {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 6, PITCH, 0.4}},
};

START_TEST(test_format)
{
        double amplitude, pitch;

        if (!sound_file_supported(&formats[_i].file)) {
                printf("ring: this libsndfile has no %s\n", formats[_i].name);
                return;
        }
        sound_file_write(&formats[_i].file, path_of(formats[_i].name));
        pitch = pitch_of(path_of(formats[_i].name), -1, &amplitude);
        printf("ring: %s at %.0f Hz, amplitude %.3f of %.3f\n", formats[_i].name, pitch,
               amplitude / LISTEN_GAIN, SOUND_FILE_AMPLITUDE);
        ck_assert_double_eq_tol(pitch, PITCH, TOLERANCE);
        ck_assert_double_eq_tol(amplitude / LISTEN_GAIN, SOUND_FILE_AMPLITUDE, 0.025);
}
END_TEST

static bool no_gap(void)
{
        unsigned from = listen_now(&speaker);
        bool right = true;

        ring(path_of("a.wav"), -1);
        from = listen_onset(&speaker, from) + LISTEN_MS(30);
        for (unsigned i = 0; i < 18; i++)
                right = right && listen_tone(&speaker, from + i * LISTEN_MS(50), LISTEN_MS(48),
                                             PITCH) > LISTEN_GAIN * SOUND_FILE_AMPLITUDE * 0.95;
        stop();
        return right;
}

/* The end of the file is followed by its beginning: 0.4 s are 500 whole periods. */
START_TEST(test_repeats_without_a_gap)
{
        sound_file_write_wav(path_of("a.wav"), PITCH, 0.4);
        ck_assert(listen_try(no_gap));
}
END_TEST

/* What cannot be played */

static void make_missing(void)
{
}

static void make_empty(void)
{
        sound_file_write_bytes(path_of("x"), "", 0, 0);
}

static void make_random(void)
{
        unsigned char bytes[20000];

        srand(7);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (unsigned char)rand();
        sound_file_write_bytes(path_of("x"), bytes, sizeof(bytes), sizeof(bytes));
}

static void make_header_only(void)
{
        sound_file_write_wav(path_of("x"), PITCH, 0.5);
        sound_file_cut(path_of("x"), 44);
}

static void make_half_a_header(void)
{
        sound_file_write_wav(path_of("x"), PITCH, 0.5);
        sound_file_cut(path_of("x"), 20);
}

static void make_half_a_flac(void)
{
        const struct sound_file file = {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 1, PITCH, 2};

        sound_file_write(&file, path_of("x"));
        sound_file_cut(path_of("x"), 20000);
}

static void make_11_mb(void)
{
        sound_file_write_wav(path_of("x"), PITCH, 1);
        sound_file_cut(path_of("x"), 11 * 1024 * 1024);
}

static void make_61_s(void)
{
        const struct sound_file file = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, PITCH, 61};

        sound_file_write(&file, path_of("x"));
}

static void make_folder_x(void)
{
        make_folder("x");
}

/* Whoever opens it waits for a writer. */
static void make_pipe(void)
{
        ck_assert_int_eq(mkfifo(path_of("x"), 0600), 0);
}

static const struct {
        void (*make)(void);
        const char *problem;
} broken[] = {
        {make_missing, "No such file"},          {make_empty, "it is empty"},
        {make_random, "libsndfile says"},        {make_header_only, "no sound in it"},
        {make_half_a_header, "libsndfile says"}, {make_half_a_flac, "cut short"},
        {make_11_mb, "11.0 MB; at most 10 MB"},  {make_61_s, "lasts 61.0 s; at most 60 s"},
        {make_folder_x, "Is a directory"},       {make_pipe, "no regular file"},
};

START_TEST(test_broken)
{
        const char *log;

        broken[_i].make();
        log_catch();
        expect_built_in(path_of("x"), -1);
        log = log_caught();
        printf("ring: %s", log);
        ck_assert_msg(strstr(log, broken[_i].problem), "no \"%s\" in: %s", broken[_i].problem, log);
        ck_assert_ptr_nonnull(strstr(log, path_of("x")));
        ck_assert_ptr_nonnull(strstr(log, "The built-in tone rings instead"));
}
END_TEST

/* A file that is cut short where its format allows it rings as far as it goes. */
START_TEST(test_half_a_wav)
{
        sound_file_write_wav(path_of("x"), PITCH, 1);
        sound_file_cut(path_of("x"), 48000);
        ck_assert_double_eq_tol(pitch_of(path_of("x"), -1, NULL), PITCH, TOLERANCE);
}
END_TEST

/* Descriptors */

static int memory_file(const char *path)
{
        int from = open(path, O_RDONLY | O_CLOEXEC);
        int fd = memfd_create("ringtone", MFD_CLOEXEC);
        char bytes[4096];
        ssize_t n;

        ck_assert_int_ge(from, 0);
        ck_assert_int_ge(fd, 0);
        while ((n = read(from, bytes, sizeof(bytes))) > 0)
                ck_assert_int_eq(write(fd, bytes, (size_t)n), n);
        close(from);
        return fd;
}

/* It comes before the name, wherever its position is, and may be closed at once. */
START_TEST(test_descriptor)
{
        unsigned from = listen_now(&speaker);
        int fd;

        sound_file_write_wav(path_of("a.wav"), OTHER_PITCH, 0.4);
        fd = memory_file(path_of("a.wav"));
        sound_file_write_wav(path_of("a.wav"), PITCH, 0.4);
        ring(path_of("a.wav"), fd);
        close(fd);
        from = listen_onset(&speaker, from) + LISTEN_MS(30);
        ck_assert_double_eq_tol(listen_pitch(&speaker, from, LISTEN_MS(80), 400, 2000), OTHER_PITCH,
                                TOLERANCE);
        stop();
}
END_TEST

START_TEST(test_broken_descriptor)
{
        int fd = memfd_create("ringtone", MFD_CLOEXEC);
        const char *log;

        ck_assert_int_eq(write(fd, "no sound", 8), 8);
        log_catch();
        expect_built_in(NULL, fd);
        log = log_caught();
        ck_assert_ptr_nonnull(strstr(log, "that the app handed over cannot be played"));
        close(fd);
}
END_TEST

/* The same sound again goes on; another one takes its place. */
START_TEST(test_same_and_other)
{
        unsigned from = listen_now(&speaker);
        unsigned middle;
        uint64_t serial;

        sound_file_write_wav(path_of("a.wav"), PITCH, 0.4);
        ring(path_of("a.wav"), -1);
        listen_find(&speaker, from, LISTEN_MS(40), PITCH, 0.3);
        serial = world.audio->ring.playback.serial;
        ring(path_of("a.wav"), -1);
        ck_assert_ptr_null(world.audio->ring.load);
        ck_assert_uint_eq(world.audio->ring.playback.serial, serial);
        sound_file_write_wav(path_of("b.wav"), OTHER_PITCH, 0.4);
        middle = listen_now(&speaker);
        ring(path_of("b.wav"), -1);
        middle = listen_find(&speaker, middle, LISTEN_MS(40), OTHER_PITCH, 0.3);
        ck_assert_double_lt(listen_tone(&speaker, middle, LISTEN_MS(40), PITCH), 0.02);
        stop();
}
END_TEST

/* The sound theme */

static void make_theme(const char *index, const char *folder)
{
        char name[64];

        make_folder("sounds");
        make_folder("sounds/freedesktop");
        snprintf(name, sizeof(name), "sounds/freedesktop/%s", folder);
        make_folder(name);
        sound_file_write_bytes(path_of("sounds/freedesktop/index.theme"), index, strlen(index),
                               strlen(index));
}

static void make_theme_sound(const char *name, double hz)
{
        const struct sound_file file = {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, hz, 0.4};

        sound_file_write(&file, path_of(name));
}

START_TEST(test_theme)
{
        const char *log;

        make_theme("[Sound Theme]\nName=Default\nDirectories=quad stereo-hall\n\n[stereo-hall]\n"
                   "OutputProfile=stereo\n",
                   "stereo-hall");
        make_theme_sound("sounds/freedesktop/stereo-hall/phone-incoming-call.oga", THEME_PITCH);
        make_theme_sound("sounds/freedesktop/stereo-hall/message.oga", PITCH);
        log_catch();
        ck_assert_double_eq_tol(pitch_of(NULL, -1, NULL), THEME_PITCH, TOLERANCE);
        ck_assert_double_eq_tol(pitch_of("message", -1, NULL), PITCH, TOLERANCE);
        ck_assert_double_eq_tol(pitch_of("message-new-instant", -1, NULL), PITCH, TOLERANCE);
        log = log_caught();
        ck_assert_msg(*log == '\0', "logged: %s", log);
        log_catch();
        ck_assert_double_eq_tol(pitch_of("nothing-like-it", -1, NULL), THEME_PITCH, TOLERANCE);
        ck_assert_double_eq_tol(pitch_of("../freedesktop/stereo-hall/message", -1, NULL),
                                THEME_PITCH, TOLERANCE);
        ck_assert_double_eq_tol(pitch_of(path_of("missing.wav"), -1, NULL), THEME_PITCH, TOLERANCE);
        log = log_caught();
        printf("ring: %s", log);
        ck_assert_ptr_nonnull(strstr(log, "The sound theme's rings instead"));
}
END_TEST

/* Nobody asked for a particular sound, so that there is none is no reason for a warning; that it is
 * broken is. */
START_TEST(test_no_theme)
{
        const char *log;

        log_catch();
        expect_built_in(NULL, -1);
        log = log_caught();
        ck_assert_msg(*log == '\0', "logged: %s", log);
        make_theme("", "stereo");
        sound_file_write_bytes(path_of("sounds/freedesktop/stereo/phone-incoming-call.oga"), "Ogg?",
                               4, 4);
        log_catch();
        expect_built_in(NULL, -1);
        log = log_caught();
        ck_assert_ptr_nonnull(strstr(log, "phone-incoming-call"));
}
END_TEST

/* The loop does not wait for a decoder */

static usec_t longest_turn(unsigned from)
{
        usec_t deadline = world_now() + 10 * USEC_PER_SEC;
        usec_t longest = 0;

        while (listen_now(&speaker) <= from ||
               listen_rms(&speaker, listen_now(&speaker) - 240, 240) <= 0.0) {
                usec_t start = world_now();

                ck_assert(start < deadline);
                ck_assert_int_ge(sd_event_run(world.event, 1000), 0);
                if (world_now() - start > longest)
                        longest = world_now() - start;
        }
        return longest;
}

/* What making a stream takes is in it, for the built-in tone as well. */
static usec_t ring_and_measure(const char *sound, usec_t *ret_asked, usec_t *ret_heard)
{
        unsigned from = listen_now(&speaker);
        usec_t start = world_now();
        usec_t longest;

        ring(sound, -1);
        *ret_asked = world_now() - start;
        longest = longest_turn(from);
        *ret_heard = world_now() - start;
        stop();
        return longest;
}

START_TEST(test_decodes_beside_the_loop)
{
        struct sound_file file = {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 2, PITCH, 59.5};
        usec_t asked, longest, heard;

        if (!sound_file_supported(&file))
                file.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS;
        sound_file_write(&file, path_of("long.ogg"));
        longest = ring_and_measure(NULL, &asked, &heard);
        printf("ring: built-in: asked in %.2f ms, longest turn of the loop %.2f ms, heard after "
               "%.0f ms\n",
               (double)asked / 1000, (double)longest / 1000, (double)heard / 1000);
        longest = ring_and_measure(path_of("long.ogg"), &asked, &heard);
        printf("ring: a minute of stereo: asked in %.2f ms, longest turn of the loop %.2f ms, "
               "heard after %.0f ms\n",
               (double)asked / 1000, (double)longest / 1000, (double)heard / 1000);
        ck_assert_uint_lt(asked, 20 * USEC_PER_MSEC);
        ck_assert_uint_lt(longest, heard / 2);
}
END_TEST

/* Ended in the middle of decoding, again and again: nothing is heard, nothing is left. */
START_TEST(test_ends_while_decoding)
{
        const struct sound_file file = {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, PITCH, 30};
        unsigned from;

        sound_file_write(&file, path_of("long.ogg"));
        from = listen_now(&speaker);
        for (unsigned i = 0; i < 10; i++) {
                ring(path_of("long.ogg"), -1);
                world_turn(&world);
                audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        }
        listen_wait(&speaker, from, LISTEN_MS(300));
        ck_assert_double_le(listen_rms(&speaker, from, LISTEN_MS(300)), 0.0);
}
END_TEST

/* A decoder that hangs, as one does on a network that is gone */

static pthread_mutex_t decoder = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint n_decoding;

int __real_sound_decode(int fd, const atomic_bool *cancelled, struct sound **ret_sound,
                        char ret_problem[SOUND_PROBLEM_SIZE]);
int __wrap_sound_decode(int fd, const atomic_bool *cancelled, struct sound **ret_sound,
                        char ret_problem[SOUND_PROBLEM_SIZE]);

int __wrap_sound_decode(int fd, const atomic_bool *cancelled, struct sound **ret_sound,
                        char ret_problem[SOUND_PROBLEM_SIZE])
{
        int r;

        atomic_fetch_add(&n_decoding, 1);
        pthread_mutex_lock(&decoder);
        pthread_mutex_unlock(&decoder);
        r = __real_sound_decode(fd, cancelled, ret_sound, ret_problem);
        atomic_fetch_sub(&n_decoding, 1);
        return r;
}

/* After a second the built-in tone rings, and stays when the sound is there at last. */
START_TEST(test_decoder_hangs)
{
        unsigned from = listen_now(&speaker);
        unsigned onset;
        const char *log;

        sound_file_write_wav(path_of("slow.wav"), PITCH, 0.4);
        pthread_mutex_lock(&decoder);
        log_catch();
        ring(path_of("slow.wav"), -1);
        onset = listen_onset(&speaker, from);
        log = log_caught();
        printf("ring: a decoder that hangs: something rings after %u ms\n",
               (onset - from) / LISTEN_MS(1));
        ck_assert_uint_gt(onset - from, LISTEN_MS(950));
        ck_assert_uint_lt(onset - from, LISTEN_MS(3000));
        hear_built_in(onset);
        ck_assert_ptr_nonnull(strstr(log, "within a second"));
        ck_assert_ptr_nonnull(strstr(log, "slow.wav"));
        ck_assert_uint_eq(atomic_load(&n_decoding), 1);
        pthread_mutex_unlock(&decoder);
        world_pump(&world, atomic_load(&n_decoding) == 0);
        onset = listen_onset(&speaker, listen_now(&speaker));
        ck_assert_double_lt(listen_tone(&speaker, onset, LISTEN_MS(300), PITCH), 0.05);
        stop();
}
END_TEST

/* Stopped while it hangs, and another app rings at once: its own sound, and no word about it. */
START_TEST(test_next_beside_a_decoder_that_hangs)
{
        const char *log;

        sound_file_write_wav(path_of("slow.wav"), PITCH, 0.4);
        pthread_mutex_lock(&decoder);
        log_catch();
        ring(path_of("slow.wav"), -1);
        world_pump(&world, atomic_load(&n_decoding) == 1);
        audio_set_ring(world.audio, &AUDIO_RING(RING_NONE));
        expect_built_in(NULL, -1);
        log = log_caught();
        ck_assert_ptr_null(strstr(log, "slow.wav"));
        pthread_mutex_unlock(&decoder);
        world_pump(&world, atomic_load(&n_decoding) == 0);
}
END_TEST

static TCase *files_case(void)
{
        TCase *tcase = tcase_create("files");

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, test_format, 0, ARRAY_SIZE(formats));
        tcase_add_test(tcase, test_repeats_without_a_gap);
        tcase_add_loop_test(tcase, test_broken, 0, ARRAY_SIZE(broken));
        tcase_add_test(tcase, test_half_a_wav);
        tcase_add_test(tcase, test_descriptor);
        tcase_add_test(tcase, test_broken_descriptor);
        tcase_add_test(tcase, test_same_and_other);
        tcase_add_test(tcase, test_theme);
        tcase_add_test(tcase, test_no_theme);
        tcase_add_test(tcase, test_decodes_beside_the_loop);
        tcase_add_test(tcase, test_ends_while_decoding);
        tcase_add_test(tcase, test_decoder_hangs);
        tcase_add_test(tcase, test_next_beside_a_decoder_that_hangs);
        return tcase;
}

SUITE_MAIN("audio ring files", files_case());
