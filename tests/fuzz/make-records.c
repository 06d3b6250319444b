/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records to begin with, for fuzz-record; made anew each time, since their form may change. */
#include <check.h>

#include "fuzz/fuzz.h"
#include "model/record.h"
#include "support/sim.h"

static void write_record(struct sim *sim, const char *folder, const char *name)
{
        struct record_bytes bytes = {0};
        char path[4096];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "we");
        fuzz_must(file && engine_save(sim_engine(sim), &bytes) == 0);
        fuzz_must(fwrite(bytes.data, 1, bytes.size, file) == bytes.size && fclose(file) == 0);
        record_bytes_done(&bytes);
        sim_free(sim);
}

static struct sim *world(void)
{
        struct sim *sim = sim_new();
        struct provider_config config = sim_config("web");

        sim_provider(sim, "sip");
        config.reclaim_grace = 20 * USEC_PER_SEC;
        sim_register(sim, "web", &config);
        sim_behave(sim, "sip", SIM_SILENT);
        sim_behave(sim, "web", SIM_SILENT);
        return sim;
}

static struct sim *interrupted(void)
{
        struct sim *sim = world();

        sim_make_group(sim, "sip", "1 3");
        sim_make(sim, "web", "2", CALL_STATE_ACTIVE);
        return sim;
}

static struct sim *pending(void)
{
        struct sim *sim = interrupted();

        sim_ask(sim, "ui", "dtmf 2 5");
        sim_ask(sim, "ui waits", "hold 2,unhold 1,mute 1");
        sim_ask(sim, "ui", "start 4 sip");
        return sim;
}

static struct sim *away(void)
{
        struct sim *sim = interrupted();

        sim_vanish(sim, "web");
        sim_incoming(sim, "sip", "5");
        return sim;
}

static struct sim *pushed(void)
{
        struct sim *sim = away();
        const struct provider_manifest manifest = {.identifier = "org.example.gsm",
                                                   .can_start = true};

        sim_declare(sim, "gsm", &manifest);
        sim_push_payload(sim, "gsm", "waits");
        sim_push_payload(sim, "web", "waits too");
        return sim;
}

int main(int argc, char **argv)
{
        const char *folder = argc == 2 ? argv[1] : NULL;

        if (!folder) {
                fprintf(stderr, "usage: make-records FOLDER\n");
                return EXIT_FAILURE;
        }
        write_record(sim_new(), folder, "empty");
        write_record(interrupted(), folder, "interrupted");
        write_record(pending(), folder, "pending");
        write_record(away(), folder, "away");
        write_record(pushed(), folder, "pushed");
        return EXIT_SUCCESS;
}
