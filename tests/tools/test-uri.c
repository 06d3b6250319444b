/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From links and what people type to handles. Rows: V6 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "callsctl/uri.h"
#include "util/macro.h"

struct good {
        const char *text, *type, *handle;
};

static const struct good good[] = {
        /* RFC 3966 */
        {"tel:+1-201-555-0123", "phone-number", "+12015550123"},
        {"tel:+1-201-555-0123;ext=45", "phone-number", "+12015550123,45"},
        {"tel:+1-201-555-0123;ext=4-5;isub=12", "phone-number", "+12015550123,45"},
        {"tel:+1-201-555-0123;isub=a%2fb", "phone-number", "+12015550123"},
        {"tel:7042;phone-context=example.com", "phone-number", "7042"},
        {"tel:863-1234;phone-context=+1-914-555", "phone-number", "8631234"},
        {"TEL:+1(201)555.0123", "phone-number", "+12015550123"},
        {"tel:%2B1%20201%20555%200123", "phone-number", "+12015550123"},
        {"tel:112", "phone-number", "112"},
        {"tel://+12015550123", "phone-number", "+12015550123"},
        {"tel:+1201;tsp=example.com;new", "phone-number", "+1201"},
        /* pauses, as people write them */
        {"tel:+12015550123,,123%23", "phone-number", "+12015550123,,123#"},
        {"tel:+12015550123,,12-34#", "phone-number", "+12015550123,,1234#"},
        {"tel:+12015550123p45", "phone-number", "+12015550123,45"},
        {"tel:+12015550123w*1", "phone-number", "+12015550123;*1"},
        {"tel:+12015550123;45#,6", "phone-number", "+12015550123;45#,6"},
        {"tel:+12015550123;postd=pp22", "phone-number", "+12015550123,,22"},
        {"tel:+12015550123;ext=w5;postd=7", "phone-number", "+12015550123;5,7"},
        {"tel:+12015550123,", "phone-number", "+12015550123,"},
        /* callto */
        {"callto:+12015550123", "phone-number", "+12015550123"},
        {"callto://+1 201 555?call", "phone-number", "+1201555"},
        {"callto:201.555.0123", "phone-number", "2015550123"},
        {"callto:bob.example", "generic", "callto:bob.example"},
        {"CallTo:3com?chat", "generic", "callto:3com"},
        {"callto:192.0.2.1", "generic", "callto:192.0.2.1"},
        {"callto:bob@example.org", "generic", "callto:bob@example.org"},
        /* sip */
        {"sip:bob@example.org", "generic", "sip:bob@example.org"},
        {"SIPS:bob@example.org:5061", "generic", "sips:bob@example.org:5061"},
        {"sip:example.org", "generic", "sip:example.org"},
        {"sip:+1-201;phone-context=x@example.org;user=phone", "generic",
         "sip:+1-201;phone-context=x@example.org;user=phone"},
        {"sip:bob@[2001:db8::1]:5060;transport=tcp", "generic",
         "sip:bob@[2001:db8::1]:5060;transport=tcp"},
        {"sip:bob@example.org;method=INVITE?Replaces=1&Route=evil", "generic",
         "sip:bob@example.org;method=INVITE"},
        {"sip:b%6fb@example.org", "generic", "sip:b%6fb@example.org"},
        /* others are for those who take them */
        {"XMPP:bob@example.org?call", "generic", "xmpp:bob@example.org?call"},
        {"localhost:5060", "generic", "localhost:5060"},
        /* typed */
        {"+1 (201) 555-0123", "phone-number", "+12015550123"},
        {"*#06#", "phone-number", "*#06#"},
        {"030/12 34,,5;6", "phone-number", "0301234,,5;6"},
        {"bob@example.org", "email-address", "bob@example.org"},
        {"bob", "generic", "bob"},
        {"+", "generic", "+"},
        {":5060", "generic", ":5060"},
};

START_TEST(is_understood)
{
        const struct good *row = &good[_i];
        struct callee callee;
        char *error;

        ck_assert_msg(callee_read(row->text, &callee, &error) == 0, "%s: %s", row->text, error);
        ck_assert_str_eq(callee.type, row->type);
        ck_assert_str_eq(callee.handle, row->handle);
        callee_done(&callee);
}
END_TEST

static const struct {
        const char *text, *error;
} bad[] = {
        {"", "nobody"},
        {"tel:", "no number"},
        {"tel:+", "no number"},
        {"tel:,,5", "no number"},
        {"tel:;ext=5", "no number"},
        {"tel:*2767*3855#", "codes"},
        {"tel:%2A%2306%23", "codes"},
        {"tel:+1*2", "codes"},
        {"callto:*21*1%23", "codes"},
        {"tel:1-800-FLOWERS", "'F'"},
        {"tel:1+2", "'+'"},
        {"tel:+12015550123?x=1", "'?'"},
        {"tel:+1201;ext=x", "'x'"},
        {"tel:+1201;ext=", "''"},
        {"tel:+1201,x", "'x'"},
        {"tel:+1201;", "no name"},
        {"tel:+1201;=5", "no name"},
        {"tel:+1201;a_b=5", "'_'"},
        {"tel:+1201;m-new=5", "'m-new'"},
        {"tel:+1201%", "hexadecimal"},
        {"tel:+1201%4", "hexadecimal"},
        {"tel:+1201%00", "0x00"},
        {"tel:+1201%0d%0aATD112", "0x0d"},
        {"tel:+1201\xc2\xa0", "0xc2"},
        {"callto:", "nobody"},
        {"callto:?call", "nobody"},
        {"sip:", "user@host"},
        {"sip:@example.org", "user@host"},
        {"sip:bob@", "user@host"},
        {"sip:bob@;x=y", "user@host"},
        {"sip:bob@-", "user@host"},
        {"sip:bob smith@example.org", "blanks"},
        {"sip:\"bob\"@example.org", "blanks"},
        {"<sip:bob@example.org>", NULL}, /* no scheme: somebody's name */
        {"sip:bob@example.org;method=REGISTER", "something else"},
        {"sip:bob%zz@example.org", "hexadecimal"},
        {"xmpp:", "nobody"},
};

START_TEST(is_refused)
{
        struct callee callee = {0};
        char *error;
        int r = callee_read(bad[_i].text, &callee, &error);

        if (!bad[_i].error) {
                ck_assert_int_eq(r, 0);
                callee_done(&callee);
                return;
        }
        ck_assert_msg(r == -EINVAL, "%s: understood as %s", bad[_i].text, callee.handle);
        ck_assert_msg(strstr(error, bad[_i].error), "%s: %s", bad[_i].text, error);
        ck_assert_ptr_null(callee.handle);
        free(error);
}
END_TEST

static TCase *uri_case(void)
{
        TCase *tcase = tcase_create("uri");

        tcase_add_loop_test(tcase, is_understood, 0, ARRAY_SIZE(good));
        tcase_add_loop_test(tcase, is_refused, 0, ARRAY_SIZE(bad));
        return tcase;
}

SUITE_MAIN("uri", uri_case());
