/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of call-model.md 2: every action in every state, with nothing else pending, with the
 * same one pending, with the opposite one pending. The verdicts are written here once more, by
 * hand, so that they are compared and not copied.
 */
#include "model/story.h"

enum verdict {
        GOES,  /* admitted, its provider is asked now */
        DONE,  /* admitted and fulfilled at once, nobody is asked */
        WAITS, /* admitted, nobody is asked now: queued, or joined to what is pending */
        NO,    /* InvalidAction */
        GONE,  /* UnknownCallUUID */
        TAKEN, /* CallUUIDAlreadyExists */
};

static const enum call_state STATES[] = {
        CALL_STATE_RINGING, CALL_STATE_ANSWERING,  CALL_STATE_STARTING,
        CALL_STATE_STARTED, CALL_STATE_CONNECTING, CALL_STATE_ACTIVE,
        CALL_STATE_HELD,    CALL_STATE_ENDING,     CALL_STATE_ENDED,
};

#define N_STATES ARRAY_SIZE(STATES)

static const struct row {
        const char *words;
        const char *before; /* makes the state that it undoes; NULL: none needed */
        const char *opposite;
        enum verdict verdicts[N_STATES]; /* nothing else pending */
        enum verdict same, against;      /* the same one, the opposite one is pending */
} ROWS[] = {
        /*                     ringing answrng startng started connctg active held ending ended */
        {"start c1 sip",
         NULL,
         NULL,
         {TAKEN, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN},
         TAKEN,
         TAKEN},
        {"answer c1", NULL, "end c1", {GOES, WAITS, NO, NO, NO, NO, NO, NO, GONE}, WAITS, NO},
        {"end c1",
         NULL,
         "answer c1",
         {GOES, GOES, GOES, GOES, GOES, GOES, GOES, WAITS, GONE},
         WAITS,
         GOES},
        {"hold c1", NULL, "unhold c1", {NO, WAITS, NO, NO, NO, GOES, DONE, NO, GONE}, WAITS, WAITS},
        {"unhold c1", NULL, "hold c1", {NO, WAITS, NO, NO, NO, DONE, GOES, NO, GONE}, WAITS, WAITS},
        {"mute c1",
         NULL,
         "unmute c1",
         {GOES, GOES, GOES, GOES, GOES, GOES, GOES, NO, GONE},
         WAITS,
         GOES},
        {"unmute c1",
         "mute c1",
         "mute c1",
         {GOES, GOES, GOES, GOES, GOES, GOES, GOES, NO, GONE},
         WAITS,
         GOES},
        {"join c1 c2",
         NULL,
         "leave c1",
         {NO, WAITS, NO, NO, NO, GOES, GOES, NO, GONE},
         WAITS,
         WAITS},
        {"leave c1", NULL, "join c1 c2", {NO, NO, NO, NO, NO, NO, NO, NO, GONE}, NO, WAITS},
        {"dtmf c1 1", NULL, NULL, {NO, WAITS, WAITS, GOES, GOES, GOES, NO, NO, GONE}, WAITS, WAITS},
        {"translate c1",
         NULL,
         "untranslate c1",
         {NO, WAITS, NO, NO, NO, GOES, NO, NO, GONE},
         WAITS,
         WAITS},
        {"untranslate c1",
         "translate c1",
         "translate c1",
         {NO, WAITS, NO, NO, NO, GOES, NO, NO, GONE},
         WAITS,
         WAITS},
};

#define N_ROWS ARRAY_SIZE(ROWS)

/* A second call, held, to be joined; and a provider that can do everything and says nothing. */
static void table_setup(void)
{
        struct provider_config config = sim_config("sip");

        s = sim_new();
        config.maximum_call_groups = 8;
        config.supports_audio_translation = true;
        ck_assert_int_eq(sim_register(s, "sip", &config), 0);
        sim_make(s, "sip", "c2", CALL_STATE_HELD);
}

