/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callsd is started again in the middle of a call. The call goes on, with its UUID, once; orders
 * are followed as before, and one that was pending is completed once.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_COMMAND "systemctl --user restart callsd.service"
#define POLL (100 * MSEC)

static const char advice_return[] =
        "watch the owner of org.callsd, register again with each new one, and give it the calls "
        "that are missing in its answer with ReportCall";

/* Whether the callsd of this bus is the user's unit: then systemctl restarts just it. */
static bool is_user_unit(struct check *check)
{
        _cleanup_message_ sd_bus_message *reply = NULL, *unit = NULL;
        const char *path;
        uint32_t pid = 0, main_pid = 0;

        if (check->ctl->system || check->ctl->bus_address ||
            sd_bus_call_method(check->ctl->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "GetConnectionUnixProcessID", NULL, &reply,
                               "s", CALLSD_NAME) < 0 ||
            sd_bus_message_read(reply, "u", &pid) < 0 ||
            sd_bus_call_method(check->ctl->bus, "org.freedesktop.systemd1",
                               "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                               "GetUnit", NULL, &unit, "s", "callsd.service") < 0 ||
            sd_bus_message_read(unit, "o", &path) < 0 ||
            sd_bus_get_property_trivial(check->ctl->bus, "org.freedesktop.systemd1", path,
                                        "org.freedesktop.systemd1.Service", "MainPID", NULL, 'u',
                                        &main_pid) < 0)
                return false;
        return pid > 0 && pid == main_pid;
}

static const char *restart_command(struct check *check)
{
        if (check->options->restart)
                return check->options->restart;
        return is_user_unit(check) ? DEFAULT_COMMAND : NULL;
}

/* The app's object of this callsd; false while it is not there. */
bool provider_find(struct check *check)
{
        _cleanup_json_ json_t *providers = NULL;

        if (!check->callsd || providers_load(check->ctl, &providers) != STATUS_OK)
                return false;
        for (size_t i = 0; i < json_array_size(providers); i++) {
                const json_t *provider = json_array_get(providers, i);
                char *path;

                if (strcmp(text_of(provider, "Identifier"), check->identifier) != 0 ||
                    !flag_of(provider, "Running") || !(path = strdup(text_of(provider, "Path"))))
                        continue;
                free(check->path);
                check->path = path;
                return true;
        }
        return false;
}

/* Whether this callsd still waits for it: one that has lost its record does not. */
static bool is_pending(struct check *check, const char *action)
{
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = NULL;
        const json_t *actions;

        if (bus_call(check->ctl, CALLSD_PATH, MANAGER_INTERFACE, "ListPendingActions", NULL, NULL,
                     &error, &arguments) < 0)
                return false;
        actions = json_array_get(arguments, 0);
        for (size_t i = 0; i < json_array_size(actions); i++)
                if (strcmp(text_of(json_array_get(actions, i), "Action"), action) == 0)
                        return true;
        return false;
}

/*
 * Until there is another callsd, which knows the app. `seen`: how often the app had registered.
 * `action`: what the stopped app has not completed; the row is skipped if callsd has forgotten it.
 */
static bool wait_back(struct check *check, struct row *row, const char *former, unsigned seen,
                      const char *action)
{
        uint64_t deadline = deadline_in(patience(check) + 10 * SEC);
        bool kept;

        while ((!check->callsd || strcmp(check->callsd, former) == 0) &&
               check_turn(check, deadline))
                ;
        if (!check->callsd || strcmp(check->callsd, former) == 0) {
                row_fail(row, "--restart is a command that ends callsd and has it started again",
                         "no other callsd has come");
                return false;
        }
        kept = !action || is_pending(check, action);
        process_continue(check);
        deadline = deadline_in(patience(check));
        while (check->monitor && check->n_registered == seen && check_turn(check, deadline))
                ;
        while (!provider_find(check) && check_pause(check, POLL, deadline))
                ;
        if (check->monitor && check->n_registered == seen) {
                row_fail(row, advice_return, "the app did not register with the new callsd");
                return false;
        }
        check_quiet(check);
        if (!kept)
                row_skip(row, "the new callsd has lost the order, and all others, with its record");
        return calls_load(check) >= 0 && kept;
}

static bool restart(struct check *check, struct row *row, const char *action)
{
        const char *command = restart_command(check);
        unsigned seen = check->n_registered;
        char *former = check->callsd ? strdup(check->callsd) : NULL;
        bool done;

        done = former && command_run(check, row, command, NULL) &&
               wait_back(check, row, former, seen, action);
        free(former);
        return done;
}

static size_t count_live(const struct check *check)
{
        size_t n = 0;

        for (const struct test_call *call = check->calls; call; call = call->next)
                n += call->owner == OWNER_TESTED && call_lives(call);
        return n;
}

static bool can_restart(struct check *check, struct row *row)
{
        if (restart_command(check))
                return true;
        row_skip(row, "needs --restart: callsd is not the unit callsd.service of this user");
        return false;
}

/* An order that the call can follow, if there is any, and its undoing. */
static bool orders_work(struct check *check, struct row *row, const struct test_call *call)
{
        struct wish wish;

        if (!wish_choose(check, call, &wish))
                return true;
        if (!wish_come_true(check, row, &wish, NULL))
                return false;
        wish.flag = false;
        return wish.text || wish_come_true(check, row, &wish, NULL);
}

void check_restart(struct check *check, struct row *row)
{
        struct wish end = {.type = "end-call"};
        struct test_call *call;
        uint64_t began;
        unsigned reported;

        if (!can_restart(check, row))
                return;
        call = call_get_active(check, row);
        if (!call)
                return;
        reported = call->n_reported;
        began = monotonic_now();
        if (!restart(check, row, NULL))
                return;
        began = monotonic_now() - began;
        if (!call_lives(call)) {
                row_fail(row, advice_return, "the call did not survive the restart");
                return;
        }
        if (count_live(check) != 1 || call->n_reported > reported + 1) {
                row_fail(row, "ReportCall is for calls that the answer of RegisterProvider lacks",
                         "the call was imported again: there are %zu calls, it was reported %u "
                         "times",
                         count_live(check), call->n_reported - reported);
                return;
        }
        end.call = call->uuid;
        if (!orders_work(check, row, call) || !wish_come_true(check, row, &end, NULL))
                return;
        row_pass(row, began, "the call went on, and orders were followed");
}

/* The app is stopped while callsd is, and finds an order of each: the same one. */
void check_restart_pending(struct check *check, struct row *row)
{
        struct wish hold = {.type = "set-held-call", .key = "OnHold", .flag = true};
        const struct order *order;
        struct request request;
        struct test_call *call;
        uint64_t deadline;
        unsigned before;

        if (!can_restart(check, row))
                return;
        call = call_get_active(check, row);
        if (!call)
                return;
        if (!call_flag(check, call, "SupportsHolding")) {
                row_skip(row, "SupportsHolding is false: there is no order to wait for");
                return;
        }
        hold.call = call->uuid;
        if (!process_stop(check, row) || !request_send(check, row, &hold, 1, 60 * SEC, &request))
                return;
        deadline = deadline_in(patience(check));
        while (!order_find(check, request.actions[0]) && check_turn(check, deadline))
                ;
        before = check->faults[RULE_COMPLETES_ONCE].n;
        if (!restart(check, row, request.actions[0]))
                return;
        order = order_find(check, request.actions[0]);
        if (!call_wait(check, call, "held"))
                row_fail(row,
                         "complete what GetPendingTransactions and PerformTransaction of the "
                         "new callsd say, also if it was given before",
                         "the order that was pending was not followed: the call is %s",
                         call_lives(call) ? call->state : "over");
        else if (check->faults[RULE_COMPLETES_ONCE].n > before || (order && order->n_accepted > 1))
                row_fail(row, "know an order by its UUID: one that comes again is the same order",
                         "the order that was pending was completed more than once");
        else
                row_pass(row, NO_TIME, "the order that was pending was completed once");
}
