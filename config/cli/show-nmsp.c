/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions: status, capability, intervals, subscriptions, statistics. */
#include "config/cli/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- status ---------------------------------------------------------------------------------- */

/* A row is read by programs: address, word, four numbers, word, and nothing behind it. */
static void status_row(struct shell *shell, const struct tree *peer)
{
    char address[SHOW_ADDRESS_SIZE];

    if (show_address(peer, address) == NULL)
        return;
    out_line(shell->out, "%-39s %-9s %-13s %-13s %-11s %-11s %s", address,
             tree_is(peer, "phase", "active") ? "Active" : "Inactive",
             tree_or(peer, "counters/sent-echo-responses", "0"),
             tree_or(peer, "counters/received-echo-requests", "0"),
             tree_or(peer, "counters/sent-data", "0"), tree_or(peer, "counters/received-data", "0"),
             tree_is(peer, "legacy-cipher", "true") ? "TLS-legacy" : "TLS");
}

bool show_status(struct shell *shell, const struct command_line *line)
{
    char address[SHOW_ADDRESS_SIZE];
    char quoted[OUT_QUOTED_SIZE];
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<enabled/><peer/>", &answer);

    (void)line;
    if (state != NULL) {
        out_text(shell->out, "NMSP Status");
        out_text(shell->out, "-----------");
        out_text(shell->out, "");
        out_line(shell->out, "%-39s %-9s %-13s %-13s %-11s %-11s %s", "MSE IP Address", "Active",
                 "Tx Echo Resp", "Rx Echo Req", "Tx Data", "Rx Data", "Transport");
        out_text(shell->out, "-------------------------------------------------------------------"
                             "-------------------------------------------");
        for (TREE_EACH(peer, state, "peer"))
            status_row(shell, peer);
        for (TREE_EACH(peer, state, "peer"))
            if (show_address(peer, address) == NULL)
                out_line(shell->out, "Server %s has no address yet: show nmsp diagnosis",
                         out_quoted(tree_or(peer, "host", "-"), quoted));
        if (tree_is(state, "enabled", "false"))
            out_text(shell->out, "NMSP is switched off: nmsp enable switches it on");
    }
    answer_free(&answer);
    return state != NULL;
}

/* --- services -------------------------------------------------------------------------------- */

/* In the order of the 9800's table. */
static const struct service_text {
    const char *service;
    const char *group;
    const char *name;
    bool listed; /* several stand in a row, each with a comma */
} services[] = {
    {"rssi-rogue", "RSSI", "Rogue", true},
    {"rssi-rfid", "RSSI", "Tags", true},
    {"rssi-ms", "RSSI", "Mobile Station", true},
    {"rssi-ms-associated-only", "RSSI", "Associated Mobile Station", true},
    {"rssi-interferer", "RSSI", "Interferer", true},
    {"rssi-hs", "RSSI", "Hotspot", true},
    {"spectrum-aggregate-interferer", "Spectrum", "Aggregate Interferer", true},
    {"spectrum-air-quality", "Spectrum", "Air Quality", true},
    {"spectrum-interferer", "Spectrum", "Interferer", true},
    {"info-rogue", "Info", "Rogue", true},
    {"info-rfid", "Info", "Tags", true},
    {"info-ms", "Info", "Mobile Station", true},
    {"info-hs", "Info", "Hotspot", true},
    {"stats-rogue", "Statistics", "Rogue", true},
    {"stats-rfid", "Statistics", "Tags", true},
    {"stats-ms", "Statistics", "Mobile Station", true},
    {"attach", "Attachment", "Wired Station", false},
    {"location", "Location", "Subscription", false},
    {"fmchs", "FMCHS", "Subscription", false},
    {"wips", "WIPS", "Subscription", false},
    {"ap-monitor", "AP Monitor", "Subscription", false},
    {"on-demand", "On Demand", "Device Info", false},
    {"ap-info", "AP Info", "Subscription", false},
};

enum { SERVICES = sizeof(services) / sizeof(services[0]) };

static void services_heading(struct shell *shell, const char *first)
{
    out_line(shell->out, "%s%-14s%s", first, "Service", "Subservice");
    out_text(shell->out, "-----------------------------------------");
}

/* `has` tells whether a service is there. A row for each group that has one. */
static void services_rows(struct shell *shell, const struct tree *set,
                          bool (*has)(const struct tree *set, const char *service),
                          const char *first)
{
    char row[256];
    size_t i = 0;

    while (i < SERVICES) {
        const char *group = services[i].group;
        size_t used = 0;
        for (; i < SERVICES && strcmp(services[i].group, group) == 0; i++) {
            if (!has(set, services[i].service))
                continue;
            used += (size_t)snprintf(row + used, sizeof(row) - used, "%s%s%s", used > 0 ? " " : "",
                                     services[i].name, services[i].listed ? "," : "");
        }
        if (used > 0)
            out_line(shell->out, "%s%-14s%s", first, group, row);
    }
}

