/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom a call is with. A telephone number at the account's own server is a number for callsd, so
 * that it finds contacts and block lists by it; every other address is opaque, and redialling gives
 * it back.
 */
#include <ctype.h>
#include <stdio.h>

#include "call.h"
#include "text.h"

#define MIN_DIGITS 3

static bool is_number(const char *text)
{
        size_t n;

        text += *text == '+';
        n = strspn(text, "0123456789");
        return n >= MIN_DIGITS && !text[n];
}

static bool is_at_home(const LinphoneAddress *address, const struct account *account)
{
        const char *domain = linphone_address_get_domain(address);
        const char *home = account ? linphone_address_get_domain(account->identity) : NULL;

        return domain && home && account->config->registrar && strcasecmp(domain, home) == 0;
}

struct cx_handle *address_to_handle(const LinphoneAddress *address, const struct account *account)
{
        const char *user = linphone_address_get_username(address);
        struct cx_handle *handle = NULL;
        cleanup_(freep) char *clean = NULL;
        char *text;

        if (user && is_number(user) && is_at_home(address, account)) {
                (void)cx_handle_new(CX_HANDLE_TYPE_PHONE_NUMBER, user, &handle);
                return handle;
        }
        text = linphone_address_as_string_uri_only(address);
        clean = text_clean(text, TEXT_HANDLE_MAX);
        bctbx_free(text);
        if (clean)
                (void)cx_handle_new(CX_HANDLE_TYPE_GENERIC, clean, &handle);
        return handle;
}

/* Without what only separates for the eye. */
static void strip_separators(char *number)
{
        char *to = number;

        for (; *number; number++)
                if (!strchr(" -.()/", *number))
                        *to++ = *number;
        *to = '\0';
}

static LinphoneAddress *number_to_address(const char *value, const struct account *account)
{
        LinphoneAddress *address;
        cleanup_(freep) char *number = NULL;

        if (strncasecmp(value, "tel:", 4) == 0)
                value += 4;
        number = strndup(value, strcspn(value, ",;"));
        if (!number || !account)
                return NULL;
        strip_separators(number);
        if (!*number)
                return NULL;
        address = linphone_address_clone(account->identity);
        linphone_address_set_display_name(address, NULL);
        linphone_address_set_username(address, number);
        return address;
}

static LinphoneAddress *text_to_address(const char *value)
{
        cleanup_(freep) char *text = NULL;
        LinphoneAddress *address;

        if (strncasecmp(value, "sip:", 4) != 0 && strncasecmp(value, "sips:", 5) != 0) {
                if (asprintf(&text, "sip:%s", value) < 0) {
                        text = NULL;
                        return NULL;
                }
                value = text;
        }
        address = linphone_factory_create_address(linphone_factory_get(), value);
        if (address && !linphone_address_get_domain(address)) {
                linphone_address_unref(address);
                address = NULL;
        }
        return address;
}

/* The transport of the account holds where the address has none of its own. */
static void set_transport(LinphoneAddress *address, const struct account *account)
{
        static const LinphoneTransportType types[] = {
                [TRANSPORT_UDP] = LinphoneTransportUdp,
                [TRANSPORT_TCP] = LinphoneTransportTcp,
                [TRANSPORT_TLS] = LinphoneTransportTls,
        };

        if (!linphone_address_get_secure(address) &&
            !linphone_address_has_uri_param(address, "transport"))
                linphone_address_set_transport(address, types[account->config->transport]);
}

LinphoneAddress *address_from_handle(const struct cx_handle *handle, const struct account *account)
{
        const char *value = cx_handle_get_value(handle);
        LinphoneAddress *address;

        if (!strchr(value, '@') && strncasecmp(value, "sip", 3) != 0)
                address = number_to_address(value, account);
        else
                address = text_to_address(value);
        if (address && account && !account->config->registrar)
                set_transport(address, account);
        return address;
}
