/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every story about the engine begins with: two providers that do as they are told. */
#ifndef CALLSD_TESTS_MODEL_STORY_H
#define CALLSD_TESTS_MODEL_STORY_H

#include <stdio.h>

#include "support/sim.h"
#include "support/suite.h"

static struct sim *s;

static inline void story_setup(void)
{
        s = sim_new();
        sim_provider(s, "sip");
        sim_provider(s, "web");
}

static inline void story_teardown(void)
{
        s = sim_free(s);
}

static inline TCase *story_case(const char *name)
{
        TCase *stories = tcase_create(name);

        tcase_add_checked_fixture(stories, story_setup, story_teardown);
        return stories;
}

/* The engine's words for the last refusal name this call. */
static inline void story_expect_named(const char *call)
{
        const struct uuid id = sim_uuid(call);

        ck_assert_msg(strstr(engine_explain(sim_engine(s)), id.text) != NULL,
                      "'%s' does not name %s", engine_explain(sim_engine(s)), id.text);
}

/* Registers again, with so many groups of so many calls. */
static inline void story_set_groups(const char *provider, unsigned groups, unsigned calls)
{
        struct provider_config config = sim_config(provider);

        config.maximum_call_groups = groups;
        config.maximum_calls_per_call_group = calls;
        ck_assert_int_eq(sim_configure(s, provider, &config), 0);
}

/* Configured again, with one account that takes every handle. */
static inline void story_add_account(const char *provider, const char *id)
{
        struct provider_config config = sim_config(provider);

        config.accounts = calloc(1, sizeof(*config.accounts));
        ck_assert_ptr_nonnull(config.accounts);
        config.n_accounts = 1;
        config.accounts[0].id = strdup(id);
        config.accounts[0].label = strdup("Line");
        config.accounts[0].state = strdup("");
        ck_assert_int_eq(sim_configure(s, provider, &config), 0);
}

#endif
