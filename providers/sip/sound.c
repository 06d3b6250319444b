/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cards: two mediastreamer2 filters each, which pass blocks between the ticker of a call and a
 * stream.
 *
 * The alternatives do not work. mediastreamer2's PulseAudio cards are the devices that
 * pipewire-pulse lists, and a call's nodes are not listed; its ALSA card is one device for all
 * calls.
 */
#include "sound.h"

#include <callsd/stream.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/mssndcard.h>
#include <mediastreamer2/msticker.h>
#include <stdio.h>

#include "log.h"
#include "stream.h"

#define DRIVER "callsd"
#define DEFAULT_RATE 48000
#define BLOCK_MSEC 10
#define MAX_BLOCK (DEFAULT_RATE / 1000 * BLOCK_MSEC)

/* One direction of a call while its filter runs. */
struct end {
        struct sound_line *line;
        int rate;
        bool capture;
        bool running;
        struct stream *stream; /* under the filter's lock */
        MSFilter *filter;
};

struct sound_line {
        struct sound *sound;
        LinphoneAudioDevice *device;
        const struct cx_stream_properties *properties;
        bool taken;
        bool open;
        struct end *playback; /* NULL while there is none */
        struct end *capture;
        struct stream *ringback;
};

struct sound {
        LinphoneCore *core;
        struct stream_engine *engine;
        struct sound_line *lines;
        unsigned n_lines;
};

/* The engine is made with the first stream, and anew when PipeWire was. */
static struct stream_engine *get_engine(struct sound *sound)
{
        if (!sound->engine)
                sound->engine = stream_engine_new();
        if (!sound->engine)
                log_warning("PipeWire cannot be reached: this call has no sound");
        return sound->engine;
}

static struct stream *open_stream(struct sound_line *line, bool capture, unsigned rate,
                                  bool ringback)
{
        struct stream_options options = {.capture = capture, .rate = rate, .ringback = ringback};

        if (!line->open)
                return NULL;
        if (line->properties)
                options.properties = cx_stream_properties_list(
                        line->properties,
                        capture ? CX_STREAM_DIRECTION_CAPTURE : CX_STREAM_DIRECTION_PLAYBACK);
        return stream_new(get_engine(line->sound), &options);
}

static void end_open(struct end *end)
{
        struct stream *stream = open_stream(end->line, end->capture, (unsigned)end->rate, false);

        ms_filter_lock(end->filter);
        end->stream = stream;
        ms_filter_unlock(end->filter);
}

static void end_close(struct end *end)
{
        struct stream *stream;

        ms_filter_lock(end->filter);
        stream = end->stream;
        end->stream = NULL;
        ms_filter_unlock(end->filter);
        stream_free(stream);
}

static void filter_preprocess(MSFilter *filter)
{
        struct end *end = filter->data;

        end->running = true;
        end_open(end);
}

static void filter_postprocess(MSFilter *filter)
{
        struct end *end = filter->data;

        end->running = false;
        end_close(end);
}

static void filter_uninit(MSFilter *filter)
{
        struct end *end = filter->data;

        if (end->line->playback == end)
                end->line->playback = NULL;
        if (end->line->capture == end)
                end->line->capture = NULL;
        free(end);
}

/* Each tick gives a block, of silence if need be: the far end has to see that we are there. */
static void reader_process(MSFilter *filter)
{
        struct end *end = filter->data;
        uint32_t n = (uint32_t)(end->rate * filter->ticker->interval / 1000);
        size_t size = n * sizeof(int16_t);
        mblk_t *block = allocb(size, 0);

        ms_filter_lock(filter);
        if (end->stream)
                stream_read(end->stream, (int16_t *)block->b_wptr, n);
        else
                memset(block->b_wptr, 0, size);
        ms_filter_unlock(filter);
        block->b_wptr += size;
        ms_queue_put(filter->outputs[0], block);
}

