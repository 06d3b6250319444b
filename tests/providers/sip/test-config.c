/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sip.conf: every key, every error, and where passwords come from. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

#define ME "Address=sip:me@example.org\n"

static char folder[64];
static char path[128];
static char secret[128];

static void write_file(const char *where, const char *text, mode_t mode)
{
        FILE *file = fopen(where, "w");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
        ck_assert_int_eq(chmod(where, mode), 0);
}

static void make_folder(void)
{
        snprintf(folder, sizeof(folder), "/tmp/callsd-test-sip-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/sip.conf", folder);
        snprintf(secret, sizeof(secret), "%s/secret", folder);
}

static void remove_folder(void)
{
        unlink(path);
        unlink(secret);
        rmdir(folder);
}

static void load(const char *text, struct config *config)
{
        char *error = NULL;
        int r;

        write_file(path, text, 0644);
        r = config_load(path, config, &error);
        ck_assert_msg(r == 0, "%s", error);
}

/* `expected` is what follows the path of the file in the error. */
static void load_fails(const char *text, const char *expected)
{
        struct config config = {0};
        char *error = NULL;

        write_file(path, text, 0644);
        ck_assert_int_eq(config_load(path, &config, &error), -EINVAL);
        ck_assert_ptr_nonnull(error);
        ck_assert_str_eq(error + strlen(path), expected);
        ck_assert_uint_eq(config.n_accounts, 0);
        free(error);
}

START_TEST(one_address_is_enough)
{
        struct config config;

        load("[Account home]\n" ME, &config);
        ck_assert_uint_eq(config.n_accounts, 1);
        ck_assert_str_eq(config.accounts[0].id, "home");
        ck_assert_str_eq(config.accounts[0].address, "sip:me@example.org");
        ck_assert_ptr_null(config.accounts[0].registrar);
        ck_assert_ptr_null(config.accounts[0].password);
        ck_assert_int_eq(config.accounts[0].transport, TRANSPORT_UDP);
        ck_assert_int_eq(config.accounts[0].encryption, ENCRYPTION_NONE);
        ck_assert(config.accounts[0].outbound_proxy);
        ck_assert_int_eq(config.port, PORT_ANY);
        ck_assert(config.verify);
        ck_assert(config.ringback);
        ck_assert_uint_eq(config.media_timeout, 30);
        config_done(&config);
}
END_TEST

START_TEST(everything_can_be_said)
{
        struct config config;
        char text[1024];

        write_file(secret, "swordfish\nnot this\n", 0600);
        snprintf(text, sizeof(text),
                 "# a comment\n; another\n\n[Sip]\n  Listen = ::1 \nPort=5060\n"
                 "RtpPorts=10000-10010\nCodecs=opus PCMU\nCaFile=/ca.pem\nVerifyServer=no\n"
                 "Ringback=no\nMediaTimeoutSec=0\n"
                 "[Account home]\n" ME "[Account work]\nAddress=sips:w@example.com\n"
                 "DisplayName=Worker = me\nRegistrar=sip:reg.example.com:5062\nTransport=tls\n"
                 "Encryption=srtp-required\nUser=login\nPasswordFile=%s\nExpiresSec=120\n"
                 "OutboundProxy=no\n",
                 secret);
        load(text, &config);
        ck_assert_str_eq(config.listen, "::1");
        ck_assert_int_eq(config.port, 5060);
        ck_assert_int_eq(config.rtp_first, 10000);
        ck_assert_int_eq(config.rtp_last, 10010);
        ck_assert_str_eq(config.codecs, "opus PCMU");
        ck_assert_str_eq(config.ca_file, "/ca.pem");
        ck_assert(!config.verify);
        ck_assert(!config.ringback);
        ck_assert_uint_eq(config.media_timeout, 0);
        ck_assert_uint_eq(config.n_accounts, 2);
        ck_assert_str_eq(config.accounts[1].display_name, "Worker = me");
        ck_assert_str_eq(config.accounts[1].registrar, "sip:reg.example.com:5062");
        ck_assert_int_eq(config.accounts[1].transport, TRANSPORT_TLS);
        ck_assert_int_eq(config.accounts[1].encryption, ENCRYPTION_SRTP_REQUIRED);
        ck_assert_str_eq(config.accounts[1].user, "login");
        ck_assert_str_eq(config.accounts[1].password, "swordfish");
        ck_assert_uint_eq(config.accounts[1].expires, 120);
        ck_assert(!config.accounts[1].outbound_proxy);
        config_done(&config);
}
END_TEST

