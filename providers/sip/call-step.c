/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What takes more than one step: a hold has to wait until no other offer is under way, keys follow
 * one another, and a far end that is gone is known by its silence.
 *
 * liblinphone's own check for lost media is off. It does not look at what a hold does to the media,
 * and so ends every call that is held for longer than its timeout.
 */
#include <time.h>

#include "call.h"
#include "log.h"

#define KEY_USEC (200 * MSEC_USEC)
#define PAUSE_USEC (2 * SEC_USEC)

static uint64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * SEC_USEC + (uint64_t)now.tv_nsec / 1000;
}

static void step_hold(struct call *call)
{
        bool wanted = cx_set_held_call_action_is_on_hold(call->hold);
        LinphoneCallState state = linphone_call_get_state(call->leg);
        bool running = state == LinphoneCallStateStreamsRunning ||
                       state == LinphoneCallStatePausedByRemote;
        bool paused = state == LinphoneCallStatePaused;
        int r;

        if ((wanted && paused) || (!wanted && running)) {
                order_complete(&call->hold, NULL);
                return;
        }
        if (!running && !paused)
                return;
        if (call->hold_tried) {
                order_complete(&call->hold, "the far end does not agree");
                return;
        }
        call->hold_tried = true;
        r = wanted ? linphone_call_pause(call->leg) : linphone_call_resume(call->leg);
        if (r != 0)
                order_complete(&call->hold, "liblinphone refuses");
}

/* Of the far end: sound, and reports on ours, which go on while it is silent. */
static uint64_t count_packets(const struct call *call)
{
        LinphoneCallStats *stats = linphone_call_get_audio_stats(call->leg);
        uint64_t n = 0;

        if (stats) {
                const rtp_stats_t *rtp = linphone_call_stats_get_rtp_stats(stats);

                n = rtp->packet_recv + rtp->recv_rtcp_packets;
                linphone_call_stats_unref(stats);
        }
        return n;
}

static void watch_media(struct call *call)
{
        uint64_t timeout = call->phone->config->media_timeout * SEC_USEC, n, now = now_usec();

        if (timeout == 0 || call->media_lost)
                return;
        /* A hold ends the watch: who holds may send nothing at all. */
        if (linphone_call_get_state(call->leg) != LinphoneCallStateStreamsRunning) {
                call->heard_usec = 0;
                return;
        }
        n = count_packets(call);
        if (call->heard_usec == 0 || n != call->heard_packets) {
                call->heard_usec = now;
                call->heard_packets = n;
        } else if (now - call->heard_usec > timeout) {
                log_warning("call %s: nothing was heard of the far end for %u s", call->uuid,
                            call->phone->config->media_timeout);
                call->media_lost = true;
                (void)linphone_call_terminate(call->leg);
        }
}

void call_step(struct call *call)
{
        if (call->leg && call->hold)
                step_hold(call);
        if (call->leg && !call->over)
                watch_media(call);
}

void calls_step(struct phone *phone)
{
        struct call *next;

        for (struct call *call = phone->calls; call; call = next) {
                call_ref(call);
                call_step(call);
                next = call->next;
                call_unref(call);
        }
}

static int on_key_time(sd_event_source *source, uint64_t usec, void *userdata);

static void send_key(struct call *call)
{
        char key = *call->keys++;
        uint64_t pause = KEY_USEC;

        if (key == ',')
                pause = PAUSE_USEC;
        else if (key != ';')
                (void)linphone_call_send_dtmf(call->leg, key);
        call->key_timer = sd_event_source_disable_unref(call->key_timer);
        if (sd_event_add_time_relative(call->phone->event, &call->key_timer, CLOCK_MONOTONIC, pause,
                                       MSEC_USEC, on_key_time, call) < 0)
                order_complete(&call->play, "out of memory");
}

static int on_key_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct call *call = userdata;

        (void)source, (void)usec;
        if (!call->play || !call->leg)
                call->keys = NULL;
        else if (*call->keys)
                send_key(call);
        else
                order_complete(&call->play, NULL);
        return 0;
}

void call_play_keys(struct call *call)
{
        call->keys = cx_play_dtmf_call_action_get_digits(call->play);
        if (!call->leg || !call->keys || !*call->keys)
                order_complete(&call->play, "there is nothing to send, or nobody to send it to");
        else
                send_key(call);
}
