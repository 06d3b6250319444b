/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching all calls.
 *
 * The public part of a call comes by ObjectManager and PropertiesChanged. Everything else is only
 * announced by name, as invalidated; it is fetched with one GetDetails per call and change, unless
 * callsd has said that we may not. A call is told to the app when its details are there, or
 * refused.
 *
 * A callsd that comes back starts without calls until the apps have imported theirs, so calls are
 * given a while before a missing one counts as ended.
 */
#include "call-internal.h"
#include "context-internal.h"

#define RULE_OBJECTS                                                \
        "type='signal',sender='" NAME_CALLSD "',path='" PATH_CALLSD \
        "',interface='" INTERFACE_OBJECT_MANAGER "'"
#define RULE_PROPERTIES                                                      \
        "type='signal',sender='" NAME_CALLSD "',path_namespace='" PATH_CALLS \
        "',interface='" INTERFACE_PROPERTIES "',member='PropertiesChanged'"

struct watched {
        struct watched *prev, *next;
        struct cx_call_observer *observer;
        char *path;
        struct cx_call *call;
        struct cx_call *told; /* as the app saw it last */
        bool fetching, fetch_again, refused;
        bool stale; /* not seen since callsd was replaced */
};

struct cx_call_observer {
        struct cx_call_observer *prev, *next; /* in the context */
        unsigned n_ref;
        struct cx_context *context;
        cx_call_changed_fn callback;
        void *userdata;
        struct watched *calls;
        bool ready, listing, list_failed;
        unsigned n_fetching;
        sd_bus_slot *objects_match, *properties_match;
        struct timer settle; /* when what is still stale has ended */
};

static void watched_fetch(struct watched *watched);

static struct watched *watched_find(struct cx_call_observer *observer, const char *path)
{
        struct watched *watched;

        DL_FOREACH (observer->calls, watched)
                if (streq(watched->path, path))
                        return watched;
        return NULL;
}

static void watched_free(struct watched *watched)
{
        struct cx_call_observer *observer = watched->observer;

        DL_DELETE(observer->calls, watched);
        requests_purge(observer->context, watched);
        if (watched->fetching)
                observer->n_fetching--;
        cx_call_unref(watched->call);
        cx_call_unref(watched->told);
        free(watched->path);
        free(watched);
}

static void changed_drop(void *data)
{
        cx_call_unref(data);
}

static void changed_run(void *owner, void *data)
{
        struct cx_call_observer *observer = cx_call_observer_ref(owner);

        if (observer->callback)
                observer->callback(observer, data, observer->userdata);
        cx_call_unref(data);
        cx_call_observer_unref(observer);
}

static void watched_tell(struct watched *watched)
{
        struct cx_call_observer *observer = watched->observer;

        if (watched->told && cx_call_equal(watched->told, watched->call))
                return;
        cx_call_unref(watched->told);
        watched->told = cx_call_ref(watched->call);
        context_queue(observer->context, observer, changed_run, changed_drop,
                      cx_call_ref(watched->call));
}

/* It is not there any more: said as ended, unless that was said. */
static void watched_gone(struct watched *watched)
{
        struct cx_call *ended;

        if (!cx_call_has_ended(watched->call) && call_copy(watched->call, &ended) == 0) {
                call_set_ended(ended);
                cx_call_unref(watched->call);
                watched->call = ended;
                watched_tell(watched);
        }
        watched_free(watched);
}

static void check_ready(struct cx_call_observer *observer)
{
        if (!observer->listing && observer->n_fetching == 0 && !observer->list_failed)
                observer->ready = true;
}

static void details_done(void *owner, void *data, const struct cx_error *error,
                         sd_bus_message *reply)
{
        struct watched *watched = owner;
        struct cx_call *call;

        (void)data;
        watched->fetching = false;
        watched->observer->n_fetching--;
        if (error && !error_is_not_running(error))
                watched->refused = true;
        if (!error && call_copy(watched->call, &call) == 0) {
                if (wire_read_dict(reply, call_read_property, call) >= 0) {
                        call_set_has_details(call);
                        cx_call_unref(watched->call);
                        watched->call = call;
                } else {
                        cx_call_unref(call);
                }
        }
        watched_tell(watched);
        if (watched->fetch_again) {
                watched->fetch_again = false;
                watched_fetch(watched);
        }
        check_ready(watched->observer);
}

static void watched_fetch(struct watched *watched)
{
        struct request *request;

        if (watched->refused) {
                watched_tell(watched);
                return;
        }
        if (watched->fetching) {
                watched->fetch_again = true;
                return;
        }
        if (request_new(watched->observer->context, watched, NULL, watched->path, INTERFACE_CALL,
                        "GetDetails", 0, &request) < 0) {
                watched_tell(watched);
                return;
        }
        watched->fetching = true;
        watched->observer->n_fetching++;
        request_send(request, details_done, NULL);
}

static int watched_new(struct cx_call_observer *observer, const char *path,
                       struct watched **ret_watched)
{
        struct watched *watched = calloc(1, sizeof(*watched));
        char uuid[CX_UUID_TEXT_SIZE] = "";

