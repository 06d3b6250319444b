/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing a{sv}. */
#include "wire.h"

int wire_open_dict(sd_bus_message *message)
{
        return sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
}

int wire_close_dict(sd_bus_message *message)
{
        return sd_bus_message_close_container(message);
}

int wire_string(sd_bus_message *message, const char *key, const char *value)
{
        return value ? sd_bus_message_append(message, "{sv}", key, "s", value) : 0;
}

int wire_boolean(sd_bus_message *message, const char *key, bool value)
{
        return sd_bus_message_append(message, "{sv}", key, "b", (int)value);
}

int wire_u32(sd_bus_message *message, const char *key, uint32_t value)
{
        return sd_bus_message_append(message, "{sv}", key, "u", value);
}

int wire_u64(sd_bus_message *message, const char *key, uint64_t value)
{
        return sd_bus_message_append(message, "{sv}", key, "t", value);
}

int wire_i64(sd_bus_message *message, const char *key, int64_t value)
{
        return sd_bus_message_append(message, "{sv}", key, "x", value);
}

int wire_fd(sd_bus_message *message, const char *key, int fd)
{
        return sd_bus_message_append(message, "{sv}", key, "h", fd);
}

int wire_open_entry(sd_bus_message *message, const char *key, const char *signature)
{
        int r;

        r = sd_bus_message_open_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", key);
        if (r < 0)
                return r;
        return sd_bus_message_open_container(message, SD_BUS_TYPE_VARIANT, signature);
}

int wire_close_entry(sd_bus_message *message)
{
        int r;

        r = sd_bus_message_close_container(message);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

int wire_strv(sd_bus_message *message, const char *key, const char *const *value)
{
        int r;

        r = wire_open_entry(message, key, "as");
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(message, (char **)(uintptr_t)value);
        return r < 0 ? r : wire_close_entry(message);
}

static int read_entry(sd_bus_message *message, wire_entry_fn entry, void *userdata)
{
        const char *key, *type;
        int r;

        r = sd_bus_message_read(message, "s", &key);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(message, NULL, &type);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, type);
        if (r < 0)
                return r;
        r = entry ? entry(message, key, type, userdata) : 0;
        if (r == 0)
                r = sd_bus_message_skip(message, type);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

int wire_read_dict(sd_bus_message *message, wire_entry_fn entry, void *userdata)
{
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
                r = read_entry(message, entry, userdata);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        return r < 0 ? r : 0;
}

int wire_read_dicts(sd_bus_message *message, int (*begin)(void *userdata), wire_entry_fn entry,
                    void *userdata)
{
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "a{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                r = begin ? begin(userdata) : 0;
                if (r < 0)
                        return r;
                r = wire_read_dict(message, entry, userdata);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        return r < 0 ? r : 0;
}

static int take_basic(sd_bus_message *message, const char *type, const char *wanted, void *value)
{
        int r;

        if (!streq(type, wanted))
                return 0;
        r = sd_bus_message_read_basic(message, wanted[0], value);
        return r < 0 ? r : 1;
}

int wire_take_string(sd_bus_message *message, const char *type, const char **ret_value)
{
        return take_basic(message, type, streq(type, "o") ? "o" : "s", ret_value);
}

int wire_take_boolean(sd_bus_message *message, const char *type, bool *ret_value)
{
        int value, r;

        r = take_basic(message, type, "b", &value);
        if (r > 0)
                *ret_value = value;
        return r;
}

int wire_take_u64(sd_bus_message *message, const char *type, uint64_t *ret_value)
{
        return take_basic(message, type, "t", ret_value);
}

int wire_take_i64(sd_bus_message *message, const char *type, int64_t *ret_value)
{
        return take_basic(message, type, "x", ret_value);
}

int wire_take_string_copy(sd_bus_message *message, const char *type, char **value)
{
        const char *text;
        int r;

        r = wire_take_string(message, type, &text);
        if (r <= 0)
                return r;
        r = str_replace(value, text);
        return r < 0 ? r : 1;
}

int wire_take_strv(sd_bus_message *message, const char *type, char ***value)
{
        char **strv = NULL;
        int r;

        if (!streq(type, "as"))
                return 0;
        r = sd_bus_message_read_strv(message, &strv);
        if (r < 0)
                return r;
        strv_free(*value);
        *value = strv;
        return 1;
}

static int append_pair(char ***pairs, size_t *n, const char *key, const char *text)
{
        char **grown = realloc(*pairs, (*n + 3) * sizeof(**pairs));

        if (!grown)
                return -ENOMEM;
        *pairs = grown;
        grown[*n] = strdup(key);
        grown[*n + 1] = grown[*n] ? strdup(text) : NULL;
        grown[*n + 2] = NULL;
        if (!grown[*n + 1])
                return -ENOMEM;
        *n += 2;
        return 0;
}

int wire_take_string_map(sd_bus_message *message, const char *type, char ***value)
{
        cleanup_(strv_freep) char **pairs = calloc(1, sizeof(*pairs));
        const char *key, *text;
        size_t n = 0;
        int r;

        if (!streq(type, "a{ss}"))
                return 0;
        if (!pairs)
                return -ENOMEM;
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{ss}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(message, "{ss}", &key, &text)) > 0) {
                r = append_pair(&pairs, &n, key, text);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        strv_free(*value);
        *value = take_ptr(pairs);
        return 1;
}
