/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callsd shows, compared with what it acknowledged. */
#include "kill-loop.h"

#define LOST(call, ...) fatal_call(world, call, __VA_ARGS__)

static void fatal_call(struct world *world, const struct call *call, const char *what)
{
        fatal("call %s of %s (state \"%s\", name \"%s\" for %u/%u, muted %d for %d, life %d%s%s): "
              "%s",
              call->uuid, world->providers[call->provider].identifier, call->seen_state,
              call->seen_name, call->name, call->name_next, call->seen_muted, call->muted,
              call->life, call->stable ? ", stable" : "", call->busy ? ", busy" : "", what);
}

/* ---- asking ---- */

static struct call *call_of_path(struct world *world, const char *path)
{
        const char *name = strrchr(path, '/') + 1;
        char uuid[UUID_SIZE];

        if (strncmp(path, "/org/callsd/call/", 17) != 0)
                return NULL;
        snprintf(uuid, sizeof(uuid), "%s", name);
        for (char *at = uuid; *at; at++)
                if (*at == '_')
                        *at = '-';
        struct call *call = find_call(world, uuid);

        if (!call)
                fatal("call %s was invented", uuid);
        return call;
}

static void check_reply(struct world *world, sd_bus_message *reply, const char *what)
{
        if (sd_bus_message_is_method_error(reply, NULL))
                fatal("%s: %s", what, sd_bus_message_get_error(reply)->message);
        world->asked--;
}

struct details {
        char uuid[UUID_SIZE], state[16], name[16], group[48];
        int muted;
        uint64_t started_at;
};

static void copy_string(sd_bus_message *message, char *to, size_t size)
{
        const char *text;

        if (sd_bus_message_read(message, "v", "s", &text) < 0)
                fatal("a property is malformed");
        snprintf(to, size, "%s", text);
}

static void read_entry(sd_bus_message *message, struct details *details)
{
        const char *key;

        if (sd_bus_message_read(message, "s", &key) < 0)
                fatal("a dictionary is malformed");
        if (strcmp(key, "UUID") == 0)
                copy_string(message, details->uuid, sizeof(details->uuid));
        else if (strcmp(key, "State") == 0)
                copy_string(message, details->state, sizeof(details->state));
        else if (strcmp(key, "LocalizedCallerName") == 0)
                copy_string(message, details->name, sizeof(details->name));
        else if (strcmp(key, "Group") == 0)
                copy_string(message, details->group, sizeof(details->group));
        else if (strcmp(key, "Muted") == 0)
                sd_bus_message_read(message, "v", "b", &details->muted);
        else if (strcmp(key, "StartedAt") == 0)
                sd_bus_message_read(message, "v", "t", &details->started_at);
        else
                sd_bus_message_skip(message, "v");
}

static void read_dictionary(sd_bus_message *message, struct details *details)
{
        memset(details, 0, sizeof(*details));
        sd_bus_message_enter_container(message, 'a', "{sv}");
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                read_entry(message, details);
                sd_bus_message_exit_container(message);
        }
        sd_bus_message_exit_container(message);
}

static void take_details(struct world *world, const struct details *details)
{
        struct call *call = find_call(world, details->uuid);

        if (!call)
                fatal("call %s was invented", details->uuid);
        call->detailed = true;
        call->seen_muted = details->muted;
        snprintf(call->seen_name, sizeof(call->seen_name), "%s", details->name);
        snprintf(call->seen_group, sizeof(call->seen_group), "%s", details->group);
        snprintf(call->seen_state, sizeof(call->seen_state), "%s", details->state);
        if (call->started_at != 0 && call->started_at != details->started_at)
                LOST(call, "it began at another time");
        call->started_at = details->started_at;
}

static int on_calls(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct world *world = userdata;
        struct details details;

        (void)error;
        check_reply(world, reply, "GetCalls");
        sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (sd_bus_message_at_end(reply, false) == 0) {
                read_dictionary(reply, &details);
                take_details(world, &details);
        }
        return 0;
}

