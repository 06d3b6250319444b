/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Engines that are replaced by what their record says, in the middle of everything: nobody may
 * notice. And daemons that die and come back.
 */
#include "support/sim-internal.h"

#include <check.h>
#include <stdio.h>

#include "model/record.h"

static uint64_t next_random(struct sim *sim)
{
        sim->record_random ^= sim->record_random >> 12;
        sim->record_random ^= sim->record_random << 25;
        sim->record_random ^= sim->record_random >> 27;
        return sim->record_random * 0x2545f4914f6cdd1dULL;
}

void sim_set_record(struct sim *sim, unsigned one_in, uint64_t seed)
{
        sim->record_one_in = one_in;
        sim->record_random = seed * 0x9e3779b97f4a7c15ULL | 1;
}

static void save(struct sim *sim, const struct engine *engine, struct record_bytes *bytes)
{
        const int r = engine_save(engine, bytes);

        if (r != 0)
                sim_die(sim, "the state cannot be recorded: %s", strerror(-r));
}

static struct engine *load(struct sim *sim, const void *data, size_t size)
{
        const struct engine_host host = sim_host(sim);
        const char *problem = "nothing";
        struct engine *engine = NULL;
        const int r =
                engine_load(&host, engine_get_limits(sim->engine), data, size, &engine, &problem);

        if (r != 0)
                sim_die(sim, "the record is refused: %s: %s", strerror(-r), problem);
        return engine;
}

void sim_replace(struct sim *sim)
{
        struct record_bytes before = {0}, after = {0};
        struct engine *engine;

        save(sim, sim->engine, &before);
        engine = load(sim, before.data, before.size);
        save(sim, engine, &after);
        if (before.size != after.size || memcmp(before.data, after.data, before.size) != 0)
                sim_die(sim, "a record that is read and written again is another one");
        sim_compare(sim, sim->engine, engine);
        engine_free(sim->engine);
        sim->engine = engine;
        record_bytes_done(&before);
        record_bytes_done(&after);
}

void sim_maybe_replace(struct sim *sim)
{
        if (sim->record_one_in > 0 && next_random(sim) % sim->record_one_in == 0)
                sim_replace(sim);
}

/* ---- restarts ---- */

/* One after the other, as they are found to be missing. */
static void lose(struct sim *sim, const char *gone)
{
        char names[64], *rest = names, *name;
        const struct sim_provider *provider;

        snprintf(names, sizeof(names), "%s", gone);
        while ((name = strsep(&rest, " "))) {
                provider = sim_find_provider(sim, name);
                if (streq(name, "bus"))
                        sim_bus_lost(sim);
                else if (provider && provider->running)
                        sim_vanish(sim, name);
        }
}

void sim_restart(struct sim *sim, usec_t away, const char *gone)
{
        const bool held = sim->held_mark;
        int r;

        if (!held)
                sim_mark(sim);
        sim_begin(sim, "callsd dies, and is back after %.1f s; gone: %s",
                  (double)away / (double)USEC_PER_SEC, gone);
        sim_replace(sim);
        sim->now.boottime += away;
        sim->now.realtime += away;
        r = engine_resume(sim->engine, sim->now);
        if (r == 0)
                r = engine_tick(sim->engine, sim->now);
        sim_end(sim, r);
        lose(sim, gone);
        sim->held_mark = held;
}
