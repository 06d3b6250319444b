/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several calls that are heard at the same time, which liblinphone does not want to allow.
 *
 * It takes for granted that all calls share one sound card, so it pauses one call when another is
 * resumed, and gives a card only to the call that it calls current; its own setting for shared
 * media (media_resources_mode) is not asked in these two places. Here each call has a card of its
 * own and callsd says who is held, so both questions have a constant answer. The library asks them
 * through its dynamic symbols, and the program's come first. Where a later version has other
 * symbols these are never called, and only conferences are the worse for it:
 * tests/e2e/test_sip.py notices.
 */
#include <linphone/core.h>

int linphone_core_preempt_sound_resources(LinphoneCore *core);
/* Call::areSoundResourcesAvailable(), by itself and as an interface's. */
bool_t _ZN15LinphonePrivate4Call26areSoundResourcesAvailableERKSt10shared_ptrINS_11CallSessionEE(
        const void *call, const void *session);
bool_t
_ZThn96_N15LinphonePrivate4Call26areSoundResourcesAvailableERKSt10shared_ptrINS_11CallSessionEE(
        const void *call, const void *session);

int linphone_core_preempt_sound_resources(LinphoneCore *core)
{
        (void)core;
        return 0;
}

bool_t _ZN15LinphonePrivate4Call26areSoundResourcesAvailableERKSt10shared_ptrINS_11CallSessionEE(
        const void *call, const void *session)
{
        (void)call, (void)session;
        return TRUE;
}

bool_t
_ZThn96_N15LinphonePrivate4Call26areSoundResourcesAvailableERKSt10shared_ptrINS_11CallSessionEE(
        const void *call, const void *session)
{
        (void)call, (void)session;
        return TRUE;
}
