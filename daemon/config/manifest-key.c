/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a key of a manifest may say. Whether it counts is for manifest.c. */
#include "config/manifest-key.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "config/config-table.h"
#include "config/config-value.h"
#include "config/key-file.h"
#include "util/cleanup.h"

#define NAME_MAX_BYTES 255
#define TEXT_MAX_BYTES 256
#define ITEMS_MAX 64
#define ITEM_MAX_BYTES 32
#define GRACE_MAX (USEC_PER_SEC * 24 * 3600)

#define PLACE(member) offsetof(struct manifest, member)

/* clang-format off: a table is read by its columns. */
const struct manifest_key MANIFEST_KEYS[N_MANIFEST_KEYS] = {
        {"Identifier", MANIFEST_IDENTIFIER, PLACE(identifier), false, false,
         "a reverse-DNS name such as org.example.Phone"},
        {"Name", MANIFEST_TEXT, PLACE(name), true, false,
         "a text of 1 to 256 bytes without control characters"},
        {"Icon", MANIFEST_TEXT, PLACE(icon), true, false,
         "the name of an icon, or a path, of 1 to 256 bytes"},
        {"BusName", MANIFEST_BUS_NAME, PLACE(bus_name), false, false,
         "a name on the bus such as org.example.Phone"},
        {"HandleTypes", MANIFEST_HANDLE_TYPES, PLACE(handle_types), false, false,
         "generic, phone-number, email-address, with ; between them"},
        {"URISchemes", MANIFEST_SCHEMES, PLACE(uri_schemes), false, false,
         "schemes in lower case and without a colon, such as sip;tel"},
        {"PushHelpers", MANIFEST_HELPERS, PLACE(push_helpers), false, true,
         "names on the bus, or ids of sandboxed apps, such as org.example.Push"},
        {"EmergencyNumbers", MANIFEST_NUMBERS, PLACE(emergency_numbers), false, true,
         "numbers of the characters 0-9 + * #, such as 112;911"},
        {"ReclaimGrace", MANIFEST_DURATION, PLACE(reclaim_grace), false, false,
         "a time from 0 to 24h, such as 30s or 2min"},
};
/* clang-format on */

static void *member_of(struct manifest *manifest, const struct manifest_key *key)
{
        return (char *)manifest + key->offset;
}

static const void *const_member_of(const struct manifest *manifest, const struct manifest_key *key)
{
        return (const char *)manifest + key->offset;
}

const struct manifest_key *manifest_key_find(const char *name)
{
        for (size_t i = 0; i < N_MANIFEST_KEYS; i++)
                if (streq(MANIFEST_KEYS[i].name, name))
                        return &MANIFEST_KEYS[i];
        return NULL;
}

const struct manifest_key *manifest_key_suggest(const char *name)
{
        const struct manifest_key *best = NULL;
        size_t least = SIZE_MAX;

        for (size_t i = 0; i < N_MANIFEST_KEYS; i++) {
                size_t wrong = config_word_distance(name, MANIFEST_KEYS[i].name);

                if (wrong < least && config_word_is_close(name, wrong)) {
                        least = wrong;
                        best = &MANIFEST_KEYS[i];
                }
        }
        return best;
}

/* ---- what single words may be ---- */

/* Parts of [A-Za-z0-9_-] with dots between them, two at the least. */
static bool is_dotted(const char *text, bool digit_may_lead)
{
        bool dot = false, start = true;

        if (strlen(text) > NAME_MAX_BYTES)
                return false;
        for (; *text; text++) {
                if (*text == '.' ? start : !isalnum((unsigned char)*text) && !strchr("_-", *text))
                        return false;
                if (start && !digit_may_lead && isdigit((unsigned char)*text))
                        return false;
                dot = dot || *text == '.';
                start = *text == '.';
        }
        return dot && !start;
}

bool manifest_is_identifier(const char *text)
{
        return is_dotted(text, true);
}

bool manifest_is_bus_name(const char *text)
{
        return is_dotted(text, false);
}

static bool is_scheme(const char *text)
{
        if (*text < 'a' || *text > 'z' || strlen(text) > ITEM_MAX_BYTES)
                return false;
        return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.")] == '\0';
}

static bool is_number(const char *text)
{
        return *text && strlen(text) <= ITEM_MAX_BYTES &&
               text[strspn(text, "0123456789+*#")] == '\0';
}

static bool is_text(const char *text)
{
        if (*text == '\0' || strlen(text) > TEXT_MAX_BYTES)
                return false;
        for (; *text; text++)
                if ((unsigned char)*text < 0x20 || *text == 0x7f)
                        return false;
        return true;
}

/* ---- values ---- */

static int set_text(char **member, char *value, bool (*is_good)(const char *text),
                    const char **ret_wrong)
{
        char *copy;

        *ret_wrong = value;
        if (!key_file_unescape(value) || !is_good(value))
                return -EINVAL;
        copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        free(*member);
        *member = copy;
        return 0;
}

