/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsctl: see and steer the calls of this session. The table of verbs, options and help. */
#include "ctl.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef CALLSD_VERSION
#define CALLSD_VERSION "unknown"
#endif

static const struct verb verbs[] = {
        {"list", "", "Show all calls", verb_list, 0, {NULL}},
        {"show", "[CALL]", "Show everything about a call", verb_show, 1, {NULL}},
        {"monitor", "", "Tell what happens as it happens", verb_monitor, 0, {NULL}},
        {"dial", "HANDLE", "Place a call", verb_dial, 1, {NULL}},
        {"answer",
         "[CALL]",
         "Answer; the active call is held first",
         verb_plain,
         1,
         {"answer", "hold-and-answer", "end-and-answer"}},
        {"decline", "[CALL] [MESSAGE]", "Refuse a ringing call", verb_decline, 2, {"decline"}},
        {"end", "[CALL]", "End a call", verb_plain, 1, {"end"}},
        {"hold", "[CALL]", "Put the active call on hold", verb_plain, 1, {"hold"}},
        {"resume", "[CALL]", "Take a call off hold", verb_plain, 1, {"resume", "swap"}},
        {"swap",
         "[CALL]",
         "Hold the active call and resume the held one",
         verb_plain,
         1,
         {"swap", "resume"}},
        {"mute", "[CALL]", "Close the microphone for a call", verb_plain, 1, {"mute"}},
        {"unmute", "[CALL]", "Open the microphone again", verb_plain, 1, {"mute"}},
        {"dtmf", "[CALL] KEYS", "Press keys", verb_dtmf, 2, {"dtmf"}},
        {"continue", "[CALL]", "Key in what waits behind a pause", verb_plain, 1, {"dtmf"}},
        {"merge", "[CALL [CALL]]", "Join two calls to a group", verb_merge, 2, {"merge"}},
        {"split", "[CALL]", "Take a call out of its group", verb_plain, 1, {"leave"}},
        {"route", "[ROUTE]", "Show where calls can be heard, or choose", verb_route, 1, {NULL}},
        {"silence",
         "",
         "Stop the ringing sound; the calls ring on silently",
         verb_silence,
         0,
         {NULL}},
        {"pending", "", "Show what is being waited for", verb_pending, 0, {NULL}},
        {"providers", "", "Show the apps that have calls", verb_providers, 0, {NULL}},
        {"default", "[KIND [ID|none]]", "Choose the app for calls", verb_default, 2, {NULL}},
        {"push",
         "ID [KEY=VALUE]...",
         "Give an app what its push service would",
         verb_push,
         64,
         {NULL}},
        {"check-provider",
         "ID",
         "Try an app that offers itself for it",
         verb_check_provider,
         1,
         {NULL}},
        {"help", "", "Show this help", verb_help, 0, {NULL}},
        {"__complete", "", NULL, verb_complete, 2, {NULL}},
};

#define N_VERBS (sizeof(verbs) / sizeof(*verbs))

const struct verb *verb_find(const char *name)
{
        for (size_t i = 0; i < N_VERBS; i++) {
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        }
        return NULL;
}

