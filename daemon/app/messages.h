/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MESSAGE_ID of each kind of event in the journal; `journalctl MESSAGE_ID=...` finds them all. */
#ifndef CALLSD_APP_MESSAGES_H
#define CALLSD_APP_MESSAGES_H

/* A provider is known */
#define MESSAGE_PROVIDER_ADDED "87ce46feaaed4c34bf262c8d78c68e8c"
/* A provider is forgotten */
#define MESSAGE_PROVIDER_REMOVED "f919fca654674b3596e9c839b2029ee1"
/* A call begins, or was imported */
#define MESSAGE_CALL_ADDED "a728114cf0a641618013a8424e128c56"
/* A call's state changed */
#define MESSAGE_CALL_STATE "3b5fc5e50b9942e4881da86ad7a80aa4"
/* A call is over, for the record */
#define MESSAGE_CALL_ENDED "6149746c70f344cca50fcd63b173434c"
/* The configuration was read again */
#define MESSAGE_RELOADED "a010702ab5424717ba64222b109e522b"
/* A provider was asked to perform actions */
#define MESSAGE_PERFORM "596f514af6304412af6f8ce87a1d0f3f"
/* A push payload was handed to its provider, or could not be */
#define MESSAGE_PUSH "03101cfcd1ce4d648eeee9b1d7d69781"
/* A provider reported no call for a push payload */
#define MESSAGE_PUSH_MISSED "915f4796313f4b2289f7bdab06acf55f"
/* A provider was wanted, and the bus was asked to start it */
#define MESSAGE_PROVIDER_STARTED "ab7f35fe3d3942f99ba1a95b4ba84f11"

#endif
