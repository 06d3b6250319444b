/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What calls need of devices; see device-use.h. */
#include "audio/device-use.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "audio/route.h"
#include "util/log.h"

/* Bluetooth takes its time. */
#define PROFILE_WITHIN (5 * USEC_PER_SEC)
#define PORT_WITHIN (USEC_PER_SEC / 2)
/* How long the session manager has for what it does by itself. */
#define MANAGER_WITHIN (USEC_PER_SEC / 2)
/* It chooses a profile for a device that has just come; ours comes after that. */
#define NEW_FOR (300 * USEC_PER_MSEC)
/* It sets a port of its own after a change of profile; against more than that we do not fight. */
#define ATTEMPTS 5
#define ATTEMPTS_IN (10 * USEC_PER_SEC)

static bool node_fits(const struct graph_node *node, const struct device *device, bool source,
                      const struct device_list *cards)
{
        const char *media_class = source ? "Audio/Source" : "Audio/Sink";

        return node->device == device->id && !node->doomed &&
               (strncmp(node->media_class, media_class, strlen(media_class)) == 0 ||
                streq(node->media_class, "Audio/Duplex")) &&
               graph_node_get_port((struct graph_node *)node, source, 0) &&
               (!cards || cards->n == 0 || node->card < 0 || device_list_has(cards, node->card));
}

struct graph_node *device_find_node(struct audio *audio, const struct device *device, bool source,
                                    const struct device_list *cards)
{
        struct graph_node *node;

        for (node = audio->graph.nodes; node; node = node->hh.next) {
                if (node_fits(node, device, source, cards))
                        return node;
        }
        return NULL;
}

static struct device_use *find_use(struct audio *audio, const struct device *device)
{
        struct device_use *use;

        DL_FOREACH (audio->device_uses, use) {
                if (use->serial == device->serial)
                        return use;
        }
        return NULL;
}

static struct device_use *get_use(struct audio *audio, const struct device *device)
{
        struct device_use *use = find_use(audio, device);

        if (use)
                return use;
        use = calloc(1, sizeof(*use));
        if (!use)
                return NULL;
        use->serial = device->serial;
        use->profile_before = use->profile_ours = -1;
        DL_APPEND(audio->device_uses, use);
        return use;
}

static void free_use(struct audio *audio, struct device_use *use)
{
        journal_remove(&audio->journal, use->record);
        DL_DELETE(audio->device_uses, use);
        free(use);
}

/* The journal: "PROFILE-BEFORE OURS [CARD PORT-BEFORE OURS]..." */

static int write_record(struct audio *audio, struct device_use *use)
{
        const struct device_use_port *ports = use->ports;
        struct journal_record *record;
        char text[128];
        int n;
        int r;

        n = snprintf(text, sizeof(text), "%d %d", use->profile_before, use->profile_ours);
        for (unsigned i = 0; i < use->n_ports; i++)
                n += snprintf(text + n, sizeof(text) - (size_t)n, " %d %d %d", ports[i].card,
                              ports[i].before, ports[i].ours);
        r = journal_add(&audio->journal, JOURNAL_PROFILE, audio->server.cookie, use->serial, text,
                        &record);
        if (r < 0)
                return r;
        journal_remove(&audio->journal, use->record);
        use->record = record;
        return 0;
}

static void read_record(struct device_use *use, const struct journal_record *record)
{
        struct device_use_port *ports = use->ports;
        int n;

        n = sscanf(record->text, "%d %d %d %d %d %d %d %d", &use->profile_before,
                   &use->profile_ours, &ports[0].card, &ports[0].before, &ports[0].ours,
                   &ports[1].card, &ports[1].before, &ports[1].ours);
        use->n_ports = n >= 8 ? 2 : n >= 5 ? 1 : 0;
}

/* What an earlier callsd did is undone as if it were ours. */
static void recall(struct audio *audio)
{
        struct journal_record *record;
        struct journal_record *next;

        DL_FOREACH_SAFE (audio->journal.records, record, next) {
                struct device *device;
                struct device_use *use;

                if (record->kind != JOURNAL_PROFILE || record->cookie != audio->server.cookie)
                        continue;
                device = device_find_by_serial(&audio->devices, record->serial);
                if (!device || find_use(audio, device))
                        continue;
                use = get_use(audio, device);
                if (!use)
                        return;
                read_record(use, record);
                use->record = record;
                use->recalled = true;
        }
}

static bool has_orphans(const struct audio *audio)
{
        const struct session *session;

        for (session = audio->sessions; session; session = session->hh.next) {
                if (session->orphan)
                        return true;
        }
        return false;
}

/* Profiles */