static bool is_offered(const struct tree *set, const char *service)
{
    for (TREE_EACH(one, set, "service"))
        if (strcmp(one->text, service) == 0)
            return true;
    return false;
}

static bool is_granted(const struct tree *set, const char *service)
{
    for (TREE_EACH(one, set, "service"))
        if (tree_is(one, "name", service))
            return true;
    return false;
}

bool show_capability(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<capability/>", &answer);

    (void)line;
    if (state != NULL) {
        services_heading(shell, "");
        services_rows(shell, tree_at(state, "capability"), is_offered, "");
    }
    answer_free(&answer);
    return state != NULL;
}

static void subscription_detail(struct shell *shell, const struct tree *peer, const char *address)
{
    const struct tree *set = tree_at(peer, "subscription");

    out_line(shell->out, "CMX IP address %s:", address);
    services_heading(shell, "");
    services_rows(shell, set, is_granted, "");
    for (TREE_EACH(service, set, "service"))
        if (tree_text(service, "interval") != NULL)
            out_line(shell->out, "Interval of %s: %s sec", tree_or(service, "name", ""),
                     tree_or(service, "interval", ""));
    if (tree_text(set, "ap-filter") != NULL)
        out_line(shell->out, "Access points asked for: %s", tree_text(set, "ap-filter"));
    if (tree_text(set, "device-filter") != NULL)
        out_line(shell->out, "Devices asked for: %s", tree_text(set, "device-filter"));
    out_text(shell->out, "");
}

bool show_subscription(struct shell *shell, const struct command_line *line)
{
    const char *wanted = line_value(line, "address");
    bool detail = strcmp(line_value(line, "how"), "detail") == 0;
    char first[SHOW_ADDRESS_SIZE + 16];
    char address[SHOW_ADDRESS_SIZE];
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<peer/>", &answer);

    unsigned count = 0;

    if (state != NULL && !detail) {
        (void)snprintf(first, sizeof(first), "%-40s", "CMX IP address");
        services_heading(shell, first);
    }
    for (TREE_EACH(peer, state, "peer")) {
        if (show_address(peer, address) == NULL || tree_at(peer, "subscription/service") == NULL ||
            (wanted != NULL && strcmp(wanted, address) != 0))
            continue;
        count++;
        (void)snprintf(first, sizeof(first), "%-40s", address);
        if (detail)
            subscription_detail(shell, peer, address);
        else
            services_rows(shell, tree_at(peer, "subscription"), is_granted, first);
    }
    if (state != NULL && count == 0)
        out_text(shell->out, "No location server has subscribed anything.");
    answer_free(&answer);
    return state != NULL;
}

/* --- intervals ------------------------------------------------------------------------------- */

bool show_interval(struct shell *shell, const struct command_line *line)
{
    static const struct {
        const char *heading;
        const char *leaf;
    } rows[] = {
        {" Client", "client-notify-interval"},
        {" RFID", "rfid-notify-interval"},
        {" Rogue AP", "rogue-ap-notify-interval"},
        {" Rogue Client", "rogue-client-notify-interval"},
        {" Spectrum", "interferer-notify-interval"},
        {"Attachment Interval", "attachment-notify-interval"},
        {"Location Interval", "location-notify-interval"},
    };
    struct answer answer;
    bool done = show_config(shell, "<nmsp " SHELL_XMLNS("nmsp") "><notification/></nmsp>", &answer);

    (void)line;
    if (done) {
        const struct tree *intervals = tree_at(answer.tree, "data/nmsp/notification");
        out_text(shell->out, "NMSP Notification Intervals");
        out_text(shell->out, "---------------------------");
        out_text(shell->out, "");
        out_text(shell->out, "RSSI Interval:");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            out_line(shell->out, "%-22s: %s sec", rows[i].heading,
                     tree_or(intervals, rows[i].leaf, "-"));
    }
    answer_free(&answer);
    return done;
}

bool show_suppress(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    bool done = shell_call(shell, SHELL_TRIMMED("running"), &answer);
    const struct tree *nmsp = tree_at(tree_at(answer.tree, "data"), "nmsp");

    (void)line;
    if (done) {
        out_text(shell->out, "NMSP Attachment Suppression Interfaces");
        out_text(shell->out, "--------------------------------------");
        for (TREE_EACH(interface, nmsp, "interface"))
            if (strcmp(tree_or(interface, "suppress-attachment", "false"), "true") == 0)
                out_line(shell->out, "%s", tree_or(interface, "name", "-"));
    }
    answer_free(&answer);
    return done;
}

