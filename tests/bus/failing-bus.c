/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See failing-bus.h. */
#include "bus/failing-bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static sd_bus *wanted;
static bool armed, reached;
static size_t left;

void failing_bus_arm(sd_bus *bus, size_t n)
{
        wanted = bus;
        armed = true;
        reached = false;
        left = n;
}

bool failing_bus_disarm(void)
{
        armed = false;
        return reached;
}

static bool fails(sd_bus *bus)
{
        if (!armed || reached || (wanted && bus != wanted))
                return false;
        if (left-- > 0)
                return false;
        reached = true;
        return true;
}

/* `PARAMETERS` and `arguments` in brackets; `bus` is the connection that it is about. */
#define FAILING(name, bus, parameters, arguments)                             \
        int __real_sd_bus_##name parameters;                                  \
        int __wrap_sd_bus_##name parameters;                                  \
        int __wrap_sd_bus_##name parameters                                   \
        {                                                                     \
                return fails(bus) ? -ENOMEM : __real_sd_bus_##name arguments; \
        }                                                                     \
        extern int failing_semicolon_

#define OF(message) sd_bus_message_get_bus(message)

FAILING(message_open_container, OF(m), (sd_bus_message * m, char type, const char *contents),
        (m, type, contents));
FAILING(message_close_container, OF(m), (sd_bus_message * m), (m));
FAILING(message_append_basic, OF(m), (sd_bus_message * m, char type, const void *value),
        (m, type, value));
FAILING(message_enter_container, OF(m), (sd_bus_message * m, char type, const char *contents),
        (m, type, contents));
FAILING(message_exit_container, OF(m), (sd_bus_message * m), (m));
FAILING(message_read_basic, OF(m), (sd_bus_message * m, char type, void *value), (m, type, value));
FAILING(message_read_strv, OF(m), (sd_bus_message * m, char ***texts), (m, texts));
FAILING(message_read_array, OF(m),
        (sd_bus_message * m, char type, const void **items, size_t *size), (m, type, items, size));
FAILING(message_skip, OF(m), (sd_bus_message * m, const char *types), (m, types));
FAILING(message_peek_type, OF(m), (sd_bus_message * m, char *type, const char **contents),
        (m, type, contents));
FAILING(message_set_destination, OF(m), (sd_bus_message * m, const char *name), (m, name));
FAILING(message_new_method_return, OF(call), (sd_bus_message * call, sd_bus_message **ret),
        (call, ret));
FAILING(message_new_method_call, bus,
        (sd_bus * bus, sd_bus_message **ret, const char *name, const char *path,
         const char *interface, const char *member),
        (bus, ret, name, path, interface, member));
FAILING(message_new_signal, bus,
        (sd_bus * bus, sd_bus_message **ret, const char *path, const char *interface,
         const char *member),
        (bus, ret, path, interface, member));
FAILING(send, bus, (sd_bus * bus, sd_bus_message *m, uint64_t *cookie), (bus, m, cookie));
FAILING(call_async, bus,
        (sd_bus * bus, sd_bus_slot **slot, sd_bus_message *m, sd_bus_message_handler_t handler,
         void *userdata, uint64_t usec),
        (bus, slot, m, handler, userdata, usec));
FAILING(reply_method_error, OF(call), (sd_bus_message * call, const sd_bus_error *error),
        (call, error));
FAILING(enqueue_for_read, bus, (sd_bus * bus, sd_bus_message *m), (bus, m));
FAILING(add_object_vtable, bus,
        (sd_bus * bus, sd_bus_slot **slot, const char *path, const char *interface,
         const sd_bus_vtable *vtable, void *userdata),
        (bus, slot, path, interface, vtable, userdata));
FAILING(add_fallback_vtable, bus,
        (sd_bus * bus, sd_bus_slot **slot, const char *prefix, const char *interface,
         const sd_bus_vtable *vtable, sd_bus_object_find_t find, void *userdata),
        (bus, slot, prefix, interface, vtable, find, userdata));
FAILING(add_node_enumerator, bus,
        (sd_bus * bus, sd_bus_slot **slot, const char *path, sd_bus_node_enumerator_t callback,
         void *userdata),
        (bus, slot, path, callback, userdata));
