/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The defaults stand in the YANG modules as well, where an operator sees them; a test compares the
 * two. They are repeated here so that the agent can run without any configuration.
 */
static const struct settings defaults = {
    .listen = {.port = SETTINGS_NMSP_PORT,
               .each = {.rate = 12, .burst = 6},
               .all = {.rate = 60, .burst = 20}},
    .intervals = {.client = 2, .rfid = 2, .rogue_ap = 2, .rogue_client = 2},
    .radios = {.default_poll_seconds = 2,
               .hostapd = true,
               .hostapd_directory = "/var/run/hostapd",
               .scan_results = true,
               .helper = "/run/nmsp-radio/radio.sock"},
    .location = {.expiry_client = 15,
                 .expiry_tags = 5,
                 .expiry_rogue_aps = 1200,
                 .threshold_client = 0,
                 .threshold_tags = 5,
                 .threshold_rogue_aps = 5,
                 .rfid_timeout = 1200},
    .capacity = {.devices = 4096, .samples = 16384, .aps = 64, .access_points = 32},
    .trace = {.level = TRACE_WARNING, .buffer_size = TRACE_DEFAULT_SIZE},
};

static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.';
}

/* The kernel takes any bytes for a host name; location servers and logs get a plain one. */
static void default_hostname(char name[SETTINGS_NAME_SIZE])
{
    char found[SETTINGS_NAME_SIZE] = "";
    size_t len = 0;

    if (gethostname(found, sizeof(found) - 1) != 0)
        found[0] = '\0';
    while (is_name_byte(found[len]))
        len++;
    if (len == 0 || found[len] != '\0')
        (void)snprintf(found, sizeof(found), "nmspd");
    (void)snprintf(name, SETTINGS_NAME_SIZE, "%s", found);
}

struct settings *settings_new(void)
{
    struct settings *settings = malloc(sizeof(*settings));
    if (settings == NULL)
        return NULL;
    memcpy(settings, &defaults, sizeof(*settings));
    default_hostname(settings->radios.hostname);
    return settings;
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    free(settings->access_points);
    free(settings->aaa.attribute_lists);
    free(settings->aaa.users);
    free(settings->aaa.method_lists);
    free(settings->radios.radios);
    free(settings->radios.suppressed);
    free(settings);
}
