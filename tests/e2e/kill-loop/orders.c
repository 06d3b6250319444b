/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Providers, and what they are asked to do.
 *
 * Those without the library register once, with the first callsd, and then only use the path that
 * they got: to them no later callsd is a new one. A completion that got lost is sent again.
 */
#include "kill-loop.h"

static void complete_next(struct provider *provider);

static bool is_absence(sd_bus_message *reply)
{
        const char *sender = sd_bus_message_get_sender(reply);

        return sd_bus_message_is_method_error(reply, NULL) &&
               (!sender || strcmp(sender, "org.freedesktop.DBus") == 0);
}

static void pop_order(struct provider *provider)
{
        struct order *order = provider->orders;

        provider->orders = order->next;
        free(order);
}

static int on_completed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct provider *provider = userdata;

        (void)error;
        provider->completing = false;
        provider->world->in_flight--;
        if (is_absence(reply))
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL) &&
            !sd_bus_message_is_method_error(reply, ERROR_PREFIX "UnknownAction"))
                fatal("%s: FulfillAction: %s", provider->identifier,
                      sd_bus_message_get_error(reply)->message);
        provider->world->orders++;
        pop_order(provider);
        complete_next(provider);
        return 0;
}

static void complete_next(struct provider *provider)
{
        struct world *world = provider->world;

        if (!provider->orders || provider->completing || world->paused)
                return;
        if (sd_bus_call_method_async(provider->bus, NULL, NAME, provider->path, NAME ".Provider1",
                                     "FulfillAction", on_completed, provider, "sa{sv}",
                                     provider->orders->id, 0) < 0)
                fatal("%s: cannot send", provider->identifier);
        provider->completing = true;
        world->in_flight++;
}

static void add_order(struct provider *provider, const char *id)
{
        struct order **at = &provider->orders;

        for (; *at; at = &(*at)->next)
                if (strcmp((*at)->id, id) == 0) {
                        provider->world->repeated++;
                        return;
                }
        *at = calloc(1, sizeof(**at));
        if (!*at)
                fatal("no memory");
        snprintf((*at)->id, sizeof((*at)->id), "%s", id);
}

static void read_orders(struct provider *provider, sd_bus_message *message)
{
        const char *id, *type;

        if (sd_bus_message_skip(message, "s") < 0 ||
            sd_bus_message_enter_container(message, 'a', "(ssa{sv})") < 0)
                fatal("PerformTransaction is malformed");
        while (sd_bus_message_enter_container(message, 'r', "ssa{sv}") > 0) {
                if (sd_bus_message_read(message, "ss", &id, &type) < 0 ||
                    sd_bus_message_skip(message, "a{sv}") < 0)
                        fatal("an action is malformed");
                add_order(provider, id);
                sd_bus_message_exit_container(message);
        }
        complete_next(provider);
}

/* The first may be on its way to callsd: its answer will say that nobody wants it any more. */
static void withdraw(struct provider *provider, sd_bus_message *message)
{
        struct order **at = &provider->orders, *order;
        const char *id;

        if (sd_bus_message_read(message, "s", &id) < 0)
                fatal("a withdrawal is malformed");
        if (provider->completing && provider->orders)
                at = &provider->orders->next;
        for (; (order = *at); at = &order->next)
                if (strcmp(order->id, id) == 0) {
                        *at = order->next;
                        free(order);
                        return;
                }
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct provider *provider = userdata;

        (void)error;
        if (!sd_bus_message_is_signal(message, NAME ".Provider1", NULL) ||
            strcmp(sd_bus_message_get_path(message), provider->path) != 0)
                return 0;
        if (sd_bus_message_is_signal(message, NAME ".Provider1", "PerformTransaction"))
                read_orders(provider, message);
        else if (sd_bus_message_is_signal(message, NAME ".Provider1", "ActionTimedOut"))
                fatal("%s never got an action that it was to perform", provider->identifier);
        else if (sd_bus_message_is_signal(message, NAME ".Provider1", "ActionCancelled"))
                withdraw(provider, message);
        else if (sd_bus_message_is_signal(message, NAME ".Provider1", "Reset"))
                fatal("%s was reset", provider->identifier);
        return 0;
}

static void register_provider(struct provider *provider)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;
        const char *path;

        if (sd_bus_call_method(provider->bus, NAME, "/org/callsd", NAME ".Manager1",
                               "RegisterProvider", &error, &reply, "a{sv}", 2, "Identifier", "s",
                               provider->identifier, "MaximumCallGroups", "u", 64) < 0)
                fatal("%s cannot be registered: %s", provider->identifier, error.message);
        if (sd_bus_message_read(reply, "o", &path) < 0)
                fatal("the reply to RegisterProvider is malformed");
        snprintf(provider->path, sizeof(provider->path), "%s", path);
        sd_bus_message_unref(reply);
}

