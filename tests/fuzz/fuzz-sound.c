/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ringtone's file, of which apps hand over a descriptor. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/sound.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const atomic_bool cancelled = false;
        char problem[SOUND_PROBLEM_SIZE] = "";
        struct sound *sound = NULL;
        int fd = memfd_create("fuzz", MFD_CLOEXEC), r;

        fuzz_must(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
        r = sound_decode(fd, &cancelled, &sound, problem);
        if (r < 0) {
                fuzz_must(problem[0] && memchr(problem, '\0', sizeof(problem)));
                return 0;
        }
        fuzz_must(sound->n_frames > 0 && sound->rate > 0);
        fuzz_must(sound->channels == 1 || sound->channels == 2);
        fuzz_must(sound->n_frames / sound->rate <= SOUND_SECONDS_MAX);
        for (size_t i = 0; i < sound->n_frames * sound->channels; i++)
                fuzz_must(sound->samples[i] >= -1 && sound->samples[i] <= 1);
        sound_unref(sound);
        return 0;
}
