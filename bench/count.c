/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the audio session's waits for the server; the linker puts this in front of the function.
 */
#include "audio/pw-loop.h"
#include "bench.h"

static unsigned n_syncs;

uint64_t __real_server_sync(struct server *server);
uint64_t __wrap_server_sync(struct server *server);

uint64_t __wrap_server_sync(struct server *server)
{
        n_syncs++;
        return __real_server_sync(server);
}

unsigned count_syncs(void)
{
        return n_syncs;
}
