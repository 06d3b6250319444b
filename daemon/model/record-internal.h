/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a record. Each function goes one way or the other, as its codec says; see
 * record-codec.h.
 */
#ifndef CALLSD_MODEL_RECORD_INTERNAL_H
#define CALLSD_MODEL_RECORD_INTERNAL_H

#include "model/engine-internal.h"
#include "model/record-codec.h"

/* ---- record-fields.c: what lies in a struct itself ---- */

void record_engine_fields(struct codec *codec, struct engine *engine);
void record_default_fields(struct codec *codec, struct default_provider *preset);
void record_provider_fields(struct codec *codec, struct provider *provider);
void record_push_fields(struct codec *codec, struct push *push);
void record_call_fields(struct codec *codec, struct call *call);
void record_transaction_fields(struct codec *codec, struct transaction *transaction);
void record_action_fields(struct codec *codec, struct action *action);
void record_effect_fields(struct codec *codec, struct effect *effect);
/* Its owner is in its table already, where engine_free() finds it. */
void record_deadline(struct codec *codec, struct engine *engine, struct deadline *deadline);

/* ---- record-objects.c: one after the other, in the order of their tables ---- */

void record_defaults(struct codec *codec, struct engine *engine);
void record_providers(struct codec *codec, struct engine *engine);
void record_calls(struct codec *codec, struct engine *engine);
void record_transactions(struct codec *codec, struct engine *engine);
void record_effects(struct codec *codec, struct engine *engine);

/* ---- record-links.c: who stands in which list, and points to whom ---- */

void record_links(struct codec *codec, struct engine *engine);

/* ---- record-check.c ---- */

/* What was read is a state that the engine can be in; counts what is not recorded. NULL: it is. */
const char *record_check(struct engine *engine);

#endif
