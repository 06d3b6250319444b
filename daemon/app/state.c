/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What outlives the daemon: the record of the model, in the state file. */
#include "app/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-id128.h>

#include "util/cleanup.h"
#include "util/log.h"

#define SYSTEM_DIRECTORY "/run/callsd"
#define RETRY_AFTER USEC_PER_SEC
#define IDLE SD_EVENT_PRIORITY_IDLE

/* ---- what can go wrong, in words ---- */

static const char *explain(int r)
{
        switch (-r) {
        case EBUSY:
                return "another process keeps its state there";
        case EPERM:
                return "it has to belong to the user of callsd, and nobody else may write there";
        case ELOOP:
                return "it is a symbolic link";
        default:
                return strerror(-r);
        }
}

/* Once, until it has healed: calls don't need the record, only our own end does. */
static void failed(struct state *state, int r)
{
        if (!state->failing)
                log_error("The state of all calls cannot be kept in %s: %s. Calls go on; but if "
                          "callsd ends now, only their apps know them",
                          state->directory, explain(r));
        state->failing = true;
}

static void healed(struct state *state)
{
        if (state->failing)
                log_notice("The state of all calls is kept in %s again", state->directory);
        state->failing = false;
}

/* ---- writing ---- */

static int write_record(struct state *state)
{
        int r = engine_save(state->engine, &state->bytes);

        return r < 0 ? r
                     : snapshot_write(state->snapshot, &state->label, state->bytes.data,
                                      state->bytes.size);
}

/* What it says is old by now; only where the next state goes has to be known. */
static int open_again(struct state *state)
{
        struct snapshot_label label;
        void *data = NULL;
        size_t size;
        uint64_t now;
        int r;

        sd_event_now(sd_event_source_get_event(state->source), CLOCK_MONOTONIC, &now);
        if (now < state->retry_at)
                return -EAGAIN;
        state->retry_at = now + RETRY_AFTER;
        r = snapshot_open(state->directory, &state->snapshot);
        if (r < 0)
                return r;
        if (snapshot_read(state->snapshot, &label, &data, &size) == 0)
                free(data);
        return 0;
}

static void save(struct state *state)
{
        uint64_t revision = engine_get_revision(state->engine);
        int r = 0;

        if (!state->directory)
                return;
        if (!state->snapshot)
                r = open_again(state);
        if (r == 0)
                r = write_record(state);
        if (r < 0) {
                failed(state, r);
                return;
        }
        state->revision = revision;
        healed(state);
}

void state_commit(struct state *state)
{
        if (engine_get_revision(state->engine) != state->revision)
                save(state);
}

static int on_idle(sd_event_source *source, void *userdata)
{
        (void)source;
        state_commit(userdata);
        return 0;
}

void state_commit_later(struct state *state)
{
        if (engine_get_revision(state->engine) != state->revision)
                sd_event_source_set_enabled(state->source, SD_EVENT_ONESHOT);
}

const char *state_get_bus(const struct state *state)
{
        return state->label.bus;
}

void state_set_bus(struct state *state, const char *guid)
{
        snprintf(state->label.bus, sizeof(state->label.bus), "%s", guid);
        save(state);
}

/* ---- reading ---- */

static void set_aside(struct state *state, const char *why, const char *problem)
{
        const char *name = "";
        int r = snapshot_set_aside(state->snapshot, why, &name);

        if (r == 0)
                log_error("The state in %s %s; it was set aside as %s. callsd begins without it, "
                          "and apps bring back their calls",
                          snapshot_get_path(state->snapshot), problem, name);
        else
                log_error("The state in %s %s, and cannot be set aside: %s. callsd begins without "
                          "it, and apps bring back their calls",
                          snapshot_get_path(state->snapshot), problem, strerror(-r));
}

/* Whether callsd itself cannot live with it, as it seems. */
static bool is_deadly(struct state *state)
{
        char text[64];

        if (state->crash.n < CRASHES_MAX)
                return false;
        snprintf(text, sizeof(text), "was there when %u callsd in a row crashed", state->crash.n);
        set_aside(state, "deadly", text);
        crash_forgive(&state->crash);
        return true;
}

static int load(struct state *state, const struct snapshot_label *label, const void *data,
                size_t size, const struct engine_host *host, const struct limits *limits,
                struct engine **ret_engine)
{
        const char *problem = "";
        char text[256];
        int r;

