/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Push payloads: a small dictionary, and handing it over. */
#include "provider-internal.h"

struct item {
        struct item *prev, *next;
        char *key;
        char type;  /* as on the bus: s, x or b; y for bytes */
        char *text; /* or bytes */
        size_t size;
        int64_t number;
};

struct cx_push_payload {
        unsigned n_ref;
        struct item *items;
        char *id;
        bool report_required;
        usec_t deadline;
};

struct push_report {
        struct cx_context *context;
        cx_completion_fn fn;
        void *userdata;
};

static void item_free(struct item *item)
{
        free(item->key);
        free(item->text);
        free(item);
}

static void payload_free(struct cx_push_payload *payload)
{
        struct item *item, *next;

        DL_FOREACH_SAFE (payload->items, item, next)
                item_free(item);
        free(payload->id);
        free(payload);
}

DEFINE_REF_UNREF(cx_push_payload, payload_free)

int cx_push_payload_new(struct cx_push_payload **ret_payload)
{
        struct cx_push_payload *payload;

        if (!ret_payload)
                return -EINVAL;
        payload = calloc(1, sizeof(*payload));
        if (!payload)
                return -ENOMEM;
        payload->n_ref = 1;
        payload->deadline = USEC_INFINITY;
        *ret_payload = payload;
        return 0;
}

static struct item *item_find(const struct cx_push_payload *payload, const char *key, char type)
{
        struct item *item;

        if (!payload || !key)
                return NULL;
        DL_FOREACH (payload->items, item)
                if (streq(item->key, key) && (type == 0 || item->type == type))
                        return item;
        return NULL;
}

static int payload_set(struct cx_push_payload *payload, const char *key, char type,
                       const char *text, int64_t number)
{
        struct item *item, *before;

        if (!payload || !key || !*key || (type == 's' && !text))
                return -EINVAL;
        item = calloc(1, sizeof(*item));
        if (!item)
                return -ENOMEM;
        item->type = type;
        item->number = number;
        if (str_replace(&item->key, key) < 0 || str_replace(&item->text, text) < 0) {
                item_free(item);
                return -ENOMEM;
        }
        before = item_find(payload, key, 0);
        if (before) {
                DL_DELETE(payload->items, before);
                item_free(before);
        }
        DL_APPEND(payload->items, item);
        return 0;
}

int cx_push_payload_set_string(struct cx_push_payload *payload, const char *key, const char *value)
{
        return payload_set(payload, key, 's', value, 0);
}

int cx_push_payload_set_bytes(struct cx_push_payload *payload, const char *key, const void *data,
                              size_t size)
{
        char *copy;
        int r;

        if (!data && size > 0)
                return -EINVAL;
        copy = malloc(size > 0 ? size : 1);
        if (!copy)
                return -ENOMEM;
        if (size > 0)
                memcpy(copy, data, size);
        r = payload_set(payload, key, 'y', NULL, 0);
        if (r < 0) {
                free(copy);
                return r;
        }
        payload->items->prev->text = copy;
        payload->items->prev->size = size;
        return 0;
}

int cx_push_payload_set_int64(struct cx_push_payload *payload, const char *key, int64_t value)
{
        return payload_set(payload, key, 'x', NULL, value);
}

int cx_push_payload_set_boolean(struct cx_push_payload *payload, const char *key, int value)
{
        return payload_set(payload, key, 'b', NULL, value != 0);
}

const char *cx_push_payload_get_string(const struct cx_push_payload *payload, const char *key)
{
        struct item *item = item_find(payload, key, 's');

        return item ? item->text : NULL;
}

const void *cx_push_payload_get_bytes(const struct cx_push_payload *payload, const char *key,
                                      size_t *ret_size)
{
        struct item *item = item_find(payload, key, 'y');

        if (!item || !ret_size)
                return NULL;
        *ret_size = item->size;
        return item->text;
}

int cx_push_payload_get_int64(const struct cx_push_payload *payload, const char *key,
                              int64_t *ret_value)
{
        struct item *item = item_find(payload, key, 'x');

        if (!ret_value)
                return -EINVAL;
        if (!item)
                return -ENOENT;
        *ret_value = item->number;
        return 0;
}

int cx_push_payload_get_boolean(const struct cx_push_payload *payload, const char *key,
                                int *ret_value)
{
        struct item *item = item_find(payload, key, 'b');

        if (!ret_value)
                return -EINVAL;
        if (!item)
                return -ENOENT;
        *ret_value = item->number != 0;
        return 0;
}

const char *cx_push_payload_get_id(const struct cx_push_payload *payload)
{
        return payload ? payload->id : NULL;
}

int cx_push_payload_is_report_required(const struct cx_push_payload *payload)
{
        return payload && payload->report_required;
}

uint64_t cx_push_payload_get_deadline_usec(const struct cx_push_payload *payload)
{
        return payload ? payload->deadline : USEC_INFINITY;
}

