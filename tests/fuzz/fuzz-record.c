/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of all state, which may be torn or from somebody else. What is believed holds all
 * invariants then, goes on, and is written again.
 */
#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "model/record.h"

#define TICKS 8

static unsigned long long last_uuid;

static void make_uuid(struct uuid *ret_uuid, void *userdata)
{
        (void)userdata;
        snprintf(ret_uuid->text, sizeof(ret_uuid->text), "00000000-0000-4000-9abc-%012llx",
                 ++last_uuid & 0xffffffffffffULL);
}

static const struct engine_host HOST = {.make_uuid = make_uuid};

static void must_be_right(const struct engine *engine)
{
        const char *wrong = engine_check(engine);

        if (wrong)
                fprintf(stderr, "engine_check: %s\n", wrong);
        fuzz_must(!wrong);
}

static void settle(struct engine *engine)
{
        struct effect effect;

        while (engine_next_effect(engine, &effect))
                ;
        engine_settle(engine);
        must_be_right(engine);
}

/* Written, it is read again, and written the same. */
static void must_come_back(const struct engine *engine)
{
        struct record_bytes first = {0}, second = {0};
        struct engine *again = NULL;
        const char *problem = NULL;

        fuzz_must(engine_save(engine, &first) == 0);
        if (engine_load(&HOST, &LIMITS_DEFAULT, first.data, first.size, &again, &problem) != 0)
                fprintf(stderr, "engine_load: %s\n", problem ? problem : "?");
        fuzz_must(again);
        fuzz_must(engine_save(again, &second) == 0);
        fuzz_must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        engine_free(again);
        record_bytes_done(&first);
        record_bytes_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct engine *engine = NULL;
        const char *problem = NULL;
        struct instant now = {.boottime = 1000 * USEC_PER_SEC,
                              .realtime = 1700000000 * USEC_PER_SEC};
        int r = engine_load(&HOST, &LIMITS_DEFAULT, data, size, &engine, &problem);

        if (r != 0) {
                fuzz_must(!engine && r < 0);
                fuzz_must(r != -EBADMSG || (problem && problem[0]));
                return 0;
        }
        must_be_right(engine);
        must_come_back(engine);
        settle(engine);
        for (unsigned i = 0; i < TICKS && engine_next_deadline(engine) != USEC_INFINITY; i++) {
                if (engine_next_deadline(engine) > now.boottime)
                        now.boottime = engine_next_deadline(engine);
                fuzz_must(engine_tick(engine, now) == 0);
                settle(engine);
        }
        must_come_back(engine);
        engine_free(engine);
        return 0;
}