static int on_details(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct world *world = userdata;
        struct details details;

        (void)error;
        /* It may just have been removed. */
        if (sd_bus_message_is_method_error(reply,
                                           ERROR_PREFIX "RequestTransaction.UnknownCallUUID")) {
                world->asked--;
                return 0;
        }
        check_reply(world, reply, "GetDetails");
        read_dictionary(reply, &details);
        take_details(world, &details);
        return 0;
}

static void take_object(struct world *world, sd_bus_message *reply)
{
        const char *path, *interface;
        struct details details;
        struct call *call;

        sd_bus_message_read(reply, "o", &path);
        call = call_of_path(world, path);
        sd_bus_message_enter_container(reply, 'a', "{sa{sv}}");
        while (sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
                sd_bus_message_read(reply, "s", &interface);
                read_dictionary(reply, &details);
                if (call && strcmp(interface, NAME ".Call1") == 0) {
                        call->seen = true;
                        snprintf(call->seen_state, sizeof(call->seen_state), "%s", details.state);
                        call->seen_active = strcmp(details.state, "active") == 0;
                }
                sd_bus_message_exit_container(reply);
        }
        sd_bus_message_exit_container(reply);
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct world *world = userdata;

        (void)error;
        check_reply(world, reply, "GetManagedObjects");
        sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
        while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
                take_object(world, reply);
                sd_bus_message_exit_container(reply);
        }
        return 0;
}

static int on_pending(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct world *world = userdata;

        (void)error;
        check_reply(world, reply, "ListPendingActions");
        world->n_pending = 0;
        sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (sd_bus_message_at_end(reply, false) == 0) {
                sd_bus_message_skip(reply, "a{sv}");
                world->n_pending++;
        }
        return 0;
}

static void ask(struct world *world, sd_bus *bus, const char *path, const char *interface,
                const char *member, sd_bus_message_handler_t on_reply)
{
        if (sd_bus_call_method_async(bus, NULL, NAME, path, interface, member, on_reply, world,
                                     NULL) < 0)
                fatal("%s cannot be sent", member);
        world->asked++;
}

static bool answered(struct world *world)
{
        return world->asked == 0;
}

static void ask_all(struct world *world)
{
        ask(world, world->controller, "/org/callsd", "org.freedesktop.DBus.ObjectManager",
            "GetManagedObjects", on_objects);
        run_until(world, answered, "answer to GetManagedObjects");
        ask(world, world->controller, "/org/callsd", NAME ".Manager1", "ListPendingActions",
            on_pending);
        for (unsigned i = 0; i < world->options.providers; i++)
                if (!world->providers[i].library)
                        ask(world, world->providers[i].bus, world->providers[i].path,
                            NAME ".Provider1", "GetCalls", on_calls);
        for (size_t i = 0; i < world->n_live; i++)
                if (world->live[i]->seen && world->providers[world->live[i]->provider].library)
                        ask(world, world->controller, world->live[i]->path, NAME ".Call1",
                            "GetDetails", on_details);
        run_until(world, answered, "answers to all questions");
}

/* ---- comparing ---- */

static bool is_over(const struct call *call)
{
        return !call->seen || strcmp(call->seen_state, "ended") == 0;
}

static bool is_ending(const struct call *call)
{
        return is_over(call) || strcmp(call->seen_state, "ending") == 0;
}

static void judge_life(struct world *world, struct call *call, bool settled)
{
        switch (call->life) {
        case LIFE_LIVE:
                if (!call->seen)
                        LOST(call, "it was lost");
                if (is_ending(call))
                        LOST(call, "it was ended by nobody");
                break;
        case LIFE_UNSURE_NEW:
                call->life = is_over(call) ? LIFE_OVER : LIFE_LIVE;
                world->happened += call->life == LIFE_LIVE;
                break;
        case LIFE_UNSURE_END:
                world->happened += is_ending(call);
                call->life = is_over(call) ? LIFE_OVER : is_ending(call) ? LIFE_ENDING : LIFE_LIVE;
                if (call->life != LIFE_ENDING || !settled)
                        break;
                LOST(call, "it does not come to its end");
                break;
        case LIFE_ENDING:
                if (!is_ending(call))
                        LOST(call, "its end was accepted, and forgotten");
                if (settled && !is_over(call))
                        LOST(call, "it does not come to its end");
                if (is_over(call))
                        call->life = LIFE_OVER;
                break;
        case LIFE_OVER:
                if (!is_over(call))
                        LOST(call, "it is back from the dead");
                break;
        }
}