int verb_help(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
        (void)ctl, (void)verb, (void)argc, (void)argv;
        puts("callsctl [OPTIONS] [VERB] [ARGUMENTS]\n\n"
             "See and steer the calls of this session. Without a verb: list.\n");
        for (size_t i = 0; i < N_VERBS; i++) {
                if (verbs[i].help)
                        printf("  %-14s %-17s %s\n", verbs[i].name, verbs[i].arguments,
                               verbs[i].help);
        }
        puts("\nCALL is the beginning of a UUID. It may be left out where only one call fits.\n\n"
             "      --json               Print JSON\n"
             "      --end-others         answer, dial: end calls that are in the way\n"
             "  -m, --message=TEXT       decline: a text for the caller\n"
             "      --busy               decline: as if this end were busy\n"
             "  -p, --provider=ID        dial: with this app\n"
             "      --account=ID         dial: with this line of the app\n"
             "      --type=TYPE          dial: phone-number, email-address or generic\n"
             "      --video              dial: with video\n"
             "  -w, --wait               dial: return when the call is answered or over\n"
             "      --ask                dial: ask in a notification first (for links)\n"
             "      --as=NAME            push: take this name on the bus, as a helper has it\n"
             "      --once               pending: print once, also on a terminal\n"
             "      --check=FILE         providers: say what is wrong with a manifest\n"
             "\ncheck-provider:\n"
             "      --dial=HANDLE        A number that answers\n"
             "      --dial-ringing=HANDLE, --dial-busy=HANDLE\n"
             "                           One that only rings; one that is busy\n"
             "      --incoming=COMMAND   Has somebody call the app\n"
             "      --remote-end=COMMAND, --remote-hold=COMMAND\n"
             "                           Has the far end hang up; hold\n"
             "      --restart=COMMAND    Has callsd started again\n"
             "      --only=CHECK,...     These checks alone; --list-checks shows all\n"
             "      --patience=SECONDS   How long a step may take (10)\n"
             "      --strict             What could not be checked counts as failed\n\n"
             "      --user, --system     Which bus; the user's is the default\n"
             "      --bus-address=ADDR   A bus by its address\n"
             "      --color=WHEN         auto, always or never (also: NO_COLOR=1)\n"
             "  -h, --help               Show this help\n"
             "      --version            Show the version\n\n"
             "Exit codes: 0 done, 1 refused or failed, 2 wrong command line,\n"
             "3 callsd is not running, 4 no such call or more than one.");
        return STATUS_OK;
}

enum option_id {
        OPTION_JSON = 256,
        OPTION_CHECK,
        OPTION_END_OTHERS,
        OPTION_ACCOUNT,
        OPTION_TYPE,
        OPTION_VIDEO,
        OPTION_ASK,
        OPTION_AS,
        OPTION_BUSY,
        OPTION_ONCE,
        OPTION_USER,
        OPTION_SYSTEM,
        OPTION_BUS_ADDRESS,
        OPTION_COLOR,
        OPTION_VERSION,
};

static const struct option options[] = {
        {"json", no_argument, NULL, OPTION_JSON},
        {"check", required_argument, NULL, OPTION_CHECK},
        {"end-others", no_argument, NULL, OPTION_END_OTHERS},
        {"message", required_argument, NULL, 'm'},
        {"provider", required_argument, NULL, 'p'},
        {"account", required_argument, NULL, OPTION_ACCOUNT},
        {"type", required_argument, NULL, OPTION_TYPE},
        {"video", no_argument, NULL, OPTION_VIDEO},
        {"ask", no_argument, NULL, OPTION_ASK},
        {"as", required_argument, NULL, OPTION_AS},
        {"busy", no_argument, NULL, OPTION_BUSY},
        {"wait", no_argument, NULL, 'w'},
        {"once", no_argument, NULL, OPTION_ONCE},
        {"user", no_argument, NULL, OPTION_USER},
        {"system", no_argument, NULL, OPTION_SYSTEM},
        {"bus-address", required_argument, NULL, OPTION_BUS_ADDRESS},
        {"color", required_argument, NULL, OPTION_COLOR},
        {"dial", required_argument, NULL, CHECK_DIAL},
        {"dial-busy", required_argument, NULL, CHECK_DIAL_BUSY},
        {"dial-ringing", required_argument, NULL, CHECK_DIAL_RINGING},
        {"incoming", required_argument, NULL, CHECK_INCOMING},
        {"remote-end", required_argument, NULL, CHECK_REMOTE_END},
        {"remote-hold", required_argument, NULL, CHECK_REMOTE_HOLD},
        {"restart", required_argument, NULL, CHECK_RESTART},
        {"only", required_argument, NULL, CHECK_ONLY},
        {"patience", required_argument, NULL, CHECK_PATIENCE},
        {"strict", no_argument, NULL, CHECK_STRICT},
        {"list-checks", no_argument, NULL, CHECK_LIST},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
};

static int set_colour(struct ctl *ctl, const char *when)
{
        if (strcmp(when, "always") == 0)
                ctl->colour = true;
        else if (strcmp(when, "never") == 0)
                ctl->colour = false;
        else if (strcmp(when, "auto") != 0)
                return ctl_fail(ctl, STATUS_USAGE, "--color is auto, always or never, not '%s'",
                                when);
        return STATUS_OK;
}

