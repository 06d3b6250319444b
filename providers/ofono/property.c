/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading oFono's dictionaries. What has another type than documented is passed over. */
#include <errno.h>

#include "ofono.h"

void list_free(char **list)
{
        for (char **at = list; at && *at; at++)
                free(*at);
        free(list);
}

/* 1: it is of this type and was entered; 0: another type, passed over. */
static int enter(sd_bus_message *message, const char *type)
{
        const char *contents;
        char kind;
        int r = sd_bus_message_peek_type(message, &kind, &contents);

        if (r < 0)
                return r;
        if (kind != SD_BUS_TYPE_VARIANT || !streq(contents, type)) {
                r = sd_bus_message_skip(message, NULL);
                return r < 0 ? r : 0;
        }
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, type);
        return r < 0 ? r : 1;
}

int read_text(sd_bus_message *message, char **value)
{
        const char *text;
        char *copy;
        int r = enter(message, "s");

        if (r <= 0)
                return r;
        r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &text);
        if (r < 0)
                return r;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*value);
        *value = copy;
        return sd_bus_message_exit_container(message);
}

int read_flag(sd_bus_message *message, bool *value)
{
        int flag, r = enter(message, "b");

        if (r <= 0)
                return r;
        r = sd_bus_message_read_basic(message, SD_BUS_TYPE_BOOLEAN, &flag);
        if (r < 0)
                return r;
        *value = flag;
        return sd_bus_message_exit_container(message);
}

int read_list(sd_bus_message *message, char ***value)
{
        char **list = NULL;
        int r = enter(message, "as");

        if (r <= 0)
                return r;
        r = sd_bus_message_read_strv(message, &list);
        if (r < 0)
                return r;
        list_free(*value);
        *value = list;
        return sd_bus_message_exit_container(message);
}

int read_properties(sd_bus_message *message, property_fn fn, void *object)
{
        const char *name;
        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");

        while (r >= 0 &&
               (r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
                r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &name);
                if (r >= 0)
                        r = fn(object, name, message);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}
