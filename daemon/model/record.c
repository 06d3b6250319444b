/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record as a whole: its head, its parts in order, and what a restart has to say again. */
#include "model/record.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "model/record-internal.h"

#define MAGIC 0x6c6c6163 /* "call" */

void record_bytes_done(struct record_bytes *bytes)
{
        free(bytes->data);
        *bytes = (struct record_bytes){0};
}

static void record_head(struct codec *codec)
{
        uint64_t magic = MAGIC, format = RECORD_FORMAT;

        codec_number(codec, &magic, UINT64_MAX);
        codec_expect(codec, magic == MAGIC, "it is no record of calls");
        codec_number(codec, &format, UINT64_MAX);
        if (codec_ok(codec) && format != RECORD_FORMAT)
                codec_fail(codec, -EPROTONOSUPPORT, "it was written by another version of callsd");
}

static void record_parts(struct codec *codec, struct engine *engine)
{
        record_engine_fields(codec, engine);
        record_defaults(codec, engine);
        record_providers(codec, engine);
        record_calls(codec, engine);
        record_transactions(codec, engine);
        record_effects(codec, engine);
        record_links(codec, engine);
        codec_end(codec);
}

int engine_save(const struct engine *engine, struct record_bytes *bytes)
{
        struct codec codec = {.bytes = bytes};

        /* an input leaves none behind */
        assert(!engine->work && !engine->dirty && engine->system_changed == 0);
        bytes->size = 0;
        record_head(&codec);
        /* a codec that writes changes nothing */
        record_parts(&codec, (struct engine *)(uintptr_t)engine);
        return codec.r;
}

DEFINE_CLEANUP(struct engine *, engine_free);

int engine_load(const struct engine_host *host, const struct limits *limits, const void *data,
                size_t size, struct engine **ret_engine, const char **ret_problem)
{
        cleanup_(engine_freep) struct engine *engine = NULL;
        struct codec codec = {.reading = true, .data = data, .size = size};
        const char *wrong;
        int r = engine_new(host, limits, &engine);

        if (r < 0) {
                *ret_problem = "there is no memory for it";
                return r;
        }
        record_head(&codec);
        if (codec_ok(&codec))
                record_parts(&codec, engine);
        wrong = codec_ok(&codec) ? record_check(engine) : NULL;
        if (wrong)
                codec_fail(&codec, -EBADMSG, wrong);
        if (!codec_ok(&codec)) {
                *ret_problem = codec.problem;
                return codec.r;
        }
        *ret_engine = take_ptr(engine);
        return 0;
}

uint64_t engine_get_revision(const struct engine *engine)
{
        return engine->revision;
}
