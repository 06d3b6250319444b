/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One case per type of value. Numbers are read strictly: no sign, no fraction, nothing behind. */
#include "config/config-value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/cleanup.h"
#include "util/log.h"

#define BLANKS " \t"

/* Largest first, as formatting wants it. */
static const struct {
        const char *name;
        usec_t usec;
} units[] = {
        {"h", 3600 * USEC_PER_SEC},
        {"min", 60 * USEC_PER_SEC},
        {"s", USEC_PER_SEC},
        {"ms", USEC_PER_MSEC},
        {"us", 1},
};

static int parse_number(const char **text, uint64_t *ret_number)
{
        uint64_t number;
        char *end;

        if (!isdigit((unsigned char)**text))
                return -EINVAL;
        errno = 0;
        number = strtoull(*text, &end, 10);
        if (errno)
                return -ERANGE;
        *text = end;
        *ret_number = number;
        return 0;
}

/* No unit is seconds; an unknown one is 0. */
static usec_t parse_unit(const char **text)
{
        size_t length = 0;

        while (isalpha((unsigned char)(*text)[length]))
                length++;
        if (length == 0)
                return USEC_PER_SEC;
        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (strlen(units[i].name) == length && !strncmp(units[i].name, *text, length)) {
                        *text += length;
                        return units[i].usec;
                }
        return 0;
}

int config_parse_duration(const char *text, usec_t *ret_duration)
{
        usec_t total = 0;

        do {
                uint64_t number;
                usec_t unit, part;
                int r = parse_number(&text, &number);

                if (r < 0)
                        return r;
                text += strspn(text, BLANKS);
                unit = parse_unit(&text);
                if (unit == 0)
                        return -EINVAL;
                if (__builtin_mul_overflow(number, unit, &part) ||
                    __builtin_add_overflow(total, part, &total))
                        return -ERANGE;
                text += strspn(text, BLANKS);
        } while (*text);
        *ret_duration = total;
        return 0;
}

void config_format_duration(usec_t duration, char *buffer, size_t size)
{
        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (duration >= units[i].usec && duration % units[i].usec == 0) {
                        snprintf(buffer, size, "%" PRIu64 "%s", duration / units[i].usec,
                                 units[i].name);
                        return;
                }
        snprintf(buffer, size, "0s");
}

static void *member_of(struct config *config, const struct config_key *key)
{
        return (char *)config + key->offset;
}

static int set_count(unsigned *member, const struct config_key *key, const char *value)
{
        uint64_t number;
        int r = parse_number(&value, &number);

        if (r < 0 || *value || number < key->min || number > key->max)
                return -EINVAL;
        *member = (unsigned)number;
        return 0;
}

static int set_duration(usec_t *member, const struct config_key *key, const char *value)
{
        usec_t duration;
        int r = config_parse_duration(value, &duration);

        if (r < 0 || duration < key->min || duration > key->max)
                return -EINVAL;
        *member = duration;
        return 0;
}

static int set_text(char **member, const char *value)
{
        char *copy = NULL;

        if (*value) {
                copy = strdup(value);
                if (!copy)
                        return -ENOMEM;
        }
        free(*member);
        *member = copy;
        return 0;
}

static int list_append(char ***list, const char *word)
{
        size_t n = 0;
        char **larger;

        while (*list && (*list)[n])
                n++;
        larger = realloc(*list, (n + 2) * sizeof(**list));
        if (!larger)
                return -ENOMEM;
        *list = larger;
        larger[n] = strdup(word);
        larger[n + 1] = NULL;
        return larger[n] ? 0 : -ENOMEM;
}

static bool is_word(const struct config_key *key, const char *value, unsigned *ret_place)
{
        for (unsigned i = 0; key->words[i]; i++) {
                if (streq(key->words[i], value)) {
                        *ret_place = i;
                        return true;
                }
        }
        return false;
}

static int set_bool(bool *member, const char *value)
{
        static const char *const words[][2] = {
                {"no", "yes"}, {"off", "on"}, {"false", "true"}, {"0", "1"}};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                for (int truth = 0; truth < 2; truth++) {
                        if (!streq(words[i][truth], value))
                                continue;
                        *member = truth;
                        return 0;
                }
        }
        return -EINVAL;
}

/* No infinity and no hexadecimals, which strtod() would take. */
static int set_decimal(double *member, double min, double max, const char *unit, const char *value)
{
        char *end;
        double number;

        if (!*value || value[strspn(value, "-.0123456789")] == 'x')
                return -EINVAL;
        number = strtod(value, &end);
        if (end == value || !(number >= min && number <= max))
                return -EINVAL;
        end += strspn(end, BLANKS);
        if (*end && !streq(end, unit))
                return -EINVAL;
        *member = number;
        return 0;
}

/* "identifier:word,word"; no word at all is fine. */
static bool is_app_list(const struct config_key *key, const char *value)
{
        const char *colon = strchr(value, ':');
        cleanup_(freep) char *words = colon && colon > value ? strdup(colon + 1) : NULL;
        char *rest = words && *words ? words : NULL;
        unsigned place;

        if (!words)
                return false;
        for (char *word; (word = strsep(&rest, ","));)
                if (!is_word(key, word, &place))
                        return false;
        return true;
}

