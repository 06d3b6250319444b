/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is announced to everybody: objects that come and go, properties that change.
 *
 * Effects are collected while the app drains them and announced once per object by bus_flush().
 * That is also where the order is made: whatever leaves `active` is announced before what enters
 * it, so that no observer ever sees two active groups. Private properties are announced by name
 * only; sd-bus does that for those that are flagged EMITS_INVALIDATION.
 */
#include <errno.h>
#include <utlist.h>

#include "bus/bus-changed.h"
#include "bus/bus-keepsake.h"
#include "bus/bus-mailbox.h"
#include "bus/bus-object.h"
#include "bus/bus-pending.h"
#include "bus/bus-stall.h"
#include "util/log.h"

#define NAMES_MAX 160

/*
 * Above QUEUE_NEWS_MAX messages that wait to be written, news are kept here, one entry for each
 * call whatever happens to it meanwhile: a bus that does not read costs no memory and delays no
 * reply.
 */
#define RETRY_AFTER (20 * USEC_PER_MSEC)

/* One call's news of this turn. */
struct change {
        struct uuid call;
        unsigned mask;
        bool added, removed;
        struct change *prev, *next;
        UT_hash_handle hh;
};

/* By the number of the bit in enum call_change. */
static const char *const call_properties[][5] = {
        {"State", "OnHold"},
        {"Muted"},
        {"Group"},
        {"HoldReason"},
        {"RemoteHeld"},
        {"Alerting"},
        {"EarlyMedia"},
        {"HasVideo"},
        {"Translating"},
        {"Reconnecting"},
        {"Members"},
        {"SupportsHolding", "SupportsGrouping", "SupportsUngrouping", "SupportsDTMF",
         "SupportsMuting"},
        {"RemoteHandleType", "RemoteHandle", "DisplayName"},
        {"LocalizedCallerName", "DisplayName"},
        {NULL}, /* the picture is no property */
        {"Account"},
        {"StartedAt", "StartedAtBoottime"},
        {"ConnectedAt", "ConnectedAtBoottime", "HasConnected"},
        {"EndedAt", "EndedAtBoottime", "EndedReason", "EndedCause", "EndedText"},
        {"Waiting"},
        {"AnswerPending"},
        {"Allowed"},
        {"PostDial"},
        {"StateOrigin"},
        {"MuteEnforced"},
        {"Emergency"},
};

_Static_assert(1u << (ARRAY_SIZE(call_properties) - 1) == CALL_CHANGED_EMERGENCY,
               "every bit of enum call_change has a row");
_Static_assert(ARRAY_SIZE(call_properties) * 5 + 2 < NAMES_MAX, "all names fit");

static const char *const system_properties[] = {
        "InCall",      "DoNotDisturb",  "DefaultProviders",
        "ActiveCalls", "ResumableCall", "RingingCalls",
};

_Static_assert(1u << (ARRAY_SIZE(system_properties) - 1) == SYSTEM_CHANGED_RINGING_CALLS,
               "every bit of enum system_change has a row");

static const char *const provider_properties[] = {
        "Identifier",
        "DisplayName",
        "Icon",
        "Running",
        "MaximumCallGroups",
        "MaximumCallsPerCallGroup",
        "SupportsVideo",
        "SupportedHandleTypes",
        "SupportedURISchemes",
        "Accounts",
        "Emergency",
        "PushMisses",
        "PushBlockedUntil",
        "Testing",
};

static const char *const audio_properties[] = {"Available", "Calls", "Route", "Routes", "Ringing"};

static void note_failure(const char *path, int r)
{
        if (r < 0)
                log_warning("A change of %s could not be announced: %s", path, strerror(-r));
}

/* sd-bus takes lists of names as char **, and does not write to them. */
static void emit_changed(struct bus *bus, const char *path, const char *interface,
                         const char *const *names, size_t n_names)
{
        char *list[NAMES_MAX];

        for (size_t i = 0; i < n_names; i++)
                list[i] = (char *)(uintptr_t)names[i];
        list[n_names] = NULL;
        note_failure(path,
                     sd_bus_emit_properties_changed_strv(bus->connection, path, interface, list));
}

