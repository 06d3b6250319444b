/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joining a call with GStreamer: the properties go into `stream-properties` of pipewiresink and
 * pipewiresrc, a GstStructure. pulsesink and pulsesrc have the same property and work alike.
 *
 * The name of the node goes into `target-object` as well: these elements overwrite that property.
 */
#include <gst/gst.h>

#include "line.h"

static GstElement *playback;
static GstElement *capture;

static void on_handoff(GstElement *element, GstBuffer *buffer, GstPad *pad, gpointer userdata)
{
        GstMapInfo map;

        (void)element, (void)pad, (void)userdata;
        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
                return;
        line_listen((const float *)map.data, (unsigned)(map.size / sizeof(float)));
        gst_buffer_unmap(buffer, &map);
}

/* Counts what is spoken; the tone itself is audiotestsrc's. */
static GstPadProbeReturn on_spoken(GstPad *pad, GstPadProbeInfo *info, gpointer userdata)
{
        float samples[4096];
        gsize n = gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)) / sizeof(float);

        (void)pad, (void)userdata;
        line_speak(samples, (unsigned)MIN(n, G_N_ELEMENTS(samples)));
        return GST_PAD_PROBE_OK;
}

static GstElement *open_pipeline(const char *description, const char *const *join)
{
        GstElement *pipeline = gst_parse_launch(description, NULL);
        GstElement *device = gst_bin_get_by_name(GST_BIN(pipeline), "device");
        GstStructure *properties = gst_structure_new_empty("properties");

        for (; join[0]; join += 2) { /* key, value, key, value... */
                gst_structure_set(properties, join[0], G_TYPE_STRING, join[1], NULL);
                if (g_str_equal(join[0], "target.object"))
                        g_object_set(device, "target-object", join[1], NULL);
        }
        g_object_set(device, "stream-properties", properties, NULL);
        gst_structure_free(properties);
        gst_object_unref(device);
        return pipeline;
}

static void on_properties(const struct cx_stream_properties *properties,
                          const struct cx_error *error, void *userdata)
{
        GstElement *element;
        GstPad *pad;

        (void)userdata;
        if (error) {
                line_joined(cx_error_get_message(error));
                return;
        }
        gst_init(NULL, NULL);
        playback = open_pipeline(
                "audiotestsrc name=tone is-live=true freq=440 volume=0.2 samplesperbuffer=480 "
                "! audio/x-raw,format=F32LE,rate=48000,channels=1 ! pipewiresink name=device",
                cx_stream_properties_list(properties, CX_STREAM_DIRECTION_PLAYBACK));
        capture = open_pipeline(
                "pipewiresrc name=device ! audio/x-raw,format=F32LE,rate=48000,channels=1 "
                "! fakesink name=ear signal-handoffs=true",
                cx_stream_properties_list(properties, CX_STREAM_DIRECTION_CAPTURE));
        element = gst_bin_get_by_name(GST_BIN(playback), "tone");
        pad = gst_element_get_static_pad(element, "src");
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_spoken, NULL, NULL);
        gst_object_unref(pad);
        gst_object_unref(element);
        element = gst_bin_get_by_name(GST_BIN(capture), "ear");
        g_signal_connect(element, "handoff", G_CALLBACK(on_handoff), NULL);
        gst_object_unref(element);
        gst_element_set_state(playback, GST_STATE_PLAYING);
        gst_element_set_state(capture, GST_STATE_PLAYING);
        line_joined(NULL);
}

void line_join(struct cx_provider *provider, const char *call, char *const *arguments)
{
        (void)arguments;
        cx_provider_get_stream_properties(provider, call, on_properties, NULL);
}

static void close_pipeline(GstElement *pipeline)
{
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
}

void line_leave(void)
{
        if (!playback)
                return;
        close_pipeline(playback);
        close_pipeline(capture);
}
