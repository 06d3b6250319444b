/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See failing-calls.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "client-lib/failing-calls.h"

static bool armed, reached;
static size_t left;

void failing_arm(size_t n)
{
        armed = true;
        reached = false;
        left = n;
}

void failing_pause(void)
{
        armed = false;
}

void failing_resume(void)
{
        armed = true;
}

bool failing_disarm(void)
{
        armed = false;
        return reached;
}

static bool fails(void)
{
        if (!armed || reached || left-- > 0)
                return false;
        reached = true;
        return true;
}

#define DEFINE_WRAPPER(type, name, failure, parameters, arguments)  \
        type __real_##name parameters;                              \
        type __wrap_##name parameters;                              \
        type __wrap_##name parameters                               \
        {                                                           \
                return fails() ? failure : __real_##name arguments; \
        }

DEFINE_WRAPPER(void *, malloc, NULL, (size_t size), (size))
DEFINE_WRAPPER(void *, calloc, NULL, (size_t n, size_t size), (n, size))
DEFINE_WRAPPER(void *, realloc, NULL, (void *pointer, size_t size), (pointer, size))
DEFINE_WRAPPER(char *, strdup, NULL, (const char *text), (text))
DEFINE_WRAPPER(int, sd_bus_message_new_method_call, -ENOMEM,
               (sd_bus * bus, sd_bus_message **ret, const char *destination, const char *path,
                const char *interface, const char *member),
               (bus, ret, destination, path, interface, member))
DEFINE_WRAPPER(int, sd_bus_message_open_container, -ENOMEM,
               (sd_bus_message * message, char type, const char *contents),
               (message, type, contents))
DEFINE_WRAPPER(int, sd_bus_message_close_container, -ENOMEM, (sd_bus_message * message), (message))
DEFINE_WRAPPER(int, sd_bus_message_enter_container, -ENOMEM,
               (sd_bus_message * message, char type, const char *contents),
               (message, type, contents))
DEFINE_WRAPPER(int, sd_bus_message_exit_container, -ENOMEM, (sd_bus_message * message), (message))
DEFINE_WRAPPER(int, sd_bus_message_append_strv, -ENOMEM, (sd_bus_message * message, char **strv),
               (message, strv))
DEFINE_WRAPPER(int, sd_bus_message_read_basic, -ENOMEM,
               (sd_bus_message * message, char type, void *value), (message, type, value))
DEFINE_WRAPPER(int, sd_bus_message_read_strv, -ENOMEM, (sd_bus_message * message, char ***ret_strv),
               (message, ret_strv))
DEFINE_WRAPPER(int, sd_bus_message_peek_type, -ENOMEM,
               (sd_bus_message * message, char *ret_type, const char **ret_contents),
               (message, ret_type, ret_contents))
DEFINE_WRAPPER(int, sd_bus_message_skip, -ENOMEM, (sd_bus_message * message, const char *types),
               (message, types))
DEFINE_WRAPPER(int, sd_bus_message_seal, -ENOMEM,
               (sd_bus_message * message, uint64_t cookie, uint64_t timeout),
               (message, cookie, timeout))
DEFINE_WRAPPER(int, sd_bus_message_rewind, -ENOMEM, (sd_bus_message * message, int complete),
               (message, complete))
DEFINE_WRAPPER(int, sd_bus_message_copy, -ENOMEM,
               (sd_bus_message * message, sd_bus_message *source, int all), (message, source, all))
DEFINE_WRAPPER(int, sd_bus_message_set_auto_start, -ENOMEM, (sd_bus_message * message, int start),
               (message, start))
DEFINE_WRAPPER(int, sd_bus_call_async, -ENOMEM,
               (sd_bus * bus, sd_bus_slot **ret_slot, sd_bus_message *message,
                sd_bus_message_handler_t callback, void *userdata, uint64_t usec),
               (bus, ret_slot, message, callback, userdata, usec))
DEFINE_WRAPPER(int, sd_bus_add_match_async, -ENOMEM,
               (sd_bus * bus, sd_bus_slot **ret_slot, const char *match,
                sd_bus_message_handler_t callback, sd_bus_message_handler_t installed,
                void *userdata),
               (bus, ret_slot, match, callback, installed, userdata))
DEFINE_WRAPPER(int, sd_bus_add_filter, -ENOMEM,
               (sd_bus * bus, sd_bus_slot **ret_slot, sd_bus_message_handler_t callback,
                void *userdata),
               (bus, ret_slot, callback, userdata))
DEFINE_WRAPPER(int, sd_bus_new, -ENOMEM, (sd_bus * *ret_bus), (ret_bus))
DEFINE_WRAPPER(int, sd_bus_set_address, -ENOMEM, (sd_bus * bus, const char *address),
               (bus, address))
DEFINE_WRAPPER(int, sd_bus_set_bus_client, -ENOMEM, (sd_bus * bus, int is), (bus, is))
DEFINE_WRAPPER(int, sd_bus_start, -ENOMEM, (sd_bus * bus), (bus))
DEFINE_WRAPPER(int, sd_bus_open_user, -ENOMEM, (sd_bus * *ret_bus), (ret_bus))
DEFINE_WRAPPER(int, sd_bus_open_system, -ENOMEM, (sd_bus * *ret_bus), (ret_bus))
DEFINE_WRAPPER(int, sd_event_add_time, -ENOMEM,
               (sd_event * event, sd_event_source **ret_source, clockid_t clock, uint64_t usec,
                uint64_t accuracy, sd_event_time_handler_t callback, void *userdata),
               (event, ret_source, clock, usec, accuracy, callback, userdata))
DEFINE_WRAPPER(int, sd_event_add_io, -ENOMEM,
               (sd_event * event, sd_event_source **ret_source, int fd, uint32_t events,
                sd_event_io_handler_t callback, void *userdata),
               (event, ret_source, fd, events, callback, userdata))
DEFINE_WRAPPER(int, sd_event_source_set_prepare, -ENOMEM,
               (sd_event_source * source, sd_event_handler_t callback), (source, callback))
DEFINE_WRAPPER(int, sd_event_source_set_priority, -ENOMEM,
               (sd_event_source * source, int64_t priority), (source, priority))

int __wrap_sd_bus_message_append(sd_bus_message *message, const char *types, ...);
int __wrap_sd_bus_message_append(sd_bus_message *message, const char *types, ...)
{
        va_list arguments;
        int r;

        if (fails())
                return -ENOMEM;
        va_start(arguments, types);
        r = sd_bus_message_appendv(message, types, arguments);
        va_end(arguments);
        return r;
}

int __wrap_sd_bus_message_read(sd_bus_message *message, const char *types, ...);
int __wrap_sd_bus_message_read(sd_bus_message *message, const char *types, ...)
{
        va_list arguments;
        int r;

        if (fails())
                return -ENOMEM;
        va_start(arguments, types);
        r = sd_bus_message_readv(message, types, arguments);
        va_end(arguments);
        return r;
}
