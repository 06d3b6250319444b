/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sound device for tests: exported to the server as the session manager exports real ones, with
 * profiles, ports, and nodes that come and go with the profile.
 *
 *     callsd-fake-device [-n NAME] [-d MSEC] [-p PRIORITY] [-l FILE] bluetooth | phone
 *
 * A change of profile takes MSEC, as a headset takes its time. What it was told and what it did
 * goes to FILE (or standard output), a line each. SIGUSR1 plugs its jack in, SIGUSR2 out.
 *
 * It does not look at the server's objects itself: whoever observes his own device over the same
 * connection waits for himself.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <pipewire/pipewire.h>
#include <spa/monitor/device.h>
#include <spa/monitor/utils.h>
#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/filter.h>
#include <spa/pod/parser.h>

#include "support/fake-device/cards.h"
#include "util/macro.h"

enum {
        PARAM_ENUM_PROFILE,
        PARAM_PROFILE,
        PARAM_ENUM_ROUTE,
        PARAM_ROUTE,
        PARAM_MAX_,
};

struct fake {
        const struct card *card;
        const char *name;
        const char *priority;
        int delay; /* msec */
        struct spa_device device;
        struct spa_hook_list hooks;
        struct spa_device_info info;
        struct spa_param_info params[PARAM_MAX_];
        struct spa_dict_item items[5];
        struct spa_dict dict;
        struct pw_main_loop *loop;
        struct pw_core *core;
        struct spa_source *timer;
        struct pw_proxy *self;
        struct spa_hook listener;
        struct pw_proxy *sink;
        struct pw_proxy *source;
        uint32_t id;
        int profile;
        int wanted;
        int active[CARD_DEVICES]; /* port in use, -1 = none */
        bool plugged[CARD_PORTS];
        float volume[CARD_PORTS];
};

/* ---- params ---- */

static int profile_device(const struct card_profile *profile, bool source)
{
        return source ? profile->source : profile->sink;
}

static void build_class(struct spa_pod_builder *builder, const char *name, int device)
{
        if (device >= 0)
                spa_pod_builder_add_struct(
                        builder, SPA_POD_String(name), SPA_POD_Int(1),
                        SPA_POD_String("card.profile.devices"),
                        SPA_POD_Array(sizeof(int32_t), SPA_TYPE_Int, 1, &device));
}

static struct spa_pod *build_profile(struct fake *fake, struct spa_pod_builder *builder,
                                     uint32_t id, int index)
{
        const struct card_profile *profile = &fake->card->profiles[index];
        struct spa_pod_frame object, classes;

        spa_pod_builder_push_object(builder, &object, SPA_TYPE_OBJECT_ParamProfile, id);
        spa_pod_builder_add(builder, SPA_PARAM_PROFILE_index, SPA_POD_Int(index),
                            SPA_PARAM_PROFILE_name, SPA_POD_String(profile->name),
                            SPA_PARAM_PROFILE_description, SPA_POD_String(profile->description),
                            SPA_PARAM_PROFILE_priority, SPA_POD_Int(profile->priority),
                            SPA_PARAM_PROFILE_available, SPA_POD_Id(SPA_PARAM_AVAILABILITY_yes), 0);
        spa_pod_builder_prop(builder, SPA_PARAM_PROFILE_classes, 0);
        spa_pod_builder_push_struct(builder, &classes);
        spa_pod_builder_int(builder, (profile->sink >= 0) + (profile->source >= 0));
        build_class(builder, "Audio/Sink", profile->sink);
        build_class(builder, "Audio/Source", profile->source);
        spa_pod_builder_pop(builder, &classes);
        if (id == SPA_PARAM_Profile)
                spa_pod_builder_add(builder, SPA_PARAM_PROFILE_save, SPA_POD_Bool(false), 0);
        return spa_pod_builder_pop(builder, &object);
}

static void build_info(struct spa_pod_builder *builder, const char *type)
{
        struct spa_pod_frame info;

        spa_pod_builder_prop(builder, SPA_PARAM_ROUTE_info, 0);
        spa_pod_builder_push_struct(builder, &info);
        spa_pod_builder_int(builder, type ? 1 : 0);
        if (type) {
                spa_pod_builder_string(builder, "port.type");
                spa_pod_builder_string(builder, type);
        }
        spa_pod_builder_pop(builder, &info);
}

