/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is every field of every struct recorded? A struct full of a pattern is read from a record of
 * zeroes: where the pattern is still to be seen, there is a field that the record does not know,
 * and that nobody has called a pointer or a link (sim-compare.c).
 */
#include "support/sim-internal.h"

#include <stdio.h>

#include "model/record-internal.h"
#include "support/suite.h"

static const uint8_t ZEROES[512];
static struct codec codec;

static void setup(void)
{
        codec = (struct codec){.reading = true, .data = ZEROES, .size = sizeof(ZEROES)};
}

/* Others cannot tell a field from what lies between fields; gcc can. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define CLEAR_PADDING(object) __builtin_clear_padding(object)
#endif
#endif

#ifdef CLEAR_PADDING

#define PATTERN 0xa5

static void expect_no_pattern(const char *what, const void *object, size_t size)
{
        const unsigned char *bytes = object;

        ck_assert_msg(codec_ok(&codec), "%s cannot be read: %s", what, codec.problem);
        for (size_t i = 0; i < size; i++)
                ck_assert_msg(bytes[i] != PATTERN,
                              "byte %zu of %zu of struct %s is not recorded: a new field needs its "
                              "line in record-fields.c",
                              i, size, what);
}

#define EXPECT_READ(type, object)                                    \
        do {                                                         \
                CLEAR_PADDING(object);                               \
                expect_no_pattern(#type, object, sizeof(*(object))); \
        } while (0)

START_TEST(call_is_read)
{
        struct call call;

        memset(&call, PATTERN, sizeof(call));
        record_call_fields(&codec, &call);
        free(call.handle);
        free(call.name);
        free(call.account);
        free(call.contact);
        /* record-objects.c and record-links.c see to these */
        memset(&call.id, 0, sizeof(call.id));
        memset(&call.ring_deadline, 0, sizeof(call.ring_deadline));
        memset(&call.removal, 0, sizeof(call.removal));
        memset(&call.post_dial_deadline, 0, sizeof(call.post_dial_deadline));
        call.group = 0;
        call.is_claiming = call.is_ringing = false;
        /* nothing at rest */
        call.changed = 0;
        call.dirty = false;
        call.dirty_next = NULL;
        sim_clear_call(&call);
        EXPECT_READ(call, &call);
}
END_TEST

START_TEST(provider_is_read)
{
        struct provider provider;

        memset(&provider, PATTERN, sizeof(provider));
        record_provider_fields(&codec, &provider);
        free(provider.peer);
        free(provider.identity);
        provider_config_done(&provider.config);
        memset(&provider.reclaim, 0, sizeof(provider.reclaim));
        /* counted */
        provider.n_calls = provider.n_ringing = provider.n_transactions = 0;
        sim_clear_provider(&provider);
        EXPECT_READ(provider, &provider);
}
END_TEST

START_TEST(push_is_read)
{
        struct push push;

        memset(&push, PATTERN, sizeof(push));
        record_push_fields(&codec, &push);
        free(push.data);
        memset(&push.id, 0, sizeof(push.id));
        memset(&push.deadline, 0, sizeof(push.deadline));
        sim_clear_push(&push);
        EXPECT_READ(push, &push);
}
END_TEST

START_TEST(config_is_read)
{
        struct provider provider;

        memset(&provider, PATTERN, sizeof(provider));
        record_provider_fields(&codec, &provider);
        free(provider.peer);
        free(provider.identity);
        free(provider.config.identifier);
        EXPECT_READ(provider_config, &provider.config);
}
END_TEST

START_TEST(transaction_is_read)
{
        struct transaction transaction;

        memset(&transaction, PATTERN, sizeof(transaction));
        record_transaction_fields(&codec, &transaction);
        memset(&transaction.id, 0, sizeof(transaction.id));
        memset(&transaction.reply_deadline, 0, sizeof(transaction.reply_deadline));
        transaction.spare = transaction.in_floor = transaction.in_work = false;
        sim_clear_transaction(&transaction);
        EXPECT_READ(transaction, &transaction);
}
END_TEST