START_TEST(errors_name_line_value_and_remedy)
{
        load_fails("", ":0: there is no account; add [Account NAME] with Address=");
        load_fails("[Sip\n", ":1: '[Sip' lacks its ']'");
        load_fails("[Phone]\n", ":1: unknown section [Phone]; there are [Sip] and [Account NAME]");
        load_fails("[Account ]\n", ":1: [Account ] needs one word as the account's name, such as "
                                   "[Account work]");
        load_fails("Port=1\n", ":1: Port= stands before any section; begin with [Sip] or "
                               "[Account NAME]");
        load_fails("[Sip]\nhello\n",
                   ":2: 'hello' is neither Key=Value nor [Section] nor # comment");
        load_fails("[Sip]\nport=1\n", ":2: unknown key port=; did you mean Port=?");
        load_fails("[Sip]\nTransport=udp\n", ":2: Transport= belongs into [Account NAME]");
        load_fails("[Account a]\nPort=1\n", ":2: Port= belongs into [Sip]");
        load_fails("[Sip]\nPort=1\nPort=2\n", ":3: Port= is already set on line 2");
        load_fails("[Account a]\n" ME "[Account a]\n",
                   ":3: [Account a] is already there, on line 1");
        load_fails("[Sip]\nPort=5060\n[Account a]\nDisplayName=A\n",
                   ":3: [Account a] lacks Address=sip:user@host");
        load_fails("[Account a]\nPassword=x\n",
                   ":2: a password does not belong into this file; put it into a file of its own "
                   "(chmod 600) and say PasswordFile=, or use PasswordCredential=");
}
END_TEST

START_TEST(values_are_checked)
{
        load_fails("[Sip]\nPort=0\n", ":2: Port=0 is not possible; it takes any, or 1 to 65535");
        load_fails("[Sip]\nListen=lo\n", ":2: Listen=lo is not possible; it takes an address of "
                                         "this machine, such as 192.0.2.1 or ::1");
        load_fails("[Sip]\nRtpPorts=9000\n",
                   ":2: RtpPorts=9000 is not possible; it takes a range such as 7078-7199 within "
                   "1024 to 65535, two ports for each call");
        load_fails("[Sip]\nRingback=maybe\n",
                   ":2: Ringback=maybe is not possible; it takes yes or no");
        load_fails("[Account a]\nAddress=sip:example.org\n",
                   ":2: Address=sip:example.org is not possible; it takes sip:user@host");
        load_fails("[Account a]\nRegistrar=example.org\n",
                   ":2: Registrar=example.org is not possible; it takes sip:host or sip:host:port");
        load_fails("[Account a]\nTransport=sctp\n",
                   ":2: Transport=sctp is not possible; it takes udp, tcp or tls");
        load_fails("[Account a]\nEncryption=zrtp\n",
                   ":2: Encryption=zrtp is not possible; it takes none, srtp or srtp-required");
        load_fails("[Account a]\nExpiresSec=1h\n",
                   ":2: ExpiresSec=1h is not possible; it takes seconds up to 86400");
}
END_TEST

START_TEST(a_password_is_nobody_elses)
{
        char text[512], expected[512];

        write_file(secret, "swordfish\n", 0640);
        snprintf(text, sizeof(text), "[Account a]\n" ME "PasswordFile=%s\n", secret);
        snprintf(expected, sizeof(expected),
                 ":3: PasswordFile=%s can be read by others than its owner; chmod 600 %s", secret,
                 secret);
        load_fails(text, expected);
        write_file(secret, "\n", 0600);
        snprintf(
                expected, sizeof(expected),
                ":3: PasswordFile=%s has an empty first line; it takes the absolute path of a file "
                "with the password in its first line, which nobody but its owner can read (chmod "
                "600)",
                secret);
        load_fails(text, expected);
}
END_TEST

START_TEST(credentials_come_from_the_unit)
{
        struct config config;

        write_file(secret, "swordfish", 0644);
        unsetenv("CREDENTIALS_DIRECTORY");
        load_fails("[Account a]\n" ME "PasswordCredential=secret\n",
                   ":3: PasswordCredential=secret is not possible; it takes the name of a systemd "
                   "credential that the unit loads (LoadCredential=)");
        setenv("CREDENTIALS_DIRECTORY", folder, 1);
        load("[Account a]\n" ME "PasswordCredential=secret\n", &config);
        ck_assert_str_eq(config.accounts[0].password, "swordfish");
        config_done(&config);
        load_fails("[Account a]\n" ME "PasswordCredential=../secret\n",
                   ":3: PasswordCredential=../secret is not possible; it takes the name of a "
                   "systemd credential that the unit loads (LoadCredential=)");
}
END_TEST

START_TEST(the_users_file_comes_first)
{
        char *found = NULL, where[160];

        setenv("XDG_CONFIG_HOME", folder, 1);
        snprintf(where, sizeof(where), "%s/callsd", folder);
        ck_assert_int_eq(mkdir(where, 0700), 0);
        snprintf(where, sizeof(where), "%s/callsd/sip.conf", folder);
        write_file(where, "", 0600);
        ck_assert_int_eq(config_find(&found), 0);
        ck_assert_str_eq(found, where);
        free(found);
        unlink(where);
        snprintf(where, sizeof(where), "%s/callsd", folder);
        rmdir(where);
}
END_TEST

static TCase *config_case(void)
{
        TCase *tcase = tcase_create("config");

        tcase_add_checked_fixture(tcase, make_folder, remove_folder);
        tcase_add_test(tcase, one_address_is_enough);
        tcase_add_test(tcase, everything_can_be_said);
        tcase_add_test(tcase, errors_name_line_value_and_remedy);
        tcase_add_test(tcase, values_are_checked);
        tcase_add_test(tcase, a_password_is_nobody_elses);
        tcase_add_test(tcase, credentials_come_from_the_unit);
        tcase_add_test(tcase, the_users_file_comes_first);
        return tcase;
}

SUITE_MAIN("sip-config", config_case());