static void build_active(struct fake *fake, struct spa_pod_builder *builder, uint32_t id, int index)
{
        float volumes[] = {fake->volume[index], fake->volume[index]};

        spa_pod_builder_add(builder, SPA_PARAM_ROUTE_device,
                            SPA_POD_Int(fake->card->ports[index].device), SPA_PARAM_ROUTE_profile,
                            SPA_POD_Int(fake->profile), SPA_PARAM_ROUTE_save, SPA_POD_Bool(false),
                            0);
        spa_pod_builder_prop(builder, SPA_PARAM_ROUTE_props, 0);
        spa_pod_builder_add_object(builder, SPA_TYPE_OBJECT_Props, id, SPA_PROP_mute,
                                   SPA_POD_Bool(false), SPA_PROP_channelVolumes,
                                   SPA_POD_Array(sizeof(float), SPA_TYPE_Float, 2, volumes));
}

static struct spa_pod *build_route(struct fake *fake, struct spa_pod_builder *builder, uint32_t id,
                                   int index)
{
        const struct card_port *port = &fake->card->ports[index];
        struct spa_pod_frame object;

        spa_pod_builder_push_object(builder, &object, SPA_TYPE_OBJECT_ParamRoute, id);
        spa_pod_builder_add(
                builder, SPA_PARAM_ROUTE_index, SPA_POD_Int(index), SPA_PARAM_ROUTE_direction,
                SPA_POD_Id(port->output ? SPA_DIRECTION_OUTPUT : SPA_DIRECTION_INPUT),
                SPA_PARAM_ROUTE_name, SPA_POD_String(port->name), SPA_PARAM_ROUTE_description,
                SPA_POD_String(port->description), SPA_PARAM_ROUTE_priority,
                SPA_POD_Int(port->priority), SPA_PARAM_ROUTE_available,
                SPA_POD_Id(fake->plugged[index] ? SPA_PARAM_AVAILABILITY_yes
                                                : SPA_PARAM_AVAILABILITY_no),
                SPA_PARAM_ROUTE_profiles,
                SPA_POD_Array(sizeof(int32_t), SPA_TYPE_Int, port->n_profiles, port->profiles),
                SPA_PARAM_ROUTE_devices,
                SPA_POD_Array(sizeof(int32_t), SPA_TYPE_Int, 1, &port->device), 0);
        build_info(builder, port->type);
        if (id == SPA_PARAM_Route)
                build_active(fake, builder, id, index);
        return spa_pod_builder_pop(builder, &object);
}

/* False beyond the last; `ret_param` NULL for one that is empty. */
static bool build_param(struct fake *fake, struct spa_pod_builder *builder, uint32_t id,
                        uint32_t index, struct spa_pod **ret_param)
{
        *ret_param = NULL;
        switch (id) {
        case SPA_PARAM_EnumProfile:
                if ((int)index >= fake->card->n_profiles)
                        return false;
                *ret_param = build_profile(fake, builder, id, (int)index);
                return true;
        case SPA_PARAM_Profile:
                if (index > 0)
                        return false;
                *ret_param = build_profile(fake, builder, id, fake->profile);
                return true;
        case SPA_PARAM_EnumRoute:
                if ((int)index >= fake->card->n_ports)
                        return false;
                *ret_param = build_route(fake, builder, id, (int)index);
                return true;
        case SPA_PARAM_Route:
                if (index >= CARD_DEVICES)
                        return false;
                if (fake->active[index] >= 0)
                        *ret_param = build_route(fake, builder, id, fake->active[index]);
                return true;
        }
        return false;
}

