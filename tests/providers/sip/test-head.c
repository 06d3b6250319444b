/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has the form of a SIP message, and what is not even handed to the parser. */
#include "head.h"

#include <string.h>

#include "support/suite.h"

#define REQUEST "INVITE sip:bob@example.org SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"

static const char *const good[] = {
        REQUEST VIA "\r\n",
        REQUEST "v:SIP/2.0/UDP x\r\nCall-ID : a\r\n\r\nbody without an end",
        REQUEST VIA "Subject: one\r\n two\r\n\tthree\r\n\r\n",
        "SIP/2.0 180 Ringing\r\n" VIA "\r\n",
        "SIP/2.0 200 \r\n" VIA "\r\n",
        "X-NEW tel:+1201 sip/2.0\r\n" VIA "\r\n",
        REQUEST "Subject: \xc3\xa4\r\n\r\n",
};

START_TEST(has_the_form)
{
        ck_assert_msg(head_is_good(good[_i], strlen(good[_i])), "%s", good[_i]);
}
END_TEST

static const char *const bad[] = {
        "",
        "\r\n\r\n",
        REQUEST,
        REQUEST "\r\n",
        REQUEST VIA,
        "NOTIF27.0.0.1:56293 SIP/2.0\r\n" VIA "\r\n",
        "INVITE  sip:bob@example.org SIP/2.0\r\n" VIA "\r\n",
        "INVITE bob SIP/2.0\r\n" VIA "\r\n",
        "INVITE sip: SIP/2.0\r\n" VIA "\r\n",
        "INVITE sip:bob\r\n" VIA "\r\n",
        "INVITE sip:bob SIP/2.00\r\n" VIA "\r\n",
        "INVITE sip:bob SIP/3.0\r\n" VIA "\r\n",
        "<> sip:bob SIP/2.0\r\n" VIA "\r\n",
        "INVITE",
        "SIP/2.0 18 Ringing\r\n" VIA "\r\n",
        "SIP/2.0 1800\r\n" VIA "\r\n",
        "SIP/2.0\r\n" VIA "\r\n",
        REQUEST " Via: x\r\n\r\n",
        REQUEST "Via\r\n\r\n",
        REQUEST ": x\r\n\r\n",
        REQUEST VIA "Max-For wards: 70\r\n\r\n",
        REQUEST "Via: x\n\r\n\r\n",
        REQUEST "Via: \x7f\r\n\r\n",
        REQUEST "Via: x\ry\r\n\r\n",
};

START_TEST(has_not)
{
        ck_assert_msg(!head_is_good(bad[_i], strlen(bad[_i])), "%s", bad[_i]);
}
END_TEST

START_TEST(is_cut_anywhere)
{
        const char whole[] = REQUEST VIA "\r\n";

        for (size_t size = 0; size < strlen(whole); size++) {
                char *cut = malloc(size + 1);

                memcpy(cut, whole, size);
                cut[size] = '\0';
                ck_assert(!head_is_good(cut, size));
                free(cut);
        }
        ck_assert(!head_is_good(REQUEST "Via: a\0b\r\n\r\n", sizeof(REQUEST) + 12));
}
END_TEST

static TCase *head_case(void)
{
        TCase *tcase = tcase_create("head");

        tcase_add_loop_test(tcase, has_the_form, 0, sizeof(good) / sizeof(*good));
        tcase_add_loop_test(tcase, has_not, 0, sizeof(bad) / sizeof(*bad));
        tcase_add_test(tcase, is_cut_anywhere);
        return tcase;
}

SUITE_MAIN("sip-head", head_case());