static void emit_removed(struct bus *bus, const char *path)
{
        bus->removing = path;
        note_failure(path, sd_bus_emit_object_removed(bus->connection, path));
        bus->removing = NULL;
}

/* ---- calls ---- */

static bool contains(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (streq(names[i], name))
                        return true;
        return false;
}

static void emit_call_changed(struct bus *bus, const char *path, unsigned mask)
{
        const char *names[NAMES_MAX];
        size_t n = 0;

        for (size_t bit = 0; bit < ARRAY_SIZE(call_properties); bit++)
                for (size_t i = 0; i < 5 && mask & 1u << bit; i++)
                        if (call_properties[bit][i] && !contains(names, n, call_properties[bit][i]))
                                names[n++] = call_properties[bit][i];
        if (mask & (CALL_CHANGED_STATE | CALL_CHANGED_ENDED))
                names[n++] = "HasEnded";
        if (n > 0)
                emit_changed(bus, path, INTERFACE_CALL, names, n);
}

static struct change *change_get(struct bus *bus, const struct uuid *call)
{
        struct change *change;

        HASH_FIND_STR(bus->changes, call->text, change);
        if (change)
                return change;
        change = calloc(1, sizeof(*change));
        if (change) {
                change->call = *call;
                HASH_ADD(hh, bus->changes, call.text, strlen(call->text), change);
        }
        if (!change || !change->hh.tbl) {
                log_error("Out of memory: a change of call %s is not announced", call->text);
                free(change);
                return NULL;
        }
        DL_APPEND(bus->change_list, change);
        return change;
}

static void change_remove(struct bus *bus, struct change *change)
{
        HASH_DEL(bus->changes, change);
        DL_DELETE(bus->change_list, change);
        free(change);
}

static void change_announce(struct bus *bus, struct change *change)
{
        char path[PATH_SIZE];

        call_path(change->call.text, path);
        if (change->added && !change->removed)
                note_failure(path, sd_bus_emit_object_added(bus->connection, path));
        if (change->mask && !change->removed)
                emit_call_changed(bus, path, change->mask);
        if (change->removed)
                emit_removed(bus, path);
        change_remove(bus, change);
}

static bool enters_active(struct bus *bus, const struct change *change)
{
        const struct call *call = engine_find_call(bus->engine, change->call.text);

        return call && call->state == CALL_STATE_ACTIVE;
}

static void announce_calls(struct bus *bus)
{
        struct change *change, *next;

        DL_FOREACH_SAFE (bus->change_list, change, next)
                if (!enters_active(bus, change))
                        change_announce(bus, change);
        DL_FOREACH_SAFE (bus->change_list, change, next)
                change_announce(bus, change);
}

void bus_apply_call_added(struct bus *bus, const struct uuid *call)
{
        struct change *change = bus->connection ? change_get(bus, call) : NULL;

        if (!change)
                return;
        /* Its end has waited, and its UUID is used again. */
        if (change->removed) {
                change_announce(bus, change);
                change = change_get(bus, call);
        }
        if (change)
                change->added = true;
}

void bus_apply_call_changed(struct bus *bus, const struct uuid *call, unsigned mask)
{
        struct change *change = bus->connection ? change_get(bus, call) : NULL;

        if (change)
                change->mask |= mask;
        if (mask & CALL_CHANGED_PICTURE)
                keepsake_pictures_changed(bus);
}

void bus_apply_call_removed(struct bus *bus, const struct uuid *call)
{
        struct change *change = bus->connection ? change_get(bus, call) : NULL;

        if (change)
                change->removed = true;
        keepsake_pictures_changed(bus);
}

/* ---- providers: rare, and no state of calls; announced at once ---- */

static size_t shown_index(struct bus *bus, unsigned provider)
{
        size_t i;

        for (i = 0; i < bus->n_providers_shown; i++)
                if (bus->providers_shown[i] == provider)
                        break;
        return i;
}

/* Remembers whether the provider's Provider1 is known to the world. */
static void set_shown(struct bus *bus, unsigned provider, bool shown)
{
        size_t i = shown_index(bus, provider);
        unsigned *list;

        if (!shown && i < bus->n_providers_shown)
                bus->providers_shown[i] = bus->providers_shown[--bus->n_providers_shown];
        if (!shown || i < bus->n_providers_shown)
                return;
        list = reallocarray(bus->providers_shown, bus->n_providers_shown + 1, sizeof(*list));
        if (!list)
                return;
        bus->providers_shown = list;
        list[bus->n_providers_shown++] = provider;
}

