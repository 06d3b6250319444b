/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check-provider: an app is put through every order and fault, and judged.
 *
 * The app has to offer itself (Testing in its configuration), and there must be no calls when it
 * begins: what is done here would end a real call.
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct item items[] = {
        {"configuration", "R1 R4 R5 R8 R10", "what it says of itself makes sense",
         check_configuration},
        {"outgoing", "T1 T4 G1 G2 A3", "a call is started, connecting, connected, in this order",
         check_outgoing},
        {"mute", "T15 T16", "a call is muted and unmuted", check_mute},
        {"dtmf", "T21 T24 U7", "all 16 keys are pressed, one after the other", check_dtmf},
        {"hold", "T13 T14 U5", "a call is held and resumed", check_hold},
        {"several", "X1 X8", "several actions of one transaction are done in their order",
         check_several},
        {"end", "T11 E6", "an active call is ended by this side", check_end},
        {"remote-hold", "U1", "a far end that holds is reported", check_remote_hold},
        {"remote-end", "E2", "a far end that hangs up is reported", check_remote_end},
        {"outgoing-cancelled", "T11 E6", "a call is ended before the far end answers",
         check_outgoing_cancelled},
        {"outgoing-refused", "E1 T5", "a number that is busy or unreachable ends the call",
         check_outgoing_refused},
        {"incoming", "I1 T7 T8 A2", "a call that rings is answered", check_incoming},
        {"declined", "T10", "a call that rings is declined", check_declined},
        {"missed", "E2", "a caller who gives up is reported", check_missed},
        {"second-call", "T6 X12", "a second call waits until the first is held", check_second_call},
        {"swap", "X14", "two calls change places", check_swap},
        {"group", "T18 T19 T20 U6", "two calls are joined and taken apart", check_group},
        {"end-and-answer", "X11", "one call is ended and another answered", check_end_and_answer},
        {"end-during-start", "E7 T12", "a call is ended while it is started",
         check_end_during_start},
        {"end-during-answer", "E7 T12", "a call is ended while it is answered",
         check_end_during_answer},
        {"cancelled", "E7 X8", "an order is taken back before it was seen", check_cancelled},
        {"late-answer", "X10 R15", "an answer comes too late, and the next call works",
         check_late_answer},
        {"restart", "R14", "callsd is started again in the middle of a call", check_restart},
        {"restart-pending", "R14 R17 X8", "an order is pending while callsd is started again",
         check_restart_pending},
        {"completes-all", "X10", "every order is completed in time", check_completes_all},
        {"completes-once", "X8", "no order is completed twice", check_completes_once},
        {"in-order", "X1", "actions are completed in their order", check_in_order},
        {"valid", "S1 G3", "callsd understands what it is told", check_valid},
        {"keys", "U1", "dictionaries have known keys alone", check_keys},
        {"dates", "T4 E5 G1 G2", "dates are of now, in microseconds", check_dates},
        {"final", "E6 U9 I4", "nothing is reported of a call that is over", check_final},
        {"stays", "R13", "it stays on the bus", check_stays},
        {"streams", "A1 A7", "it asks for streams when it is ordered to, not before",
         check_streams},
};

#define N_ITEMS (sizeof(items) / sizeof(*items))

static bool is_rule(const struct item *item)
{
        return item >= items + N_ITEMS - RULE_MAX_;
}

/* ---- which ---- */

void check_list_names(void)
{
        for (size_t i = 0; i < N_ITEMS; i++)
                printf("%s\t%s (%s)\n", items[i].name, items[i].help, items[i].rows);
}

static bool names_item(const char *list, const char *name)
{
        size_t length = strlen(name);

        for (const char *word = list; *word != '\0'; word += strcspn(word, ",")) {
                word += *word == ',';
                if (strcspn(word, ",") == length && strncmp(word, name, length) == 0)
                        return true;
        }
        return false;
}

static bool is_item(const char *word, size_t length)
{
        for (size_t i = 0; i < N_ITEMS; i++)
                if (strlen(items[i].name) == length && strncmp(items[i].name, word, length) == 0)
                        return true;
        return false;
}

static int judge_names(const struct ctl *ctl, const char *list)
{
        for (const char *word = list; *word != '\0'; word += strcspn(word, ",")) {
                size_t length;

                word += *word == ',';
                length = strcspn(word, ",");
                if (!is_item(word, length))
                        return ctl_fail(ctl, STATUS_USAGE,
                                        "there is no check '%.*s'; --list-checks shows them all",
                                        (int)length, word);
        }
        return STATUS_OK;
}

int check_set_option(struct ctl *ctl, int id, const char *value)
{
        const struct {
                int id;
                const char **text;
        } texts[] = {
                {CHECK_DIAL, &ctl->check.dial},
                {CHECK_DIAL_BUSY, &ctl->check.dial_busy},
                {CHECK_DIAL_RINGING, &ctl->check.dial_ringing},
                {CHECK_INCOMING, &ctl->check.incoming},
                {CHECK_REMOTE_END, &ctl->check.remote_end},
                {CHECK_REMOTE_HOLD, &ctl->check.remote_hold},
                {CHECK_RESTART, &ctl->check.restart},
                {CHECK_ONLY, &ctl->check.only},
        };
        char *end;

        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
                if (texts[i].id == id)
                        *texts[i].text = value;
        if (id == CHECK_STRICT)
                ctl->check.strict = true;
        if (id != CHECK_PATIENCE)
                return STATUS_OK;
        ctl->check.patience_usec = strtoull(value, &end, 10) * SEC;
        if (*value >= '0' && *value <= '9' && *end == '\0' && ctl->check.patience_usec >= SEC &&
            ctl->check.patience_usec <= 120 * SEC)
                return STATUS_OK;
        return ctl_fail(ctl, STATUS_USAGE, "--patience is 1 to 120 seconds, not '%s'", value);
}