static int on_enum_params(void *object, int seq, uint32_t id, uint32_t start, uint32_t num,
                          const struct spa_pod *filter)
{
        struct fake *fake = object;
        uint32_t n = 0;

        for (uint32_t index = start; n < num; index++) {
                struct spa_result_device_params result = {
                        .id = id, .index = index, .next = index + 1};
                uint8_t buffer[2048], filtered[2048];
                struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
                struct spa_pod_builder second = SPA_POD_BUILDER_INIT(filtered, sizeof(filtered));
                struct spa_pod *param;

                if (!build_param(fake, &builder, id, index, &param))
                        return 0;
                if (!param || spa_pod_filter(&second, &result.param, param, filter) < 0)
                        continue;
                spa_device_emit_result(&fake->hooks, seq, 0, SPA_RESULT_TYPE_DEVICE_PARAMS,
                                       &result);
                n++;
        }
        return 0;
}

/* ---- what changes ---- */

static void emit_info(struct fake *fake, bool full)
{
        uint64_t mask = fake->info.change_mask;

        if (full)
                fake->info.change_mask =
                        SPA_DEVICE_CHANGE_MASK_PROPS | SPA_DEVICE_CHANGE_MASK_PARAMS;
        spa_device_emit_info(&fake->hooks, &fake->info);
        fake->info.change_mask = full ? mask : 0;
}

/* Params are not pushed; that they should be read again is all that can be said. */
static void changed(struct fake *fake, int param)
{
        fake->info.change_mask |= SPA_DEVICE_CHANGE_MASK_PARAMS;
        fake->params[param].flags ^= SPA_PARAM_INFO_SERIAL;
}

static struct pw_proxy *make_node(struct fake *fake, const char *prefix, int device, bool source)
{
        struct pw_properties *properties;
        struct pw_proxy *node;

        /* No suspending: a session manager that does it a moment too late would not survive. */
        properties = pw_properties_new(
                "factory.name", "support.null-audio-sink", PW_KEY_MEDIA_CLASS,
                source ? "Audio/Source/Virtual" : "Audio/Sink", PW_KEY_NODE_DESCRIPTION,
                fake->card->description, "audio.position", source ? "MONO" : "FL,FR",
                PW_KEY_PRIORITY_SESSION, fake->priority, "monitor.channel-volumes", "true",
                "session.suspend-timeout-seconds", "0", NULL);
        pw_properties_setf(properties, PW_KEY_NODE_NAME, "%s.%s.%s", prefix, fake->name,
                           fake->card->profiles[fake->profile].name);
        pw_properties_setf(properties, PW_KEY_DEVICE_ID, "%u", fake->id);
        pw_properties_setf(properties, "card.profile.device", "%d", device);
        node = pw_core_create_object(fake->core, "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
                                     &properties->dict, 0);
        pw_properties_free(properties);
        return node;
}

static bool in_profile(const struct card_port *port, int profile)
{
        for (uint32_t i = 0; i < port->n_profiles; i++) {
                if (port->profiles[i] == profile)
                        return true;
        }
        return false;
}

/* Of each device the port with the highest priority that is plugged in. */
static void choose_ports(struct fake *fake)
{
        for (int i = 0; i < CARD_DEVICES; i++)
                fake->active[i] = -1;
        for (int i = 0; i < fake->card->n_ports; i++) {
                const struct card_port *port = &fake->card->ports[i];
                int *active = &fake->active[port->device];

                if (in_profile(port, fake->profile) && fake->plugged[i] &&
                    (*active < 0 || port->priority > fake->card->ports[*active].priority))
                        *active = i;
        }
}

static void drop_node(struct pw_proxy **node)
{
        if (*node)
                pw_proxy_destroy(*node);
        *node = NULL;
}

static void apply_profile(struct fake *fake)
{
        const struct card_profile *profile = &fake->card->profiles[fake->wanted];

        fake->profile = fake->wanted;
        choose_ports(fake);
        drop_node(&fake->sink);
        drop_node(&fake->source);
        if (profile_device(profile, false) >= 0)
                fake->sink = make_node(fake, fake->card->sink_prefix, profile->sink, false);
        if (profile_device(profile, true) >= 0)
                fake->source = make_node(fake, fake->card->source_prefix, profile->source, true);
        printf("profile %s\n", profile->name);
        changed(fake, PARAM_PROFILE);
        changed(fake, PARAM_ROUTE);
        emit_info(fake, false);
}

static void on_timer(void *data, uint64_t expirations)
{
        (void)expirations;
        apply_profile(data);
}

