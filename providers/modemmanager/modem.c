/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modems: what ModemManager says of them, and what the bridge is told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm.h"

#define MAX_EMERGENCY_NUMBERS 64

/* Numbers that are for emergencies everywhere, and those that are without a SIM (3GPP 22.101, 10).
 */
static const char *const always[] = {"112", "911"};
static const char *const without_sim[] = {"000", "08", "110", "999", "118", "119"};

struct mm_modem *mm_modem_find(struct backend *backend, const char *path)
{
        struct mm_modem *modem = backend->modems;

        while (modem && !streq(modem->path, path))
                modem = modem->next;
        return modem;
}

struct mm_modem *mm_modem_find_id(struct backend *backend, const char *id)
{
        struct mm_modem *modem = backend->modems;

        while (modem && (!modem->id || !streq(modem->id, id)))
                modem = modem->next;
        return modem;
}

int mm_modem_new(struct backend *backend, const char *path, struct mm_modem **ret_modem)
{
        struct mm_modem *modem = calloc(1, sizeof(*modem));
        struct mm_modem **end = &backend->modems;

        if (modem)
                modem->path = strdup(path);
        if (!modem || !modem->path) {
                free(modem);
                return -ENOMEM;
        }
        modem->backend = backend;
        while (*end)
                end = &(*end)->next;
        *end = modem;
        *ret_modem = modem;
        return 0;
}

void mm_modem_free(struct mm_modem *modem)
{
        struct mm_modem **place = &modem->backend->modems;

        while (*place != modem)
                place = &(*place)->next;
        *place = modem->next;
        while (modem->calls)
                mm_call_free(modem->calls);
        if (modem->order)
                mm_order_free(modem->order);
        sd_bus_slot_unref(modem->sim);
        strings_free(modem->emergency_numbers);
        modem_facts_done(&modem->facts);
        free(modem->path);
        free(modem->id);
        free(modem);
}

/*
 * Object paths change with every start of ModemManager and every time a modem is plugged in; its
 * device identifier stays, but two modems of one make may share it.
 */
static int choose_id(struct mm_modem *modem)
{
        const char *device = modem->facts.device ? modem->facts.device : modem->path;
        char *id = NULL;

        if (modem->id)
                return 0;
        for (unsigned n = 1; !id; n++) {
                int r = n == 1 ? asprintf(&id, "%.200s", device)
                               : asprintf(&id, "%.200s-%u", device, n);

                if (r < 0)
                        return -ENOMEM;
                if (mm_modem_find_id(modem->backend, id)) {
                        free(id);
                        id = NULL;
                }
        }
        modem->id = id;
        return 0;
}

static void tell(struct mm_modem *modem)
{
        const struct modem_facts *facts = &modem->facts;
        const char *numbers[MAX_EMERGENCY_NUMBERS + 1];
        size_t n = 0;
        struct modem_info info = {
                .id = modem->id,
                .label = facts->network && facts->state >= MM_MODEM_REGISTERED ? facts->network
                                                                               : facts->model,
                .state = mm_modem_state_word(facts->state, facts->failed_reason),
                .abilities = mm_modem_abilities(facts->state, facts->voice, facts->emergency_only),
                .emergency_numbers = numbers,
        };

        for (size_t i = 0; i < ARRAY_SIZE(always); i++)
                numbers[n++] = always[i];
        for (size_t i = 0; !facts->sim && i < ARRAY_SIZE(without_sim); i++)
                numbers[n++] = without_sim[i];
        for (char **s = modem->emergency_numbers; s && *s && n < MAX_EMERGENCY_NUMBERS; s++)
                numbers[n++] = *s;
        numbers[n] = NULL;
        bridge_modem(modem->backend->bridge, &info);
}

static int on_sim(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct mm_modem *modem = userdata;

        (void)error;
        modem->sim = sd_bus_slot_unref(modem->sim);
        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("%s: the SIM's emergency numbers cannot be read: %s", modem->path,
                            sd_bus_message_get_error(reply)->message);
        else if (read_sim(reply, &modem->emergency_numbers) >= 0)
                tell(modem);
        return 0;
}

static void ask_sim(struct mm_modem *modem)
{
        struct backend *backend = modem->backend;
        int r;

        modem->sim = sd_bus_slot_unref(modem->sim);
        modem->emergency_numbers = strings_free(modem->emergency_numbers);
        if (!modem->facts.sim)
                return;
        r = sd_bus_call_method_async(backend->bus, &modem->sim, backend->owner, modem->facts.sim,
                                     "org.freedesktop.DBus.Properties", "GetAll", on_sim, modem,
                                     "s", MM_SIM_INTERFACE);
        if (r < 0)
                log_warning("%s: the SIM cannot be asked: %s", modem->path, strerror(-r));
}

void mm_modem_changed(struct mm_modem *modem)
{
        const struct modem_facts *facts = &modem->facts;
        bool is_new = !modem->id;

        if (choose_id(modem) < 0) {
                log_error("%s is left out: out of memory", modem->path);
                return;
        }
        if (is_new)
                log_info("modem %s: %s", modem->id,
                         mm_modem_state_word(facts->state, facts->failed_reason));
        tell(modem);
        if (is_new)
                ask_sim(modem);
}

void mm_modem_list_calls(struct mm_modem *modem)
{
        for (char **path = modem->facts.calls; modem->id && path && *path; path++)
                (void)mm_call_get(modem, *path);
}

void mm_modem_sim_changed(struct mm_modem *modem)
{
        ask_sim(modem);
        tell(modem);
}

void mm_modem_voice_gone(struct mm_modem *modem)
{
        struct mm_end end = {MODEM_END_NETWORK, CX_CALL_ENDED_CAUSE_NETWORK,
                             "The modem does not do calls any more"};

        modem->facts.voice = false;
        modem->facts.calls = strings_free(modem->facts.calls);
        while (modem->calls) {
                mm_call_over_with(modem->calls, end);
                mm_call_free(modem->calls);
        }
        tell(modem);
}

void mm_modem_gone(struct mm_modem *modem)
{
        log_info("modem %s is gone", modem->id ? modem->id : modem->path);
        mm_order_modem_gone(modem);
        if (modem->id)
                bridge_modem_gone(modem->backend->bridge, modem->id);
        mm_modem_free(modem);
}