        if (!streq(label->boot, state->label.boot)) {
                set_aside(state, "boot", "is from before the machine was started");
                return -ENOENT;
        }
        r = label->format == RECORD_FORMAT
                    ? engine_load(host, limits, data, size, ret_engine, &problem)
                    : -EPROTONOSUPPORT;
        if (r == -EPROTONOSUPPORT) {
                snprintf(text, sizeof(text), "has the form of another callsd (version %s, form %u)",
                         label->version, label->format);
                set_aside(state, "foreign", text);
        } else if (r == -EBADMSG) {
                snprintf(text, sizeof(text), "makes no sense (%s)", problem);
                set_aside(state, "corrupt", text);
        }
        return r;
}

static int restore(struct state *state, struct instant now, const struct engine_host *host,
                   const struct limits *limits, struct engine **ret_engine)
{
        cleanup_(freep) void *data = NULL;
        struct snapshot_label label;
        size_t size;
        int r;

        r = snapshot_read(state->snapshot, &label, &data, &size);
        if (r == -EBADMSG)
                set_aside(state, "corrupt", "is damaged");
        else if (r == -EPROTONOSUPPORT)
                set_aside(state, "foreign", "has the form of another callsd");
        else if (r < 0 && r != -ENOENT)
                failed(state, r);
        if (r < 0)
                return r;
        if (is_deadly(state))
                return -ENOENT;
        r = load(state, &label, data, size, host, limits, ret_engine);
        if (r != 0)
                return r;
        memcpy(state->label.bus, label.bus, sizeof(label.bus));
        state->restored = true;
        if (engine_resume(*ret_engine, now) < 0)
                log_warning(
                        "Out of memory: the sound of calls is found again with their next change");
        return 0;
}

/* ---- life ---- */

static int init_label(struct snapshot_label *label)
{
        sd_id128_t boot;
        int r = sd_id128_get_boot(&boot);

        if (r < 0)
                return r;
        memset(label, 0, sizeof(*label));
        label->format = RECORD_FORMAT;
        sd_id128_to_string(boot, label->boot);
        snprintf(label->version, sizeof(label->version), "%s", CALLSD_VERSION);
        return 0;
}

static int find_directory(struct state *state, const char *directory, bool system)
{
        int r = snapshot_find_directory(directory, &state->directory);

        if (r == -ENOENT && system)
                r = snapshot_find_directory(SYSTEM_DIRECTORY, &state->directory);
        if (r != -ENOENT)
                return r;
        log_warning("Neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR says where the state of calls "
                    "can be kept; if callsd ends, only their apps know them");
        return 0;
}

static int open_state(struct state *state)
{
        int r;

        if (!state->directory)
                return -ENOENT;
        r = snapshot_open(state->directory, &state->snapshot);
        if (r < 0 && r != -ENOMEM)
                failed(state, r);
        return r;
}

static int init_source(struct state *state, sd_event *event)
{
        int r;

        if ((r = sd_event_add_defer(event, &state->source, on_idle, state)) < 0 ||
            (r = sd_event_source_set_priority(state->source, IDLE)) < 0)
                return r;
        return sd_event_source_set_enabled(state->source, SD_EVENT_OFF);
}

int state_init_none(struct state *state, sd_event *event, const struct engine_host *host,
                    const struct limits *limits, struct engine **ret_engine)
{
        int r = init_source(state, event);

        if (r >= 0)
                r = engine_new(host, limits, ret_engine);
        if (r < 0)
                return r;
        state->engine = *ret_engine;
        return 0;
}

int state_init(struct state *state, sd_event *event, struct instant now, const char *directory,
               bool system, const struct engine_host *host, const struct limits *limits,
               struct engine **ret_engine)
{
        int r;

        if ((r = init_label(&state->label)) < 0 ||
            (r = find_directory(state, directory, system)) < 0)
                return r;
        r = open_state(state);
        if (r == 0) {
                (void)crash_watch(&state->crash, event, state->directory);
                r = restore(state, now, host, limits, ret_engine);
        }
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return state_init_none(state, event, host, limits, ret_engine);
        state->engine = *ret_engine;
        state->revision = engine_get_revision(state->engine);
        return init_source(state, event);
}

void state_done(struct state *state)
{
        crash_done(&state->crash);
        state->source = sd_event_source_disable_unref(state->source);
        state->snapshot = snapshot_free(state->snapshot);
        record_bytes_done(&state->bytes);
        free(state->directory);
        *state = (struct state){0};
}