/* 1 and the number, 0 for what is none. */
static int read_number(sd_bus_message *message, const char *type, int64_t *ret_number)
{
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
        } value;
        int r;

        if (!strchr("ynqiuxt", type[0]) || type[1] != '\0')
                return 0;
        r = sd_bus_message_read_basic(message, type[0], &value);
        if (r < 0)
                return r;
        switch (type[0]) {
        case 'y':
                *ret_number = value.y;
                break;
        case 'n':
                *ret_number = value.n;
                break;
        case 'q':
                *ret_number = value.q;
                break;
        case 'i':
                *ret_number = value.i;
                break;
        case 'u':
                *ret_number = value.u;
                break;
        default: /* what is too large is the same number modulo 2^64 */
                *ret_number = value.x;
        }
        return 1;
}

static int read_bytes(sd_bus_message *message, const char *key, struct cx_push_payload *payload)
{
        const void *data;
        size_t size;
        int r = sd_bus_message_read_array(message, 'y', &data, &size);

        if (r >= 0)
                r = cx_push_payload_set_bytes(payload, key, data, size);
        return r < 0 && r != -EINVAL ? r : 1;
}

/* Numbers of every kind become one; what a payload here cannot hold is left out. */
static int read_item(sd_bus_message *message, const char *key, const char *type, void *userdata)
{
        struct cx_push_payload *payload = userdata;
        const char *text = NULL;
        int64_t number = 0;
        bool flag = false;
        int r;

        if (streq(type, "ay"))
                return read_bytes(message, key, payload);
        if (streq(type, "b"))
                r = wire_take_boolean(message, type, &flag);
        else
                r = streq(type, "s") ? wire_take_string(message, type, &text)
                                     : read_number(message, type, &number);
        if (r <= 0)
                return r;
        r = payload_set(payload, key,
                        text               ? 's'
                        : streq(type, "b") ? 'b'
                                           : 'x',
                        text, streq(type, "b") ? flag : number);
        return r < 0 && r != -EINVAL ? r : 1;
}

static int read_info(sd_bus_message *message, const char *key, const char *type, void *userdata)
{
        struct cx_push_payload *payload = userdata;

        if (streq(key, "ReportRequired"))
                return wire_take_boolean(message, type, &payload->report_required);
        if (streq(key, "DeadlineUSec"))
                return wire_take_u64(message, type, &payload->deadline);
        return 0;
}

int push_payload_read(sd_bus_message *message, const char *id, struct cx_push_payload **ret_payload)
{
        cleanup_(cx_push_payload_unrefp) struct cx_push_payload *payload = NULL;
        int r;

        r = cx_push_payload_new(&payload);
        if (r >= 0)
                r = str_replace(&payload->id, id);
        if (r >= 0)
                r = wire_read_dict(message, read_item, payload);
        if (r >= 0)
                r = wire_read_dict(message, read_info, payload);
        if (r < 0)
                return r;
        *ret_payload = take_ptr(payload);
        return 0;
}

static int write_item(const struct item *item, sd_bus_message *message)
{
        int r;

        switch (item->type) {
        case 's':
                return wire_string(message, item->key, item->text);
        case 'x':
                return wire_i64(message, item->key, item->number);
        case 'b':
                return wire_boolean(message, item->key, item->number != 0);
        default:
                r = wire_open_entry(message, item->key, "ay");
                if (r >= 0)
                        r = sd_bus_message_append_array(message, 'y', item->text, item->size);
                return r < 0 ? r : wire_close_entry(message);
        }
}

static int payload_write(const struct cx_push_payload *payload, sd_bus_message *message)
{
        struct item *item;
        int r;

        r = wire_open_dict(message);
        DL_FOREACH (payload->items, item) {
                if (r < 0)
                        return r;
                r = write_item(item, message);
        }
        return r < 0 ? r : wire_close_dict(message);
}

static void push_done(void *owner, void *data, const struct cx_error *error, sd_bus_message *reply)
{
        struct push_report *report = data;

        (void)owner;
        (void)reply;
        context_queue_completion(report->context, NULL, report->fn, error, report->userdata);
}

int cx_report_new_incoming_voip_push_payload(struct cx_context *context, const char *identifier,
                                             const struct cx_push_payload *payload,
                                             cx_completion_fn completion, void *userdata)
{
        cleanup_(request_freep) struct request *request = NULL;
        struct push_report *report;
        int r;

        r = context_check(context);
        if (r < 0)
                return r;
        if (!identifier || !payload)
                return -EINVAL;
        r = request_new(context, NULL, NULL, PATH_CALLSD, INTERFACE_MANAGER,
                        "ReportNewIncomingVoIPPushPayload", REQUEST_PATIENT, &request);
        if (r == -ENOTCONN) {
                context_queue_completion(context, NULL, completion, error_not_running(), userdata);
                return 0;
        }
        if (r >= 0)
                r = sd_bus_message_append(request->body, "s", identifier);
        if (r >= 0)
                r = payload_write(payload, request->body);
        report = malloc(sizeof(*report));
        if (r < 0 || !report) {
                free(report);
                return r < 0 ? r : -ENOMEM;
        }
        *report = (struct push_report){context, completion, userdata};
        request_send(take_ptr(request), push_done, report);
        return 0;
}
