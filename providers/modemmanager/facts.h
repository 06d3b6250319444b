/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ModemManager's property dictionaries say, in structs.
 *
 * Each reader takes the dictionary at the message's place and changes the facts that it names; the
 * rest stays. A property of another type than the interface has is passed over: who talks to us is
 * the modem daemon, but its next version is not known here.
 */
#ifndef CALLSD_MODEMMANAGER_FACTS_H
#define CALLSD_MODEMMANAGER_FACTS_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* All texts and lists are owned, NULL where nothing is known or it is empty. */
struct modem_facts {
        char *device; /* DeviceIdentifier: the same for the same modem, whatever its path */
        char *model;
        char *network; /* name of the operator */
        char *sim;     /* object path; NULL: no SIM */
        char **calls;  /* object paths, with NULL at the end */
        int state;     /* enum mm_modem_state */
        unsigned failed_reason;
        bool modem; /* the interfaces that it has */
        bool voice;
        bool emergency_only;
};

struct call_facts {
        char *number;
        int state;     /* enum mm_call_state */
        int reason;    /* enum mm_call_reason */
        int direction; /* enum mm_direction */
        bool multiparty;
};

void modem_facts_done(struct modem_facts *facts);
void call_facts_done(struct call_facts *facts);

/* a{sa{sv}}: the interfaces of an object. @return 0 or a negative errno */
int read_interfaces(sd_bus_message *message, struct modem_facts *facts);
/* a{sv}: what is told of one interface; one that is of no interest is read over. */
int read_modem(sd_bus_message *message, const char *interface, struct modem_facts *facts);
/* a{sv} of a call. */
int read_call(sd_bus_message *message, struct call_facts *facts);
/* a{sv} of a SIM: its emergency numbers, a list as above; untouched where it names none. */
int read_sim(sd_bus_message *message, char ***numbers);

/* Frees such a list. NULL for NULL. */
char **strings_free(char **strings);

#endif
