/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces in XML as lines of text. */
#include "contract/introspection/xml.h"

#include <check.h>
#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGED_SIGNAL "org.freedesktop.DBus.Property.EmitsChangedSignal"

struct reading {
        struct statements *statements;
        char interface[128];
        char kind[16];
        char member[128];
        unsigned n_in, n_out;
        bool annotated; /* the property says how changes are announced */
};

static const char *attribute(const XML_Char **attributes, const char *name)
{
        for (; *attributes; attributes += 2)
                if (strcmp(attributes[0], name) == 0)
                        return attributes[1];
        return "";
}

static void state(struct reading *reading, const char *what)
{
        struct statements *statements = reading->statements;
        char *line;

        ck_assert_int_gt(asprintf(&line, "%s %s %s%s%s", reading->interface, reading->kind,
                                  reading->member, *what ? " " : "", what),
                         0);
        statements->lines =
                reallocarray(statements->lines, statements->n + 1, sizeof(*statements->lines));
        ck_assert_ptr_nonnull(statements->lines);
        statements->lines[statements->n++] = line;
}

static bool is_member(const char *element)
{
        return strcmp(element, "method") == 0 || strcmp(element, "signal") == 0 ||
               strcmp(element, "property") == 0;
}

static void begin_member(struct reading *reading, const char *element, const XML_Char **attributes)
{
        char what[256] = "";

        snprintf(reading->kind, sizeof(reading->kind), "%s", element);
        snprintf(reading->member, sizeof(reading->member), "%s", attribute(attributes, "name"));
        reading->n_in = reading->n_out = 0;
        reading->annotated = false;
        if (strcmp(element, "property") == 0)
                snprintf(what, sizeof(what), "%s %s", attribute(attributes, "type"),
                         attribute(attributes, "access"));
        state(reading, what);
}

static void begin_argument(struct reading *reading, const XML_Char **attributes)
{
        bool out = strcmp(attribute(attributes, "direction"), "out") == 0;
        char what[256];

        snprintf(what, sizeof(what), "%s %u %s %s", out ? "out" : "in",
                 out ? reading->n_out++ : reading->n_in++, attribute(attributes, "type"),
                 attribute(attributes, "name"));
        state(reading, what);
}

static void begin_annotation(struct reading *reading, const XML_Char **attributes)
{
        char what[256];

        if (strcmp(attribute(attributes, "name"), CHANGED_SIGNAL) == 0)
                reading->annotated = true;
        snprintf(what, sizeof(what), "%s=%s", attribute(attributes, "name"),
                 attribute(attributes, "value"));
        state(reading, what);
}

static void on_begin(void *userdata, const XML_Char *element, const XML_Char **attributes)
{
        struct reading *reading = userdata;

        if (strcmp(element, "interface") == 0)
                snprintf(reading->interface, sizeof(reading->interface), "%s",
                         attribute(attributes, "name"));
        if (strncmp(reading->interface, "org.callsd.", 11) != 0)
                return;
        if (is_member(element))
                begin_member(reading, element, attributes);
        else if (strcmp(element, "arg") == 0)
                begin_argument(reading, attributes);
        else if (strcmp(element, "annotation") == 0)
                begin_annotation(reading, attributes);
}

/* A property that says nothing emits its changes: that is the default of D-Bus. */
static void on_end(void *userdata, const XML_Char *element)
{
        struct reading *reading = userdata;

        if (strcmp(element, "property") == 0 && !reading->annotated &&
            strncmp(reading->interface, "org.callsd.", 11) == 0)
                state(reading, CHANGED_SIGNAL "=true");
        if (strcmp(element, "interface") == 0)
                reading->interface[0] = '\0';
}

void statements_add(struct statements *statements, const char *xml)
{
        struct reading reading = {.statements = statements};
        XML_Parser parser = XML_ParserCreate(NULL);

        ck_assert_ptr_nonnull(parser);
        XML_SetUserData(parser, &reading);
        XML_SetElementHandler(parser, on_begin, on_end);
        ck_assert_msg(XML_Parse(parser, xml, (int)strlen(xml), true) == XML_STATUS_OK, "%s",
                      XML_ErrorString(XML_GetErrorCode(parser)));
        XML_ParserFree(parser);
}

void statements_add_file(struct statements *statements, const char *path)
{
        FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        ck_assert_msg(file != NULL, "no %s", path);
        ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
        fclose(file);
        statements_add(statements, text);
        free(text);
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

void statements_sort(struct statements *statements)
{
        qsort(statements->lines, statements->n, sizeof(*statements->lines), compare);
}

void statements_done(struct statements *statements)
{
        while (statements->n > 0)
                free(statements->lines[--statements->n]);
        free(statements->lines);
        statements->lines = NULL;
}
