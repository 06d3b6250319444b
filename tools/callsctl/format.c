/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times, colours and JSON as they are printed. */
#include "ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

uint64_t boottime_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

/* 0:07, 12:34, 1:02:03 */
const char *format_duration(char *buffer, size_t size, uint64_t usec)
{
        uint64_t seconds = usec / USEC_PER_SEC;

        if (seconds >= 3600)
                snprintf(buffer, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600,
                         seconds / 60 % 60, seconds % 60);
        else
                snprintf(buffer, size, "%" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
        return buffer;
}

/* How long the call has been going, or how long it lasted; while it rings, how long it has rung.
 * Counted on CLOCK_BOOTTIME: nobody's clock change makes a call longer. */
const char *format_call_time(char *buffer, size_t size, const json_t *call)
{
        uint64_t from = number_of(call, "ConnectedAtBoottime");
        uint64_t to = number_of(call, "EndedAtBoottime");

        if (from == 0)
                from = number_of(call, "StartedAtBoottime");
        if (to == 0)
                to = boottime_now();
        if (from == 0 || to < from)
                return "-";
        return format_duration(buffer, size, to - from);
}

const char *state_colour(const char *state)
{
        static const struct {
                const char *state;
                const char *colour;
        } colours[] = {
                {"ringing", "\033[1;33m"}, {"answering", "\033[33m"},  {"starting", "\033[33m"},
                {"started", "\033[33m"},   {"connecting", "\033[33m"}, {"active", "\033[1;32m"},
                {"held", "\033[36m"},      {"ending", "\033[2m"},      {"ended", "\033[2m"},
        };

        for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++) {
                if (strcmp(colours[i].state, state) == 0)
                        return colours[i].colour;
        }
        return NULL;
}

void print_json(const json_t *value)
{
        json_dumpf(value, stdout, JSON_INDENT(2));
        putchar('\n');
        fflush(stdout);
}

/* For streams: one value per line, sent off at once. */
void print_json_line(const json_t *value)
{
        json_dumpf(value, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
}