/* ---- providers of the library ---- */

static void did_begin(struct cx_provider *library, void *userdata)
{
        struct provider *provider = userdata;

        (void)library;
        provider->begun++;
}

static void did_reset(struct cx_provider *library, const char *const *lost, void *userdata)
{
        struct provider *provider = userdata;

        (void)library, (void)lost;
        fatal("%s was reset", provider->identifier);
}

static void perform(struct cx_provider *library, struct cx_action *action, void *userdata)
{
        struct provider *provider = userdata;
        struct world *world = provider->world;
        const char *id = cx_action_get_uuid(action);
        struct order *order = provider->orders;

        (void)library;
        for (; order; order = order->next)
                if (strcmp(order->id, id) == 0)
                        fatal("%s was shown the action %s twice", provider->identifier, id);
        order = calloc(1, sizeof(*order));
        if (!order)
                fatal("no memory");
        snprintf(order->id, sizeof(order->id), "%s", id);
        order->next = provider->orders;
        provider->orders = order;
        world->orders++;
        if (!world->paused) {
                cx_action_fulfill(action);
                return;
        }
        if (provider->n_held_back == ARRAY_SIZE(provider->held_back))
                fatal("%s has too many actions", provider->identifier);
        provider->held_back[provider->n_held_back++] = cx_action_ref(action);
}

static void timed_out(struct cx_provider *library, struct cx_action *action, void *userdata)
{
        const struct provider *provider = userdata;

        (void)library;
        fatal("%s did not perform %s in time", provider->identifier, cx_action_get_uuid(action));
}

static void start_library(struct provider *provider)
{
        static const struct cx_provider_delegate delegate = {
                .size = sizeof(delegate),
                .did_begin = did_begin,
                .did_reset = did_reset,
                .perform_answer_call = perform,
                .perform_end_call = perform,
                .perform_set_held_call = perform,
                .perform_set_muted_call = perform,
                .timed_out_performing_action = timed_out,
        };
        struct cx_provider_configuration *configuration;

        if (cx_context_new(&provider->context) < 0 ||
            cx_context_attach_event(provider->context, provider->world->event, 0) < 0 ||
            cx_provider_configuration_new(provider->identifier, &configuration) < 0)
                fatal("%s cannot be made", provider->identifier);
        cx_provider_configuration_set_maximum_call_groups(configuration, 64);
        if (cx_provider_new(provider->context, configuration, &provider->library) < 0 ||
            cx_provider_set_delegate(provider->library, &delegate, provider) < 0)
                fatal("%s cannot be made", provider->identifier);
        cx_provider_configuration_unref(configuration);
}

/* ---- all of them ---- */

static bool all_begun(struct world *world)
{
        for (unsigned i = 0; i < world->options.providers; i++)
                if (world->providers[i].library && world->providers[i].begun == 0)
                        return false;
        return true;
}

void provider_start(struct world *world, unsigned number)
{
        struct provider *provider = &world->providers[number];

        provider->world = world;
        provider->number = number;
        snprintf(provider->identifier, sizeof(provider->identifier), "org.example.Phone%u", number);
        if (number < world->options.library) {
                start_library(provider);
                run_until(world, all_begun, "beginning of a provider of the library");
                return;
        }
        if (sd_bus_open_user(&provider->bus) < 0 ||
            sd_bus_attach_event(provider->bus, world->event, SD_EVENT_PRIORITY_NORMAL) < 0 ||
            sd_bus_add_filter(provider->bus, NULL, on_signal, provider) < 0)
                fatal("there is no bus");
        register_provider(provider);
}

void provider_stop(struct provider *provider)
{
        while (provider->orders)
                pop_order(provider);
        cx_provider_unref(provider->library);
        cx_context_unref(provider->context);
        sd_bus_flush_close_unref(provider->bus);
}

void providers_resume(struct world *world)
{
        world->paused = false;
        for (unsigned i = 0; i < world->options.providers; i++) {
                struct provider *provider = &world->providers[i];

                if (!provider->library)
                        complete_next(provider);
                for (size_t j = 0; j < provider->n_held_back; j++) {
                        cx_action_fulfill(provider->held_back[j]);
                        cx_action_unref(provider->held_back[j]);
                }
                provider->n_held_back = 0;
        }
}

bool providers_idle(struct world *world)
{
        for (unsigned i = 0; i < world->options.providers; i++) {
                const struct provider *provider = &world->providers[i];

                if (provider->library ? provider->n_held_back > 0 : provider->orders != NULL)
                        return false;
        }
        return world->in_flight == 0;
}
