/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon: the engine, the adapters around it, and the one loop that they share. */
#include "app/daemon.h"

#include <errno.h>
#include <signal.h>
#include <uuid/uuid.h>

#include "app/messages.h"
#include "util/cleanup.h"
#include "util/log.h"

/* How long nodes of an earlier daemon wait for somebody to claim their call (audio.md 2). */
#define ORPHANS_AFTER (10 * USEC_PER_SEC)
#define TIMER_ACCURACY 1

/* No call has it: asking for it tells whether the server's graph has been read. */
#define NO_CALL "00000000-0000-4000-8000-000000000000"

/* ---- settling ---- */

static void arm_timer(struct daemon *daemon)
{
        usec_t next = engine_next_deadline(daemon->engine);

        if (next == USEC_INFINITY) {
                sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
                return;
        }
        sd_event_source_set_time(daemon->timer, next);
        sd_event_source_set_enabled(daemon->timer, SD_EVENT_ONESHOT);
}

static bool has_live_call(const struct daemon *daemon)
{
        const struct call *call = NULL;

        while ((call = engine_next_call(daemon->engine, call)))
                if (call->state != CALL_STATE_ENDED)
                        return true;
        return false;
}

/* No call is torn from us: whoever is in a call when the device's callsd comes is served on. */
static void give_way(struct daemon *daemon)
{
        static const char why[] = "This device has a callsd for everybody, on the system bus, and "
                                  "two would fight for the sound";

        if (!daemon->has_twin || (daemon->named && has_live_call(daemon)))
                return;
        log_error("%s; use that one (callsctl --system), or stop it: systemctl disable --now "
                  "callsd",
                  why);
        notify_refused(why);
        sd_event_exit(daemon->event, EXIT_TWIN);
}

/*
 * Applying an effect may give another input; that is on record, too, before its consequences
 * leave. Before we have our name nobody takes signals from us: effects wait, on record.
 */
void daemon_settle(struct daemon *daemon)
{
        struct effect effect;

        state_commit(&daemon->state);
        if (daemon->settling || !daemon->named)
                return;
        daemon->settling = true;
        while (engine_next_effect(daemon->engine, &effect)) {
                uint64_t revision = engine_get_revision(daemon->engine);

                daemon_apply(daemon, &effect);
                notify_changed(&daemon->notify);
                if (engine_get_revision(daemon->engine) != revision)
                        state_commit(&daemon->state);
        }
        daemon_settle_sound(daemon);
        bus_flush(daemon->bus);
        engine_settle(daemon->engine);
        state_commit_later(&daemon->state);
        daemon->settling = false;
        arm_timer(daemon);
        give_way(daemon);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct daemon *daemon = userdata;

        (void)source, (void)usec;
        engine_tick(daemon->engine, bus_now());
        daemon_settle(daemon);
        return 0;
}

/* ---- what the engine asks ---- */

static void host_make_uuid(struct uuid *ret_uuid, void *userdata)
{
        uuid_t uuid;

        (void)userdata;
        uuid_generate_random(uuid);
        uuid_unparse_lower(uuid, ret_uuid->text);
}

static bool host_provider_entitled(const char *identifier, void *userdata)
{
        const struct daemon *daemon = userdata;

        return config_allows_provider(&daemon->config, identifier);
}

/* ---- what the bus tells ---- */

static void on_settle(void *userdata)
{
        daemon_settle(userdata);
}

static void on_commit(void *userdata)
{
        struct daemon *daemon = userdata;

        state_commit(&daemon->state);
}

/* On another bus nobody of the record is there; who wants its calls back has to come. */
static void on_identified(const char *guid, void *userdata)
{
        struct daemon *daemon = userdata;

        if (!streq(state_get_bus(&daemon->state), guid))
                engine_bus_lost(daemon->engine, bus_now());
        state_set_bus(&daemon->state, guid);
}

static int on_orphans(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct daemon *daemon = userdata;

        (void)source, (void)usec;
        audio_settle_orphans(daemon->audio);
        return 0;
}

static void begin_orphans(struct daemon *daemon)
{
        if (sd_event_add_time_relative(daemon->event, &daemon->orphans, CLOCK_BOOTTIME,
                                       ORPHANS_AFTER, 0, on_orphans, daemon) < 0)
                audio_settle_orphans(daemon->audio);
}

/*
 * What an earlier callsd wished for its calls was wished again by now, and is taken over from the
 * server: no session begins or ends for that. Only where PipeWire went meanwhile do they end.
 */
static void begin_sound(struct daemon *daemon)
{
        if (!daemon->audio)
                return;
        engine_audio_available(daemon->engine, bus_now(), audio_is_available(daemon->audio));
        daemon_settle(daemon);
        begin_orphans(daemon);
}