static bool is_running(struct bus *bus, unsigned number)
{
        const struct provider *provider = engine_find_provider(bus->engine, number);

        return provider && provider->state == PROVIDER_RUNNING;
}

void bus_apply_provider_added(struct bus *bus, unsigned provider)
{
        char path[PATH_SIZE];

        if (!bus->connection)
                return;
        provider_path(provider, path);
        note_failure(path, sd_bus_emit_object_added(bus->connection, path));
        set_shown(bus, provider, is_running(bus, provider));
}

void bus_apply_provider_changed(struct bus *bus, unsigned provider)
{
        bool shown, running;
        char path[PATH_SIZE];
        int r = 0;

        if (!bus->connection)
                return;
        provider_path(provider, path);
        shown = shown_index(bus, provider) < bus->n_providers_shown;
        running = is_running(bus, provider);
        if (running && !shown)
                r = sd_bus_emit_interfaces_added(bus->connection, path, INTERFACE_PROVIDER, NULL);
        else if (shown && !running)
                r = sd_bus_emit_interfaces_removed(bus->connection, path, INTERFACE_PROVIDER, NULL);
        note_failure(path, r);
        set_shown(bus, provider, running);
        emit_changed(bus, path, INTERFACE_PROVIDER_INFO, provider_properties,
                     ARRAY_SIZE(provider_properties));
}

void bus_apply_provider_removed(struct bus *bus, unsigned provider)
{
        char path[PATH_SIZE];

        keepsake_drop_ringtone(bus, provider);
        set_shown(bus, provider, false);
        if (!bus->connection)
                return;
        emit_removed(bus, provider_path(provider, path));
}

/* ---- the system, and the sound ---- */

void bus_apply_system_changed(struct bus *bus, unsigned mask)
{
        bus->system_changes |= mask;
}

static void announce_system(struct bus *bus)
{
        const char *names[ARRAY_SIZE(system_properties)];
        size_t n = 0;

        for (size_t bit = 0; bit < ARRAY_SIZE(system_properties); bit++)
                if (bus->system_changes & 1u << bit)
                        names[n++] = system_properties[bit];
        bus->system_changes = 0;
        if (n > 0)
                emit_changed(bus, PATH_ROOT, INTERFACE_MANAGER, names, n);
}

static void announce_audio(struct bus *bus)
{
        if (!bus->audio_changes)
                return;
        bus->audio_changes = false;
        emit_changed(bus, PATH_AUDIO, INTERFACE_AUDIO, audio_properties,
                     ARRAY_SIZE(audio_properties));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        bus_flush(userdata);
        return 0;
}

/* True when the news have to wait, and will be tried again. */
static bool wait_for_room(struct bus *bus)
{
        stall_watch(bus);
        if (queue_length(bus) <= QUEUE_NEWS_MAX) {
                mailboxes_resume(bus);
                return false;
        }
        bus->retry_source = sd_event_source_disable_unref(bus->retry_source);
        return sd_event_add_time_relative(bus->event, &bus->retry_source, CLOCK_BOOTTIME,
                                          RETRY_AFTER, 0, on_retry, bus) >= 0;
}

void bus_flush(struct bus *bus)
{
        keepsake_sweep_pictures(bus);
        if (!bus->connection) {
                changes_forget(bus);
                return;
        }
        pending_review_all_streams(bus);
        if (wait_for_room(bus))
                return;
        announce_calls(bus);
        announce_system(bus);
        announce_audio(bus);
}

void bus_audio_changed(struct bus *bus)
{
        bus->audio_changes = true;
        bus_flush(bus);
}

void changes_forget(struct bus *bus)
{
        while (bus->change_list)
                change_remove(bus, bus->change_list);
        bus->system_changes = 0;
        bus->audio_changes = false;
}

void changes_forget_providers(struct bus *bus)
{
        free(bus->providers_shown);
        bus->providers_shown = NULL;
        bus->n_providers_shown = 0;
}
