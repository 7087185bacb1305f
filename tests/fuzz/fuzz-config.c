/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a configuration file: settings or a reason, never a crash, a leak or an empty
 * reason. */
#include "config/settings/loader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct loader *config;
    static struct config_error error;
    char *text = malloc(size + 1);

    if (config == NULL)
        config = loader_new(&(struct config_capabilities){.legacy_cipher = true});
    expect(config != NULL && text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';

    struct settings *settings = loader_text(config, text, size, &error);
    expect((settings != NULL) == (error.status == CONFIG_OK));
    expect((settings != NULL) == (error.count == 0));
    for (size_t i = 0; i < error.count; i++)
        expect(error.faults[i].reason[0] != '\0');
    if (settings != NULL)
        expect(settings->server_count <= SETTINGS_SERVERS_MAX &&
               settings->radios.hostname[0] != '\0' &&
               settings->capacity.samples >= settings->capacity.devices);
    settings_free(settings);
    free(text);
    return 0;
}