static void on_named(void *userdata)
{
        struct daemon *daemon = userdata;

        if (!daemon->named) {
                daemon->named = true;
                daemon_settle(daemon);
                begin_sound(daemon);
        }
        notify_ready(&daemon->notify, daemon->engine);
}

static void on_failed(const char *reason, void *userdata)
{
        struct daemon *daemon = userdata;

        log_error("%s", reason);
        sd_event_exit(daemon->event, EXIT_FAILURE);
}

/* ---- signals ---- */

static void log_problem(const char *text, int r)
{
        log_error("%s", text ? text : strerror(-r));
}

static void take_log_level(struct daemon *daemon)
{
        log_set_max_level(daemon->options.log_level >= 0 ? daemon->options.log_level
                                                         : daemon->config.log_level);
}

static int on_sighup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        const struct log_context context = {.message_id = MESSAGE_RELOADED};
        cleanup_(freep) char *problem = NULL;
        struct daemon *daemon = userdata;
        int r;

        (void)source, (void)info;
        notify_reloading();
        r = config_load(daemon->options.config_path, &daemon->config, &problem);
        if (r < 0) {
                log_problem(problem, r);
                log_write(LOG_WARNING, &context, "The configuration stays as it was");
        } else {
                take_log_level(daemon);
                daemon_configure_audio(daemon);
                engine_set_limits(daemon->engine, &daemon->config.limits);
                daemon_settle(daemon);
                log_write(LOG_NOTICE, &context, "The configuration was read again");
        }
        manifests_reload(daemon->manifests);
        notify_reloaded();
        return 0;
}

/* No call ends for it: the app's streams go on through the server, and the next daemon goes on
 * with what is on record. */
static int on_sigterm(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        struct daemon *daemon = userdata;

        (void)source;
        log_info("Ending on %s; calls go on without callsd",
                 info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
        notify_stopping();
        state_commit(&daemon->state);
        return sd_event_exit(daemon->event, EXIT_SUCCESS);
}

static int add_signals(struct daemon *daemon)
{
        int r;

        if ((r = sd_event_add_signal(daemon->event, &daemon->sigterm,
                                     SIGTERM | SD_EVENT_SIGNAL_PROCMASK, on_sigterm, daemon)) < 0 ||
            (r = sd_event_add_signal(daemon->event, &daemon->sigint,
                                     SIGINT | SD_EVENT_SIGNAL_PROCMASK, on_sigterm, daemon)) < 0)
                return r;
        r = sd_event_add_signal(daemon->event, &daemon->sighup, SIGHUP | SD_EVENT_SIGNAL_PROCMASK,
                                on_sighup, daemon);
        return r < 0 ? r : 0;
}

/* ---- starting ---- */

static int start_bus(struct daemon *daemon)
{
        int r = bus_start(daemon->bus);

        if (r < 0)
                log_error("No connection to the %s bus%s%s: %s; is there one, and is its address "
                          "right?",
                          daemon->options.system ? "system" : "session",
                          daemon->options.bus_address ? " at " : "",
                          str_or_empty(daemon->options.bus_address), strerror(-r));
        return r;
}

static bool audio_is_being_read(struct daemon *daemon)
{
        bool muted, linked;

        return daemon->audio && audio_get_found(daemon->audio, NO_CALL, &muted, &linked) == -EAGAIN;
}

static bool has_to_wait(struct daemon *daemon)
{
        return !twin_is_settled(daemon->twin) || audio_is_being_read(daemon) ||
               !manifests_are_read(daemon->manifests);
}

/* After whatever happened in the loop: is everything known by now? */
static int on_waiting(sd_event_source *source, void *userdata)
{
        struct daemon *daemon = userdata;

        if (has_to_wait(daemon))
                return 0;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (!daemon->has_twin && start_bus(daemon) < 0)
                sd_event_exit(daemon->event, EXIT_FAILURE);
        return 0;
}

/*
 * Apps import their calls as soon as the name is there, and then it has to be known what an
 * earlier daemon left in the server. So the bus comes after the first look at its graph, and after
 * it is known whether we are to serve at all; and after all manifests, for who starts callsd with a
 * call for an app that does not run is not to hear that there is no such app.
 */
static int start_bus_in_time(struct daemon *daemon)
{
        if (!has_to_wait(daemon))
                return start_bus(daemon);
        return sd_event_add_post(daemon->event, &daemon->waiting, on_waiting, daemon);
}

static void on_twin(void *userdata)
{
        struct daemon *daemon = userdata;

        if (!daemon->has_twin && daemon->named && has_live_call(daemon))
                log_warning("This device has a callsd for everybody now; this one ends with its "
                            "last call");
        daemon->has_twin = true;
        give_way(daemon);
}

/* Whoever says on which bus to serve knows what he does. */
static int look_for_twin(struct daemon *daemon)
{
        if (daemon->options.system || daemon->options.bus_address)
                return 0;
        return twin_new(daemon->event, on_twin, daemon, &daemon->twin);
}

static int init_bus(struct daemon *daemon)
{
        struct bus_hooks hooks = {
                .settle = on_settle,
                .commit = on_commit,
                .identified = on_identified,
                .named = on_named,
                .failed = on_failed,
        };
        const struct bus_options options = {
                .address = daemon->options.bus_address,
                .system = daemon->options.system,
        };

        daemon_set_audio_hooks(&hooks);
        daemon_set_manifest_hooks(&hooks);
        return bus_new(daemon->event, daemon->engine, &options, &hooks, daemon, &daemon->bus);
}

static int init_audio(struct daemon *daemon)
{
        int r;

        if (daemon->options.no_audio)
                return 0;
        r = audio_new(daemon->event, &daemon_audio_events, daemon, &daemon->audio);
        if (r == 0)
                daemon_configure_audio(daemon);
        return r;
}

static int init_state(struct daemon *daemon, const struct engine_host *host)
{
        if (daemon->options.no_state)
                return state_init_none(&daemon->state, daemon->event, host, &daemon->config.limits,
                                       &daemon->engine);
        return state_init(&daemon->state, daemon->event, bus_now(), daemon->options.state_directory,
                          daemon->options.system, host, &daemon->config.limits, &daemon->engine);
}

static int init_choices(struct daemon *daemon)
{
        if (daemon->options.no_state)
                return 0;
        return choices_init(&daemon->choices, daemon->event, daemon->engine, bus_now(),
                            daemon->options.state_directory, daemon->options.system,
                            daemon->state.restored);
}

static int init_parts(struct daemon *daemon)
{
        const struct engine_host host = {
                .make_uuid = host_make_uuid,
                .provider_entitled = host_provider_entitled,
                .userdata = daemon,
        };
        int r;

        if ((r = sd_event_new(&daemon->event)) < 0 || (r = add_signals(daemon)) < 0 ||
            (r = init_state(daemon, &host)) < 0 || (r = init_choices(daemon)) < 0 ||
            (r = sd_event_add_time(daemon->event, &daemon->timer, CLOCK_BOOTTIME, 0, TIMER_ACCURACY,
                                   on_timer, daemon)) < 0 ||
            (r = sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF)) < 0 ||
            (r = notify_init(&daemon->notify, daemon->event)) < 0 ||
            (r = look_for_twin(daemon)) < 0 || (r = init_bus(daemon)) < 0 ||
            (r = init_audio(daemon)) < 0 ||
            (r = manifests_new(daemon->event, !daemon->options.system, &daemon_manifests_events,
                               daemon, &daemon->manifests)) < 0)
                log_error("callsd cannot start: %s", strerror(-r));
        else
                manifests_begin(daemon->manifests);
        return r;
}

