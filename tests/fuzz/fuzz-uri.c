/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links: whatever they say, no code is dialled, and a handle is one that callsd can take. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "callsctl/uri.h"

static bool is_scheme(const char *text, const char *scheme)
{
        return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

/* A number, then perhaps a pause and what follows it. */
static void check_number(const char *handle)
{
        size_t n = strcspn(handle, ",;");

        fuzz_must(strcspn(handle, "0123456789") < n);
        fuzz_must(strspn(handle + (handle[0] == '+'), "0123456789") + (handle[0] == '+') == n);
        fuzz_must(handle[n + strspn(handle + n, "0123456789*#ABCD,;")] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1), *error = NULL;
        struct callee callee = {0};
        int r;

        fuzz_must(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        r = callee_read(text, &callee, &error);
        fuzz_must(r == 0 || r == -EINVAL);
        fuzz_must((r == 0) == (error == NULL) && (r == 0) == (callee.handle != NULL));
        if (r == 0 && strcmp(callee.type, "phone-number") == 0 &&
            (is_scheme(text, "tel:") || is_scheme(text, "callto:")))
                check_number(callee.handle);
        if (r == 0 && (is_scheme(text, "sip:") || is_scheme(text, "sips:")))
                fuzz_must(!strchr(strrchr(callee.handle, '@') ? strrchr(callee.handle, '@')
                                                              : callee.handle,
                                  '?'));
        free(error);
        callee_done(&callee);
        free(text);
        return 0;
}
