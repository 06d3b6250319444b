/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes of a record, in one direction or the other.
 *
 * Every function takes the address of a value: writing appends the value, reading replaces it. So
 * what walks over a struct is written once and serves both, and cannot forget on one side what it
 * has on the other.
 *
 * A failure stays: from then on every function does nothing and reads zeroes, so that a caller
 * looks once, at the end, and in its loops.
 */
#ifndef CALLSD_MODEL_RECORD_CODEC_H
#define CALLSD_MODEL_RECORD_CODEC_H

#include <errno.h>

#include "model/record.h"
#include "model/types.h"

struct codec {
        bool reading;
        struct record_bytes *bytes; /* writing: where to */
        const uint8_t *data;        /* reading: from where */
        size_t size, at;
        unsigned bits, n_bits; /* bools that stand side by side share a byte */
        int r;
        const char *problem; /* in words, static */
};

/* The first failure counts. */
void codec_fail(struct codec *codec, int r, const char *problem);
static inline bool codec_ok(const struct codec *codec)
{
        return codec->r == 0;
}

/* Refuses what was read, unless the condition holds; says nothing of what is written. True if
 * all is well so far. */
static inline bool codec_expect(struct codec *codec, bool condition, const char *problem)
{
        if (codec->reading && !condition) {
                codec_fail(codec, -EBADMSG, problem);
                return false;
        }
        return codec_ok(codec);
}

void codec_bool(struct codec *codec, bool *value);
/* At most `max`. */
void codec_number(struct codec *codec, uint64_t *value, uint64_t max);
/* How many things follow, each of at least `item_size` bytes. */
void codec_count(struct codec *codec, size_t *value, size_t item_size);
/* A UUID in lower case. */
void codec_uuid(struct codec *codec, struct uuid *value);
/* Or the empty one. */
void codec_uuid_or_none(struct codec *codec, struct uuid *value);
/* Owned UTF-8; what was there before reading is not freed. */
void codec_text(struct codec *codec, char **value);
void codec_text_or_null(struct codec *codec, char **value);
/* Likewise, but of any bytes: for what is compared and not shown. */
void codec_name(struct codec *codec, char **value);
void codec_name_or_null(struct codec *codec, char **value);
/* A list that ends with NULL, or NULL. */
void codec_names_or_null(struct codec *codec, char ***value);
/* Owned bytes of any kind; never NULL. */
void codec_bytes(struct codec *codec, uint8_t **data, size_t *size);
/* To be called when all is written; reading: nothing may be left. */
void codec_end(struct codec *codec);

/* For fields that are no uint64_t: enumerations, unsigned. */
#define CODEC_NUMBER(codec, field, max)                       \
        do {                                                  \
                uint64_t number_ = (uint64_t)(field);         \
                                                              \
                codec_number(codec, &number_, max);           \
                if ((codec)->reading)                         \
                        (field) = (__typeof__(field))number_; \
        } while (0)

#endif