static int set_text_option(struct ctl *ctl, int id, const char *value)
{
        switch (id) {
        case 'm':
                ctl->message = value;
                return STATUS_OK;
        case 'p':
                ctl->provider = value;
                return STATUS_OK;
        case OPTION_ACCOUNT:
                ctl->account = value;
                return STATUS_OK;
        case OPTION_TYPE:
                ctl->handle_type = value;
                return STATUS_OK;
        case OPTION_AS:
                ctl->push_as = value;
                return STATUS_OK;
        case OPTION_BUS_ADDRESS:
                ctl->bus_address = value;
                return STATUS_OK;
        case OPTION_CHECK:
                ctl->check_file = value;
                return STATUS_OK;
        case OPTION_COLOR:
                return set_colour(ctl, value);
        default:
                return check_set_option(ctl, id, value);
        }
}

static int set_option(struct ctl *ctl, int id, const char *value)
{
        switch (id) {
        case OPTION_JSON:
                ctl->json = true;
                return STATUS_OK;
        case OPTION_END_OTHERS:
                ctl->end_others = true;
                return STATUS_OK;
        case OPTION_VIDEO:
                ctl->video = true;
                return STATUS_OK;
        case OPTION_ASK:
                ctl->ask = true;
                return STATUS_OK;
        case OPTION_BUSY:
                ctl->busy = true;
                return STATUS_OK;
        case 'w':
                ctl->wait = true;
                return STATUS_OK;
        case OPTION_ONCE:
                ctl->once = true;
                return STATUS_OK;
        case OPTION_USER:
        case OPTION_SYSTEM:
                ctl->system = id == OPTION_SYSTEM;
                return STATUS_OK;
        default:
                return set_text_option(ctl, id, value);
        }
}

static int run_verb(struct ctl *ctl, int argc, char **argv)
{
        const char *name = argc > 0 ? argv[0] : "list";
        const struct verb *verb = verb_find(name);
        int r;

        if (!verb)
                return ctl_fail(ctl, STATUS_USAGE, "there is no verb '%s'", name);
        argc = argc > 0 ? argc - 1 : 0;
        if (argc > verb->arguments_max)
                return ctl_fail(ctl, STATUS_USAGE, "%s takes %d argument(s), not %d", name,
                                verb->arguments_max, argc);
        if (verb->run == verb_help)
                return verb_help(ctl, verb, 0, NULL);
        if (ctl->check_file && verb->run == verb_providers)
                return check_manifest(ctl, ctl->check_file);
        if (ctl->check_file)
                return ctl_fail(ctl, STATUS_USAGE, "--check belongs to providers, not to %s", name);
        r = ctl_connect(ctl);
        if (r < 0 && verb->run != verb_complete)
                return ctl_bus_failed(ctl, NULL, r);
        return verb->run(ctl, verb, argc, argv + 1);
}

static bool wants_colour(void)
{
        const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

        return isatty(STDOUT_FILENO) && !(no_color && *no_color != '\0') && terminal &&
               strcmp(terminal, "dumb") != 0;
}

/* STATUS_OK to go on; `ret_done` when the option was an answer in itself. */
static int read_options(struct ctl *ctl, int argc, char **argv, bool *ret_done)
{
        int id, status;

        while ((id = getopt_long(argc, argv, "hm:p:w", options, NULL)) >= 0) {
                if (id == 'h') {
                        *ret_done = true;
                        return verb_help(ctl, NULL, 0, NULL);
                }
                if (id == CHECK_LIST) {
                        *ret_done = true;
                        check_list_names();
                        return STATUS_OK;
                }
                if (id == OPTION_VERSION) {
                        *ret_done = true;
                        puts("callsctl " CALLSD_VERSION);
                        return STATUS_OK;
                }
                if (id == '?')
                        return STATUS_USAGE;
                status = set_option(ctl, id, optarg);
                if (status != STATUS_OK)
                        return status;
        }
        return STATUS_OK;
}

int main(int argc, char **argv)
{
        struct ctl ctl = {
                .colour = wants_colour(),
                .terminal = isatty(STDOUT_FILENO) == 1,
                .check = {.patience_usec = 10000000},
        };
        bool done = false;
        int status;

        setlocale(LC_ALL, "");
        status = read_options(&ctl, argc, argv, &done);
        if (status == STATUS_OK && !done)
                status = run_verb(&ctl, argc - optind, argv + optind);
        sd_bus_flush_close_unref(ctl.bus);
        return status;
}
