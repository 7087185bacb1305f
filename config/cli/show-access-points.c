/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The access points of a controller. */
#include "config/cli/show.h"

#include <stdio.h>
#include <string.h>

static const char *address_of(const struct tree *ap, char buf[static SHOW_ADDRESS_SIZE])
{
    const struct tree *session = tree_at(ap, "session");
    const char *address = session != NULL ? show_address(session, buf) : NULL;

    return address != NULL ? address : "-";
}

static void summary_row(struct shell *shell, const struct tree *ap, void *context)
{
    char address[SHOW_ADDRESS_SIZE];
    char quoted[OUT_QUOTED_SIZE];
    char mac[SHOW_TEXT_SIZE];

    (*(unsigned *)context)++;
    out_line(shell->out, "%-20s %-14s %-15s %-8s %8s %5s %7s %7s %6s",
             out_quoted(tree_or(ap, "name", "-"), quoted), show_mac(tree_or(ap, "mac", "-"), mac),
             address_of(ap, address), tree_is(ap, "up", "true") ? "Active" : "Inactive",
             tree_or(ap, "since", "-"), tree_or(ap, "slots", "0"), tree_or(ap, "devices", "0"),
             tree_or(ap, "rate", "0"), tree_or(ap, "delay", "-"));
}

bool show_access_points(struct shell *shell, const struct command_line *line)
{
    unsigned count = 0;

    (void)line;
    out_line(shell->out, "%-20s %-14s %-15s %-8s %8s %5s %7s %7s %6s", "Name", "MAC", "Address",
             "State", "Since(s)", "Slots", "Devices", "Rate", "Delay");
    out_text(shell->out,
             "---------------------------------------------------------------------------"
             "-----------------------");
    if (!show_pages(shell, SHOW_ALL_PAGES, "read-access-points", "nmsp", "", "access-point",
                    summary_row, &count))
        return false;
    if (count == 0)
        out_text(shell->out, "No access point is configured: nmsp ap H.H.H adds one.");
    return true;
}

static void row(struct shell *shell, const char *name, const struct tree *part, const char *path,
                const char *unit)
{
    char quoted[OUT_QUOTED_SIZE];

    if (tree_text(part, path) != NULL)
        out_line(shell->out, "  %-28s: %s%s", name, out_quoted(tree_text(part, path), quoted),
                 unit);
}

static void detail(struct shell *shell, const struct tree *ap, void *context)
{
    static const struct {
        const char *name;
        const char *path;
        const char *unit;
    } rows[] = {
        {"Name", "name", ""},
        {"Session", "session/phase", ""},
        {"TLS", "session/tls-version", ""},
        {"So for", "since", " s"},
        {"Last message waited", "delay", " ms"},
        {"Steps of its clock", "clock-steps", ""},
        {"AP MACs", "ap-macs", ""},
        {"AP radios", "slots", ""},
        {"Devices heard", "devices", ""},
        {"Readings held", "samples-held", ""},
        {"Readings a minute", "rate", ""},
        {"Readings taken", "collected/samples", ""},
        {"AP radios refused", "collected/claims-refused", ""},
        {"Readings of such", "collected/samples-unclaimed", ""},
        {"Readings beyond its share", "collected/devices-refused", ""},
        {"Reports about nobody's APs", "collected/reports-unresolved", ""},
        {"Messages not asked for", "collected/not-granted", ""},
        {"Turns that it filled", "collected/turns-filled", ""},
        {"Malformed messages", "session/counters/malformed", ""},
        {"Unsupported messages", "session/counters/unsupported", ""},
    };
    char quoted[OUT_QUOTED_SIZE];
    char address[SHOW_ADDRESS_SIZE];
    char mac[SHOW_TEXT_SIZE];

    *(bool *)context = true;
    out_line(shell->out, "Access point %s, %s", show_mac(tree_or(ap, "mac", "-"), mac),
             tree_is(ap, "up", "true") ? "Active" : "Inactive");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        row(shell, rows[i].name, ap, rows[i].path, rows[i].unit);
    out_line(shell->out, "  %-28s: %s", "Address", address_of(ap, address));
    for (TREE_EACH(radio, ap, "radio"))
        out_line(shell->out, "  AP %s slot %s, %s channel %s, %s, %s",
                 show_mac(tree_or(radio, "mac", "-"), mac), tree_or(radio, "slot", "-"),
                 tree_or(radio, "band", "-"), tree_or(radio, "channel", "-"),
                 tree_is(radio, "up", "true") ? "up" : "down",
                 out_quoted(tree_or(radio, "name", "-"), quoted));
}

bool show_access_point(struct shell *shell, const struct command_line *line)
{
    bool found = false;
    char input[64];

    (void)snprintf(input, sizeof(input), "<mac>%s</mac>", line_value(line, "mac"));
    if (!show_pages(shell, SHOW_ALL_PAGES, "read-access-points", "nmsp", input, "access-point",
                    detail, &found))
        return false;
    if (!found)
        out_text(shell->out, "No access point with this MAC is configured.");
    return true;
}