static int set_profile(struct fake *fake, const struct spa_pod *param)
{
        struct timespec never = {0};
        struct timespec delay = {.tv_sec = fake->delay / 1000,
                                 .tv_nsec = (long)(fake->delay % 1000) * 1000000};
        bool save = false;
        int32_t index;

        if (!param ||
            spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL, SPA_PARAM_PROFILE_index,
                                 SPA_POD_Int(&index), SPA_PARAM_PROFILE_save,
                                 SPA_POD_OPT_Bool(&save)) < 0 ||
            index < 0 || index >= fake->card->n_profiles)
                return -EINVAL;
        printf("set-profile %s save=%d\n", fake->card->profiles[index].name, save);
        fake->wanted = index;
        /* As real ones do: no news, no new nodes. */
        if (index == fake->profile)
                pw_loop_update_timer(pw_main_loop_get_loop(fake->loop), fake->timer, &never, NULL,
                                     false);
        else if (fake->delay == 0)
                apply_profile(fake);
        else
                pw_loop_update_timer(pw_main_loop_get_loop(fake->loop), fake->timer, &delay, NULL,
                                     false);
        return 0;
}

static int set_route(struct fake *fake, const struct spa_pod *param)
{
        int32_t index, device;
        bool save = false;

        if (!param ||
            spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL, SPA_PARAM_ROUTE_index,
                                 SPA_POD_Int(&index), SPA_PARAM_ROUTE_device, SPA_POD_Int(&device),
                                 SPA_PARAM_ROUTE_save, SPA_POD_OPT_Bool(&save)) < 0 ||
            index < 0 || index >= fake->card->n_ports ||
            fake->card->ports[index].device != device ||
            !in_profile(&fake->card->ports[index], fake->profile))
                return -EINVAL;
        fake->active[device] = index;
        printf("set-route %s save=%d\n", fake->card->ports[index].name, save);
        changed(fake, PARAM_ROUTE);
        emit_info(fake, false);
        return 0;
}

static int on_set_param(void *object, uint32_t id, uint32_t flags, const struct spa_pod *param)
{
        (void)flags;
        if (id == SPA_PARAM_Profile)
                return set_profile(object, param);
        if (id == SPA_PARAM_Route)
                return set_route(object, param);
        return -ENOENT;
}

/* ---- the device ---- */

static int on_add_listener(void *object, struct spa_hook *listener,
                           const struct spa_device_events *events, void *data)
{
        struct spa_hook_list save;
        struct fake *fake = object;

        spa_hook_list_isolate(&fake->hooks, &save, listener, events, data);
        emit_info(fake, true);
        spa_hook_list_join(&fake->hooks, &save);
        return 0;
}

static int on_sync(void *object, int seq)
{
        struct fake *fake = object;

        spa_device_emit_result(&fake->hooks, seq, 0, 0, NULL);
        return 0;
}

static const struct spa_device_methods methods = {
        SPA_VERSION_DEVICE_METHODS,    .add_listener = on_add_listener, .sync = on_sync,
        .enum_params = on_enum_params, .set_param = on_set_param,
};

static void on_bound(void *data, uint32_t id)
{
        struct fake *fake = data;

        fake->id = id;
        fake->wanted = 1;
        apply_profile(fake);
}

static const struct pw_proxy_events proxy_events = {
        PW_VERSION_PROXY_EVENTS,
        .bound = on_bound,
};

/* Whatever was not plugged in at the start is on the jack. */
static void on_plug(void *data, int number)
{
        struct fake *fake = data;
        bool in = number == SIGUSR1;

        for (int i = 0; i < fake->card->n_ports; i++) {
                if (!fake->card->ports[i].plugged)
                        fake->plugged[i] = in;
        }
        printf("jack %s\n", in ? "in" : "out");
        changed(fake, PARAM_ENUM_ROUTE);
        emit_info(fake, false);
}

static void on_quit(void *data, int number)
{
        struct fake *fake = data;

        (void)number;
        pw_main_loop_quit(fake->loop);
}

