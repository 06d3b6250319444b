/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound files made when they are needed: a sine, in whatever format libsndfile writes. */
#ifndef CALLSD_TESTS_AUDIO_SOUND_FILE_H
#define CALLSD_TESTS_AUDIO_SOUND_FILE_H

#include <sndfile.h>
#include <stdbool.h>

#define SOUND_FILE_AMPLITUDE 0.25

struct sound_file {
        int format; /* SF_FORMAT_... */
        int rate;
        int channels;
        double hz;
        double seconds;
};

/* Whether the libsndfile here has the format. */
bool sound_file_supported(const struct sound_file *file);
void sound_file_write(const struct sound_file *file, const char *path);
/* A 16 bit wav of one channel. */
void sound_file_write_wav(const char *path, double hz, double seconds);

/* A file with these first bytes, of this size. */
void sound_file_write_bytes(const char *path, const void *bytes, size_t n, size_t size);
/* Leaves the first `size` bytes. */
void sound_file_cut(const char *path, size_t size);

#endif
