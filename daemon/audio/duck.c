/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other streams get quieter while a call is heard; see duck.h. */
#include "audio/duck.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "audio/audio-private.h"
#include "util/log.h"

/* Far below what can be heard, far above what a float cannot tell apart; 0.01 dB in all. */
#define NONCE_STEP 4e-6
#define NONCES 256

/* Against somebody who writes to a stream whenever we do. */
#define WRITES_MAX 100
#define WRITES_IN USEC_PER_SEC

/* How long the end of callsd waits for ducks to be undone. */
#define FAREWELL (300 * USEC_PER_MSEC)

enum want {
        WANT_AS_IT_IS, /* not heard so far, or ducked by an earlier callsd whose call may go on */
        WANT_DOWN,
        WANT_UP,
};

struct duck_stream {
        UT_hash_handle hh;
        uint64_t serial;
        struct duck *duck;
        struct journal_record *record; /* NULL: never written to */
        struct poke_watch watch;
        enum want want;
        bool sent;              /* what is wanted was written to this connection */
        bool echoed;            /* and seen to be done */
        struct poke_props base; /* what the user had set when we wrote */
        float written[SPA_AUDIO_MAX_CHANNELS];
        double factor;
        unsigned writes; /* in the second that began at writes_since */
        usec_t writes_since;
        bool put_off;
};

/* Writing */

static bool is_too_often(struct duck_stream *stream)
{
        usec_t now = audio_now();

        if (now - stream->writes_since > WRITES_IN) {
                stream->writes_since = now;
                stream->writes = 0;
        }
        stream->put_off = stream->writes >= WRITES_MAX;
        if (stream->put_off) {
                sd_event_source_set_time_relative(stream->duck->again, WRITES_IN);
                sd_event_source_set_enabled(stream->duck->again, SD_EVENT_ONESHOT);
        }
        return stream->put_off;
}

/* Not equal to what stands there: an earlier callsd may have used the same number. */
static void make_volumes(struct duck_stream *stream)
{
        const struct poke_props *props = &stream->watch.props;
        struct duck *duck = stream->duck;
        bool new;

        do {
                double factor;

                new = props->n_soft != props->n_volumes;
                duck->nonce = (duck->nonce + 1) % NONCES;
                factor = duck->factor * (1 + duck->nonce * NONCE_STEP);
                for (unsigned i = 0; i < props->n_volumes; i++) {
                        stream->written[i] = (float)(props->volumes[i] * factor);
                        if (props->volumes[i] <= 0 || stream->written[i] != props->soft[i])
                                new = true;
                }
        } while (!new);
}

static void write_down(struct duck_stream *stream)
{
        const struct poke_props *props = &stream->watch.props;

        /* A stream that has no format yet; it says so when it has one. */
        if (props->n_volumes == 0 || is_too_often(stream))
                return;
        make_volumes(stream);
        stream->base = *props;
        stream->factor = stream->duck->factor;
        stream->sent = true;
        stream->echoed = false;
        stream->writes++;
        poke_write_soft(&stream->watch, props->mute, stream->written, props->n_volumes);
}

static void write_what_is_wanted(struct duck_stream *stream)
{
        if (!stream->watch.has_props) {
                poke_kick(&stream->watch);
                return;
        }
        if (stream->want == WANT_DOWN) {
                write_down(stream);
        } else if (stream->want == WANT_UP) {
                stream->sent = true;
                poke_write_back(&stream->watch);
        }
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct duck *duck = userdata;
        struct duck_stream *stream;
        struct duck_stream *next;

        (void)source, (void)usec;
        HASH_ITER (hh, duck->streams, stream, next) {
                if (stream->put_off && stream->want == WANT_DOWN)
                        write_what_is_wanted(stream);
                stream->put_off = false;
        }
        return 0;
}

/* What the stream says */

static bool equals(const float *a, const float *b, unsigned n)
{
        return memcmp(a, b, n * sizeof(*a)) == 0;
}

static bool is_ours(const struct duck_stream *stream)
{
        const struct poke_props *props = &stream->watch.props;

        return props->n_soft == stream->base.n_volumes &&
               equals(props->soft, stream->written, props->n_soft);
}

