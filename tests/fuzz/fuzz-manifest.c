/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Manifests, of every kind and for every reader. What is refused says why; what is taken is in
 * order, and a user's file has nothing in it that touches others.
 */
#include <errno.h>
#include <string.h>

#include "config/manifest-key.h"
#include "config/manifest.h"
#include "fuzz/fuzz.h"
#include "util/cleanup.h"

static const char *const PATHS[] = {
        "/data/callsd/providers/org.example.Phone.provider",
        "/data/applications/org.example.Phone.desktop",
        "/data/applications/phone.desktop",
};

static unsigned n_errors;

static void on_note(enum manifest_note note, const char *text, void *userdata)
{
        (void)userdata;
        fuzz_must(text && *text == '/');
        n_errors += note != MANIFEST_WARNING;
}

static void check_texts(char *const *list)
{
        fuzz_must(!list || *list);
        for (; list && *list; list++)
                fuzz_must(**list && strlen(*list) <= 255);
}

static void check(const struct manifest *manifest, bool system)
{
        size_t length;

        fuzz_must(manifest->identifier && manifest_is_identifier(manifest->identifier));
        fuzz_must(!manifest->name || (*manifest->name && strlen(manifest->name) <= 256));
        check_texts(manifest->uri_schemes);
        check_texts(manifest->push_helpers);
        check_texts(manifest->emergency_numbers);
        fuzz_must(manifest_is_equal(manifest, manifest));
        if (system)
                return;
        length = strlen(manifest->identifier);
        fuzz_must(!manifest->push_helpers && !manifest->emergency_numbers);
        fuzz_must(!manifest->bus_name ||
                  (strncmp(manifest->bus_name, manifest->identifier, length) == 0 &&
                   (manifest->bus_name[length] == '\0' || manifest->bus_name[length] == '.')));
}

static void read_one(const char *path, bool system, const uint8_t *data, size_t size)
{
        const struct manifest_source source = {path, system, "de_AT@euro"};
        cleanup_(freep) char *text = malloc(size + 1);
        struct manifest *manifest = NULL;
        int r;

        fuzz_must(text);
        memcpy(text, data, size);
        text[size] = '\0';
        n_errors = 0;
        r = manifest_parse(&source, text, size, on_note, NULL, &manifest);
        fuzz_must((r == 0) == (manifest != NULL));
        fuzz_must((r == -EINVAL) == (n_errors > 0));
        fuzz_must(r == 0 || r == -EINVAL || r == -ENOENT);
        if (manifest)
                check(manifest, system);
        manifest_free(manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size > MANIFEST_SIZE_MAX)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(PATHS); i++) {
                read_one(PATHS[i], true, data, size);
                read_one(PATHS[i], false, data, size);
        }
        return 0;
}
