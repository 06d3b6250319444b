/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people and links say whom to call, as a handle for callsd.
 *
 * Providers get numbers without separators, with what is to be keyed in after a pause behind the
 * first `,` (soft) or `;` (hard); all other addresses as they are, with their scheme. callsd itself
 * reads no URIs: who takes a link is a client of callsd's.
 */
#ifndef CALLSCTL_URI_H
#define CALLSCTL_URI_H

struct callee {
        const char *type; /* phone-number, email-address or generic */
        char *handle;
};

/*
 * A number, an address or a URI: tel (RFC 3966), callto, sip, sips, or any other, which is handed
 * on. 0; -EINVAL with a text for people, which the caller frees; -ENOMEM.
 */
int callee_read(const char *text, struct callee *ret_callee, char **ret_error);
void callee_done(struct callee *callee);

#endif