static void writer_process(MSFilter *filter)
{
        struct end *end = filter->data;
        mblk_t *block;

        ms_filter_lock(filter);
        while ((block = ms_queue_get(filter->inputs[0]))) {
                if (end->stream)
                        stream_write(end->stream, (const int16_t *)block->b_rptr,
                                     (uint32_t)(msgdsize(block) / sizeof(int16_t)));
                freemsg(block);
        }
        ms_filter_unlock(filter);
}

static int set_rate(MSFilter *filter, void *argument)
{
        ((struct end *)filter->data)->rate = *(int *)argument;
        return 0;
}

static int get_rate(MSFilter *filter, void *argument)
{
        *(int *)argument = ((struct end *)filter->data)->rate;
        return 0;
}

static int set_channels(MSFilter *filter, void *argument)
{
        (void)filter;
        return *(int *)argument == 1 ? 0 : -1;
}

static int get_channels(MSFilter *filter, void *argument)
{
        (void)filter;
        *(int *)argument = 1;
        return 0;
}

static MSFilterMethod methods[] = {
        {MS_FILTER_SET_SAMPLE_RATE, set_rate},
        {MS_FILTER_GET_SAMPLE_RATE, get_rate},
        {MS_FILTER_SET_NCHANNELS, set_channels},
        {MS_FILTER_GET_NCHANNELS, get_channels},
        {0, NULL},
};

static MSFilterDesc reader_desc = {
        .id = MS_FILTER_PLUGIN_ID,
        .name = "CallsdCapture",
        .text = "The microphone of a call",
        .category = MS_FILTER_OTHER,
        .ninputs = 0,
        .noutputs = 1,
        .preprocess = filter_preprocess,
        .process = reader_process,
        .postprocess = filter_postprocess,
        .uninit = filter_uninit,
        .methods = methods,
};

static MSFilterDesc writer_desc = {
        .id = MS_FILTER_PLUGIN_ID,
        .name = "CallsdPlayback",
        .text = "The sound of a call",
        .category = MS_FILTER_OTHER,
        .ninputs = 1,
        .noutputs = 0,
        .preprocess = filter_preprocess,
        .process = writer_process,
        .postprocess = filter_postprocess,
        .uninit = filter_uninit,
        .methods = methods,
};

static MSFilter *make_filter(MSSndCard *card, MSFilterDesc *desc, bool capture)
{
        struct sound_line *line = card->data;
        MSFilter *filter = ms_factory_create_filter_from_desc(ms_snd_card_get_factory(card), desc);
        struct end *end = calloc(1, sizeof(*end));

        if (!end)
                abort(); /* as mediastreamer2 does itself */
        *end = (struct end){
                .line = line, .rate = DEFAULT_RATE, .capture = capture, .filter = filter};
        filter->data = end;
        if (capture)
                line->capture = end;
        else
                line->playback = end;
        return filter;
}

static MSFilter *create_reader(MSSndCard *card)
{
        return make_filter(card, &reader_desc, true);
}

static MSFilter *create_writer(MSSndCard *card)
{
        return make_filter(card, &writer_desc, false);
}

static void detect_cards(MSSndCardManager *manager);

static MSSndCardDesc card_desc = {
        .driver_type = DRIVER,
        .detect = detect_cards,
        .create_reader = create_reader,
        .create_writer = create_writer,
};

/* mediastreamer2 hands nothing to its detectors; there is one of us in a process. */
static struct sound *the_sound;

static void detect_cards(MSSndCardManager *manager)
{
        for (unsigned i = 0; i < the_sound->n_lines; i++) {
                char name[32];
                MSSndCard *card;

                snprintf(name, sizeof(name), "line %u", i);
                card = ms_snd_card_new_with_name(&card_desc, name);
                card->capabilities = MS_SND_CARD_CAP_CAPTURE | MS_SND_CARD_CAP_PLAYBACK;
                card->data = &the_sound->lines[i];
                ms_snd_card_manager_add_card(manager, card);
        }
}

/* Real devices are none of our business: they are not even looked for. */
static void replace_cards(LinphoneCore *core)
{
        MSSndCardManager *manager =
                ms_factory_get_snd_card_manager(linphone_core_get_ms_factory(core));

        while (manager->descs)
                ms_snd_card_manager_unregister_desc(manager, manager->descs->data);
        ms_snd_card_manager_bypass_soundcard_detection(FALSE);
        ms_snd_card_manager_register_desc(manager, &card_desc);
        linphone_core_reload_sound_devices(core);
}