        if (!watched)
                return -ENOMEM;
        strncpy(uuid, path + strlen(PATH_CALLS "/"), CX_UUID_TEXT_SIZE - 1);
        for (char *c = uuid; *c; c++)
                if (*c == '_')
                        *c = '-';
        watched->observer = observer;
        if (str_replace(&watched->path, path) < 0 || call_new(uuid, &watched->call) < 0) {
                free(watched->path);
                free(watched);
                return -ENOMEM;
        }
        DL_APPEND(observer->calls, watched);
        *ret_watched = watched;
        return 0;
}

/* Reads the public properties into a copy, which then replaces the call. */
static int watched_read(struct watched *watched, sd_bus_message *message)
{
        cleanup_(cx_call_unrefp) struct cx_call *call = NULL;
        int r;

        r = call_copy(watched->call, &call);
        if (r < 0)
                return r;
        r = wire_read_dict(message, call_read_property, call);
        if (r < 0)
                return r;
        cx_call_unref(watched->call);
        watched->call = take_ptr(call);
        watched->stale = false;
        return 0;
}

/* One object's a{sa{sv}}, of which only Call1 is of interest. */
static int read_interfaces(struct cx_call_observer *observer, sd_bus_message *message,
                           const char *path)
{
        struct watched *watched = watched_find(observer, path);
        const char *interface;
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sa{sv}")) >
               0) {
                r = sd_bus_message_read(message, "s", &interface);
                if (r < 0)
                        return r;
                if (!streq(interface, INTERFACE_CALL) ||
                    strncmp(path, PATH_CALLS "/", strlen(PATH_CALLS "/")) != 0) {
                        r = sd_bus_message_skip(message, "a{sv}");
                } else {
                        r = watched ? 0 : watched_new(observer, path, &watched);
                        if (r >= 0)
                                r = watched_read(watched, message);
                        if (r >= 0)
                                watched_fetch(watched);
                }
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_objects(struct cx_call_observer *observer, sd_bus_message *message)
{
        const char *path;
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "oa{sa{sv}}")) >
               0) {
                r = sd_bus_message_read(message, "o", &path);
                if (r >= 0)
                        r = read_interfaces(observer, message, path);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r;
}

static void on_settled(void *userdata)
{
        struct cx_call_observer *observer = userdata;
        struct watched *watched, *next;

        DL_FOREACH_SAFE (observer->calls, watched, next)
                if (watched->stale)
                        watched_gone(watched);
}

static void listed(void *owner, void *data, const struct cx_error *error, sd_bus_message *reply)
{
        struct cx_call_observer *observer = owner;
        struct watched *watched;
        bool stale = false;

        (void)data;
        observer->listing = false;
        observer->list_failed = error || read_objects(observer, reply) < 0;
        DL_FOREACH (observer->calls, watched)
                stale = stale || watched->stale;
        if (stale && !observer->list_failed)
                timer_arm(observer->context, &observer->settle,
                          usec_add(usec_now(CLOCK_MONOTONIC), observer->context->answer_timeout));
        check_ready(observer);
}

static void list_calls(struct cx_call_observer *observer)
{
        struct request *request;

        observer->list_failed = false;
        if (request_new(observer->context, observer, NULL, PATH_CALLSD, INTERFACE_OBJECT_MANAGER,
                        "GetManagedObjects", 0, &request) < 0) {
                observer->list_failed = true;
                return;
        }
        observer->listing = true;
        request_send(request, listed, NULL);
}

static bool is_from_callsd(const struct cx_call_observer *observer, sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);
        const char *owner = observer->context->link.owner;

        return sender && owner && streq(sender, owner);
}

static int on_objects(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct cx_call_observer *observer = userdata;
        struct watched *watched;
        const char *path;

        (void)error;
        if (!is_from_callsd(observer, message) || sd_bus_message_read(message, "o", &path) < 0)
                return 0;
        if (streq(sd_bus_message_get_member(message), "InterfacesAdded")) {
                read_interfaces(observer, message, path);
        } else {
                watched = watched_find(observer, path);
                if (watched)
                        watched_gone(watched);
        }
        return 0;
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct cx_call_observer *observer = userdata;
        struct watched *watched = watched_find(observer, sd_bus_message_get_path(message));
        const char *interface;

        (void)error;
        if (!watched || !is_from_callsd(observer, message))
                return 0;
        if (sd_bus_message_read(message, "s", &interface) < 0 || !streq(interface, INTERFACE_CALL))
                return 0;
        if (watched_read(watched, message) < 0)
                return 0;
        if (sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s") >= 0 &&
            sd_bus_message_at_end(message, false) == 0)
                watched_fetch(watched); /* told with the rest of what is new */
        else if (!watched->fetching)
                watched_tell(watched);
        return 0;
}

