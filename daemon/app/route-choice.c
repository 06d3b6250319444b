/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes for calls that are not heard yet; see route-choice.h. */
#include "app/route-choice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

struct route_choice {
        UT_hash_handle hh;
        char call[UUID_TEXT_SIZE];
        char *id;
};

static struct route_choice *find(struct route_choice *choices, const char *call)
{
        struct route_choice *choice;

        HASH_FIND_STR(choices, call, choice);
        return choice;
}

void route_choice_forget(struct route_choice **choices, const char *call)
{
        struct route_choice *choice = find(*choices, call);

        if (!choice)
                return;
        HASH_DEL(*choices, choice);
        free(choice->id);
        free(choice);
}

int route_choice_set(struct route_choice **choices, const char *call, const char *id)
{
        struct route_choice *choice;

        route_choice_forget(choices, call);
        if (!*id)
                return 0;
        choice = calloc(1, sizeof(*choice));
        if (choice)
                choice->id = strdup(id);
        if (!choice || !choice->id) {
                free(choice);
                return -ENOMEM;
        }
        snprintf(choice->call, sizeof(choice->call), "%s", call);
        HASH_ADD_STR(*choices, call, choice);
        return 0;
}

const char *route_choice_get(struct route_choice *choices, const char *call)
{
        const struct route_choice *choice = find(choices, call);

        return choice ? choice->id : "";
}

void route_choice_done(struct route_choice **choices)
{
        while (*choices)
                route_choice_forget(choices, (*choices)->call);
}