static void free_list(char **list)
{
        for (char **item = list; item && *item; item++)
                free(*item);
        free(list);
}

DEFINE_CLEANUP(char **, free_list);

static bool list_has(char *const *list, const char *word)
{
        for (; *list; list++)
                if (streq(*list, word))
                        return true;
        return false;
}

/* An empty list is none; what is there twice counts once. */
static int set_list(char ***member, char *value, bool (*is_good)(const char *text),
                    const char **ret_wrong)
{
        cleanup_(free_listp) char **list = calloc(ITEMS_MAX + 1, sizeof(*list));
        size_t n = 0;
        char *item;
        bool good;

        if (!list)
                return -ENOMEM;
        while ((item = key_file_next_item(&value, &good))) {
                *ret_wrong = item;
                if (!good || n == ITEMS_MAX || !is_good(item))
                        return -EINVAL;
                if (list_has(list, item))
                        continue;
                list[n] = strdup(item);
                if (!list[n++])
                        return -ENOMEM;
        }
        free_list(*member);
        *member = n > 0 ? take_ptr(list) : NULL;
        return 0;
}

static int set_handle_types(unsigned *member, char *value, const char **ret_wrong)
{
        unsigned bits = 0;
        char *item;
        bool good;

        while ((item = key_file_next_item(&value, &good))) {
                enum handle_type type;

                *ret_wrong = item;
                if (!good || handle_type_from_string(item, &type) < 0 || type == HANDLE_TYPE_NONE)
                        return -EINVAL;
                bits |= 1u << type;
        }
        *member = bits;
        return 0;
}

static int set_duration(usec_t *member, char *value, const char **ret_wrong)
{
        usec_t duration;

        *ret_wrong = value;
        if (config_parse_duration(value, &duration) < 0 || duration > GRACE_MAX)
                return -EINVAL;
        *member = duration;
        return 0;
}

int manifest_key_set(struct manifest *manifest, const struct manifest_key *key, char *value,
                     const char **ret_wrong)
{
        void *member = member_of(manifest, key);

        switch (key->type) {
        case MANIFEST_IDENTIFIER:
                return set_text(member, value, manifest_is_identifier, ret_wrong);
        case MANIFEST_TEXT:
                return set_text(member, value, is_text, ret_wrong);
        case MANIFEST_BUS_NAME:
                return set_text(member, value, manifest_is_bus_name, ret_wrong);
        case MANIFEST_HANDLE_TYPES:
                return set_handle_types(member, value, ret_wrong);
        case MANIFEST_SCHEMES:
                return set_list(member, value, is_scheme, ret_wrong);
        case MANIFEST_HELPERS:
                return set_list(member, value, manifest_is_identifier, ret_wrong);
        case MANIFEST_NUMBERS:
                return set_list(member, value, is_number, ret_wrong);
        case MANIFEST_DURATION:
                return set_duration(member, value, ret_wrong);
        }
        return -EINVAL;
}

void manifest_key_clear(struct manifest *manifest, const struct manifest_key *key)
{
        void *member = member_of(manifest, key);

        switch (key->type) {
        case MANIFEST_IDENTIFIER:
        case MANIFEST_TEXT:
        case MANIFEST_BUS_NAME:
                free(*(char **)member);
                *(char **)member = NULL;
                return;
        case MANIFEST_SCHEMES:
        case MANIFEST_HELPERS:
        case MANIFEST_NUMBERS:
                free_list(*(char ***)member);
                *(char ***)member = NULL;
                return;
        case MANIFEST_HANDLE_TYPES:
                *(unsigned *)member = 0;
                return;
        case MANIFEST_DURATION:
                *(usec_t *)member = 0;
                return;
        }
}

/* ---- comparing ---- */

static bool lists_are_equal(char *const *a, char *const *b)
{
        size_t i = 0;

        if (!a || !b)
                return a == b;
        for (; a[i] && b[i]; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return a[i] == b[i];
}

bool manifest_key_is_equal(const struct manifest *a, const struct manifest *b,
                           const struct manifest_key *key)
{
        const void *one = const_member_of(a, key), *two = const_member_of(b, key);

        switch (key->type) {
        case MANIFEST_IDENTIFIER:
        case MANIFEST_TEXT:
        case MANIFEST_BUS_NAME:
                return streq(str_or_empty(*(char *const *)one), str_or_empty(*(char *const *)two));
        case MANIFEST_SCHEMES:
        case MANIFEST_HELPERS:
        case MANIFEST_NUMBERS:
                return lists_are_equal(*(char **const *)one, *(char **const *)two);
        case MANIFEST_HANDLE_TYPES:
                return *(const unsigned *)one == *(const unsigned *)two;
        case MANIFEST_DURATION:
                return *(const usec_t *)one == *(const usec_t *)two;
        }
        return false;
}
