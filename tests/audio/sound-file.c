/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound files made when they are needed; see sound-file.h. */
#include "sound-file.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#define CHUNK 4800

static SF_INFO info_of(const struct sound_file *file)
{
        return (SF_INFO){
                .format = file->format, .samplerate = file->rate, .channels = file->channels};
}

bool sound_file_supported(const struct sound_file *file)
{
        const SF_INFO info = info_of(file);

        return sf_format_check(&info);
}

void sound_file_write(const struct sound_file *file, const char *path)
{
        SF_INFO info = info_of(file);
        SNDFILE *out = sf_open(path, SFM_WRITE, &info);
        long n = lround(file->seconds * file->rate);
        float chunk[CHUNK * 8];

        ck_assert_msg(out, "%s: %s", path, sf_strerror(NULL));
        for (long at = 0; at < n; at += CHUNK) {
                long frames = n - at < CHUNK ? n - at : CHUNK;

                for (long i = 0; i < frames * file->channels; i++)
                        chunk[i] = (float)(SOUND_FILE_AMPLITUDE *
                                           sin(2 * M_PI * file->hz *
                                               (double)(at + i / file->channels) / file->rate));
                ck_assert_int_eq(sf_writef_float(out, chunk, frames), frames);
        }
        sf_close(out);
}

void sound_file_write_wav(const char *path, double hz, double seconds)
{
        const struct sound_file file = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, hz, seconds};

        sound_file_write(&file, path);
}

void sound_file_write_bytes(const char *path, const void *bytes, size_t n, size_t size)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
        ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
        close(fd);
}

void sound_file_cut(const char *path, size_t size)
{
        ck_assert_int_eq(truncate(path, (off_t)size), 0);
}
