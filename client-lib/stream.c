/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an app's sound joins its call: what the daemon hands out, and the same as an environment. */
#include <stdio.h>

#include "provider-internal.h"

struct cx_stream_properties {
        unsigned n_ref;
        char *sink, *source;
        char **playback, **capture, **environment; /* key, value, key, value... */
};

struct stream_request {
        cx_stream_properties_fn properties_fn;
        cx_environment_fn environment_fn;
        enum cx_stream_direction direction;
        void *userdata;
        struct cx_stream_properties *properties;
        const struct cx_error *error;
};

const struct cx_stream_properties *cx_stream_properties_ref(
        const struct cx_stream_properties *properties)
{
        if (properties)
                ((struct cx_stream_properties *)properties)->n_ref++;
        return properties;
}

/* Immutable but for its count, so it is handed around as const. */
const struct cx_stream_properties *cx_stream_properties_unref(
        const struct cx_stream_properties *properties)
{
        struct cx_stream_properties *mutable = (struct cx_stream_properties *)properties;

        if (!mutable || --mutable->n_ref > 0)
                return NULL;
        free(mutable->sink);
        free(mutable->source);
        strv_free(mutable->playback);
        strv_free(mutable->capture);
        strv_free(mutable->environment);
        free(mutable);
        return NULL;
}

const char *cx_stream_properties_get_sink(const struct cx_stream_properties *properties)
{
        return properties ? str_or_null(properties->sink) : NULL;
}

const char *cx_stream_properties_get_source(const struct cx_stream_properties *properties)
{
        return properties ? str_or_null(properties->source) : NULL;
}

const char *const *cx_stream_properties_list(const struct cx_stream_properties *properties,
                                             enum cx_stream_direction direction)
{
        static const char *const none[] = {NULL};
        char **list = NULL;

        if (properties && direction == CX_STREAM_DIRECTION_PLAYBACK)
                list = properties->playback;
        if (properties && direction == CX_STREAM_DIRECTION_CAPTURE)
                list = properties->capture;
        return list ? (const char *const *)list : none;
}

const char *cx_stream_properties_get(const struct cx_stream_properties *properties,
                                     enum cx_stream_direction direction, const char *key)
{
        const char *const *pair = cx_stream_properties_list(properties, direction);

        for (; key && pair[0]; pair += 2)
                if (streq(pair[0], key))
                        return pair[1];
        return NULL;
}

static int read_entry(sd_bus_message *message, const char *key, const char *type, void *userdata)
{
        struct cx_stream_properties *properties = userdata;

        if (streq(key, "Sink"))
                return wire_take_string_copy(message, type, &properties->sink);
        if (streq(key, "Source"))
                return wire_take_string_copy(message, type, &properties->source);
        if (streq(key, "PlaybackProperties"))
                return wire_take_string_map(message, type, &properties->playback);
        if (streq(key, "CaptureProperties"))
                return wire_take_string_map(message, type, &properties->capture);
        if (streq(key, "Environment"))
                return wire_take_string_map(message, type, &properties->environment);
        return 0;
}

static int append_variable(char ***environment, size_t *n, const char *name, const char *value)
{
        char **grown = realloc(*environment, (*n + 2) * sizeof(*grown));
        size_t size;

        if (!grown)
                return -ENOMEM;
        *environment = grown;
        size = strlen(name) + 1 + strlen(value) + 1;
        grown[*n] = malloc(size);
        grown[*n + 1] = NULL;
        if (!grown[*n])
                return -ENOMEM;
        snprintf(grown[(*n)++], size, "%s=%s", name, value);
        return 0;
}

/* A variable for the other direction would be harmless, but misleads who reads it. */
static bool is_wanted(const char *name, enum cx_stream_direction direction)
{
        if (streq(name, "PULSE_SINK"))
                return direction & CX_STREAM_DIRECTION_PLAYBACK;
        if (streq(name, "PULSE_SOURCE"))
                return direction & CX_STREAM_DIRECTION_CAPTURE;
        return true;
}

static char **make_environment(const struct cx_stream_properties *properties,
                               enum cx_stream_direction direction)
{
        cleanup_(strv_freep) char **environment = calloc(1, sizeof(*environment));
        const char *node = NULL;
        size_t n = 0;