static bool profile_fits(const struct device_profile *profile, const struct device_port *port)
{
        if (port)
                return port->profiles.n == 0 || device_list_has(&port->profiles, profile->index);
        return profile->output && profile->input;
}

static bool device_fits(const struct device *device, const struct device_port *port)
{
        const struct device_profile *profile = device_find_profile(device, device->params.profile);

        return profile && profile_fits(profile, port);
}

/* -1 = the present one is right, or there is none. */
static int choose_profile(const struct device *device, const struct device_port *port)
{
        const struct device_profile *best = NULL;

        if (device_fits(device, port))
                return -1;
        for (unsigned i = 0; i < device->params.n_profiles; i++) {
                const struct device_profile *profile = &device->params.profiles[i];

                if (!profile->available || !profile_fits(profile, port))
                        continue;
                if (!best || profile->input > best->input ||
                    (profile->input == best->input && profile->priority > best->priority))
                        best = profile;
        }
        return best ? best->index : -1;
}

/* It acts when an app begins to record. */
static bool is_left_to_manager(struct device_use *use, bool records)
{
        usec_t now = audio_now();

        if (!records)
                return true;
        if (use->grace == 0)
                use->grace = now + MANAGER_WITHIN;
        return now < use->grace;
}

static void switch_profile(struct audio *audio, struct device *device, struct device_use *use,
                           int profile)
{
        usec_t now = audio_now();

        if (now < device->known_since + NEW_FOR)
                use->until = device->known_since + NEW_FOR;
        if (now < use->until)
                return;
        if ((use->profile_ours == profile && use->until != 0) || use->attempts == ATTEMPTS) {
                log_warning("The device %s does not switch to a profile for calls; it is used as "
                            "it is",
                            device->name);
                use->failed = true;
                return;
        }
        use->attempts++;
        if (use->profile_before < 0)
                use->profile_before = device->params.profile;
        use->profile_ours = profile;
        if (write_record(audio, use) < 0) {
                use->failed = true;
                return;
        }
        use->until = now + PROFILE_WITHIN;
        log_info("Switching %s from profile %d to %d for a call", device->name,
                 device->params.profile, profile);
        device_set_profile(device, profile);
}

/* Ports */

static struct device_use_port *find_port_use(struct device_use *use, int card)
{
        for (unsigned i = 0; i < use->n_ports; i++) {
                if (use->ports[i].card == card)
                        return &use->ports[i];
        }
        return NULL;
}

static struct device_use_port *add_port_use(struct device_use *use, int card)
{
        if (use->n_ports == ARRAY_SIZE(use->ports))
                return NULL;
        use->ports[use->n_ports] = (struct device_use_port){.card = card, .before = -1, .ours = -1};
        return &use->ports[use->n_ports++];
}

static void switch_port(struct audio *audio, struct device *device, struct device_use *use,
                        int card, int port)
{
        int active = device_get_active(device, card);
        struct device_use_port *port_use = find_port_use(use, card);

        if (active == port) {
                if (port_use)
                        port_use->seen = true;
                return;
        }
        if (!port_use)
                port_use = add_port_use(use, card);
        if (!port_use || use->attempts >= ATTEMPTS)
                return;
        if (port_use->ours == port && !port_use->seen && audio_now() < use->until)
                return;
        use->attempts++;
        port_use->seen = false;
        if (port_use->before < 0)
                port_use->before = active;
        port_use->ours = port;
        if (write_record(audio, use) < 0) {
                use->failed = true;
                return;
        }
        use->until = audio_now() + PORT_WITHIN;
        device_set_port(device, card, port);
}

static bool port_is_headset(const struct device *device, const struct device_port *port)
{
        return route_kind_is_headset(route_kind_of_port(device, port));
}

/* A microphone of the same kind as the speaker: a headset's own, or the one that is built in. */
static const struct device_port *choose_microphone(const struct device *device, int card,
                                                   bool headset)
{
        const struct device_port *now = device_find_port(device, device_get_active(device, card));
        const struct device_port *best = NULL;

        if (now && port_is_headset(device, now) == headset)
                return now;
        for (unsigned i = 0; i < device->params.n_ports; i++) {
                const struct device_port *port = &device->params.ports[i];

                if (!port->output && port->available && device_list_has(&port->cards, card) &&
                    device_list_has(&port->profiles, device->params.profile) &&
                    port_is_headset(device, port) == headset &&
                    (!best || port->priority > best->priority))
                        best = port;
        }
        return best ? best : now;
}

