/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection, calls that wait for their reply, and D-Bus values as JSON. */
#include "ctl.h"

#include <errno.h>

/* A method of Call1 answers after 20 s at the latest; the bus itself gives up a little later. */
#define REPLY_TIMEOUT_USEC (30 * UINT64_C(1000000))

int ctl_connect(struct ctl *ctl)
{
        int r;

        if (ctl->bus_address) {
                r = sd_bus_new(&ctl->bus);
                if (r >= 0)
                        r = sd_bus_set_address(ctl->bus, ctl->bus_address);
                if (r >= 0)
                        r = sd_bus_set_bus_client(ctl->bus, true);
                if (r >= 0)
                        r = sd_bus_start(ctl->bus);
        } else if (ctl->system) {
                r = sd_bus_open_system(&ctl->bus);
        } else {
                r = sd_bus_open_user(&ctl->bus);
        }
        return r < 0 ? r : 0;
}

static json_t *read_value(sd_bus_message *message);

static json_t *read_basic(sd_bus_message *message, char type)
{
        union {
                const char *text;
                int boolean;
                uint8_t byte;
                int16_t int16;
                uint16_t uint16;
                int32_t int32;
                uint32_t uint32;
                int64_t int64;
                uint64_t uint64;
                double real;
        } value = {0};

        if (sd_bus_message_read_basic(message, type, &value) < 0)
                return NULL;
        switch (type) {
        case 's':
        case 'o':
        case 'g':
                return json_string(value.text);
        case 'b':
                return json_boolean(value.boolean);
        case 'y':
                return json_integer(value.byte);
        case 'n':
                return json_integer(value.int16);
        case 'q':
                return json_integer(value.uint16);
        case 'i':
                return json_integer(value.int32);
        case 'u':
                return json_integer(value.uint32);
        case 'x':
                return json_integer(value.int64);
        case 't':
                return json_integer((json_int_t)value.uint64);
        case 'd':
                return json_real(value.real);
        default:
                return json_null();
        }
}

static json_t *read_list(sd_bus_message *message, char type, const char *contents)
{
        json_t *list = json_array();

        if (sd_bus_message_enter_container(message, type, contents) < 0)
                return list;
        while (sd_bus_message_at_end(message, false) == 0) {
                json_t *item = read_value(message);

                if (!item)
                        break;
                json_array_append_new(list, item);
        }
        (void)sd_bus_message_exit_container(message);
        return list;
}

static json_t *read_dictionary(sd_bus_message *message, const char *contents)
{
        json_t *object = json_object();

        if (sd_bus_message_enter_container(message, 'a', contents) < 0)
                return object;
        while (sd_bus_message_enter_container(message, 0, NULL) > 0) {
                const char *key;

                if (sd_bus_message_read_basic(message, contents[1], &key) >= 0)
                        json_object_set_new(object, key, read_value(message));
                (void)sd_bus_message_exit_container(message);
        }
        (void)sd_bus_message_exit_container(message);
        return object;
}

static json_t *read_variant(sd_bus_message *message, const char *contents)
{
        json_t *value;

        if (sd_bus_message_enter_container(message, 'v', contents) < 0)
                return NULL;
        value = read_value(message);
        (void)sd_bus_message_exit_container(message);
        return value;
}

static json_t *read_value(sd_bus_message *message)
{
        const char *contents;
        char type;

        if (sd_bus_message_peek_type(message, &type, &contents) <= 0)
                return NULL;
        if (type == 'v')
                return read_variant(message, contents);
        if (type == 'a' && contents[0] == '{')
                return read_dictionary(message, contents);
        if (type == 'a' || type == 'r')
                return read_list(message, type, contents);
        return read_basic(message, type);
}

/* The arguments of the message as an array; a file descriptor becomes null. */
int message_to_json(sd_bus_message *message, json_t **ret_value)
{
        json_t *arguments = json_array(), *value;

        if (!arguments)
                return -ENOMEM;
        while ((value = read_value(message)))
                json_array_append_new(arguments, value);
        *ret_value = arguments;
        return 0;
}

/* Both `append` and `ret_arguments` may be NULL. Negative errno with `error` filled in. */
int bus_call(struct ctl *ctl, const char *path, const char *interface, const char *member,
             order_fn append, const void *userdata, sd_bus_error *error, json_t **ret_arguments)
{
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        int r;

        r = sd_bus_message_new_method_call(ctl->bus, &message, CALLSD_NAME, path, interface,
                                           member);
        if (r >= 0 && append)
                r = append(message, userdata);
        if (r >= 0)
                r = sd_bus_call(ctl->bus, message, REPLY_TIMEOUT_USEC, error, &reply);
        if (r < 0)
                return r;
        return ret_arguments ? message_to_json(reply, ret_arguments) : 0;
}

struct property_name {
        const char *interface;
        const char *property;
};

static int append_property_name(sd_bus_message *message, const void *userdata)
{
        const struct property_name *name = userdata;

        return sd_bus_message_append(message, "ss", name->interface, name->property);
}

/* A new reference, or NULL where the property can't be read. */
json_t *bus_get_property(struct ctl *ctl, const char *path, const char *interface,
                         const char *property)
{
        const struct property_name name = {interface, property};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;

        if (bus_call(ctl, path, "org.freedesktop.DBus.Properties", "Get", append_property_name,
                     &name, &error, &arguments) < 0)
                return NULL;
        return json_incref(json_array_get(arguments, 0));
}
