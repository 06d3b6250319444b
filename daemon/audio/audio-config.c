/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of the settings: the file that they came from may be read again at any time. */
#include "audio/audio-config.h"

#include <errno.h>
#include <stdlib.h>

static void free_list(char **list)
{
        for (char **word = list; word && *word; word++)
                free(*word);
        free(list);
}

static int copy_list(char **list, char ***ret_copy)
{
        size_t n = 0;
        char **copy;

        if (!list)
                return 0;
        while (list[n])
                n++;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(list[i]);
                if (!copy[i]) {
                        free_list(copy);
                        return -ENOMEM;
                }
        }
        *ret_copy = copy;
        return 0;
}

int audio_config_copy(const struct audio_config *config, struct audio_config *ret_copy)
{
        struct audio_config copy = *config;
        int r;

        copy.ring_devices = copy.route_preference = copy.provider_routes = NULL;
        r = copy_list(config->ring_devices, &copy.ring_devices);
        if (r == 0)
                r = copy_list(config->route_preference, &copy.route_preference);
        if (r == 0)
                r = copy_list(config->provider_routes, &copy.provider_routes);
        if (r < 0) {
                audio_config_done(&copy);
                return r;
        }
        *ret_copy = copy;
        return 0;
}

void audio_config_done(struct audio_config *config)
{
        free_list(config->ring_devices);
        free_list(config->route_preference);
        free_list(config->provider_routes);
        *config = (struct audio_config){0};
}
