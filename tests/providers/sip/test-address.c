/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles of callsd's and addresses of SIP's: what is dialled, and what is redialled. */
#include "call.h"
#include "support/suite.h"

static struct account_config config;
static struct account account;

static void make_account(void)
{
        config = (struct account_config){.registrar = (char[]){"sip:example.org"}};
        account = (struct account){
                .config = &config,
                .identity = linphone_factory_create_address(linphone_factory_get(),
                                                            "\"Me\" <sip:me@example.org>"),
        };
}

static void drop_account(void)
{
        linphone_address_unref(account.identity);
        linphone_factory_clean();
}

static void check_dialled(enum cx_handle_type type, const char *value, const char *expected)
{
        struct cx_handle *handle = NULL;
        LinphoneAddress *address;
        char *text;

        ck_assert_int_eq(cx_handle_new(type, value, &handle), 0);
        address = address_from_handle(handle, &account);
        cx_handle_unref(handle);
        if (!expected) {
                ck_assert_ptr_null(address);
                return;
        }
        ck_assert_ptr_nonnull(address);
        text = linphone_address_as_string_uri_only(address);
        ck_assert_str_eq(text, expected);
        bctbx_free(text);
        linphone_address_unref(address);
}

START_TEST(numbers_go_to_the_accounts_server)
{
        const enum cx_handle_type number = CX_HANDLE_TYPE_PHONE_NUMBER;

        check_dialled(number, "+1 (555) 01-00", "sip:+15550100@example.org");
        check_dialled(number, "tel:+15550100;ext=4", "sip:+15550100@example.org");
        check_dialled(number, "5550100,,42", "sip:5550100@example.org");
        check_dialled(number, "- -", NULL);
}
END_TEST

START_TEST(addresses_are_taken_as_they_are)
{
        check_dialled(CX_HANDLE_TYPE_GENERIC, "sip:bob@192.0.2.1:5070", "sip:bob@192.0.2.1:5070");
        check_dialled(CX_HANDLE_TYPE_GENERIC, "sips:bob@example.com", "sips:bob@example.com");
        check_dialled(CX_HANDLE_TYPE_EMAIL_ADDRESS, "bob@example.com", "sip:bob@example.com");
        check_dialled(CX_HANDLE_TYPE_GENERIC, "sip:", NULL);
}
END_TEST

/* Without a registrar nobody else chooses the transport. */
START_TEST(account_without_registrar_has_a_transport)
{
        config.registrar = NULL;
        config.transport = TRANSPORT_TCP;
        check_dialled(CX_HANDLE_TYPE_GENERIC, "sip:bob@192.0.2.1",
                      "sip:bob@192.0.2.1;transport=tcp");
        check_dialled(CX_HANDLE_TYPE_GENERIC, "sip:bob@192.0.2.1;transport=udp",
                      "sip:bob@192.0.2.1;transport=udp");
}
END_TEST

static void check_caller(const char *text, enum cx_handle_type type, const char *value)
{
        LinphoneAddress *address = linphone_factory_create_address(linphone_factory_get(), text);
        struct cx_handle *handle = address_to_handle(address, &account);

        ck_assert_ptr_nonnull(handle);
        ck_assert_int_eq(cx_handle_get_type(handle), type);
        ck_assert_str_eq(cx_handle_get_value(handle), value);
        cx_handle_unref(handle);
        linphone_address_unref(address);
}

START_TEST(callers_can_be_redialled)
{
        check_caller("\"Bob\" <sip:+15550100@example.org>", CX_HANDLE_TYPE_PHONE_NUMBER,
                     "+15550100");
        check_caller("sip:5550100@elsewhere.example", CX_HANDLE_TYPE_GENERIC,
                     "sip:5550100@elsewhere.example");
        check_caller("\"Bob\" <sip:bob@example.org>", CX_HANDLE_TYPE_GENERIC,
                     "sip:bob@example.org");
        check_caller("sip:12@example.org", CX_HANDLE_TYPE_GENERIC, "sip:12@example.org");
}
END_TEST

static TCase *address_case(void)
{
        TCase *tcase = tcase_create("address");

        tcase_add_checked_fixture(tcase, make_account, drop_account);
        tcase_add_test(tcase, numbers_go_to_the_accounts_server);
        tcase_add_test(tcase, addresses_are_taken_as_they_are);
        tcase_add_test(tcase, account_without_registrar_has_a_transport);
        tcase_add_test(tcase, callers_can_be_redialled);
        return tcase;
}

SUITE_MAIN("sip-address", address_case());
