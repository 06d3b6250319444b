/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What peers send to the daemon: the whole daemon but its sound and its state file, with a bus that
 * says what the input says. One line is one message:
 *
 *     a manager Manager1.RegisterProvider a{sv} [ Identifier s org.example.a ]
 *     a provider Provider1.ReportNewIncomingCall sa{sv} @call1 [ RemoteHandle s sip:x ]
 *     b call1 Call1.Answer a{sv} [ ]
 *     a provider Provider1.FulfillAction sa{sv} @action [ ]
 *     gone a
 *
 * CALLSD_FUZZ_TRACE=1 shows what the daemon says to that.
 *
 * Peer a is a controller and a push helper, b is another user, c a sandboxed app of the user. Paths
 * are manager, audio, provider (its own), call1 to call9, or written out.
 */
#include <string.h>

#include "app/daemon.h"
#include "bus/bus-private.h"
#include "fuzz/fake-bus.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "util/log.h"

#define LINES_MAX 200
#define N_ACTIONS 4
#define N_PEERS 3

struct fuzz {
        struct daemon daemon;
        struct fake_bus *bus;
        char providers[N_PEERS][64];
        char actions[N_ACTIONS][UUID_TEXT_SIZE]; /* the newest first */
        char transaction[UUID_TEXT_SIZE];
        char word[64];
};

static const char *const PEERS[N_PEERS] = {":1.100", ":1.101", ":1.102"};
static const char CALL_UUID[] = "aaaaaaaa-0000-4000-8000-00000000000";
static const char CALL_PATH[] = "/org/callsd/call/aaaaaaaa_0000_4000_8000_00000000000";

/* ---- what the daemon says ---- */

static void note_actions(struct fuzz *fuzz, sd_bus_message *message)
{
        const char *transaction, *id;

        if (sd_bus_message_read(message, "s", &transaction) <= 0)
                return;
        snprintf(fuzz->transaction, sizeof(fuzz->transaction), "%s", transaction);
        if (sd_bus_message_enter_container(message, 'a', "(ssa{sv})") <= 0)
                return;
        while (sd_bus_message_enter_container(message, 'r', "ssa{sv}") > 0) {
                if (sd_bus_message_read(message, "s", &id) <= 0)
                        return;
                memmove(fuzz->actions[1], fuzz->actions[0],
                        sizeof(fuzz->actions[0]) * (N_ACTIONS - 1));
                snprintf(fuzz->actions[0], sizeof(fuzz->actions[0]), "%s", id);
                if (sd_bus_message_skip(message, "sa{sv}") < 0 ||
                    sd_bus_message_exit_container(message) < 0)
                        return;
        }
}

static void note_provider(struct fuzz *fuzz, sd_bus_message *reply)
{
        const char *destination = str_or_empty(sd_bus_message_get_destination(reply)), *path;

        if (!streq(str_or_empty(sd_bus_message_get_signature(reply, true)), "oas") ||
            sd_bus_message_read(reply, "o", &path) <= 0)
                return;
        for (size_t i = 0; i < N_PEERS; i++)
                if (streq(PEERS[i], destination))
                        snprintf(fuzz->providers[i], sizeof(fuzz->providers[i]), "%s", path);
}

static void on_message(struct fake_bus *bus, sd_bus_message *message, void *userdata)
{
        uint8_t type;

        (void)bus;
        if (getenv("CALLSD_FUZZ_TRACE")) {
                sd_bus_message_dump(message, stderr, SD_BUS_MESSAGE_DUMP_WITH_HEADER);
                sd_bus_message_rewind(message, true);
        }
        sd_bus_message_get_type(message, &type);
        if (sd_bus_message_is_signal(message, "org.callsd.Provider1", "PerformTransaction"))
                note_actions(userdata, message);
        else if (type == SD_BUS_MESSAGE_METHOD_RETURN)
                note_provider(userdata, message);
}

/* ---- what it is told ---- */