FAILING(add_object_manager, bus, (sd_bus * bus, sd_bus_slot **slot, const char *path),
        (bus, slot, path));
FAILING(add_filter, bus,
        (sd_bus * bus, sd_bus_slot **slot, sd_bus_message_handler_t callback, void *userdata),
        (bus, slot, callback, userdata));
FAILING(match_signal, bus,
        (sd_bus * bus, sd_bus_slot **slot, const char *sender, const char *path,
         const char *interface, const char *member, sd_bus_message_handler_t callback,
         void *userdata),
        (bus, slot, sender, path, interface, member, callback, userdata));
FAILING(match_signal_async, bus,
        (sd_bus * bus, sd_bus_slot **slot, const char *sender, const char *path,
         const char *interface, const char *member, sd_bus_message_handler_t callback,
         sd_bus_message_handler_t installed, void *userdata),
        (bus, slot, sender, path, interface, member, callback, installed, userdata));
FAILING(request_name_async, bus,
        (sd_bus * bus, sd_bus_slot **slot, const char *name, uint64_t flags,
         sd_bus_message_handler_t callback, void *userdata),
        (bus, slot, name, flags, callback, userdata));
FAILING(set_address, bus, (sd_bus * bus, const char *address), (bus, address));
FAILING(start, bus, (sd_bus * bus), (bus));
FAILING(attach_event, bus, (sd_bus * bus, sd_event *event, int priority), (bus, event, priority));
FAILING(set_bus_client, bus, (sd_bus * bus, int on), (bus, on));
FAILING(emit_object_added, bus, (sd_bus * bus, const char *path), (bus, path));
FAILING(emit_object_removed, bus, (sd_bus * bus, const char *path), (bus, path));

int __wrap_sd_bus_message_append(sd_bus_message *m, const char *types, ...);

int __wrap_sd_bus_message_append(sd_bus_message *m, const char *types, ...)
{
        va_list list;
        int r;

        if (fails(OF(m)))
                return -ENOMEM;
        va_start(list, types);
        r = sd_bus_message_appendv(m, types, list);
        va_end(list);
        return r;
}

int __wrap_sd_bus_message_read(sd_bus_message *m, const char *types, ...);

int __wrap_sd_bus_message_read(sd_bus_message *m, const char *types, ...)
{
        va_list list;
        int r;

        if (fails(OF(m)))
                return -ENOMEM;
        va_start(list, types);
        r = sd_bus_message_readv(m, types, list);
        va_end(list);
        return r;
}

int __wrap_sd_bus_reply_method_return(sd_bus_message *call, const char *types, ...);

int __wrap_sd_bus_reply_method_return(sd_bus_message *call, const char *types, ...)
{
        va_list list;
        int r;

        if (fails(OF(call)))
                return -ENOMEM;
        va_start(list, types);
        r = sd_bus_reply_method_returnv(call, types, list);
        va_end(list);
        return r;
}

int __wrap_sd_bus_call_method_async(sd_bus *bus, sd_bus_slot **slot, const char *destination,
                                    const char *path, const char *interface, const char *member,
                                    sd_bus_message_handler_t callback, void *userdata,
                                    const char *types, ...);

int __wrap_sd_bus_call_method_async(sd_bus *bus, sd_bus_slot **slot, const char *destination,
                                    const char *path, const char *interface, const char *member,
                                    sd_bus_message_handler_t callback, void *userdata,
                                    const char *types, ...)
{
        va_list list;
        int r;

        if (fails(bus))
                return -ENOMEM;
        va_start(list, types);
        r = sd_bus_call_method_asyncv(bus, slot, destination, path, interface, member, callback,
                                      userdata, types, list);
        va_end(list);
        return r;
}

/* ---- the program's own allocations, but for those that Check makes as well ---- */

void *__real_calloc(size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

void *__wrap_calloc(size_t n, size_t size)
{
        return fails(wanted) ? NULL : __real_calloc(n, size);
}

char *__wrap_strdup(const char *text)
{
        return fails(wanted) ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
        return fails(wanted) ? NULL : __real_strndup(text, n);
}