static void init_device(struct fake *fake, const char *device_name)
{
        static const uint32_t ids[PARAM_MAX_] = {SPA_PARAM_EnumProfile, SPA_PARAM_Profile,
                                                 SPA_PARAM_EnumRoute, SPA_PARAM_Route};

        fake->items[0] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_NAME, device_name);
        fake->items[1] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_DESCRIPTION, fake->card->description);
        fake->items[2] = SPA_DICT_ITEM_INIT(PW_KEY_MEDIA_CLASS, "Audio/Device");
        fake->items[3] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_API, fake->card->api);
        fake->items[4] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_FORM_FACTOR, fake->card->form_factor);
        fake->dict = SPA_DICT_INIT(fake->items, ARRAY_SIZE(fake->items));
        for (int i = 0; i < PARAM_MAX_; i++) {
                fake->params[i].id = ids[i];
                fake->params[i].flags = i % 2 == 0 ? SPA_PARAM_INFO_READ : SPA_PARAM_INFO_READWRITE;
        }
        for (int i = 0; i < fake->card->n_ports; i++) {
                fake->plugged[i] = fake->card->ports[i].plugged;
                fake->volume[i] = 1.0f;
        }
        spa_hook_list_init(&fake->hooks);
        fake->device.iface =
                SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Device, SPA_VERSION_DEVICE, &methods, fake);
        fake->info = SPA_DEVICE_INFO_INIT();
        fake->info.props = &fake->dict;
        fake->info.params = fake->params;
        fake->info.n_params = PARAM_MAX_;
}

static int usage(void)
{
        fprintf(stderr, "usage: callsd-fake-device [-n NAME] [-d MSEC] [-p PRIORITY] [-l FILE] "
                        "bluetooth | phone\n");
        return EXIT_FAILURE;
}

static bool parse(struct fake *fake, int argc, char **argv)
{
        int option;

        while ((option = getopt(argc, argv, "n:d:p:l:")) != -1) {
                switch (option) {
                case 'n':
                        fake->name = optarg;
                        break;
                case 'd':
                        fake->delay = atoi(optarg);
                        break;
                case 'p':
                        fake->priority = optarg;
                        break;
                case 'l':
                        if (!freopen(optarg, "ae", stdout))
                                return false;
                        break;
                default:
                        return false;
                }
        }
        fake->card = optind + 1 == argc ? card_find(argv[optind]) : NULL;
        return fake->card;
}

static int run(struct fake *fake)
{
        struct pw_loop *loop = pw_main_loop_get_loop(fake->loop);
        struct pw_context *context = pw_context_new(loop, NULL, 0);

        fake->core = context ? pw_context_connect(context, NULL, 0) : NULL;
        if (!fake->core) {
                fprintf(stderr, "callsd-fake-device: no PipeWire: %s\n", strerror(errno));
                return EXIT_FAILURE;
        }
        fake->timer = pw_loop_add_timer(loop, on_timer, fake);
        pw_loop_add_signal(loop, SIGTERM, on_quit, fake);
        pw_loop_add_signal(loop, SIGUSR1, on_plug, fake);
        pw_loop_add_signal(loop, SIGUSR2, on_plug, fake);
        fake->self = pw_core_export(fake->core, SPA_TYPE_INTERFACE_Device, &fake->dict,
                                    &fake->device, 0);
        if (!fake->self)
                return EXIT_FAILURE;
        pw_proxy_add_listener(fake->self, &fake->listener, &proxy_events, fake);
        pw_main_loop_run(fake->loop);
        pw_core_disconnect(fake->core);
        pw_context_destroy(context);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        struct fake fake = {.name = "fake", .priority = "100"};
        char device_name[128];
        sigset_t signals;
        int status;

        prctl(PR_SET_PDEATHSIG, SIGTERM);
        /* Before there are threads that would take them. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGUSR1);
        sigaddset(&signals, SIGUSR2);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        if (!parse(&fake, argc, argv))
                return usage();
        setvbuf(stdout, NULL, _IOLBF, 0);
        pw_init(&argc, &argv);
        snprintf(device_name, sizeof(device_name), "%s.%s", fake.card->prefix, fake.name);
        init_device(&fake, device_name);
        fake.loop = pw_main_loop_new(NULL);
        if (!fake.loop)
                return EXIT_FAILURE;
        status = run(&fake);
        pw_main_loop_destroy(fake.loop);
        pw_deinit();
        return status;
}
