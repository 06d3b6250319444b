/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * liblinphone's core: how it is configured, what drives it, how it ends.
 *
 * It has no descriptor that could be polled and has to be called now and then. While there is a
 * call that is every 20 ms, as its authors want it; else every 50 ms, which is what an incoming
 * call may wait at most.
 */
#include <errno.h>
#include <sys/stat.h>

#include "call.h"
#include "log.h"

#define BUSY_USEC (20 * MSEC_USEC)
#define IDLE_USEC (50 * MSEC_USEC)
#define STOP_USEC (2 * SEC_USEC)
/* callsd has a shorter limit of its own; the far end is to hear "not answered" even without it. */
#define RING_SEC 120
/* Longer than any call: call-step.c watches. */
#define NEVER_SEC 1000000

static void on_call_state(LinphoneCore *core, LinphoneCall *leg, LinphoneCallState state,
                          const char *message)
{
        (void)message;
        call_on_state(linphone_core_get_user_data(core), leg, state);
}

static void on_key(LinphoneCore *core, LinphoneCall *leg, int key)
{
        const struct phone *phone = linphone_core_get_user_data(core);
        const struct call *call = linphone_call_get_user_data(leg);

        if (!phone->print_keys || !call)
                return;
        printf("%s %c\n", call->uuid, key);
        fflush(stdout);
}

static void on_account_state(LinphoneCore *core, LinphoneAccount *account,
                             LinphoneRegistrationState state, const char *message)
{
        account_state_changed(linphone_core_get_user_data(core), account, state, message);
}

static void set_values(LinphoneConfig *values, const struct config *config)
{
        /* No database: it wants a folder, and callsd has the history. */
        linphone_config_set_string(values, "storage", "uri", "null");
        linphone_config_set_string(values, "misc", "config_migration_done", "1");
        if (config->listen) {
                linphone_config_set_string(values, "sip", "bind_address", config->listen);
                linphone_config_set_string(values, "rtp", "bind_address", config->listen);
        }
        linphone_config_set_int(values, "sip", "guess_hostname", 0);
        linphone_config_set_int(values, "sip", "register_only_when_network_is_up", 0);
        /* Two calls from one address are two calls. */
        linphone_config_set_int(values, "sip", "reject_duplicated_calls", 0);
        linphone_config_set_int(values, "sip", "verify_server_certs", config->verify);
        linphone_config_set_int(values, "sip", "verify_server_cn", config->verify);
        /* callsd says who is held, and mixes conferences. */
        linphone_config_set_int(values, "misc", "media_resources_mode",
                                LinphoneSharedMediaResources);
        /* callsd rings. */
        linphone_config_set_int(values, "sound", "tone_indications", 0);
        linphone_config_set_int(values, "misc", "max_calls", MAX_CALLS);
}

/* Only what an account uses; who has no port of his own is reached through his registrar. */
static void set_transports(struct phone *phone)
{
        static const int none = 0;
        const struct config *config = phone->config;
        int port = config->port == PORT_ANY ? LC_SIP_TRANSPORT_RANDOM : config->port;
        int client_port = config->port == PORT_ANY ? LC_SIP_TRANSPORT_DONTBIND : config->port;
        int udp = none, tcp = none, tls = none;
        LinphoneTransports *transports = linphone_factory_create_transports(linphone_factory_get());

        for (size_t i = 0; i < config->n_accounts; i++) {
                enum transport transport = config->accounts[i].transport;

                udp = transport == TRANSPORT_UDP ? port : udp;
                tcp = transport == TRANSPORT_TCP ? client_port : tcp;
                tls = transport == TRANSPORT_TLS ? LC_SIP_TRANSPORT_DONTBIND : tls;
        }
        linphone_transports_set_udp_port(transports, udp);
        linphone_transports_set_tcp_port(transports, tcp);
        linphone_transports_set_tls_port(transports, tls);
        linphone_core_set_transports(phone->core, transports);
        linphone_transports_unref(transports);
}

static void add_codec(bctbx_list_t *types, const char *name, bctbx_list_t **order)
{
        for (bctbx_list_t *at = types; at; at = at->next) {
                if (strcasecmp(linphone_payload_type_get_mime_type(at->data), name) == 0) {
                        (void)linphone_payload_type_enable(at->data, TRUE);
                        *order = bctbx_list_append(*order, at->data);
                }
        }
}

/* Those that are named, in this order; telephone-event carries keys and is always there. */
static void set_codecs(struct phone *phone)
{
        cleanup_(freep) char *names = NULL;
        bctbx_list_t *types, *order = NULL;
        char *rest, *name;

        if (!phone->config->codecs || !(names = strdup(phone->config->codecs)))
                return;
        types = linphone_core_get_audio_payload_types(phone->core);
        for (bctbx_list_t *at = types; at; at = at->next)
                (void)linphone_payload_type_enable(at->data, FALSE);
        for (rest = names; (name = strsep(&rest, " ,"));) {
                bctbx_list_t *before = order;

                if (*name)
                        add_codec(types, name, &order);
                if (*name && order == before && !before)
                        log_warning("Codecs=: there is no codec %s", name);
        }
        add_codec(types, "telephone-event", &order);
        linphone_core_set_audio_payload_types(phone->core, order);
        bctbx_list_free(order);
        bctbx_list_free_with_data(types, (bctbx_list_free_func)linphone_payload_type_unref);
}

