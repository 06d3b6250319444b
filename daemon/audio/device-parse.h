/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The params of devices, from pods to fields. */
#ifndef CALLSD_AUDIO_DEVICE_PARSE_H
#define CALLSD_AUDIO_DEVICE_PARSE_H

#include "audio/device.h"

struct spa_pod;

/* One param of whatever id; what cannot be read, or finds no memory, is left out. */
void device_parse_param(struct device_params *params, uint32_t id, const struct spa_pod *param);
void device_params_done(struct device_params *params);

#endif