static bool base_changed(const struct duck_stream *stream)
{
        const struct poke_props *props = &stream->watch.props;

        return props->mute != stream->base.mute || props->n_volumes != stream->base.n_volumes ||
               !equals(props->volumes, stream->base.volumes, props->n_volumes);
}

static void on_props(struct poke_watch *watch)
{
        struct duck_stream *stream = watch->userdata;

        if (!stream->sent) {
                write_what_is_wanted(stream);
                return;
        }
        if (stream->want != WANT_DOWN)
                return;
        if (base_changed(stream) || stream->echoed)
                write_down(stream);
        else
                stream->echoed = is_ours(stream);
}

static void stream_free(struct duck_stream *stream)
{
        HASH_DEL(stream->duck->streams, stream);
        poke_unwatch(&stream->watch);
        free(stream);
}

static void on_acked(struct poke_watch *watch)
{
        struct duck_stream *stream = watch->userdata;

        if (stream->want != WANT_UP || !stream->sent)
                return;
        journal_remove(&stream->duck->audio->journal, stream->record);
        stream_free(stream);
}

static void on_lost(struct poke_watch *watch)
{
        struct duck_stream *stream = watch->userdata;

        stream->sent = stream->echoed = false;
}

static const struct poke_events poke_events = {
        .props_fn = on_props,
        .acked_fn = on_acked,
        .lost_fn = on_lost,
};

/* Which streams */

/* What an app plays into a microphone is what others hear of it, and no disturbance of ours. A
 * sound effect's output has the call itself in it. */
static bool plays_to_people(const struct graph_node *node)
{
        const struct graph_link *link;

        if (node->filter)
                return false;
        DL_FOREACH2 (node->outputs, link, output_next) {
                if (strncmp(link->input->media_class, "Audio/Source", 12) == 0 ||
                    names_is_ours(link->input->name))
                        return false;
        }
        return true;
}

static pid_t pid_of(struct duck *duck, const struct graph_node *node)
{
        const struct graph_client *client = graph_find_client(&duck->audio->graph, node->client);

        return client ? client->pid : 0;
}

/* A screen reader has to be understood during a call, and by its user above all. */
static bool is_other(struct duck *duck, const struct graph_node *node)
{
        pid_t pid;

        if (!node->has_info || node->doomed || !streq(node->media_class, "Stream/Output/Audio") ||
            node->session || node->call_id || streq(node->role, "Accessibility") ||
            !plays_to_people(node))
                return false;
        pid = pid_of(duck, node);
        return pid != 0 && pid != getpid();
}

/*
 * The session manager gives a new stream its remembered volume, and then links it. Who writes
 * earlier makes it remember the volume that the stream had before that.
 */
static bool is_linked(const struct graph_node *node)
{
        const struct graph_link *link;

        DL_FOREACH2 (node->outputs, link, output_next) {
                if (!link->doomed)
                        return true;
        }
        return false;
}

static int stream_new(struct duck *duck, const struct graph_node *node,
                      struct journal_record *record, struct duck_stream **ret_stream)
{
        struct duck_stream *stream = calloc(1, sizeof(*stream));
        int r;

        if (!stream)
                return -ENOMEM;
        stream->duck = duck;
        stream->serial = node->serial;
        stream->record = record;
        r = poke_watch(&duck->pokes, pid_of(duck, node), node->id, &poke_events, stream,
                       &stream->watch);
        if (r < 0) {
                free(stream);
                return r;
        }
        HASH_ADD(hh, duck->streams, serial, sizeof(stream->serial), stream);
        *ret_stream = stream;
        return 0;
}

static struct duck_stream *stream_find(struct duck *duck, uint64_t serial)
{
        struct duck_stream *stream;

        HASH_FIND(hh, duck->streams, &serial, sizeof(serial), stream);
        return stream;
}

/* What an earlier callsd has left. */
static void adopt(struct duck *duck)
{
        struct audio *audio = duck->audio;
        struct journal_record *record;
        struct journal_record *next;

        journal_forget_others(&audio->journal, audio->server.cookie);
        DL_FOREACH_SAFE (audio->journal.records, record, next) {
                struct graph_node *node;
                struct duck_stream *stream;

                if (record->kind != JOURNAL_DUCK)
                        continue;
                node = graph_find_node_by_serial(&audio->graph, record->serial);
                if (!node || stream_find(duck, record->serial) ||
                    stream_new(duck, node, record, &stream) < 0)
                        journal_remove(&audio->journal, record);
        }
        duck->adopted = true;
}