/* --- statistics ------------------------------------------------------------------------------ */

bool show_statistics_summary(struct shell *shell, const struct command_line *line)
{
    static const struct {
        const char *name;
        const char *path; /* NULL: a heading */
    } rows[] = {
        {"NMSP Global Counters", NULL},
        {"Number of restarts", "global/restarts"},
        {"SSL Statistics", NULL},
        {"Total amount of verifications", "ssl/verifications"},
        {"Verification failures", "ssl/verification-failures"},
        {"Verification success", "ssl/verification-successes"},
        {"Amount of connections created", "ssl/connections-created"},
        {"Amount of connections closed", "ssl/connections-closed"},
        {"Total amount of accept attempts", "ssl/accept-attempts"},
        {"Failures in accept", "ssl/accept-failures"},
        {"Amount of successful accepts", "ssl/accept-successes"},
        {"Amount of failed registrations", "ssl/failed-registrations"},
        {"AAA Statistics", NULL},
        {"Total amount of AAA requests", "aaa/requests"},
        {"Failed to send requests", "aaa/send-failures"},
        {"Requests sent to AAA", "aaa/sent"},
        {"Responses from AAA", "aaa/responses"},
        {"Responses from AAA to validate", "aaa/to-validate"},
        {"Responses validate error", "aaa/validate-errors"},
        {"Responses validate success", "aaa/validate-successes"},
    };
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<statistics/>", &answer);

    (void)line;
    for (size_t i = 0; state != NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].path == NULL) {
            if (i > 0)
                out_text(shell->out, "");
            out_text(shell->out, rows[i].name);
        } else {
            out_line(shell->out, "  %-34s: %s", rows[i].name,
                     tree_or(tree_at(state, "statistics"), rows[i].path, "0"));
        }
    }
    answer_free(&answer);
    return state != NULL;
}

static void message_counters(struct shell *shell, const struct tree *counters, const char *which,
                             const char *heading)
{
    out_text(shell->out, heading);
    out_line(shell->out, "  %-5s %-40s %s", "ID", "Name", "Count");
    for (TREE_EACH(one, counters, which))
        out_line(shell->out, "  %-5s %-40s %s", tree_or(one, "id", ""), tree_or(one, "name", "-"),
                 tree_or(one, "count", "0"));
}

static void connection(struct shell *shell, const struct tree *peer, const char *address)
{
    const struct tree *counters = tree_at(peer, "counters");
    char mac[SHOW_TEXT_SIZE];

    out_line(shell->out, "NMSP Connection Counters");
    out_line(shell->out, "CMX IP Address: %s, Status: %s", address,
             tree_is(peer, "phase", "active") ? "Active" : "Inactive");
    out_line(shell->out, "  %-22s: %s", "MAC address",
             show_mac(tree_or(peer, "mac", "not known"), mac));
    out_line(shell->out, "  %-22s: %s %s%s", "TLS", tree_or(peer, "tls-version", "-"),
             tree_or(peer, "tls-cipher", ""),
             tree_is(peer, "legacy-cipher", "true") ? " (legacy-cipher)" : "");
    out_line(shell->out, "  %-22s: %s", "Connections", tree_or(peer, "connections", "0"));
    out_line(shell->out, "  %-22s: %s", "Disconnections", tree_or(peer, "disconnections", "0"));
    out_line(shell->out, "  %-22s: %s", "Rx Data Frames", tree_or(counters, "received-data", "0"));
    out_line(shell->out, "  %-22s: %s", "Tx Data Frames", tree_or(counters, "sent-data", "0"));
    out_line(shell->out, "  %-22s: %s", "Unsupported messages",
             tree_or(counters, "unsupported", "0"));
    out_line(shell->out, "  %-22s: %s", "Malformed messages", tree_or(counters, "malformed", "0"));
    out_line(shell->out, "  %-22s: %s", "Reports left out", tree_or(counters, "missed-ticks", "0"));
    message_counters(shell, counters, "received", "  Rx Message Counters:");
    message_counters(shell, counters, "sent", "  Tx Message Counters:");
    out_text(shell->out, "");
}

bool show_statistics_connection(struct shell *shell, const struct command_line *line)
{
    char address[SHOW_ADDRESS_SIZE];
    char quoted[OUT_QUOTED_SIZE];
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<peer/>", &answer);

    (void)line;
    for (TREE_EACH(peer, state, "peer")) {
        const char *known = show_address(peer, address);
        connection(shell, peer,
                   known != NULL ? known : out_quoted(tree_or(peer, "host", "-"), quoted));
    }
    if (state != NULL && tree_at(state, "peer") == NULL)
        out_text(shell->out, "No location server is known.");
    answer_free(&answer);
    return state != NULL;
}
