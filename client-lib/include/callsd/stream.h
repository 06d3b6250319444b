/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * How an app's sound joins its call.
 *
 * callsd gives each call a sink and a source of its own, which are silent unless the call is
 * active. A stream that is made with these properties plays into, or records from, just these. Ask
 * when the call is answered or started; the answer comes when the sink and the source exist.
 */
#ifndef CALLSD_STREAM_H
#define CALLSD_STREAM_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/** Which way the sound goes. */
enum cx_stream_direction {
        CX_STREAM_DIRECTION_PLAYBACK = 1, /**< what the user hears */
        CX_STREAM_DIRECTION_CAPTURE = 2,  /**< the user's microphone */
        CX_STREAM_DIRECTION_BOTH = 3,     /**< one process does both; for an environment */
};

/** `properties` is NULL if `error` is not; both are lent. */
typedef void (*cx_stream_properties_fn)(const struct cx_stream_properties *properties,
                                        const struct cx_error *error, void *userdata);
/** `environment`: "NAME=value" strings with NULL at the end, lent; NULL if `error` is not. */
typedef void (*cx_environment_fn)(const char *const *environment, const struct cx_error *error,
                                  void *userdata);

/**
 * The properties for the streams of a call. Empty where callsd handles no sound for the call.
 * Errors: UNKNOWN_CALL_UUID, WRONG_STATE (not answered yet, or over), NOT_RUNNING (also when the
 * daemon goes meanwhile). It may take longer than 2 seconds.
 * @return 0, -EINVAL, -ESHUTDOWN (invalidated), -ENOMEM
 */
int cx_provider_get_stream_properties(struct cx_provider *provider, const char *call,
                                      cx_stream_properties_fn completion, void *userdata);
/**
 * The same as environment variables, for a child process or a library that cannot be given
 * properties: PIPEWIRE_PROPS and PULSE_PROP (the call's id), PULSE_SINK, PULSE_SOURCE, and for one
 * direction PIPEWIRE_NODE. @copydetails cx_provider_get_stream_properties
 */
int cx_provider_get_environment(struct cx_provider *provider, const char *call,
                                enum cx_stream_direction direction, cx_environment_fn completion,
                                void *userdata);

/** Takes a reference, to keep the properties beyond the callback. */
const struct cx_stream_properties *cx_stream_properties_ref(
        const struct cx_stream_properties *properties);
/** Gives a reference back. Returns NULL, takes NULL. */
const struct cx_stream_properties *cx_stream_properties_unref(
        const struct cx_stream_properties *properties);
/** node.name of the call's sink; NULL where there is none. */
const char *cx_stream_properties_get_sink(const struct cx_stream_properties *properties);
/** node.name of the call's source; NULL where there is none. */
const char *cx_stream_properties_get_source(const struct cx_stream_properties *properties);
/** One PipeWire property for streams of a direction, such as "target.object"; NULL if missing. */
const char *cx_stream_properties_get(const struct cx_stream_properties *properties,
                                     enum cx_stream_direction direction, const char *key);
/** All of one direction: key, value, key, value..., NULL. */
const char *const *cx_stream_properties_list(const struct cx_stream_properties *properties,
                                             enum cx_stream_direction direction);

CX_END_DECLS

#endif
