/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd-ofono: oFono as a backend of the modem bridge. */
#include <errno.h>
#include <utlist.h>

#include "ofono.h"

/* --- signals ---------------------------------------------------------------------------------- */

static void on_modem_added(struct backend *backend, sd_bus_message *message)
{
        const char *path;

        if (sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path) >= 0)
                (void)ofono_modem_read(backend, path, message);
}

static void on_modem_removed(struct backend *backend, sd_bus_message *message)
{
        struct ofono_modem *modem;
        const char *path;

        if (sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path) < 0)
                return;
        modem = ofono_modem_find(backend, path);
        if (!modem)
                return;
        bridge_modem_gone(backend->bridge, ofono_modem_id(modem));
        ofono_modem_free(modem);
}

static void on_call_added(struct backend *backend, sd_bus_message *message)
{
        struct ofono_modem *modem = ofono_modem_find(backend, sd_bus_message_get_path(message));
        const char *path;

        if (modem && sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path) >= 0)
                (void)ofono_call_read(modem, path, message);
}

static void on_call_removed(struct backend *backend, sd_bus_message *message)
{
        struct ofono_call *call;
        const char *path;

        if (sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path) < 0)
                return;
        call = ofono_call_find(backend, path);
        if (call)
                ofono_call_removed(call);
}

static void on_property(struct backend *backend, sd_bus_message *message)
{
        const char *interface = sd_bus_message_get_interface(message);
        const char *path = sd_bus_message_get_path(message);
        struct ofono_modem *modem;
        struct ofono_call *call;

        if (streq(interface, OFONO_CALL)) {
                call = ofono_call_find(backend, path);
                if (call)
                        ofono_call_changed(call, message);
                return;
        }
        modem = ofono_modem_find(backend, path);
        if (modem)
                ofono_modem_changed(modem, interface, message);
}

static void on_disconnect_reason(struct backend *backend, sd_bus_message *message)
{
        struct ofono_call *call = ofono_call_find(backend, sd_bus_message_get_path(message));
        const char *reason;

        if (call && sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &reason) >= 0)
                ofono_call_disconnecting(call, reason);
}

static const struct {
        const char *interface;
        const char *member;
        const char *argument; /* NULL: any */
        void (*handle)(struct backend *backend, sd_bus_message *message);
} signals[] = {
        {OFONO_MANAGER, "ModemAdded", NULL, on_modem_added},
        {OFONO_MANAGER, "ModemRemoved", NULL, on_modem_removed},
        {OFONO_MODEM, "PropertyChanged", NULL, on_property},
        {OFONO_CALLS, NULL, NULL, NULL},
        {OFONO_CALL, NULL, NULL, NULL},
        {OFONO_VOLUME, "PropertyChanged", "Muted", on_property},
        {OFONO_SIM, "PropertyChanged", NULL, on_property},
        /* not its strength, which changes all the time */
        {OFONO_NETWORK, "PropertyChanged", "Status", on_property},
        {OFONO_NETWORK, "PropertyChanged", "Name", on_property},
        {OFONO_CALLS, "CallAdded", NULL, on_call_added},
        {OFONO_CALLS, "CallRemoved", NULL, on_call_removed},
        {OFONO_CALLS, "PropertyChanged", NULL, on_property},
        {OFONO_CALL, "PropertyChanged", NULL, on_property},
        {OFONO_CALL, "DisconnectReason", NULL, on_disconnect_reason},
};

/* Rules of the bus are made for the first nine; handlers are found among all. */
#define N_RULES 9

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        (void)ret_error;
        for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
                if (signals[i].handle &&
                    sd_bus_message_is_signal(message, signals[i].interface, signals[i].member)) {
                        signals[i].handle(userdata, message);
                        break;
                }
        return 0;
}

static int match(struct backend *backend, size_t i)
{
        cleanup_(freep) char *rule = NULL;

        if (asprintf(&rule, "type='signal',sender='%s',interface='%s'%s%s%s%s%s%s", backend->owner,
                     signals[i].interface, signals[i].member ? ",member='" : "",
                     signals[i].member ? signals[i].member : "", signals[i].member ? "'" : "",
                     signals[i].argument ? ",arg0='" : "",
                     signals[i].argument ? signals[i].argument : "",
                     signals[i].argument ? "'" : "") < 0) {
                rule = NULL;
                return -ENOMEM;
        }
        return sd_bus_add_match_async(backend->bus, &backend->matches[i], rule, on_signal, NULL,
                                      backend);
}

/* --- its life --------------------------------------------------------------------------------- */

static void got_modems(struct exchange *exchange, sd_bus_message *reply, const sd_bus_error *error)
{
        const char *path;
        int r;

        if (error) {
                log_error("oFono does not say which modems it has: %s", error->message);
                return;
        }
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(oa{sv})");
        while (r >= 0 &&
               (r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_STRUCT, "oa{sv}")) > 0) {
                r = sd_bus_message_read_basic(reply, SD_BUS_TYPE_OBJECT_PATH, &path);
                if (r >= 0)
                        r = ofono_modem_read(exchange->backend, path, reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r < 0)
                log_error("oFono's modems cannot be read: %s", strerror(-r));
}

static void ofono_close(struct backend *backend)
{
        struct exchange *exchange, *next_exchange;
        struct ofono_modem *modem, *next_modem;

        for (size_t i = 0; i < ARRAY_SIZE(backend->matches); i++)
                sd_bus_slot_unref(backend->matches[i]);
        DL_FOREACH_SAFE (backend->exchanges, exchange, next_exchange)
                exchange_free(exchange);
        DL_FOREACH_SAFE (backend->modems, modem, next_modem)
                ofono_modem_free(modem);
        sd_bus_unref(backend->bus);
        free(backend->owner);
        free(backend);
}

static int ofono_open(struct bridge *bridge, sd_bus *bus, const char *owner,
                      struct backend **ret_backend)
{
        struct backend *backend = calloc(1, sizeof(*backend));
        int r = 0;

        if (!backend)
                return -ENOMEM;
        backend->bridge = bridge;
        backend->bus = sd_bus_ref(bus);
        backend->owner = strdup(owner);
        if (!backend->owner)
                r = -ENOMEM;
        for (size_t i = 0; r >= 0 && i < N_RULES; i++)
                r = match(backend, i);
        if (r < 0) {
                ofono_close(backend);
                return r;
        }
        backend_ask_for(backend, "/", OFONO_MANAGER, "GetModems", got_modems);
        *ret_backend = backend;
        return 0;
}

static const struct backend_type ofono = {
        .program = "callsd-ofono",
        .daemon = "oFono",
        .bus_name = "org.ofono",
        .identifier = "org.callsd.oFono",
        .name = "Mobile network",
        .help = "",
        .open = ofono_open,
        .close = ofono_close,
        .ask = ofono_ask,
};

int main(int argc, char **argv)
{
        return bridge_main(argc, argv, &ofono);
}