/* Before they are heard, so that there is nothing to wait for then. */
static void watch_all(struct duck *duck)
{
        struct duck_stream *stream;
        struct graph_node *node;
        struct graph_node *next;

        HASH_ITER (hh, duck->audio->graph.nodes, node, next) {
                if (is_other(duck, node) && !stream_find(duck, node->serial))
                        stream_new(duck, node, NULL, &stream);
        }
}

static bool note(struct duck_stream *stream)
{
        struct audio *audio = stream->duck->audio;

        return stream->record || journal_add(&audio->journal, JOURNAL_DUCK, audio->server.cookie,
                                             stream->serial, "", &stream->record) == 0;
}

static void set_want(struct duck_stream *stream, enum want want)
{
        bool same = stream->want == want &&
                    (want != WANT_DOWN || stream->factor == stream->duck->factor || !stream->sent);

        if (same)
                return;
        stream->want = want;
        stream->sent = false;
        write_what_is_wanted(stream);
}

static void reconcile_stream(struct duck_stream *stream)
{
        struct duck *duck = stream->duck;
        const struct graph_node *node =
                graph_find_node_by_serial(&duck->audio->graph, stream->serial);

        if (!node)
                return;
        if (duck->mode == DUCK_UNDO || !is_other(duck, node)) {
                if (stream->record)
                        set_want(stream, WANT_UP);
                else
                        stream_free(stream);
                return;
        }
        if (duck->mode == DUCK_ALL && (stream->record || is_linked(node)) && note(stream))
                set_want(stream, WANT_DOWN);
}

void duck_reconcile(struct duck *duck, enum duck_mode mode, double factor)
{
        struct duck_stream *stream;
        struct duck_stream *next;

        duck->mode = mode;
        duck->factor = factor;
        if (!duck->adopted)
                adopt(duck);
        if (mode == DUCK_ALL)
                watch_all(duck);
        HASH_ITER (hh, duck->streams, stream, next) {
                reconcile_stream(stream);
        }
}

void duck_node_removed(struct duck *duck, const struct graph_node *node)
{
        struct duck_stream *stream = stream_find(duck, node->serial);

        if (!stream)
                return;
        journal_remove(&duck->audio->journal, stream->record);
        stream_free(stream);
}

/* Life */

static void forget_all(struct duck *duck)
{
        struct duck_stream *stream;
        struct duck_stream *next;

        HASH_ITER (hh, duck->streams, stream, next) {
                stream_free(stream);
        }
}

/* The journal is tidied when the next server says who it is. */
void duck_disconnected(struct duck *duck)
{
        forget_all(duck);
        pokes_disconnect(&duck->pokes);
        duck->adopted = false;
}

int duck_init(struct duck *duck, struct audio *audio)
{
        int r;

        *duck = (struct duck){.audio = audio, .factor = 1};
        r = sd_event_add_time(audio->event, &duck->again, CLOCK_MONOTONIC, 0, 1, on_again, duck);
        if (r < 0)
                return r;
        sd_event_source_set_enabled(duck->again, SD_EVENT_OFF);
        return pokes_init(&duck->pokes, &audio->server);
}

void duck_done(struct duck *duck)
{
        usec_t until = audio_now() + FAREWELL;
        struct duck_stream *stream;
        struct duck_stream *next;
        struct pw_loop *loop;

        if (!duck->audio)
                return;
        loop = duck->audio->server.loop;
        HASH_ITER (hh, duck->streams, stream, next) {
                if (stream->record)
                        set_want(stream, WANT_UP);
                else
                        stream_free(stream);
        }
        while (duck->streams && audio_now() < until) {
                if (pw_loop_iterate(loop, (int)(FAREWELL / USEC_PER_MSEC)) < 0)
                        break;
        }
        forget_all(duck);
        pokes_done(&duck->pokes);
        duck->again = sd_event_source_disable_unref(duck->again);
}