/* ---- whether ---- */

static int judge_options(const struct ctl *ctl)
{
        const struct check_options *options = &ctl->check;

        if (!options->dial && !options->incoming)
                return ctl_fail(ctl, STATUS_USAGE,
                                "there is nobody to talk to: give --dial NUMBER, a number that "
                                "answers, or --incoming COMMAND, which has somebody call the app");
        return options->only ? judge_names(ctl, options->only) : STATUS_OK;
}

static int find_provider(struct check *check)
{
        _cleanup_json_ json_t *providers = NULL;
        int status = providers_load(check->ctl, &providers);

        if (status != STATUS_OK)
                return status;
        for (size_t i = 0; i < json_array_size(providers); i++) {
                json_t *provider = json_array_get(providers, i);

                if (strcmp(text_of(provider, "Identifier"), check->identifier) != 0)
                        continue;
                check->provider = json_incref(provider);
                check->path = strdup(text_of(provider, "Path"));
        }
        if (!check->provider || !flag_of(check->provider, "Running"))
                return ctl_fail(check->ctl, STATUS_FAILED,
                                "no app is registered as '%s'; 'callsctl providers' shows who is",
                                check->identifier);
        if (!flag_of(check->provider, "Testing"))
                return ctl_fail(check->ctl, STATUS_FAILED,
                                "%s does not offer itself for testing, and its calls may be real; "
                                "the app has to set Testing in its configuration "
                                "(cx_provider_configuration_set_testing())",
                                check->identifier);
        return STATUS_OK;
}

static int judge_calls(struct check *check)
{
        size_t n = 0;

        for (const struct test_call *call = check->calls; call; call = call->next)
                n += call_lives(call);
        if (n == 0)
                return STATUS_OK;
        return ctl_fail(check->ctl, STATUS_FAILED,
                        "there %s %zu call%s, which checks could harm; wait until %s over",
                        n == 1 ? "is" : "are", n, n == 1 ? "" : "s", n == 1 ? "it is" : "they are");
}

/* ---- the run ---- */

/* Somebody, systemd for instance, may start it again. */
static bool is_there(struct check *check)
{
        uint64_t deadline = deadline_in(patience(check));

        while (!check->callsd && check_turn(check, deadline))
                ;
        if (!check->callsd)
                check_stop(check, "callsd is gone");
        if (!check->peer_lost)
                return true;
        while (check->peer_lost && check_turn(check, deadline))
                ;
        while (!provider_find(check) && check_pause(check, 100 * MSEC, deadline))
                ;
        return !check->peer_lost;
}

static void run_item(struct check *check, struct row *row)
{
        row_begin(check, row);
        if (check->stopped_by)
                row_skip(row, "stopped");
        else if (!is_rule(row->item) && !is_there(check))
                row_skip(row, "the app has left the bus");
        else
                row->item->run(check, row);
        process_continue(check);
        if (check->stopped_by && row->result != RESULT_PASS)
                row_skip(row, "stopped");
        if (row->result == RESULT_NONE)
                row_fail(row, NULL, "it did not come about");
        if (!is_rule(row->item) && row->result != RESULT_SKIPPED)
                check_quiet(check);
        if (row->result == RESULT_FAIL)
                calls_clear(check);
        check->provoked = false;
        row_print(check, row);
}

static size_t run_items(struct check *check, struct row *rows)
{
        bool quiet = false;
        size_t n = 0;

        for (size_t i = 0; i < N_ITEMS; i++) {
                const struct item *item = &items[i];

                if (check->options->only && !names_item(check->options->only, item->name))
                        continue;
                if (is_rule(item) && !quiet) {
                        calls_clear(check);
                        check_quiet(check);
                        quiet = true;
                }
                rows[n] = (struct row){.item = item, .usec = NO_TIME};
                run_item(check, &rows[n++]);
        }
        return n;
}

static int conclude(struct check *check, const struct row *rows, size_t n)
{
        size_t unknown = rows_count(rows, n, RESULT_SKIPPED) + rows_count(rows, n, RESULT_NOT_SEEN);

        if (check->ctl->json)
                rows_print_json(check, rows, n);
        else
                rows_print_sum(check, rows, n);
        if (check->stopped_by || rows_count(rows, n, RESULT_FAIL) > 0 ||
            (check->options->strict && unknown > 0))
                return STATUS_FAILED;
        return STATUS_OK;
}

static int run(struct check *check)
{
        struct row rows[N_ITEMS] = {{0}};
        int status, r;
        size_t n;

        status = find_provider(check);
        if (status != STATUS_OK)
                return status;
        r = check_open(check);
        if (r >= 0)
                r = calls_load(check);
        if (r < 0)
                return ctl_bus_failed(check->ctl, NULL, r);
        status = judge_calls(check);
        if (status != STATUS_OK)
                return status;
        check->began = true;
        n = run_items(check, rows);
        status = conclude(check, rows, n);
        for (size_t i = 0; i < n; i++) {
                free(rows[i].text);
                free(rows[i].advice);
        }
        return status;
}

int verb_check_provider(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        struct check check = {.ctl = ctl, .options = &ctl->check};
        int status;

        (void)verb;
        if (argc == 0)
                return ctl_fail(ctl, STATUS_USAGE,
                                "check-provider needs the identifier of an app, such as "
                                "org.example.App");
        check.identifier = argv[0];
        status = judge_options(ctl);
        if (status == STATUS_OK) {
                status = run(&check);
                check_close(&check);
        }
        return status;
}
