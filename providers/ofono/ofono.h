/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oFono's objects, mirrored: modems with their voice calls.
 *
 * oFono has no standard property interface: each of its interfaces has GetProperties and a signal
 * PropertyChanged(name, value), and which interfaces a modem has is a property of the modem that
 * changes with power, SIM card and network.
 */
#ifndef CALLSD_OFONO_H
#define CALLSD_OFONO_H

#include <systemd/sd-bus.h>

#include "backend.h"
#include "base.h"

#define OFONO_MANAGER "org.ofono.Manager"
#define OFONO_MODEM "org.ofono.Modem"
#define OFONO_CALLS "org.ofono.VoiceCallManager"
#define OFONO_CALL "org.ofono.VoiceCall"
#define OFONO_VOLUME "org.ofono.CallVolume"
#define OFONO_SIM "org.ofono.SimManager"
#define OFONO_NETWORK "org.ofono.NetworkRegistration"

enum ofono_interface {
        INTERFACE_CALLS = 1 << 0,
        INTERFACE_VOLUME = 1 << 1,
        INTERFACE_SIM = 1 << 2,
        INTERFACE_NETWORK = 1 << 3,
};

struct ofono_call {
        struct ofono_modem *modem;
        char *path;
        enum modem_call_state state;
        bool has_state;
        bool outgoing;
        bool disconnected;
        bool multiparty;
        bool remote_held;
        char *number;
        char *name;
        uint64_t connected_usec;
        enum modem_end end;
        struct ofono_call *prev, *next;
};

struct ofono_modem {
        struct backend *backend;
        char *path;
        bool powered;
        bool online;
        unsigned interfaces;
        char *name;
        char *manufacturer;
        char *model;
        char *network;        /* its name */
        char *network_status; /* NULL: not known */
        char *pin_required;
        bool sim_known;
        bool sim_present;
        bool muted;
        char **emergency_numbers;
        struct ofono_call *calls;
        struct ofono_modem *prev, *next;
};

struct exchange;
typedef void (*exchange_fn)(struct exchange *exchange, sd_bus_message *reply,
                            const sd_bus_error *error);

/* A method call whose reply is to come. */
struct exchange {
        struct backend *backend;
        sd_bus_slot *slot;
        exchange_fn done;
        char *path;
        char *text;
        struct request *request;
        bool listing; /* bridge_listed() waits for it */
        struct exchange *prev, *next;
};

struct backend {
        struct bridge *bridge;
        sd_bus *bus;
        char *owner;
        sd_bus_slot *matches[10];
        struct ofono_modem *modems;
        struct exchange *exchanges;
        unsigned n_listing;
        bool listed;
};

/* exchange.c: calls of oFono's methods */

/* NULL: no memory. `member` of `interface`, at `path`. */
struct exchange *exchange_new(struct backend *backend, const char *path, exchange_fn done);
/* Sends it with these arguments; frees it if it cannot. 0 or a negative errno. */
int exchange_send(struct exchange *exchange, const char *interface, const char *member,
                  const char *types, ...);
void exchange_free(struct exchange *exchange);
/* A question whose answer belongs to the first picture. */
void backend_ask_for(struct backend *backend, const char *path, const char *interface,
                     const char *member, exchange_fn done);

/* property.c: reading dictionaries */

/* Reads the variant that comes next; other types leave the value as it is. Negative errno. */
int read_text(sd_bus_message *message, char **value);
int read_flag(sd_bus_message *message, bool *value);
int read_list(sd_bus_message *message, char ***value);

typedef int (*property_fn)(void *object, const char *name, sd_bus_message *value);
/* Each entry of the a{sv} that comes next. */
int read_properties(sd_bus_message *message, property_fn fn, void *object);
void list_free(char **list);

/* modem.c */

struct ofono_modem *ofono_modem_find(struct backend *backend, const char *path);
/* Reads (o) a{sv} that comes next. */
int ofono_modem_read(struct backend *backend, const char *path, sd_bus_message *message);
void ofono_modem_free(struct ofono_modem *modem);
/* A PropertyChanged of one of the modem's interfaces. */
void ofono_modem_changed(struct ofono_modem *modem, const char *interface, sd_bus_message *message);
const char *ofono_modem_id(const struct ofono_modem *modem);

/* call.c */

struct ofono_call *ofono_call_find(struct backend *backend, const char *path);
int ofono_call_read(struct ofono_modem *modem, const char *path, sd_bus_message *message);
void ofono_call_free(struct ofono_call *call);
void ofono_call_removed(struct ofono_call *call);
void ofono_call_changed(struct ofono_call *call, sd_bus_message *message);
void ofono_call_disconnecting(struct ofono_call *call, const char *reason);

/* ask.c */

int ofono_ask(struct backend *backend, const struct modem_order *order, struct request *request);

#endif