static bool may_be_listed(const struct config_key *key, const char *word)
{
        unsigned place;

        if (key->type == CONFIG_APP_LISTS)
                return is_app_list(key, word);
        return !key->words || is_word(key, word, &place);
}

static int append_words(char ***member, const struct config_key *key, const char *value)
{
        cleanup_(freep) char *words = strdup(value);
        char *rest = words;

        if (!words)
                return -ENOMEM;
        for (char *word; (word = strsep(&rest, BLANKS));) {
                int r = 0;

                if (*word && !may_be_listed(key, word))
                        return -EINVAL;
                if (*word)
                        r = list_append(member, word);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_value_set(struct config *config, const struct config_key *key, const char *value)
{
        void *member = member_of(config, key);
        unsigned place;
        int level;

        switch (key->type) {
        case CONFIG_COUNT:
                return set_count(member, key, value);
        case CONFIG_DURATION:
                return set_duration(member, key, value);
        case CONFIG_AUTO_RESUME:
                return auto_resume_from_string(value, member);
        case CONFIG_LOG_LEVEL:
                level = log_level_from_string(value);
                if (level < 0)
                        return level;
                *(int *)member = level;
                return 0;
        case CONFIG_WORD:
                if (!is_word(key, value, &place))
                        return -EINVAL;
                *(unsigned *)member = place;
                return 0;
        case CONFIG_BOOL:
                return set_bool(member, value);
        case CONFIG_DECIBEL:
                return set_decimal(member, CONFIG_DECIBEL_MIN, 0, "dB", value);
        case CONFIG_FRACTION:
                return set_decimal(member, 0, 1, "", value);
        case CONFIG_TEXT:
                return set_text(member, value);
        case CONFIG_LIST:
        case CONFIG_APP_LISTS:
                return append_words(member, key, value);
        }
        return -EINVAL;
}

void config_value_format(const struct config *config, const struct config_key *key, char *buffer,
                         size_t size)
{
        const void *member = (const char *)config + key->offset;

        switch (key->type) {
        case CONFIG_COUNT:
                snprintf(buffer, size, "%u", *(const unsigned *)member);
                break;
        case CONFIG_DURATION:
                config_format_duration(*(const usec_t *)member, buffer, size);
                break;
        case CONFIG_AUTO_RESUME:
                snprintf(buffer, size, "%s",
                         auto_resume_to_string(*(const enum auto_resume *)member));
                break;
        case CONFIG_LOG_LEVEL:
                snprintf(buffer, size, "%s", log_level_to_string(*(const int *)member));
                break;
        case CONFIG_WORD:
                snprintf(buffer, size, "%s", key->words[*(const unsigned *)member]);
                break;
        case CONFIG_BOOL:
                snprintf(buffer, size, "%s", *(const bool *)member ? "yes" : "no");
                break;
        case CONFIG_DECIBEL:
                snprintf(buffer, size, "%gdB", *(const double *)member);
                break;
        case CONFIG_FRACTION:
                snprintf(buffer, size, "%g", *(const double *)member);
                break;
        case CONFIG_TEXT:
        case CONFIG_LIST:
        case CONFIG_APP_LISTS:
                snprintf(buffer, size, "%s", "");
                break;
        }
}

/* "one, two or three" */
static void print_words(const char *const *words, char *buffer, size_t size)
{
        size_t used = 0;

        for (size_t i = 0; words[i] && used < size; i++) {
                const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";

                used += (size_t)snprintf(buffer + used, size - used, "%s%s", between, words[i]);
        }
}

void config_value_expect(const struct config_key *key, char *buffer, size_t size)
{
        char min[32], max[32];
        int n;

        switch (key->type) {
        case CONFIG_COUNT:
                snprintf(buffer, size, "a number from %" PRIu64 " to %" PRIu64, key->min, key->max);
                break;
        case CONFIG_DURATION:
                config_format_duration(key->min, min, sizeof(min));
                config_format_duration(key->max, max, sizeof(max));
                snprintf(buffer, size,
                         "a time from %s to %s, such as 90 (seconds), 30s, 500ms or 2min", min,
                         max);
                break;
        case CONFIG_AUTO_RESUME:
                snprintf(buffer, size, "never, local-end or always");
                break;
        case CONFIG_LOG_LEVEL:
                snprintf(buffer, size, "error, warning, notice, info or debug");
                break;
        case CONFIG_WORD:
                print_words(key->words, buffer, size);
                break;
        case CONFIG_BOOL:
                snprintf(buffer, size, "yes or no");
                break;
        case CONFIG_DECIBEL:
                snprintf(buffer, size, "decibels from %g to 0, such as -12", CONFIG_DECIBEL_MIN);
                break;
        case CONFIG_FRACTION:
                snprintf(buffer, size, "a number from 0 to 1, such as 0.5");
                break;
        case CONFIG_TEXT:
                snprintf(buffer, size, "a text");
                break;
        case CONFIG_APP_LISTS:
                n = snprintf(buffer, size, "identifier:kind,kind with the kinds ");
                print_words(key->words, buffer + n, size - (size_t)n);
                break;
        case CONFIG_LIST:
                if (key->words)
                        print_words(key->words, buffer, size);
                else
                        snprintf(buffer, size, "words");
                break;
        }
}