int daemon_init(struct daemon *daemon, const struct daemon_options *options)
{
        cleanup_(freep) char *problem = NULL;
        int r;

        *daemon = (struct daemon){.options = *options, .choices = {.finished = -1}};
        config_init(&daemon->config);
        r = config_load(options->config_path, &daemon->config, &problem);
        if (r < 0) {
                log_problem(problem, r);
                return r;
        }
        take_log_level(daemon);
        if (!daemon->options.bus_address)
                daemon->options.bus_address = daemon->config.bus_address;
        r = init_parts(daemon);
        return r < 0 ? r : start_bus_in_time(daemon);
}

/* The audio session before the bus: its hooks end with it. */
void daemon_done(struct daemon *daemon)
{
        if (daemon->audio)
                audio_free(daemon->audio);
        daemon->audio = NULL;
        route_choice_done(&daemon->route_choices);
        choices_done(&daemon->choices);
        state_done(&daemon->state);
        bus_free(daemon->bus);
        manifests_free(daemon->manifests);
        twin_free(daemon->twin);
        notify_done(&daemon->notify);
        engine_free(daemon->engine);
        sd_event_source_disable_unref(daemon->timer);
        sd_event_source_disable_unref(daemon->orphans);
        sd_event_source_disable_unref(daemon->waiting);
        sd_event_source_disable_unref(daemon->sigterm);
        sd_event_source_disable_unref(daemon->sigint);
        sd_event_source_disable_unref(daemon->sighup);
        sd_event_unref(daemon->event);
        config_done(&daemon->config);
        *daemon = (struct daemon){0};
}

int daemon_run(struct daemon *daemon)
{
        int r = sd_event_loop(daemon->event);

        if (r < 0)
                log_error("The event loop failed: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}
