/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pending: the queue of actions, made visible.
 *
 * On a terminal it is live, with deadlines counting down. The list is no property and no signal
 * carries it, so it is asked for anew twice a second and whenever callsd says anything.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>

#define REFRESH_USEC (UINT64_C(500000))

struct pending {
        struct ctl *ctl;
        size_t lines; /* on the screen, to be written over */
        int status;
};

/* set-held-call alone does not say which way. */
static const char *action_word(const json_t *action)
{
        const char *type = text_of(action, "Type");

        if (strcmp(type, "set-held-call") == 0)
                return flag_of(action, "OnHold") ? "hold" : "resume";
        if (strcmp(type, "set-muted-call") == 0)
                return flag_of(action, "Muted") ? "mute" : "unmute";
        if (strcmp(type, "set-group-call") == 0)
                return *text_of(action, "CallToGroupWith") != '\0' ? "merge" : "split";
        if (strcmp(type, "start-call") == 0)
                return "start";
        if (strcmp(type, "answer-call") == 0)
                return "answer";
        if (strcmp(type, "end-call") == 0)
                return "end";
        if (strcmp(type, "play-dtmf-call") == 0)
                return "dtmf";
        return type;
}

static const char *title_of(const json_t *calls, const char *uuid)
{
        for (size_t i = 0; i < json_array_size(calls); i++) {
                const json_t *call = json_array_get(calls, i);

                if (strcmp(text_of(call, "UUID"), uuid) == 0)
                        return call_title(call);
        }
        return "";
}

static void format_deadline(char *buffer, size_t size, uint64_t deadline)
{
        uint64_t now = boottime_now();
        uint64_t left = deadline > now ? deadline - now : 0;

        if (deadline == 0)
                snprintf(buffer, size, "-");
        else
                snprintf(buffer, size, "%u.%u s", (unsigned)(left / 1000000),
                         (unsigned)(left / 100000 % 10));
}

static const char *deadline_colour(uint64_t deadline)
{
        uint64_t now = boottime_now();

        if (deadline == 0)
                return NULL;
        return deadline < now + 2000000 ? "\033[1;31m" : "\033[33m";
}

static void add_action(struct table *table, const json_t *action, const json_t *calls)
{
        uint64_t deadline = number_of(action, "DeadlineUSec");
        char left[DURATION_SIZE], uuid[9];

        format_deadline(left, sizeof(left), deadline);
        snprintf(uuid, sizeof(uuid), "%s", text_of(action, "Call"));
        table_add(table,
                  (const char *const[]){
                          left,
                          action_word(action),
                          text_of(action, "State"),
                          uuid,
                          title_of(calls, text_of(action, "Call")),
                          text_of(action, "Origin"),
                          text_of(action, "Provider"),
                  },
                  deadline_colour(deadline));
}

/* Returns the number of lines printed. */
static size_t print_actions(const struct ctl *ctl, const json_t *actions, const json_t *calls)
{
        static const char *const titles[] = {"LEFT", "ACTION", "STATE",   "CALL",
                                             "WITH", "ORIGIN", "PROVIDER"};
        _cleanup_table_ struct table *table = NULL;

        if (json_array_size(actions) == 0) {
                puts("Nothing is pending.");
                return 1;
        }
        table = table_new(titles, sizeof(titles) / sizeof(*titles));
        for (size_t i = 0; table && i < json_array_size(actions); i++)
                add_action(table, json_array_get(actions, i), calls);
        return table ? table_print(table, ctl->colour) : 0;
}

static int load_actions(struct ctl *ctl, json_t **ret_actions)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;
        int r;

        r = bus_call(ctl, CALLSD_PATH, MANAGER_INTERFACE, "ListPendingActions", NULL, NULL, &error,
                     &arguments);
        if (r < 0)
                return ctl_bus_failed(ctl, &error, r);
        *ret_actions = json_incref(json_array_get(arguments, 0));
        return STATUS_OK;
}

static int print_once(struct ctl *ctl, size_t *ret_lines)
{
        _cleanup_json_ json_t *actions = NULL, *calls = NULL;
        int status = load_actions(ctl, &actions);

        if (status == STATUS_OK && ctl->json) {
                print_json(actions);
                return STATUS_OK;
        }
        if (status == STATUS_OK && json_array_size(actions) > 0)
                status = call_list_load(ctl, &calls);
        if (status != STATUS_OK)
                return status;
        if (*ret_lines > 0)
                printf("\033[%zuA\033[J", *ret_lines);
        *ret_lines = print_actions(ctl, actions, calls);
        fflush(stdout);
        return STATUS_OK;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct pending *pending = userdata;

        (void)usec;
        pending->status = print_once(pending->ctl, &pending->lines);
        if (pending->status != STATUS_OK)
                return sd_event_exit(sd_event_source_get_event(source), 0);
        return sd_event_source_set_time_relative(source, REFRESH_USEC);
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        sd_event_source *timer = *(sd_event_source **)userdata;

        (void)message, (void)error;
        return timer ? sd_event_source_set_time_relative(timer, 0) : 0;
}

static int run_live(struct pending *pending, sd_event *event, sd_event_source **timer)
{
        sd_bus *bus = pending->ctl->bus;
        int r;

        r = sd_event_set_signal_exit(event, 1);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.callsd',"
                                     "path_namespace='/org/callsd'",
                                     on_signal, timer);
        if (r >= 0)
                r = sd_event_add_time_relative(event, timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
                                               pending);
        if (r >= 0)
                r = sd_event_source_set_enabled(*timer, SD_EVENT_ON);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, 0);
        if (r >= 0)
                r = sd_event_loop(event);
        (void)sd_bus_detach_event(bus);
        return r;
}

int verb_pending(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        struct pending pending = {.ctl = ctl};
        sd_event *event = NULL;
        sd_event_source *timer = NULL;
        int r;

        (void)verb, (void)argc, (void)argv;
        if (ctl->once || ctl->json || !ctl->terminal)
                return print_once(ctl, &pending.lines);
        r = sd_event_new(&event);
        if (r >= 0)
                r = run_live(&pending, event, &timer);
        sd_event_source_unref(timer);
        sd_event_unref(event);
        return r < 0 ? ctl_bus_failed(ctl, NULL, r) : pending.status;
}
