/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/internal.h"

#include <stdarg.h>
#include <stdio.h>

struct text {
    char *at;
    size_t left;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    size_t used = len < 0 ? 0 : (size_t)len;
    if (used >= text->left)
        used = text->left > 0 ? text->left - 1 : 0;
    text->at += used;
    text->left -= used;
}

static const char *band_name(uint8_t band)
{
    static const char *const names[] = {"unknown band", "2.4 GHz", "5 GHz", "6 GHz"};

    return band < sizeof(names) / sizeof(names[0]) ? names[band] : names[0];
}

static void say_radio(struct nl80211 *n, const struct radio *radio, struct text *text)
{
    const struct interface *interface = radio_operating(n, radio);

    say(text, "%s (", radio->is.name);
    if (radio->choice.disabled)
        say(text, "disabled)");
    else if (!radio->was_ap)
        say(text, "no AP interface)");
    else if (!radio->told)
        say(text, "no MAC for its AP: set the base MAC)");
    else if (interface == NULL)
        say(text, "down)");
    else
        say(text, "%s, %s channel %u, %u %s)", interface->is.name, band_name(radio->ap.band),
            (unsigned)radio->ap.channel, radio->stations.count,
            radio->stations.count == 1 ? "client" : "clients");
}

void nl80211_describe(void *nl80211, char *t, size_t size)
{
    struct nl80211 *n = nl80211;
    struct text text = {t, size};
    size_t count = 0;

    for (size_t i = 0; i < RADIOS_MAX; i++)
        count += n->radios[i].used ? 1 : 0;
    if (!n->available) {
        say(&text, "no radios: nl80211 is not available (looked for the generic netlink family "
                   "nl80211, which the kernel module cfg80211 brings); they are picked up when it "
                   "appears");
        return;
    }
    if (count == 0) {
        say(&text, "no radios: nl80211 is available, but has no wiphy here; one is picked up when "
                   "it appears");
        return;
    }
    say(&text, "%zu %s: ", count, count == 1 ? "radio" : "radios");
    size_t said = 0;
    for (unsigned slot = 0; slot < RADIOS_MAX; slot++) {
        for (size_t i = 0; i < RADIOS_MAX; i++) {
            if (!n->radios[i].used || n->radios[i].slot != slot)
                continue;
            if (said++ > 0)
                say(&text, ", ");
            say_radio(n, &n->radios[i], &text);
        }
    }
}