static const char *known_name(const char *word, void *userdata)
{
        struct fuzz *fuzz = userdata;

        if (strncmp(word, "@action", 7) == 0)
                return fuzz->actions[(unsigned char)word[7] % N_ACTIONS];
        if (strcmp(word, "@transaction") == 0)
                return fuzz->transaction;
        if (strncmp(word, "@call", 5) == 0 && word[5] >= '1' && word[5] <= '9') {
                snprintf(fuzz->word, sizeof(fuzz->word), "%s%c", CALL_UUID, word[5]);
                return fuzz->word;
        }
        return NULL;
}

static void full_path(const char *provider, const char *word, char *path, size_t size)
{
        if (strcmp(word, "manager") == 0)
                snprintf(path, size, "/org/callsd");
        else if (strcmp(word, "audio") == 0)
                snprintf(path, size, "/org/callsd/audio");
        else if (strcmp(word, "provider") == 0)
                snprintf(path, size, "%s", provider);
        else if (strncmp(word, "call", 4) == 0 && strlen(word) == 5)
                snprintf(path, size, "%s%c", CALL_PATH, word[4]);
        else
                snprintf(path, size, "%s", word);
}

static void call_daemon(struct fuzz *fuzz, size_t peer, struct script *line)
{
        cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        char path[256], interface[256], member[256], signature[256];

        full_path(fuzz->providers[peer], script_word(line), path, sizeof(path));
        script_member(script_word(line), interface, member, sizeof(member));
        snprintf(signature, sizeof(signature), "%s", script_word(line));
        if (sd_bus_message_new_method_call(fake_bus_connection(fuzz->bus), &message, "org.callsd",
                                           path, interface, member) < 0 ||
            script_append(line, message, signature) < 0)
                return;
        fake_bus_send(fuzz->bus, message, PEERS[peer]);
}

static size_t find_peer(const char *word)
{
        return word[0] >= 'a' && word[0] < 'a' + N_PEERS && !word[1] ? (size_t)(word[0] - 'a')
                                                                     : N_PEERS;
}

static void do_line(struct fuzz *fuzz, struct script *line)
{
        const char *word = script_word(line), *wrong;
        size_t peer = find_peer(word);

        if (peer < N_PEERS) {
                call_daemon(fuzz, peer, line);
        } else if (strcmp(word, "gone") == 0) {
                peer = find_peer(script_word(line));
                if (peer < N_PEERS)
                        fake_bus_name_lost(fuzz->bus, PEERS[peer]);
        }
        fake_bus_run(fuzz->daemon.event);
        wrong = engine_check(fuzz->daemon.engine);
        if (wrong)
                fprintf(stderr, "engine_check: %s\n", wrong);
        fuzz_must(!wrong);
}

/* Peer a has the one name, and peer c is the other app. */
static const char *const *push_helpers(const char *identifier, void *userdata)
{
        static const char *const helpers[] = {"org.example.Helper", "snap.fuzz", NULL};

        (void)userdata;
        return strcmp(identifier, "org.example.b") == 0 ? NULL : helpers;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz fuzz = {.providers = {"/x", "/x", "/x"}};
        struct script script = {.at = (const char *)data,
                                .end = (const char *)data + size,
                                .name = known_name,
                                .userdata = &fuzz};
        const struct daemon_options options = {
                .config_path = "/dev/null",
                .bus_address = fake_bus_address(),
                .log_level = LOG_CRIT,
                .no_audio = true,
                .no_state = true,
        };
        struct script line;

        fuzz_must(daemon_init(&fuzz.daemon, &options) >= 0);
        fuzz.daemon.bus->hooks.push_helpers = push_helpers;
        fake_bus_run(fuzz.daemon.event); /* the bus comes after the manifests */
        fuzz.bus = fake_bus_accept(fuzz.daemon.event, on_message, &fuzz);
        fake_bus_run(fuzz.daemon.event);
        fuzz_must(fuzz.daemon.named);
        for (unsigned n = 0;
             n < LINES_MAX && !fake_bus_is_closed(fuzz.bus) && script_next_line(&script, &line);
             n++)
                do_line(&fuzz, &line);
        fake_bus_free(fuzz.bus);
        daemon_done(&fuzz.daemon);
        return 0;
}
