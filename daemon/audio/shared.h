/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session of a provider whose streams serve several of its calls.
 *
 * It is linked while any of these calls is, and its microphone is closed when all that are linked
 * are muted. Holding or muting one call inside such a stream is the app's own business: from
 * outside it is one signal.
 */
#ifndef CALLSD_AUDIO_SHARED_H
#define CALLSD_AUDIO_SHARED_H

#include "audio/session.h"

/* NULL if there is none. */
struct session *shared_find(struct audio *audio, const char *provider);
/* Makes one if need be; NULL without memory. */
struct session *shared_get(struct audio *audio, const char *provider);
/* A call of this provider has another wish. */
void shared_update(struct audio *audio, const char *provider);

#endif
