/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table, so that a key has one place for its name, its reader and what it takes. */
#include "config-key.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

/* A password's source becomes the password in the field `password`; see secret.c. */
#include "secret.h"

static int set_text(char **field, const char *value)
{
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int read_text(const struct config_key *key, void *field, const char *value)
{
        (void)key;
        return *value ? set_text(field, value) : -EINVAL;
}

static bool is_host(const char *text)
{
        return *text && !strpbrk(text, " \t<>\"@,");
}

/* Only the outer form: liblinphone parses it, but says no more than yes or no. */
static int read_address(const struct config_key *key, void *field, const char *value)
{
        const char *rest = value, *at;

        (void)key;
        if (strncasecmp(value, "sip:", 4) != 0 && strncasecmp(value, "sips:", 5) != 0)
                return -EINVAL;
        rest += strcspn(value, ":") + 1;
        at = strchr(rest, '@');
        if (!at || at == rest || !is_host(at + 1) || strcspn(rest, " \t<>\"") < (size_t)(at - rest))
                return -EINVAL;
        return set_text(field, value);
}

static int read_server(const struct config_key *key, void *field, const char *value)
{
        (void)key;
        if (strncasecmp(value, "sip:", 4) != 0 && strncasecmp(value, "sips:", 5) != 0)
                return -EINVAL;
        return is_host(value + strcspn(value, ":") + 1) ? set_text(field, value) : -EINVAL;
}

static int read_listen(const struct config_key *key, void *field, const char *value)
{
        unsigned char space[sizeof(struct in6_addr)];

        (void)key;
        if (inet_pton(AF_INET, value, space) != 1 && inet_pton(AF_INET6, value, space) != 1)
                return -EINVAL;
        return set_text(field, value);
}

static int read_absolute(const struct config_key *key, void *field, const char *value)
{
        (void)key;
        return *value == '/' ? set_text(field, value) : -EINVAL;
}

static int read_number(const char *value, unsigned long min, unsigned long max,
                       unsigned long *ret_number)
{
        unsigned long number;
        char *end;

        if (strspn(value, "0123456789") == 0)
                return -EINVAL;
        errno = 0;
        number = strtoul(value, &end, 10);
        if (errno || *end || number < min || number > max)
                return -EINVAL;
        *ret_number = number;
        return 0;
}

static int read_port(const struct config_key *key, void *field, const char *value)
{
        unsigned long number = 0;

        (void)key;
        if (streq(value, "any"))
                *(int *)field = PORT_ANY;
        else if (read_number(value, 1, 65535, &number) < 0)
                return -EINVAL;
        else
                *(int *)field = (int)number;
        return 0;
}

/* Into two neighbouring fields. */
static int read_port_range(const struct config_key *key, void *field, const char *value)
{
        int first, last, n = 0;

        (void)key;
        if (sscanf(value, "%d-%d%n", &first, &last, &n) != 2 || value[n] || first < 1024 ||
            last > 65535 || last - first < 3)
                return -EINVAL;
        ((int *)field)[0] = first;
        ((int *)field)[1] = last;
        return 0;
}

static int read_seconds(const struct config_key *key, void *field, const char *value)
{
        unsigned long number = 0;

        (void)key;
        if (read_number(value, 0, 86400, &number) < 0)
                return -EINVAL;
        *(unsigned *)field = (unsigned)number;
        return 0;
}

static int read_bool(const struct config_key *key, void *field, const char *value)
{
        (void)key;
        if (!streq(value, "yes") && !streq(value, "no"))
                return -EINVAL;
        *(bool *)field = streq(value, "yes");
        return 0;
}

static int read_transport(const struct config_key *key, void *field, const char *value)
{
        static const char *const words[] = {"udp", "tcp", "tls"};

        (void)key;
        for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
                if (streq(words[i], value)) {
                        *(enum transport *)field = (enum transport)i;
                        return 0;
                }
        }
        return -EINVAL;
}

static int read_encryption(const struct config_key *key, void *field, const char *value)
{
        static const char *const words[] = {"none", "srtp", "srtp-required"};

        (void)key;
        for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
                if (streq(words[i], value)) {
                        *(enum encryption *)field = (enum encryption)i;
                        return 0;
                }
        }
        return -EINVAL;
}

static int read_password_file(const struct config_key *key, void *field, const char *value)
{
        (void)key;
        return secret_from_file(value, field);
}

static int read_credential(const struct config_key *key, void *field, const char *value)
{
        (void)key;
        return secret_from_credential(value, field);
}

#define SIP(name, read, field, takes)                                    \
        {                                                                \
                name, false, read, offsetof(struct config, field), takes \
        }
#define ACCOUNT(name, read, field, takes)                                       \
        {                                                                       \
                name, true, read, offsetof(struct account_config, field), takes \
        }

static const struct config_key keys[] = {
        SIP("Listen", read_listen, listen, "an address of this machine, such as 192.0.2.1 or ::1"),
        SIP("Port", read_port, port, "any, or 1 to 65535"),
        SIP("RtpPorts", read_port_range, rtp_first,
            "a range such as 7078-7199 within 1024 to 65535, two ports for each call"),
        SIP("Codecs", read_text, codecs, "names such as opus PCMU PCMA, the preferred one first"),
        SIP("CaFile", read_absolute, ca_file, "the absolute path of a PEM file"),
        SIP("VerifyServer", read_bool, verify, "yes or no"),
        SIP("Ringback", read_bool, ringback, "yes or no"),
        SIP("MediaTimeoutSec", read_seconds, media_timeout,
            "seconds up to 86400, or 0 for no timeout"),
        ACCOUNT("Address", read_address, address, "sip:user@host"),
        ACCOUNT("DisplayName", read_text, display_name, "a name"),
        ACCOUNT("Registrar", read_server, registrar, "sip:host or sip:host:port"),
        ACCOUNT("Transport", read_transport, transport, "udp, tcp or tls"),
        ACCOUNT("Encryption", read_encryption, encryption, "none, srtp or srtp-required"),
        ACCOUNT("User", read_text, user, "a name to log in with"),
        ACCOUNT("PasswordFile", read_password_file, password,
                "the absolute path of a file with the password in its first line, which nobody "
                "but its owner can read (chmod 600)"),
        ACCOUNT("PasswordCredential", read_credential, password,
                "the name of a systemd credential that the unit loads (LoadCredential=)"),
        ACCOUNT("ExpiresSec", read_seconds, expires, "seconds up to 86400"),
        ACCOUNT("OutboundProxy", read_bool, outbound_proxy, "yes or no"),
};

const struct config_key *config_key_find(bool of_account, const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (keys[i].of_account == of_account && streq(keys[i].name, name))
                        return &keys[i];
        return NULL;
}

/* One that differs in case only, or begins alike. */
const struct config_key *config_key_suggest(bool of_account, const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (keys[i].of_account == of_account && strcasecmp(keys[i].name, name) == 0)
                        return &keys[i];
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (keys[i].of_account == of_account && strncasecmp(keys[i].name, name, 4) == 0)
                        return &keys[i];
        return NULL;
}

char *config_key_names(bool of_account)
{
        char *names = NULL;
        size_t size, n = 0;
        FILE *file = open_memstream(&names, &size);

        if (!file)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (keys[i].of_account == of_account)
                        fprintf(file, "%s%s=", n++ ? ", " : "", keys[i].name);
        fclose(file);
        return names;
}

int config_key_set(const struct config_key *key, void *section, const char *value)
{
        return key->read(key, (char *)section + key->offset, value);
}