START_TEST(action_is_read)
{
        struct action action;

        memset(&action, PATTERN, sizeof(action));
        record_action_fields(&codec, &action);
        memset(&action.id, 0, sizeof(action.id));
        memset(&action.deadline, 0, sizeof(action.deadline));
        sim_clear_action(&action);
        EXPECT_READ(action, &action);
}
END_TEST

START_TEST(effect_is_read)
{
        struct effect effect;

        memset(&effect, PATTERN, sizeof(effect));
        record_effect_fields(&codec, &effect);
        EXPECT_READ(effect, &effect);
}
END_TEST

START_TEST(engine_is_read)
{
        struct engine engine;

        memset(&engine, PATTERN, sizeof(engine));
        record_engine_fields(&codec, &engine);
        engine.deadlines.n_items = 0;
        engine.n_calls = engine.n_in_call = engine.n_emergency = 0;
        engine.n_pushes = engine.n_pushes_done = 0;
        engine.system_changed = 0;
        sim_clear_engine(&engine);
        EXPECT_READ(engine, &engine);
}
END_TEST

#endif

/* Flags, numbers and texts at their limits, there and back. */
START_TEST(values_come_back)
{
        static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
        struct record_bytes bytes = {0};
        struct codec writer = {.bytes = &bytes};
        uint64_t number;

        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                bool flag = i % 3 == 0;

                number = numbers[i];
                codec_bool(&writer, &flag);
                codec_number(&writer, &number, UINT64_MAX);
        }
        codec_end(&writer);
        ck_assert_int_eq(writer.r, 0);
        codec.data = bytes.data;
        codec.size = bytes.size;
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                bool flag;

                codec_bool(&codec, &flag);
                codec_number(&codec, &number, UINT64_MAX);
                ck_assert_int_eq(flag, i % 3 == 0);
                ck_assert_uint_eq(number, numbers[i]);
        }
        codec_end(&codec);
        ck_assert_int_eq(codec.r, 0);
        record_bytes_done(&bytes);
}
END_TEST

static const struct {
        const char *text;
        size_t size;
        bool good;
} TEXTS[] = {
        {"", 0, true},
        {"Ada", 3, true},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\x9e", 9, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"\xed\x9f\xbf\xee\x80\x80", 6, true},
        {"a\0b", 3, false},
        {"\xc3", 1, false},             /* cut off */
        {"\xc3(", 2, false},            /* what follows is none */
        {"\xc0\x80", 2, false},         /* too long for its value */
        {"\xe0\x80\xaf", 3, false},     /* likewise */
        {"\xf0\x80\x80\xaf", 4, false}, /* likewise */
        {"\xed\xa0\x80", 3, false},     /* a surrogate */
        {"\xf4\x90\x80\x80", 4, false}, /* past the end of Unicode */
        {"\xff", 1, false},
        {"\x80", 1, false},
        {"\xf8\x88\x80\x80\x80", 5, false},
};

START_TEST(texts_are_utf8)
{
        uint8_t data[16] = {(uint8_t)TEXTS[_i].size};
        char *text = NULL;

        memcpy(data + 1, TEXTS[_i].text, TEXTS[_i].size);
        codec.data = data;
        codec.size = TEXTS[_i].size + 1;
        codec_text(&codec, &text);
        codec_end(&codec);
        ck_assert_int_eq(codec.r, TEXTS[_i].good ? 0 : -EBADMSG);
        if (TEXTS[_i].good)
                ck_assert_str_eq(text, TEXTS[_i].text);
        else
                ck_assert_ptr_null(text);
        free(text);
}
END_TEST

/* An app chooses what it is called by a sandbox; nobody's calls are lost for that. */
START_TEST(names_are_any_bytes)
{
        const uint8_t data[] = {3, 0xff, 'x', 0x80, 2, 'a', '\0'};
        char *name = NULL;

        codec.data = data;
        codec.size = sizeof(data);
        codec_name(&codec, &name);
        ck_assert_str_eq(name, "\xffx\x80");
        free(name);
        codec_name(&codec, &name);
        ck_assert_int_eq(codec.r, -EBADMSG);
        ck_assert_ptr_null(name);
}
END_TEST