static void switch_ports(struct audio *audio, struct device *device, struct device_use *use,
                         const struct device_port *port)
{
        const struct graph_node *sink = device_find_node(audio, device, false, &port->cards);
        const struct graph_node *source = device_find_node(audio, device, true, NULL);
        const struct device_port *microphone;

        if (sink && sink->card >= 0)
                switch_port(audio, device, use, sink->card, port->index);
        if (!source || source->card < 0)
                return;
        microphone = choose_microphone(device, source->card, port_is_headset(device, port));
        if (microphone)
                switch_port(audio, device, use, source->card, microphone->index);
}

/* One turn */

void device_use_begin(struct audio *audio)
{
        struct device_use *use;

        recall(audio);
        DL_FOREACH (audio->device_uses, use)
                use->wanted = false;
}

void device_use_keep(struct audio *audio, struct device *device)
{
        struct device_use *use = find_use(audio, device);

        if (use)
                use->wanted = true;
}

void device_use_need(struct audio *audio, struct device *device, const struct device_port *port,
                     bool managed, bool records)
{
        struct device_use *use = get_use(audio, device);
        int profile = choose_profile(device, port);

        if (!use)
                return;
        use->wanted = true;
        use->undone = false;
        if (use->failed || !device->proxy)
                return;
        if (audio_now() - use->attempts_since > ATTEMPTS_IN) {
                use->attempts_since = audio_now();
                use->attempts = 0;
        }
        if (profile >= 0) {
                if (!managed || !is_left_to_manager(use, records))
                        switch_profile(audio, device, use, profile);
                return;
        }
        use->grace = 0;
        if (!device_use_is_coming(audio, device, port))
                use->until = 0;
        if (port && device_fits(device, port))
                switch_ports(audio, device, use, port);
}

/* True when there is nothing (more) to take back. */
static bool undo(struct device *device, struct device_use *use)
{
        bool profile = use->profile_before >= 0 && device->params.profile == use->profile_ours &&
                       use->profile_before != use->profile_ours;
        bool any = profile;

        /* A profile's ports are the session manager's again when it changes. */
        for (unsigned i = 0; i < use->n_ports && !profile; i++) {
                const struct device_use_port *port = &use->ports[i];

                if (port->before < 0 || port->before == port->ours ||
                    device_get_active(device, port->card) != port->ours)
                        continue;
                any = true;
                if (!use->undone)
                        device_set_port(device, port->card, port->before);
        }
        if (profile && !use->undone) {
                log_info("Switching %s back to profile %d", device->name, use->profile_before);
                device_set_profile(device, use->profile_before);
        }
        if (any && !use->undone)
                use->until = audio_now() + PROFILE_WITHIN;
        use->undone = any;
        return !any || audio_now() >= use->until;
}

void device_use_end(struct audio *audio)
{
        struct device_use *use;
        struct device_use *next;

        DL_FOREACH_SAFE (audio->device_uses, use, next) {
                struct device *device = device_find_by_serial(&audio->devices, use->serial);

                if (use->wanted || !device || !device->known || !device->proxy)
                        continue;
                /* Whose call it was is not known yet. */
                if (use->recalled && has_orphans(audio))
                        continue;
                if (undo(device, use))
                        free_use(audio, use);
        }
}

/* Questions */

bool device_use_is_coming(struct audio *audio, const struct device *device,
                          const struct device_port *port)
{
        const struct device_use *use = find_use(audio, device);
        const struct graph_node *sink;

        if (!use || use->failed || audio_now() >= use->until)
                return false;
        if (!device_fits(device, port))
                return true;
        sink = device_find_node(audio, device, false, port ? &port->cards : NULL);
        if (!sink || (!port && !device_find_node(audio, device, true, NULL)))
                return true;
        return port && sink->card >= 0 && device_get_active(device, sink->card) != port->index;
}

void device_use_retry(struct audio *audio, const struct device *device)
{
        struct device_use *use = find_use(audio, device);

        if (!use)
                return;
        use->failed = false;
        use->attempts = 0;
        use->until = 0;
}

void device_use_gone(struct audio *audio, const struct device *device)
{
        struct device_use *use = find_use(audio, device);

        if (use)
                free_use(audio, use);
}

usec_t device_use_deadline(struct audio *audio, usec_t now)
{
        const struct device_use *use;
        usec_t next = USEC_INFINITY;

        DL_FOREACH (audio->device_uses, use) {
                if (use->until > now && use->until < next)
                        next = use->until;
                if (use->grace > now && use->grace < next)
                        next = use->grace;
        }
        return next;
}

/* What is to be undone stays in the journal. */
void device_use_done(struct audio *audio)
{
        while (audio->device_uses) {
                audio->device_uses->record = NULL;
                free_use(audio, audio->device_uses);
        }
}
