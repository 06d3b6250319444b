/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a peer was sent, and whether it reads. */
#ifndef CALLSD_BUS_BUS_CREDIT_H
#define CALLSD_BUS_BUS_CREDIT_H

#include "bus/bus-client.h"

/* About what these have on the wire: sd-bus does not tell the size of a message. */
#define CREDIT_MESSAGE 512
#define CREDIT_OBJECT 512
#define CREDIT_REFUSAL 256

/* This much without a proof, and the peer is asked for one. */
#define CREDIT_PING (64UL * 1024)
/* This much, and its requests wait until the proof has come. */
#define CREDIT_WAIT (1024UL * 1024)
/* This much for so long, or so much for all together, and it is sent nothing any more. */
#define CREDIT_MAX (8UL * 1024 * 1024)
#define CREDIT_PATIENCE (3 * USEC_PER_SEC)
#define CREDIT_TOTAL_MAX (48UL * 1024 * 1024)

/* `bytes` more leave for this peer alone. */
void credit_charge(struct client *client, size_t bytes);

/* Whether it has read so much that it may be sent more answers. */
bool credit_is_good(const struct client *client);

void credit_done(struct client *client);

/* The source that lets go of peers which do not read. 0 or a negative errno. */
int credits_init(struct bus *bus);

#endif
