/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sounds in memory; see sound.h. */
#include "audio/sound.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <sndfile.h>

/* Decoded between two looks at whether the sound is still wanted. */
#define CHUNK_FRAMES 4096
#define CHANNELS_MAX 8
#define MEGABYTE 1048576L
#define RATE_MIN 4000
#define RATE_MAX 192000

struct sound *sound_ref(struct sound *sound)
{
        atomic_fetch_add(&sound->refs, 1);
        return sound;
}

void sound_unref(struct sound *sound)
{
        if (sound && atomic_fetch_sub(&sound->refs, 1) == 1)
                free(sound);
}

static int problem(char buffer[SOUND_PROBLEM_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);

static int problem(char buffer[SOUND_PROBLEM_SIZE], const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(buffer, SOUND_PROBLEM_SIZE, format, arguments);
        va_end(arguments);
        return -EBADMSG;
}

/* Opening a device can do something, and opening a pipe can wait: look first. */
int sound_open(const char *path, int *ret_fd)
{
        cleanup_(closep) int there = open(path, O_PATH | O_CLOEXEC);
        char again[64];
        struct stat st;
        int fd;

        if (there < 0 || fstat(there, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
        snprintf(again, sizeof(again), "/proc/self/fd/%d", there);
        fd = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static int check_file(int fd, char ret_problem[SOUND_PROBLEM_SIZE])
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return problem(ret_problem, "it cannot be read: %s", strerror(errno));
        if (st.st_size == 0)
                return problem(ret_problem, "it is empty; a sound file is wanted");
        if (lseek(fd, 0, SEEK_SET) < 0)
                return problem(ret_problem, "it cannot be read from its start: %s",
                               strerror(errno));
        if (st.st_size > SOUND_MB_MAX * MEGABYTE)
                return problem(ret_problem, "it has %.1f MB; at most %d MB are decoded",
                               (double)st.st_size / MEGABYTE, SOUND_MB_MAX);
        return 0;
}

static int check_format(const SF_INFO *info, char ret_problem[SOUND_PROBLEM_SIZE])
{
        if (info->samplerate < RATE_MIN || info->samplerate > RATE_MAX)
                return problem(ret_problem, "it has %d samples a second; %d to %d are right",
                               info->samplerate, RATE_MIN, RATE_MAX);
        if (info->channels < 1 || info->channels > CHANNELS_MAX)
                return problem(ret_problem, "it has %d channels; 1 to %d are right", info->channels,
                               CHANNELS_MAX);
        if (info->frames <= 0)
                return problem(ret_problem, "there is no sound in it; it may be cut short");
        if (info->frames > (sf_count_t)info->samplerate * SOUND_SECONDS_MAX)
                return problem(ret_problem, "it lasts %.1f s; at most %d s are played",
                               (double)info->frames / info->samplerate, SOUND_SECONDS_MAX);
        return 0;
}

static float clean(float sample)
{
        return isnan(sample) ? 0.0f : fmaxf(-1.0f, fminf(sample, 1.0f));
}

/* More than two channels become one: nobody rings in surround. */
static void take_frames(struct sound *sound, const float *from, unsigned channels, size_t n)
{
        float *to = sound->samples + sound->n_frames * sound->channels;

        sound->n_frames += n;
        if (sound->channels == channels) {
                for (size_t i = 0; i < n * channels; i++)
                        to[i] = clean(from[i]);
                return;
        }
        for (size_t i = 0; i < n; i++) {
                float sum = 0.0f;

                for (unsigned channel = 0; channel < channels; channel++)
                        sum += clean(from[i * channels + channel]);
                to[i] = sum / (float)channels;
        }
}

static int read_frames(SNDFILE *file, const SF_INFO *info, const atomic_bool *cancelled,
                       struct sound *sound)
{
        float chunk[CHUNK_FRAMES];
        size_t left = (size_t)info->frames;
        sf_count_t most = CHUNK_FRAMES / info->channels;

        while (left > 0) {
                sf_count_t n =
                        sf_readf_float(file, chunk, (size_t)most < left ? most : (sf_count_t)left);

                if (atomic_load(cancelled))
                        return -ECANCELED;
                if (n <= 0)
                        break;
                take_frames(sound, chunk, (unsigned)info->channels, (size_t)n);
                left -= (size_t)n;
        }
        return 0;
}

static int decode(SNDFILE *file, const SF_INFO *info, const atomic_bool *cancelled,
                  struct sound **ret_sound, char ret_problem[SOUND_PROBLEM_SIZE])
{
        cleanup_(sound_unrefp) struct sound *sound = NULL;
        unsigned channels = info->channels == 2 ? 2 : 1;
        int r = check_format(info, ret_problem);

        if (r < 0)
                return r;
        sound = malloc(sizeof(*sound) + (size_t)info->frames * channels * sizeof(float));
        if (!sound)
                return problem(ret_problem, "there is no memory for it");
        atomic_init(&sound->refs, 1);
        sound->rate = (unsigned)info->samplerate;
        sound->channels = channels;
        sound->n_frames = 0;
        r = read_frames(file, info, cancelled, sound);
        if (r < 0)
                return r;
        if (sound->n_frames < (size_t)info->frames)
                return problem(ret_problem,
                               "it ends after %.1f s of %.1f: it is cut short or "
                               "damaged",
                               (double)sound->n_frames / sound->rate,
                               (double)info->frames / sound->rate);
        *ret_sound = take_ptr(sound);
        return 0;
}

int sound_decode(int fd, const atomic_bool *cancelled, struct sound **ret_sound,
                 char ret_problem[SOUND_PROBLEM_SIZE])
{
        SF_INFO info = {0};
        SNDFILE *file;
        int r = check_file(fd, ret_problem);

        if (r < 0) {
                close(fd);
                return r;
        }
        file = sf_open_fd(fd, SFM_READ, &info, SF_TRUE);
        if (!file)
                return problem(ret_problem,
                               "libsndfile says \"%s\"; wav, ogg, flac and opus files are right",
                               sf_strerror(NULL));
        r = decode(file, &info, cancelled, ret_sound, ret_problem);
        sf_close(file);
        return r;
}
