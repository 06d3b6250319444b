/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call by itself: making, freeing, reading, and checking what is said of it. */
#include "model/engine-internal.h"

#include <errno.h>
#include <stdlib.h>

static const char *const allowed_words[] = {
        "answer", "hold-and-answer", "end-and-answer", "decline", "hold", "resume", "swap", "mute",
        "dtmf",   "merge",           "leave",          "end",
};

const char *call_allowed_to_string(enum call_allowed which)
{
        size_t i = 0;

        while ((1u << i) != (unsigned)which)
                i++;
        return allowed_words[i];
}

void call_members_free(struct call_member *members, size_t n_members)
{
        for (size_t i = 0; i < n_members; i++) {
                free(members[i].handle);
                free(members[i].name);
        }
        free(members);
}

struct call *call_free(struct call *call)
{
        if (!call)
                return NULL;
        call_members_free(call->members, call->n_members);
        free(call->handle);
        free(call->name);
        free(call->account);
        free(call->contact);
        free(call->post_dial);
        free(call->ended_text);
        free(call);
        return NULL;
}

DEFINE_CLEANUP(struct call *, call_free);

int call_new(struct provider *provider, const char *uuid, struct instant now,
             struct call **ret_call)
{
        cleanup_(call_freep) struct call *call = calloc(1, sizeof(*call));

        if (!call)
                return -ENOMEM;
        call->provider = provider;
        memcpy(call->id.text, uuid, UUID_TEXT_SIZE);
        call->capabilities = CALL_SUPPORTS_ALL;
        call->audio = provider->config.audio;
        call->group_prev = call->group_next = call;
        call->reported_at = (struct call_date){now.realtime, now.boottime};
        call->ring_deadline.kind = DEADLINE_RING;
        call->removal.kind = DEADLINE_REMOVAL;
        call->post_dial_deadline.kind = DEADLINE_POST_DIAL;
        call->handle = strdup("");
        call->name = strdup("");
        call->account = strdup("");
        call->contact = strdup("");
        if (!call->handle || !call->name || !call->account || !call->contact)
                return -ENOMEM;
        *ret_call = take_ptr(call);
        return 0;
}

bool call_is_live(const struct call *call)
{
        return call->state != CALL_STATE_ENDING && call->state != CALL_STATE_ENDED;
}

bool call_uses_slot(const struct call *call)
{
        return call_is_live(call) && call->state != CALL_STATE_RINGING;
}

bool call_is_connected(const struct call *call)
{
        return call->state == CALL_STATE_ACTIVE || call->state == CALL_STATE_HELD;
}

bool call_same_group(const struct call *a, const struct call *b)
{
        return a == b || (a->group != 0 && a->group == b->group);
}

struct call *call_group_walk(const struct call *start, const struct call *at)
{
        return at->group_next == start ? NULL : at->group_next;
}

unsigned call_group_size(const struct call *call)
{
        unsigned n = 0;

        for (const struct call *m = call; m; m = call_group_walk(call, m))
                n++;
        return n;
}

void update_copy_done(struct update_copy *copy)
{
        call_members_free(copy->members, copy->update.n_members);
        free(copy->handle);
        free(copy->name);
        free(copy->account);
}

static struct call_member *members_copy(const struct call_member *members, size_t n_members)
{
        struct call_member *copies = calloc(n_members, sizeof(*copies));

        if (!copies)
                return NULL;
        for (size_t i = 0; i < n_members; i++) {
                copies[i].handle = strdup(str_or_empty(members[i].handle));
                copies[i].name = strdup(str_or_empty(members[i].name));
                copies[i].active = members[i].active;
                if (!copies[i].handle || !copies[i].name) {
                        call_members_free(copies, n_members);
                        return NULL;
                }
        }
        return copies;
}

int update_copy_init(struct update_copy *copy, const struct call_update *update)
{
        *copy = (struct update_copy){.update = *update};
        if ((update->set & UPDATE_HANDLE) && !(copy->handle = strdup(str_or_empty(update->handle))))
                goto no_memory;
        if ((update->set & UPDATE_NAME) && !(copy->name = strdup(str_or_empty(update->name))))
                goto no_memory;
        if ((update->set & UPDATE_ACCOUNT) &&
            !(copy->account = strdup(str_or_empty(update->account))))
                goto no_memory;
        if ((update->set & UPDATE_MEMBERS) && update->n_members > 0) {
                copy->members = members_copy(update->members, update->n_members);
                if (!copy->members)
                        goto no_memory;
        }
        return 0;

no_memory:
        copy->update.n_members = 0;
        update_copy_done(copy);
        return -ENOMEM;
}

static int check_length(struct engine *engine, const char *what, const char *text, unsigned limit)
{
        size_t length = strlen(str_or_empty(text));

        if (length <= limit)
                return 0;
        return engine_refuse(engine, REFUSAL_LIMIT_REACHED,
                             "The %s has %zu bytes; at most %u are allowed.", what, length, limit);
}

int call_check_update(struct engine *engine, const struct provider *provider,
                      const struct call_update *update)
{
        int r;

        r = (update->set & UPDATE_HANDLE)
                    ? check_length(engine, "handle", update->handle, engine->limits.handle_length)
                    : 0;
        if (r == 0 && (update->set & UPDATE_NAME))
                r = check_length(engine, "name", update->name, engine->limits.name_length);
        for (size_t i = 0; r == 0 && (update->set & UPDATE_MEMBERS) && i < update->n_members; i++) {
                r = check_length(engine, "handle of a member", update->members[i].handle,
                                 engine->limits.handle_length);
                if (r == 0)
                        r = check_length(engine, "name of a member", update->members[i].name,
                                         engine->limits.name_length);
        }
        if (r != 0)
                return r;
        if ((update->set & UPDATE_ACCOUNT) && str_or_empty(update->account)[0] != '\0' &&
            !provider_find_account(provider, update->account))
                return engine_refuse(engine, REFUSAL_INVALID_ARGS,
                                     "Account \"%s\" is not among the accounts that %s registered.",
                                     update->account, provider->config.identifier);
        return 0;
}
