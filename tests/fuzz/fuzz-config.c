/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd.conf. What is refused says why and leaves the configuration as it was. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "fuzz/fuzz.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        cleanup_(freep) char *problem = NULL;
        struct config config;
        char path[64];
        int fd = memfd_create("fuzz", MFD_CLOEXEC), r;

        fuzz_must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        config_init(&config);
        r = config_load(path, &config, &problem);
        fuzz_must(r == 0 || (problem && problem[0]));
        fuzz_must(r <= 0);
        config_allows_provider(&config, "org.example.a");
        fuzz_must(config.limits.ring_limit > 0);
        fuzz_must(r == 0 || memcmp(&config.limits, &LIMITS_DEFAULT, sizeof(config.limits)) == 0);
        config_done(&config);
        close(fd);
        return 0;
}