static void set_core(struct phone *phone)
{
        const struct config *config = phone->config;
        LinphoneCore *core = phone->core;

        set_transports(phone);
        linphone_core_set_user_agent(core, "callsd-sip", NULL);
        linphone_core_set_audio_port_range(core, config->rtp_first, config->rtp_last);
        linphone_core_enable_video_capture(core, FALSE);
        linphone_core_enable_video_display(core, FALSE);
        linphone_core_enable_ipv6(core, !config->listen || strchr(config->listen, ':'));
        linphone_core_set_use_rfc2833_for_dtmf(core, TRUE);
        linphone_core_set_use_info_for_dtmf(core, FALSE);
        linphone_core_set_inc_timeout(core, RING_SEC);
        linphone_core_set_nortp_timeout(core, NEVER_SEC);
        /* Nobody reads messages; and Debian's library lacks a file for them, and aborts. */
        linphone_core_disable_chat(core, LinphoneReasonNotImplemented);
        /* callsd takes echo out, where it is heard. */
        linphone_core_enable_echo_cancellation(core, FALSE);
        linphone_core_enable_echo_limiter(core, FALSE);
        if (config->ca_file)
                linphone_core_set_root_ca(core, config->ca_file);
}

/* callsd rings; nobody is to hear music while he is held. Its start sets the defaults again. */
static void mute_library(LinphoneCore *core)
{
        linphone_core_set_ring(core, NULL);
        linphone_core_set_ringback(core, NULL);
        linphone_core_set_play_file(core, NULL);
        linphone_core_enable_native_ringing(core, FALSE);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct phone *phone = userdata;

        (void)usec;
        linphone_core_iterate(phone->core);
        calls_step(phone);
        (void)sd_event_source_set_time_relative(
                source, linphone_core_get_calls_nb(phone->core) > 0 ? BUSY_USEC : IDLE_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int make_core(struct phone *phone)
{
        LinphoneFactory *factory = linphone_factory_get();
        LinphoneConfig *values;

        log_take_library();
        values = linphone_factory_create_config(factory, NULL);
        set_values(values, phone->config);
        phone->core = linphone_factory_create_core_with_config_3(factory, values, NULL);
        linphone_config_unref(values);
        if (!phone->core)
                return -ENOMEM;
        log_take_library();
        phone->callbacks = linphone_factory_create_core_cbs(factory);
        linphone_core_cbs_set_call_state_changed(phone->callbacks, on_call_state);
        linphone_core_cbs_set_dtmf_received(phone->callbacks, on_key);
        linphone_core_cbs_set_account_registration_state_changed(phone->callbacks,
                                                                 on_account_state);
        linphone_core_add_callbacks(phone->core, phone->callbacks);
        linphone_core_set_user_data(phone->core, phone);
        set_core(phone);
        return 0;
}

int core_start(struct phone *phone)
{
        int r = make_core(phone);

        if (r < 0) {
                log_error("liblinphone cannot be set up");
                return r;
        }
        sound_prepare();
        if (linphone_core_start(phone->core) != 0) {
                log_error("liblinphone does not start; --trace=FILE shows why");
                return -EIO;
        }
        set_codecs(phone);
        mute_library(phone->core);
        phone->sound = sound_new(phone->core, MAX_CALLS + 1);
        if (!phone->sound)
                return -ENOMEM;
        r = accounts_add(phone);
        if (r < 0)
                return r;
        return sd_event_add_time_relative(phone->event, &phone->ticker, CLOCK_MONOTONIC, 0,
                                          MSEC_USEC, on_tick, phone);
}

static bool is_busy(struct phone *phone)
{
        if (phone->n_legs > 0 || linphone_core_get_calls_nb(phone->core) > 0)
                return true;
        for (size_t i = 0; i < phone->n_accounts; i++)
                if (phone->accounts[i].account &&
                    linphone_account_get_state(phone->accounts[i].account) ==
                            LinphoneRegistrationProgress)
                        return true;
        return false;
}

/* The event loop has ended by now. */
static void wind_up(struct phone *phone)
{
        struct timespec pause = {.tv_nsec = (long)BUSY_USEC * 1000};

        for (uint64_t usec = 0; is_busy(phone) && usec < STOP_USEC; usec += BUSY_USEC) {
                linphone_core_iterate(phone->core);
                nanosleep(&pause, NULL);
        }
}

void core_stop(struct phone *phone)
{
        phone->ticker = sd_event_source_disable_unref(phone->ticker);
        if (!phone->core)
                return;
        (void)linphone_core_terminate_all_calls(phone->core);
        linphone_core_clear_accounts(phone->core);
        wind_up(phone);
        linphone_core_stop(phone->core);
        calls_free(phone);
        accounts_done(phone);
        linphone_core_unref(phone->core);
        linphone_core_cbs_unref(phone->callbacks);
        phone->core = NULL;
        sound_free(phone->sound);
}