        if (!environment)
                return NULL;
        for (char **pair = properties->environment; pair && pair[0]; pair += 2)
                if (is_wanted(pair[0], direction) &&
                    append_variable(&environment, &n, pair[0], pair[1]) < 0)
                        return NULL;
        /* It holds for all streams of a process, so it helps only where there is one direction. */
        if (direction == CX_STREAM_DIRECTION_PLAYBACK)
                node = cx_stream_properties_get_sink(properties);
        if (direction == CX_STREAM_DIRECTION_CAPTURE)
                node = cx_stream_properties_get_source(properties);
        if (node && append_variable(&environment, &n, "PIPEWIRE_NODE", node) < 0)
                return NULL;
        return take_ptr(environment);
}

static void stream_drop(void *data)
{
        struct stream_request *request = data;

        cx_stream_properties_unref(request->properties);
        cx_error_unref(request->error);
        free(request);
}

static void stream_run(void *owner, void *data)
{
        struct cx_provider *provider = cx_provider_ref(owner);
        struct stream_request *request = data;
        cleanup_(strv_freep) char **environment = NULL;

        if (request->properties_fn) {
                request->properties_fn(request->properties, request->error, request->userdata);
        } else {
                if (request->properties)
                        environment = make_environment(request->properties, request->direction);
                if (request->properties && !environment)
                        request->error = error_no_memory();
                request->environment_fn((const char *const *)environment, request->error,
                                        request->userdata);
        }
        stream_drop(request);
        cx_provider_unref(provider);
}

static void stream_done(void *owner, void *data, const struct cx_error *error,
                        sd_bus_message *reply)
{
        struct cx_provider *provider = owner;
        struct stream_request *request = malloc(sizeof(*request));

        if (!request)
                return;
        *request = *(struct stream_request *)data;
        request->error = cx_error_ref(error);
        if (!error) {
                request->properties = calloc(1, sizeof(*request->properties));
                if (request->properties)
                        request->properties->n_ref = 1;
                if (!request->properties ||
                    wire_read_dict(reply, read_entry, request->properties) < 0) {
                        cx_stream_properties_unref(request->properties);
                        request->properties = NULL;
                        request->error = error_no_memory();
                }
        }
        context_queue(provider->context, provider, stream_run, stream_drop, request);
}

static int stream_ask(struct cx_provider *provider, const char *call,
                      const struct stream_request *what)
{
        cleanup_(request_freep) struct request *request = NULL;
        cleanup_(freep) struct stream_request *copy = NULL;
        char uuid[CX_UUID_TEXT_SIZE];
        int r;

        r = provider_check(provider);
        if (r < 0)
                return r;
        if (!what->properties_fn && !what->environment_fn)
                return -EINVAL;
        r = uuid_parse_text(call, uuid);
        if (r < 0)
                return r;
        copy = malloc(sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *what;
        r = request_new(provider->context, provider, provider, NULL, INTERFACE_PROVIDER,
                        "GetStreamProperties", REQUEST_PATIENT, &request);
        if (r == -ENOTCONN) {
                stream_done(provider, copy, error_not_running(), NULL);
                return 0;
        }
        if (r >= 0)
                r = sd_bus_message_append(request->body, "s", uuid);
        if (r < 0)
                return r;
        request_send(take_ptr(request), stream_done, take_ptr(copy));
        return 0;
}

int cx_provider_get_stream_properties(struct cx_provider *provider, const char *call,
                                      cx_stream_properties_fn completion, void *userdata)
{
        return stream_ask(
                provider, call,
                &(struct stream_request){.properties_fn = completion, .userdata = userdata});
}

int cx_provider_get_environment(struct cx_provider *provider, const char *call,
                                enum cx_stream_direction direction, cx_environment_fn completion,
                                void *userdata)
{
        if (direction < CX_STREAM_DIRECTION_PLAYBACK || direction > CX_STREAM_DIRECTION_BOTH)
                return -EINVAL;
        return stream_ask(provider, call,
                          &(struct stream_request){.environment_fn = completion,
                                                   .direction = direction,
                                                   .userdata = userdata});
}
