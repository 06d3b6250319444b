/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: what liblinphone needs to register, and what callsd is shown of it. */
#include <errno.h>

#include "log.h"
#include "phone.h"

static const LinphoneTransportType transports[] = {
        [TRANSPORT_UDP] = LinphoneTransportUdp,
        [TRANSPORT_TCP] = LinphoneTransportTcp,
        [TRANSPORT_TLS] = LinphoneTransportTls,
};

static void add_login(struct phone *phone, const struct account *account)
{
        const struct account_config *config = account->config;
        const char *user = linphone_address_get_username(account->identity);
        LinphoneAuthInfo *login;

        if (!config->password)
                return;
        login = linphone_auth_info_new(user, config->user, config->password, NULL, NULL,
                                       linphone_address_get_domain(account->identity));
        linphone_core_add_auth_info(phone->core, login);
        linphone_auth_info_unref(login);
}

static LinphoneAddress *make_server(const struct account *account)
{
        LinphoneAddress *server =
                linphone_factory_create_address(linphone_factory_get(), account->config->registrar);

        if (server && !linphone_address_get_secure(server))
                linphone_address_set_transport(server, transports[account->config->transport]);
        return server;
}

static LinphoneAccountParams *make_params(struct phone *phone, const struct account *account)
{
        LinphoneAccountParams *params = linphone_account_params_new(phone->core);
        LinphoneAddress *server = make_server(account);

        if (!server ||
            linphone_account_params_set_identity_address(params, account->identity) != 0 ||
            linphone_account_params_set_server_address(params, server) != 0) {
                linphone_account_params_unref(params);
                params = NULL;
        } else {
                linphone_account_params_set_register_enabled(params, TRUE);
                linphone_account_params_set_outbound_proxy_enabled(params,
                                                                   account->config->outbound_proxy);
                linphone_account_params_set_expires(params, (int)account->config->expires);
                linphone_account_params_set_publish_enabled(params, FALSE);
        }
        if (server)
                linphone_address_unref(server);
        return params;
}

static int register_account(struct phone *phone, struct account *account)
{
        LinphoneAccountParams *params = make_params(phone, account);

        if (!params) {
                log_error("[Account %s]: Registrar=%s is no SIP address; it takes sip:host",
                          account->config->id, account->config->registrar);
                return -EINVAL;
        }
        add_login(phone, account);
        account->account = linphone_account_new(phone->core, params);
        linphone_account_params_unref(params);
        linphone_account_set_user_data(account->account, account);
        linphone_core_add_account(phone->core, account->account);
        return 0;
}

/* One without a registrar is nothing to liblinphone, which would take it for its own proxy. */
static int add_account(struct phone *phone, struct account *account)
{
        const struct account_config *config = account->config;

        account->state = config->registrar ? "registering" : "online";
        account->identity =
                linphone_factory_create_address(linphone_factory_get(), config->address);
        if (!account->identity) {
                log_error("[Account %s]: Address=%s is no SIP address; it takes sip:user@host",
                          config->id, config->address);
                return -EINVAL;
        }
        if (config->display_name)
                linphone_address_set_display_name(account->identity, config->display_name);
        if (config->encryption != ENCRYPTION_NONE && config->transport != TRANSPORT_TLS)
                log_warning("[Account %s]: the keys of SRTP go unprotected over Transport=%s; "
                            "tls would protect them",
                            config->id, config->transport == TRANSPORT_UDP ? "udp" : "tcp");
        if (config->registrar)
                return register_account(phone, account);
        add_login(phone, account);
        return 0;
}

int accounts_add(struct phone *phone)
{
        const struct config *config = phone->config;
        int r = 0;

        phone->accounts = calloc(config->n_accounts, sizeof(*phone->accounts));
        if (!phone->accounts)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < config->n_accounts; i++) {
                phone->accounts[i].config = &config->accounts[i];
                phone->n_accounts++;
                r = add_account(phone, &phone->accounts[i]);
        }
        /* Each call says by itself which account it takes. */
        linphone_core_set_default_account(phone->core, NULL);
        return r;
}

void accounts_done(struct phone *phone)
{
        for (size_t i = 0; i < phone->n_accounts; i++) {
                struct account *account = &phone->accounts[i];

                if (account->account)
                        linphone_account_unref(account->account);
                if (account->identity)
                        linphone_address_unref(account->identity);
        }
        free(phone->accounts);
        phone->accounts = NULL;
        phone->n_accounts = 0;
}

/* Parameters of a call do not take an account in this liblinphone, only what stood for it before.
 */
static LinphoneProxyConfig *find_proxy(const struct account *account, LinphoneCore *core)
{
        const bctbx_list_t *at = linphone_core_get_proxy_config_list(core);

        if (!account->account)
                return NULL;
        while (at && !linphone_address_equal(linphone_proxy_config_get_identity_address(at->data),
                                             account->identity))
                at = at->next;
        return at ? at->data : NULL;
}

void account_apply(const struct account *account, LinphoneCore *core, LinphoneCallParams *params)
{
        LinphoneProxyConfig *proxy = find_proxy(account, core);
        char *text;

        if (proxy) {
                linphone_call_params_set_proxy_config(params, proxy);
                return;
        }
        text = linphone_address_as_string(account->identity);
        (void)linphone_core_set_primary_contact(core, text);
        bctbx_free(text);
}

struct account *account_find(struct phone *phone, const char *id)
{
        if (!id || !*id)
                return &phone->accounts[0];
        for (size_t i = 0; i < phone->n_accounts; i++)
                if (streq(phone->accounts[i].config->id, id))
                        return &phone->accounts[i];
        return NULL;
}

/* A caller who knows only our contact address has the user's name right, if anything. */
struct account *account_of_incoming(struct phone *phone, LinphoneCall *leg)
{
        const LinphoneAddress *to = linphone_call_get_to_address(leg);
        const char *user = to ? linphone_address_get_username(to) : NULL;
        struct account *same_user = NULL;

        for (size_t i = 0; to && i < phone->n_accounts; i++) {
                struct account *account = &phone->accounts[i];
                const char *name = linphone_address_get_username(account->identity);

                if (linphone_address_weak_equal(to, account->identity))
                        return account;
                if (user && name && streq(user, name) && !same_user)
                        same_user = account;
        }
        return same_user ? same_user : &phone->accounts[0];
}

static const char *state_name(LinphoneRegistrationState state)
{
        switch (state) {
        case LinphoneRegistrationOk:
                return "online";
        case LinphoneRegistrationProgress:
                return "registering";
        case LinphoneRegistrationFailed:
                return "failed";
        default:
                return "offline";
        }
}

void account_state_changed(struct phone *phone, LinphoneAccount *linphone_account,
                           LinphoneRegistrationState state, const char *message)
{
        struct account *account = linphone_account_get_user_data(linphone_account);
        const char *name = state_name(state);

        if (!account || !account->config->registrar || streq(account->state, name))
                return;
        account->state = name;
        if (state == LinphoneRegistrationFailed)
                log_warning("account %s: %s does not register it: %s", account->config->id,
                            account->config->registrar, message ? message : "no reason given");
        else
                log_info("account %s is %s", account->config->id, name);
        provider_tell_accounts(phone);
}
