/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An app with very many calls: all held, and none that does anything. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#define WINDOW 32

struct crowd {
        unsigned open;
};

static int on_reported(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct crowd *crowd = userdata;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                fprintf(stderr, "load: ReportCall: %s\n", sd_bus_message_get_error(reply)->message);
                exit(EXIT_FAILURE);
        }
        crowd->open--;
        return 0;
}

static void wait_for(sd_bus *bus, const struct crowd *crowd, unsigned open)
{
        while (crowd->open > open) {
                int r = sd_bus_process(bus, NULL);

                check(r, "reading");
                if (r == 0)
                        check(sd_bus_wait(bus, UINT64_MAX), "waiting");
        }
}

static void add_call(sd_bus *bus, const char *provider, unsigned n, struct crowd *crowd)
{
        char uuid[UUID_SIZE];

        check(sd_bus_call_method_async(bus, NULL, NAME, provider, PROVIDER, "ReportCall",
                                       on_reported, crowd, "sa{sv}", make_uuid(n, uuid), 4, "State",
                                       "s", "held", "RemoteHandleType", "s", "generic",
                                       "RemoteHandle", "s", "sip:load@example.org",
                                       "LocalizedCallerName", "s", "One of very many"),
              "ReportCall");
        crowd->open++;
}

/* Until its standard input ends. */
int run_crowd(unsigned n)
{
        sd_bus *bus = connect_bus();
        char *provider = register_provider(bus, "org.example.Crowd");
        uint64_t began = now_usec();
        struct crowd crowd = {0};

        for (unsigned i = 0; i < n; i++) {
                wait_for(bus, &crowd, WINDOW - 1);
                add_call(bus, provider, i, &crowd);
        }
        wait_for(bus, &crowd, 0);
        say("ready usec=%llu", (unsigned long long)(now_usec() - began));
        while (getchar() != EOF)
                ;
        free(provider);
        sd_bus_flush_close_unref(bus);
        return 0;
}