static const struct {
        uint8_t data[12];
        size_t size;
} BAD_NUMBERS[] = {
        {{0}, 0},
        {{0x80}, 1},       /* cut off */
        {{0x80, 0x00}, 2}, /* 0, written too long */
        {{0xff, 0x80, 0x00}, 3},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11},
};

START_TEST(a_number_has_one_spelling)
{
        uint64_t number = 5;

        codec.data = BAD_NUMBERS[_i].data;
        codec.size = BAD_NUMBERS[_i].size;
        codec_number(&codec, &number, UINT64_MAX);
        ck_assert_int_eq(codec.r, -EBADMSG);
        ck_assert_ptr_nonnull(codec.problem);
}
END_TEST

START_TEST(numbers_have_their_range)
{
        const uint8_t data[] = {8};
        enum call_state state = CALL_STATE_ENDED;

        codec.data = data;
        codec.size = sizeof(data);
        CODEC_NUMBER(&codec, state, CALL_STATE_ENDED);
        ck_assert_int_eq(codec.r, 0);
        setup();
        codec.data = data;
        codec.size = sizeof(data);
        CODEC_NUMBER(&codec, state, CALL_STATE_ENDED - 1);
        ck_assert_int_eq(codec.r, -EBADMSG);
        ck_assert_int_eq(state, 0);
}
END_TEST

/* Bits that no flag has would be a second spelling. */
START_TEST(no_flag_too_many)
{
        const uint8_t data[] = {0x03};
        bool flag = false;

        codec.data = data;
        codec.size = sizeof(data);
        codec_bool(&codec, &flag);
        ck_assert(flag);
        codec_end(&codec);
        ck_assert_int_eq(codec.r, -EBADMSG);
}
END_TEST

START_TEST(ids_are_uuids)
{
        struct record_bytes bytes = {0};
        struct codec writer = {.bytes = &bytes};
        struct uuid id = {.text = "01234567-89ab-cdef-0123-456789abcdef"}, read = {.text = ""};

        codec_uuid(&writer, &id);
        ck_assert_int_eq(writer.r, 0);
        ck_assert_uint_eq(bytes.size, 16);
        codec.data = bytes.data;
        codec.size = bytes.size;
        codec_uuid(&codec, &read);
        ck_assert_str_eq(read.text, id.text);
        id.text[3] = 'A';
        codec_uuid(&writer, &id);
        ck_assert_int_eq(writer.r, -EINVAL);
        record_bytes_done(&bytes);
}
END_TEST

static TCase *fields_case(void)
{
        TCase *fields = tcase_create("fields");

        tcase_add_checked_fixture(fields, setup, NULL);
#ifdef CLEAR_PADDING
        tcase_add_test(fields, call_is_read);
        tcase_add_test(fields, provider_is_read);
        tcase_add_test(fields, push_is_read);
        tcase_add_test(fields, config_is_read);
        tcase_add_test(fields, transaction_is_read);
        tcase_add_test(fields, action_is_read);
        tcase_add_test(fields, effect_is_read);
        tcase_add_test(fields, engine_is_read);
#endif
        return fields;
}

static TCase *codec_case(void)
{
        TCase *values = tcase_create("codec");

        tcase_add_checked_fixture(values, setup, NULL);
        tcase_add_test(values, values_come_back);
        tcase_add_loop_test(values, texts_are_utf8, 0, (int)ARRAY_SIZE(TEXTS));
        tcase_add_test(values, names_are_any_bytes);
        tcase_add_loop_test(values, a_number_has_one_spelling, 0, (int)ARRAY_SIZE(BAD_NUMBERS));
        tcase_add_test(values, numbers_have_their_range);
        tcase_add_test(values, no_flag_too_many);
        tcase_add_test(values, ids_are_uuids);
        return values;
}

SUITE_MAIN("fields of the record", fields_case(), codec_case());
