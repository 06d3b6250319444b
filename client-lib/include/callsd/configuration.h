/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What an app is and can do (CXProviderConfiguration).
 *
 * A provider takes a copy, so changing a configuration later changes nothing until it is set again.
 * Setters return 0, -EINVAL or -ENOMEM.
 */
#ifndef CALLSD_CONFIGURATION_H
#define CALLSD_CONFIGURATION_H

#include <callsd/types.h>

CX_BEGIN_DECLS

/**
 * A configuration with CallKit's defaults: 2 groups of up to 5 calls, no video, calls are listed in
 * the history, every type of handle.
 *
 * @param identifier names the app, in reverse DNS form such as "org.example.Phone"; a Flatpak's app
 *        id. At most 255 bytes.
 * @return 0, -EINVAL, -ENOMEM
 */
int cx_provider_configuration_new(const char *identifier,
                                  struct cx_provider_configuration **ret_configuration);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_provider_configuration *cx_provider_configuration_ref(
        struct cx_provider_configuration *configuration);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_provider_configuration *cx_provider_configuration_unref(
        struct cx_provider_configuration *configuration);

/** A copy that can be changed by itself. @return 0, -ENOMEM */
int cx_provider_configuration_copy(const struct cx_provider_configuration *configuration,
                                   struct cx_provider_configuration **ret_copy);

/** The identifier; lent. */
const char *cx_provider_configuration_get_identifier(
        const struct cx_provider_configuration *configuration);

/**
 * Ringtone: the absolute path of a sound file that callsd can read (wav, ogg, flac, opus; at most
 * 10 MB and 60 s), or a name in the sound theme; NULL or "" for the theme's
 * "phone-incoming-call". A file that cannot be played is replaced, with a warning in callsd's log.
 * For files that callsd cannot see: cx_provider_set_ringtone_fd().
 */
int cx_provider_configuration_set_ringtone_sound(struct cx_provider_configuration *configuration,
                                                 const char *sound);
/** The ringtone; NULL for callsd's own. */
const char *cx_provider_configuration_get_ringtone_sound(
        const struct cx_provider_configuration *configuration);

/** How many groups of calls (a lone call is one) may exist at once. At least 1. */
int cx_provider_configuration_set_maximum_call_groups(
        struct cx_provider_configuration *configuration, uint32_t maximum);
/** See the setter. */
uint32_t cx_provider_configuration_get_maximum_call_groups(
        const struct cx_provider_configuration *configuration);

/** How large a conference may be; 1 means no merging. At least 1. */
int cx_provider_configuration_set_maximum_calls_per_call_group(
        struct cx_provider_configuration *configuration, uint32_t maximum);
/** See the setter. */
uint32_t cx_provider_configuration_get_maximum_calls_per_call_group(
        const struct cx_provider_configuration *configuration);

/** The app can do video calls; 0 by default. */
int cx_provider_configuration_set_supports_video(struct cx_provider_configuration *configuration,
                                                 int supports);
/** See the setter. */
int cx_provider_configuration_get_supports_video(
        const struct cx_provider_configuration *configuration);

/** The app can have its calls translated; 0 by default. */
int cx_provider_configuration_set_supports_audio_translation(
        struct cx_provider_configuration *configuration, int supports);
/** See the setter. */
int cx_provider_configuration_get_supports_audio_translation(
        const struct cx_provider_configuration *configuration);

/** The app's calls go into the history; 1 by default. */
int cx_provider_configuration_set_includes_calls_in_recents(
        struct cx_provider_configuration *configuration, int includes);
/** See the setter. */
int cx_provider_configuration_get_includes_calls_in_recents(
        const struct cx_provider_configuration *configuration);

/** Which handles can be dialled with this app; none (`n_types` 0) means all. */
int cx_provider_configuration_set_supported_handle_types(
        struct cx_provider_configuration *configuration, const enum cx_handle_type *types,
        size_t n_types);
/** Whether handles of this type can be dialled with this app. */
int cx_provider_configuration_supports_handle_type(
        const struct cx_provider_configuration *configuration, enum cx_handle_type type);

/* Beyond CallKit. */

/** URI schemes that can be dialled, such as "sip": an array with NULL at its end; NULL for none. */
int cx_provider_configuration_set_supported_uri_schemes(
        struct cx_provider_configuration *configuration, const char *const *schemes);

/** How the app's sound reaches the user; CX_CALL_AUDIO_STREAMS unless said otherwise. */
int cx_provider_configuration_set_audio(struct cx_provider_configuration *configuration,
                                        enum cx_call_audio audio);
/** The app cancels its echo itself. */
int cx_provider_configuration_set_own_echo_cancel(struct cx_provider_configuration *configuration,
                                                  int own);
/** callsd is to mix the calls of a group with one another. */
int cx_provider_configuration_set_mix_groups(struct cx_provider_configuration *configuration,
                                             int mix);
/**
 * The app offers itself to `callsctl check-provider`, which places, answers and ends calls, stops
 * the process and restarts callsd; all its calls are test calls. Never for an app in use.
 */
int cx_provider_configuration_set_testing(struct cx_provider_configuration *configuration,
                                          int testing);
/** How long, in microseconds, calls are kept for the app after its process is gone. */
int cx_provider_configuration_set_reclaim_grace_usec(
        struct cx_provider_configuration *configuration, uint64_t grace_usec);
/** Name of the app, shown only where nothing else (a desktop file) names it. */
int cx_provider_configuration_set_localized_name(struct cx_provider_configuration *configuration,
                                                 const char *name);
/** Icon of the app, a name of the icon theme; shown as the name is. */
int cx_provider_configuration_set_icon(struct cx_provider_configuration *configuration,
                                       const char *icon);
/** Adds an account, or replaces the one of the same id. The account is copied. */
int cx_provider_configuration_add_account(struct cx_provider_configuration *configuration,
                                          const struct cx_account *account);

/**
 * One line of an app that has several: a SIM card, a SIP account.
 * @param id unique within the app, not empty
 * @param label for people; NULL for none
 * @return 0, -EINVAL, -ENOMEM
 */
int cx_account_new(const char *id, const char *label, struct cx_account **ret_account);
/** Takes a reference. Returns it; NULL for NULL. */
struct cx_account *cx_account_ref(struct cx_account *account);
/** Gives a reference back. Returns NULL, takes NULL. */
struct cx_account *cx_account_unref(struct cx_account *account);
/** Whether it can be used, in the app's own word, such as "online". */
int cx_account_set_state(struct cx_account *account, const char *state);
/** Which handles can be dialled over it; none (`n_types` 0) means all. */
int cx_account_set_handle_types(struct cx_account *account, const enum cx_handle_type *types,
                                size_t n_types);
/** An array with NULL at its end; NULL for none. */
int cx_account_set_uri_schemes(struct cx_account *account, const char *const *schemes);
/** It can place emergency calls. */
int cx_account_set_emergency(struct cx_account *account, int emergency);

CX_END_DECLS

#endif