static void judge_name(struct world *world, struct call *call)
{
        unsigned name = (unsigned)strtoul(call->seen_name + 1, NULL, 10);

        if (name != call->name && name != call->name_next)
                LOST(call, "its name is another one");
        world->happened += call->name != call->name_next && name == call->name_next;
        call->name = call->name_next = name;
}

static void judge_mute(struct world *world, struct call *call, bool settled)
{
        if (!settled && (call->mute_unsure || (call->mute_settling && !call->muted)))
                return;
        if (!call->mute_unsure && call->seen_muted != call->muted)
                LOST(call, "it is muted where it was not, or the other way round");
        call->muted = call->seen_muted;
        call->mute_unsure = false;
        if (settled)
                call->mute_settling = false;
}

static bool is_one_of(const char *word, const char *words)
{
        const char *at = strstr(words, word);

        return at && *word;
}

static void judge_state(struct world *world, struct call *call, bool settled)
{
        const char *allowed = "ringing answering active held";

        if (call->stable)
                allowed = "held";
        else if (call->talked)
                allowed = "active held";
        else if (!call->answered)
                allowed = "ringing";
        else if (settled)
                allowed = "ringing active held";
        if (!is_one_of(call->seen_state, allowed))
                LOST(call, "its state is impossible");
        if (!call->stable && is_one_of(call->seen_state, "active held"))
                call->talked = true;
}

static void judge_group(struct world *world, struct call *call)
{
        struct call *mate = call->mate;

        if (mate && mate->life == LIFE_OVER)
                call->mate = NULL;
        if (!call->mate || mate->life != LIFE_LIVE || !mate->judged || !mate->detailed)
                return;
        if (!*call->seen_group || strcmp(call->seen_group, mate->seen_group) != 0)
                LOST(call, "it has lost its group");
}

static void judge(struct world *world, struct call *call, bool settled)
{
        world->compared++;
        judge_life(world, call, settled);
        if (call->life != LIFE_LIVE)
                return;
        if (!call->detailed)
                LOST(call, "its provider does not have it");
        judge_name(world, call);
        judge_mute(world, call, settled);
        judge_state(world, call, settled);
}

static void forget_old(struct world *world)
{
        size_t n = 0;

        for (size_t i = 0; i < world->n_live; i++)
                if ((world->live[i]->life != LIFE_OVER && !world->live[i]->excused) ||
                    world->live[i]->busy)
                        world->live[n++] = world->live[i];
        world->n_live = n;
}

static void count_active(struct world *world)
{
        unsigned n = 0;

        for (size_t i = 0; i < world->n_live; i++)
                n += world->live[i]->seen_active;
        if (n > 1)
                fatal("%u calls are active", n);
}

void look(struct world *world, bool settled)
{
        struct call *call;

        /* The library may tell about some just now: they are judged when it is done. */
        for (call = world->calls; call; call = call->hh.next) {
                call->seen = call->detailed = call->seen_active = false;
                call->judged = !call->busy && !call->excused;
        }
        ask_all(world);
        count_active(world);
        for (call = world->calls; call; call = call->hh.next)
                if (call->judged && call->seen && call->life == LIFE_OVER && !is_over(call))
                        LOST(call, "it is back from the dead");
        for (size_t i = 0; i < world->n_live; i++)
                if (world->live[i]->judged)
                        judge(world, world->live[i], settled);
        for (size_t i = 0; i < world->n_live; i++)
                if (world->live[i]->judged && world->live[i]->life == LIFE_LIVE)
                        judge_group(world, world->live[i]);
        forget_old(world);
}