static void observer_connect(struct cx_call_observer *observer)
{
        sd_bus *bus = observer->context->bus;

        if (!bus)
                return;
        sd_bus_add_match_async(bus, &observer->objects_match, RULE_OBJECTS, on_objects, NULL,
                               observer);
        sd_bus_add_match_async(bus, &observer->properties_match, RULE_PROPERTIES, on_properties,
                               NULL, observer);
}

static void observer_disconnect(struct cx_call_observer *observer)
{
        observer->objects_match = sd_bus_slot_unref(observer->objects_match);
        observer->properties_match = sd_bus_slot_unref(observer->properties_match);
}

static void observer_free(struct cx_call_observer *observer)
{
        struct watched *watched, *next;

        observer_disconnect(observer);
        timer_disarm(observer->context, &observer->settle);
        DL_DELETE(observer->context->observers, observer);
        DL_FOREACH_SAFE (observer->calls, watched, next)
                watched_free(watched);
        requests_purge(observer->context, observer);
        context_purge(observer->context, observer);
        cx_context_unref(observer->context);
        free(observer);
}

DEFINE_REF_UNREF(cx_call_observer, observer_free)

int cx_call_observer_new(struct cx_context *context, struct cx_call_observer **ret_observer)
{
        struct cx_call_observer *observer;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!ret_observer)
                return -EINVAL;
        observer = calloc(1, sizeof(*observer));
        if (!observer)
                return -ENOMEM;
        observer->n_ref = 1;
        observer->context = cx_context_ref(context);
        observer->settle.fn = on_settled;
        observer->settle.userdata = observer;
        DL_APPEND(context->observers, observer);
        observer_connect(observer);
        if (context->link.state == LINK_UP)
                list_calls(observer);
        *ret_observer = observer;
        return 0;
}

void observers_connected(struct cx_context *context)
{
        struct cx_call_observer *observer;

        DL_FOREACH (context->observers, observer)
                observer_connect(observer);
}

void observers_disconnected(struct cx_context *context)
{
        struct cx_call_observer *observer;

        DL_FOREACH (context->observers, observer)
                observer_disconnect(observer);
}

void observers_link_up(struct cx_context *context)
{
        struct cx_call_observer *observer;

        DL_FOREACH (context->observers, observer) {
                requests_purge(context, observer);
                list_calls(observer);
        }
}

void observers_link_lost(struct cx_context *context)
{
        struct cx_call_observer *observer;
        struct watched *watched;

        DL_FOREACH (context->observers, observer) {
                timer_disarm(context, &observer->settle);
                DL_FOREACH (observer->calls, watched) {
                        watched->stale = true;
                        watched->refused = false;
                }
        }
}

int cx_call_observer_set_callback(struct cx_call_observer *observer, cx_call_changed_fn callback,
                                  void *userdata)
{
        int r;

        if (!observer)
                return -EINVAL;
        r = context_check(observer->context);
        if (r < 0)
                return r;
        observer->callback = callback;
        observer->userdata = userdata;
        return 0;
}

int cx_call_observer_is_ready(const struct cx_call_observer *observer)
{
        return observer && observer->ready;
}

int cx_call_observer_get_calls(struct cx_call_observer *observer, struct cx_call ***ret_calls)
{
        struct watched *watched;
        struct cx_call **calls;
        int n = 0;

        if (!observer || !ret_calls)
                return -EINVAL;
        DL_COUNT(observer->calls, watched, n);
        calls = calloc((size_t)n + 1, sizeof(struct cx_call *));
        if (!calls)
                return -ENOMEM;
        n = 0;
        DL_FOREACH (observer->calls, watched)
                if (!cx_call_has_ended(watched->call))
                        calls[n++] = cx_call_ref(watched->call);
        *ret_calls = calls;
        return n;
}

struct cx_call **cx_call_list_free(struct cx_call **calls)
{
        for (struct cx_call **call = calls; call && *call; call++)
                cx_call_unref(*call);
        free(calls);
        return NULL;
}

struct cx_call *cx_call_observer_find_call(struct cx_call_observer *observer, const char *uuid)
{
        struct watched *watched;

        if (!observer || !uuid)
                return NULL;
        DL_FOREACH (observer->calls, watched)
                if (strcasecmp(cx_call_get_uuid(watched->call), uuid) == 0)
                        return cx_call_ref(watched->call);
        return NULL;
}

static bool is_refreshed(void *userdata)
{
        struct cx_call_observer *observer = userdata;

        if (observer->listing || observer->n_fetching > 0)
                return false;
        return observer->ready || observer->context->link.state == LINK_DOWN;
}

int cx_call_observer_refresh_sync(struct cx_call_observer *observer, uint64_t timeout_usec)
{
        int r;

        if (!observer)
                return -EINVAL;
        r = context_check(observer->context);
        if (r < 0)
                return r;
        if (observer->context->in_callback > 0)
                return -EDEADLK;
        if (observer->context->link.state == LINK_UP && !observer->listing) {
                observer->ready = false;
                list_calls(observer);
        }
        r = context_wait(observer->context, is_refreshed, observer, timeout_usec);
        if (r < 0)
                return r;
        return observer->ready && !observer->list_failed ? 0 : -EHOSTUNREACH;
}