/* liblinphone wraps cards into devices, which it makes anew whenever it looks for cards. */
static void find_devices(struct sound *sound)
{
        bctbx_list_t *devices = linphone_core_get_extended_audio_devices(sound->core);

        for (bctbx_list_t *at = devices; at; at = at->next) {
                LinphoneAudioDevice *device = at->data;
                unsigned number;

                if (streq(linphone_audio_device_get_driver_name(device), DRIVER) &&
                    sscanf(linphone_audio_device_get_device_name(device), "line %u", &number) == 1)
                        sound->lines[number].device = linphone_audio_device_ref(device);
        }
        bctbx_list_free_with_data(devices, (bctbx_list_free_func)linphone_audio_device_unref);
}

void sound_prepare(void)
{
        ms_snd_card_manager_bypass_soundcard_detection(TRUE);
}

struct sound *sound_new(LinphoneCore *core, unsigned n_lines)
{
        struct sound *sound = calloc(1, sizeof(*sound));

        if (!sound)
                return NULL;
        sound->core = core;
        sound->lines = calloc(n_lines, sizeof(*sound->lines));
        if (!sound->lines) {
                free(sound);
                return NULL;
        }
        sound->n_lines = n_lines;
        for (unsigned i = 0; i < n_lines; i++)
                sound->lines[i].sound = sound;
        the_sound = sound;
        replace_cards(core);
        find_devices(sound);
        return sound;
}

void sound_free(struct sound *sound)
{
        if (!sound)
                return;
        for (unsigned i = 0; i < sound->n_lines; i++) {
                sound_give_line(&sound->lines[i]);
                if (sound->lines[i].device)
                        linphone_audio_device_unref(sound->lines[i].device);
        }
        stream_engine_free(sound->engine);
        free(sound->lines);
        free(sound);
}

static void line_close(struct sound_line *line)
{
        sound_line_ring_back(line, false);
        if (line->playback)
                end_close(line->playback);
        if (line->capture)
                end_close(line->capture);
}

static void line_reopen(struct sound_line *line)
{
        if (line->playback && line->playback->running)
                end_open(line->playback);
        if (line->capture && line->capture->running)
                end_open(line->capture);
}

void sound_recover(struct sound *sound)
{
        if (!stream_engine_is_lost(sound->engine))
                return;
        for (unsigned i = 0; i < sound->n_lines; i++)
                line_close(&sound->lines[i]);
        stream_engine_free(sound->engine);
        sound->engine = NULL;
        for (unsigned i = 0; i < sound->n_lines; i++)
                line_reopen(&sound->lines[i]);
}

struct sound_line *sound_take_line(struct sound *sound)
{
        /* The first one is nobody's: it is for sound that belongs to no call. */
        for (unsigned i = 1; i < sound->n_lines; i++) {
                if (!sound->lines[i].taken) {
                        sound->lines[i].taken = true;
                        return &sound->lines[i];
                }
        }
        return NULL;
}

void sound_give_line(struct sound_line *line)
{
        if (!line)
                return;
        line_close(line);
        line->properties = cx_stream_properties_unref(line->properties);
        line->open = false;
        line->taken = false;
}

void sound_line_open(struct sound_line *line, const struct cx_stream_properties *properties)
{
        if (!line)
                return;
        line->properties = cx_stream_properties_ref(properties);
        line->open = true;
}

void sound_line_connect(struct sound_line *line, LinphoneCall *leg)
{
        if (!line || !line->device)
                return;
        linphone_call_set_input_audio_device(leg, line->device);
        linphone_call_set_output_audio_device(leg, line->device);
}

void sound_line_ring_back(struct sound_line *line, bool on)
{
        if (!line || on == !!line->ringback)
                return;
        if (on) {
                line->ringback = open_stream(line, false, DEFAULT_RATE, true);
        } else {
                stream_free(line->ringback);
                line->ringback = NULL;
        }
}