/* False if the state cannot have what `before` makes. */
static bool make(const struct row *row, enum call_state state)
{
        int r = 0;

        sim_make(s, "sip", "c1", state);
        if (row->before)
                r = sim_try_ask(s, "ui", row->before);
        sim_behave(s, "sip", SIM_SILENT);
        return r == 0 && (!row->before || sim_action(s, row->before) == NULL);
}

static void expect_verdict(const char *words, enum verdict verdict)
{
        static const int refusals[] = {[NO] = REFUSAL_REQUEST_INVALID_ACTION,
                                       [GONE] = REFUSAL_REQUEST_UNKNOWN_CALL,
                                       [TAKEN] = REFUSAL_REQUEST_UUID_EXISTS};
        char text[64];

        if (verdict >= NO) {
                sim_refused(s, "ui", words, (enum refusal)refusals[verdict]);
                return;
        }
        sim_ask(s, "ui", words);
        snprintf(text, sizeof(text), "sip perform *%s*", words);
        sim_expect_count(s, text, verdict == GOES ? 1 : 0);
        snprintf(text, sizeof(text), "%s fulfilled", words);
        if (verdict == DONE)
                sim_expect_results(s, text);
}

/* Whatever was admitted comes to its end, and well, once the provider does its work. */
static void expect_completion(const char *asked, enum verdict verdict)
{
        const char *words;
        char copy[64];

        sim_behave(s, "sip", SIM_FULFIL);
        while ((words = sim_open_action(s, "sip", 0))) {
                snprintf(copy, sizeof(copy), "%s", words);
                sim_fulfil(s, copy);
        }
        ck_assert_uint_eq(sim_n_pending(s), 0);
        snprintf(copy, sizeof(copy), "ui result %s fulfilled", asked);
        if (verdict < NO)
                sim_expect_all(s, copy);
}

/* Rows: X5, T7, T10, T11, T13, T15, T18, T19, T21, T25, E6 */
START_TEST(nothing_pending)
{
        const struct row *row = &ROWS[(size_t)_i / N_STATES];
        const size_t state = (size_t)_i % N_STATES;
        char label[64];

        snprintf(label, sizeof(label), "%s while %s", row->words,
                 call_state_to_string(STATES[state]));
        sim_set_label(s, label);
        if (!make(row, STATES[state]) && row->verdicts[state] < NO)
                return; /* not translating yet while answering: nothing to undo */
        expect_verdict(row->words, row->verdicts[state]);
        expect_completion(row->words, row->verdicts[state]);
}
END_TEST

/* Makes `pending` a pending action of c1, if it can be one here. */
static bool make_pending(const struct row *row, size_t state, const char *pending)
{
        char label[80];

        snprintf(label, sizeof(label), "%s while %s and %s is pending", row->words,
                 call_state_to_string(STATES[state]), pending);
        sim_set_label(s, label);
        return make(row, STATES[state]) && sim_try_ask(s, "ui", pending) == 0 &&
               sim_action(s, pending) != NULL;
}

/* Rows: T7, T13, T15, T21 */
START_TEST(same_pending)
{
        const struct row *row = &ROWS[(size_t)_i / N_STATES];
        const size_t state = (size_t)_i % N_STATES;

        if (!make_pending(row, state, row->words))
                return;
        expect_verdict(row->words, row->same);
        expect_completion(row->words, row->same);
}
END_TEST

/* Rows: T13, T15, X5 */
START_TEST(opposite_pending)
{
        const struct row *row = &ROWS[(size_t)_i / N_STATES];
        const size_t state = (size_t)_i % N_STATES;

        if (!row->opposite || !make_pending(row, state, row->opposite))
                return;
        expect_verdict(row->words, row->against);
        expect_completion(row->words, row->against);
}
END_TEST

static TCase *table_case(void)
{
        TCase *table = tcase_create("table");

        tcase_add_checked_fixture(table, table_setup, story_teardown);
        tcase_add_loop_test(table, nothing_pending, 0, (int)(N_ROWS * N_STATES));
        tcase_add_loop_test(table, same_pending, 0, (int)(N_ROWS * N_STATES));
        tcase_add_loop_test(table, opposite_pending, 0, (int)(N_ROWS * N_STATES));
        return table;
}

SUITE_MAIN("action table", table_case());
