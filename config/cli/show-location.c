/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices and the access points that hear them. Large tables are read and written in pages. */
#include "config/cli/show.h"

#include "agent/base/mac.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *class_text(const struct tree *device)
{
    static const char *const names[][2] = {{"client", "Client"},
                                           {"tag", "RFID tag"},
                                           {"rogue-ap", "Rogue AP"},
                                           {"rogue-client", "Rogue client"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (tree_is(device, "class", names[i][0]))
            return names[i][1];
    return "-";
}

static const char *age_text(const struct tree *reading, char buf[static SHOW_TEXT_SIZE])
{
    unsigned long age = (unsigned long)tree_number(reading, "age");

    (void)snprintf(buf, SHOW_TEXT_SIZE, "%lu.%lu", age / 1000, age % 1000 / 100);
    return buf;
}

/* The reading that is loudest, or NULL. */
static const struct tree *loudest(const struct tree *device, unsigned *count)
{
    const struct tree *best = NULL;
    const char *best_rssi = "";

    *count = 0;
    for (TREE_EACH(reading, device, "reading")) {
        const char *rssi = tree_or(reading, "rssi", "-128");
        (*count)++;
        /* All are negative: fewer digits, or the smaller text, is louder. */
        if (best == NULL || strlen(rssi) < strlen(best_rssi) ||
            (strlen(rssi) == strlen(best_rssi) && strcmp(rssi, best_rssi) < 0)) {
            best = reading;
            best_rssi = rssi;
        }
    }
    return best;
}

static void device_row(struct shell *shell, const struct tree *device, void *context)
{
    char mac[SHOW_TEXT_SIZE];
    char ap[SHOW_TEXT_SIZE];
    char age[SHOW_TEXT_SIZE];
    unsigned count = 0;
    const struct tree *best = loudest(device, &count);

    (void)context;
    out_line(shell->out, "%-14s %-12s %-5s %4u  %-14s %4s %5s %8s",
             show_mac(tree_or(device, "mac", "-"), mac), class_text(device),
             tree_at(device, "associated") != NULL ? "yes" : "no", count,
             show_mac(tree_or(best, "ap-mac", "-"), ap), tree_or(best, "slot", "-"),
             tree_or(best, "rssi", "-"), best != NULL ? age_text(best, age) : "-");
}

static void device_heading(struct shell *shell)
{
    out_text(shell->out,
             "MAC            Class        Assoc  APs  Loudest at AP  Slot  RSSI  Age (s)");
    out_text(shell->out,
             "---------------------------------------------------------------------------");
}

static bool settings(struct shell *shell)
{
    struct answer answer;
    bool done = show_config(shell, "<location " SHELL_XMLNS("location") "/>", &answer);
    const struct tree *l = tree_at(answer.tree, "data/location");
    static const struct {
        const char *name;
        const char *half_life;
        const char *expiry;
        const char *threshold;
    } rows[] = {
        {"Client", "rssi-half-life/client", "expiry/client", "notify-threshold/client"},
        {"Calibrating Client", "rssi-half-life/calibrating-client", "expiry/calibrating-client",
         "-"},
        {"Rogue AP", "rssi-half-life/rogue-aps", "expiry/rogue-aps", "notify-threshold/rogue-aps"},
        {"RFID Tag", "rssi-half-life/tags", "expiry/tags", "notify-threshold/tags"},
    };

    if (done) {
        out_text(shell->out, "Location Summary");
        out_text(shell->out, "");
        out_line(shell->out, "Algorithm used:      %s",
                 tree_is(l, "algorithm", "simple") ? "Simple" : "RSSI average");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            out_line(shell->out,
                     "%-20s RSSI expiry: %s sec, Half life: %s sec, Notify threshold: %s db",
                     rows[i].name, tree_or(l, rows[i].expiry, "-"),
                     tree_or(l, rows[i].half_life, "-"), tree_or(l, rows[i].threshold, "-"));
    }
    answer_free(&answer);
    return done;
}

static bool counts(struct shell *shell)
{
    struct answer answer;
    bool done = shell_call(shell, "<live-summary " SHELL_XMLNS("nmsp") "/>", &answer);
    const struct tree *t = answer.tree;

    if (done) {
        out_line(shell->out, "Devices:             %s", tree_or(t, "devices", "0"));
        out_line(shell->out,
                 "  Clients: %s (associated: %s), tags: %s, rogue APs: %s, rogue "
                 "clients: %s",
                 tree_or(t, "clients", "0"), tree_or(t, "associated-clients", "0"),
                 tree_or(t, "tags", "0"), tree_or(t, "rogue-aps", "0"),
                 tree_or(t, "rogue-clients", "0"));
        out_line(shell->out, "Samples held:        %s, taken since the start: %s",
                 tree_or(t, "samples", "0"), tree_or(t, "samples-taken", "0"));
        out_text(shell->out, "");
    }
    answer_free(&answer);
    return done;
}

bool show_location_summary(struct shell *shell, const struct command_line *line)
{
    (void)line;
    if (!settings(shell) || !counts(shell))
        return false;
    device_heading(shell);
    return show_pages(shell, SHOW_ALL_PAGES, "read-devices", "location", "", "device", device_row,
                      NULL);
}

/* --- one device ------------------------------------------------------------------------------ */

static void field(struct shell *shell, const struct tree *part, const char *name, const char *path)
{
    char quoted[OUT_QUOTED_SIZE];
    const char *text = tree_text(part, path);

    if (text != NULL)
        out_line(shell->out, "  %-22s: %s", name, out_quoted(text, quoted));
}

static void client_fields(struct shell *shell, const struct tree *device)
{
    const struct tree *client = tree_at(device, "client");

    if (client == NULL)
        return;
    field(shell, client, "SSID", "ssid");
    field(shell, client, "VLAN", "vlan");
    field(shell, client, "Protocol 802.11", "protocol");
    field(shell, client, "User", "user");
    for (TREE_EACH(address, client, "address"))
        out_line(shell->out, "  %-22s: %s", "IP address", address->text);
}

static void other_fields(struct shell *shell, const struct tree *device)
{
    static const struct {
        const char *name;
        const char *path;
    } fields[] = {
        {"SSID", "rogue/ssid"},
        {"Channel", "rogue/channel"},
        {"Band", "rogue/band"},
        {"Encryption", "rogue/encryption"},
        {"First seen", "rogue/first-seen"},
        {"Vendor", "tag/vendor"},
        {"CCX version", "tag/ccx-version"},
        {"Transmit power (dBm)", "tag/tx-power"},
        {"Channel", "tag/channel"},
        {"Sequence number", "tag/sequence"},
        {"Received bytes", "statistics/received-bytes"},
        {"Sent bytes", "statistics/sent-bytes"},
        {"Received packets", "statistics/received-packets"},
        {"Sent packets", "statistics/sent-packets"},
        {"Retries", "statistics/retries"},
        {"Receive rate (kbit/s)", "statistics/receive-rate"},
        {"Send rate (kbit/s)", "statistics/send-rate"},
        {"Connected (s)", "statistics/connected"},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        field(shell, device, fields[i].name, fields[i].path);
}

static void readings(struct shell *shell, const struct tree *device)
{
    char mac[SHOW_TEXT_SIZE];
    char age[SHOW_TEXT_SIZE];

    out_text(shell->out, "");
    out_text(shell->out, "AP MAC         Slot Antenna   RSSI    SNR  Age (s) Heard in");
    out_text(shell->out, "------------------------------------------------------------");
    for (TREE_EACH(r, device, "reading"))
        out_line(shell->out, "%-14s %4s %7s %6s %6s %8s %s",
                 show_mac(tree_or(r, "ap-mac", "-"), mac), tree_or(r, "slot", "-"),
                 tree_or(r, "antenna", "all"), tree_or(r, "rssi", "-"), tree_or(r, "snr", "-"),
                 age_text(r, age), tree_or(r, "source", "-"));
    if (tree_at(device, "reading") == NULL)
        out_text(shell->out, "No access point hears it now.");
    out_text(shell->out, "RSSI in dBm as it is announced: averaged as location algorithm says.");
}

static void device_detail(struct shell *shell, const struct tree *device, void *context)
{
    bool *found = context;
    char mac[SHOW_TEXT_SIZE];

    *found = true;
    out_line(shell->out, "Device %s", show_mac(tree_or(device, "mac", "-"), mac));
    out_line(shell->out, "  %-22s: %s%s", "Class", class_text(device),
             tree_is(device, "locally-administered", "true") ? " (random MAC)" : "");
    out_line(shell->out, "  %-22s: %s", "Last heard", tree_or(device, "last-heard", "-"));
    out_line(shell->out, "  %-22s: %s", "Last announced",
             tree_or(device, "last-announced", "not in the last minutes"));
    if (tree_at(device, "associated") != NULL)
        out_line(shell->out, "  %-22s: %s slot %s", "Associated with AP",
                 show_mac(tree_or(device, "associated/ap-mac", "-"), mac),
                 tree_or(device, "associated/slot", "-"));
    client_fields(shell, device);
    other_fields(shell, device);
    readings(shell, device);
}

bool show_location_detail(struct shell *shell, const struct command_line *line)
{
    char input[128];
    char mac[SHOW_TEXT_SIZE];
    bool found = false;

    (void)snprintf(input, sizeof(input), "<mac>%s</mac>", line_value(line, "mac"));
    bool done = show_pages(shell, SHOW_ALL_PAGES, "read-devices", "location", input, "device",
                           device_detail, &found);
    if (done && !found)
        out_line(shell->out, "No device %s is known: no access point has heard it lately.",
                 show_mac(line_value(line, "mac"), mac));
    return done;
}

/* --- tags ------------------------------------------------------------------------------------ */

bool show_location_rfid(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    bool done = shell_get(shell, "<location-state " SHELL_XMLNS("location") "/>", &answer);
    const struct tree *s = tree_at(answer.tree, "data/location-state");
    struct answer live = {NULL, NULL, NULL, NULL};

    (void)line;
    done = done && shell_call(shell, "<live-summary " SHELL_XMLNS("nmsp") "/>", &live);
    if (done) {
        out_text(shell->out, "RFID Statistics");
        out_text(shell->out, "");
        out_line(shell->out, "%-28s: %s", "Tags known", tree_or(live.tree, "tags", "0"));
        out_line(shell->out, "%-28s: %s", "Samples taken, all devices",
                 tree_or(s, "samples-taken", "0"));
        out_line(shell->out, "%-28s: %s", "Samples refused", tree_or(s, "samples-refused", "0"));
        out_line(shell->out, "%-28s: %s", "Devices expired", tree_or(s, "devices-expired", "0"));
        out_line(shell->out, "%-28s: %s", "Devices evicted", tree_or(s, "devices-evicted", "0"));
        out_line(shell->out, "%-28s: %s", "APs beyond 16 of a device",
                 tree_or(s, "aps-dropped", "0"));
    }
    answer_free(&answer);
    answer_free(&live);
    return done;
}

/* --- what one access point hears ------------------------------------------------------------- */

struct wanted_ap {
    const char *name;
    char mac[SHOW_TEXT_SIZE];
};

static void find_ap(struct shell *shell, const struct tree *ap, void *context)
{
    struct wanted_ap *wanted = context;

    (void)shell;
    if (tree_is(ap, "name", wanted->name))
        (void)snprintf(wanted->mac, sizeof(wanted->mac), "%s", tree_or(ap, "mac", ""));
}

static bool resolve_ap(struct shell *shell, struct wanted_ap *wanted)
{
    struct mac mac;

    if (mac_parse(wanted->name, strlen(wanted->name), &mac)) {
        char text[MAC_TEXT_SIZE];
        (void)snprintf(wanted->mac, sizeof(wanted->mac), "%s", mac_text(&mac, text));
        return true;
    }
    return show_pages(shell, SHOW_ALL_PAGES, "read-aps", "radio", "", "ap", find_ap, wanted);
}

bool show_ap_detect(struct shell *shell, const struct command_line *line)
{
    struct wanted_ap wanted = {line_value(line, "ap"), ""};
    const char *class = line_value(line, "class");
    char input[256];
    char quoted[OUT_QUOTED_SIZE];

    if (!resolve_ap(shell, &wanted))
        return false;
    if (wanted.mac[0] == '\0') {
        out_line(shell->out, "No access point %s is known: show ap summary",
                 out_quoted(wanted.name, quoted));
        return true;
    }
    (void)snprintf(input, sizeof(input), "%s%s%s<ap-mac>%s</ap-mac>",
                   class != NULL ? "<class>" : "", class != NULL ? class : "",
                   class != NULL ? "</class>" : "", wanted.mac);
    device_heading(shell);
    return show_pages(shell, SHOW_ALL_PAGES, "read-devices", "location", input, "device",
                      device_row, NULL);
}

/* --- the 9800's tables ----------------------------------------------------------------------- */

struct aps {
    struct buffer rows;
    char last[SHOW_TEXT_SIZE];
    char name[OUT_QUOTED_SIZE];
    unsigned slots;
    unsigned count;
    bool is_own; /* not an access point's */
    bool is_up;
};

static void put_ap(struct aps *aps)
{
    if (aps->slots == 0)
        return;
    buffer_print(&aps->rows, "%-33s%-7u%-21s%-15s%-15s%-18s%-9s%-41s%s\n", aps->name, aps->slots,
                 aps->is_own ? "nl80211" : "nmspd", aps->last, aps->last, "default-location", "--",
                 "0.0.0.0", aps->is_up ? "Registered" : "Not registered");
    aps->count++;
}

static void take_ap(struct shell *shell, const struct tree *ap, void *context)
{
    struct aps *aps = context;
    char mac[SHOW_TEXT_SIZE];
    char quoted[OUT_QUOTED_SIZE];
    const char *text = show_mac(tree_or(ap, "mac", "-"), mac);

    (void)shell;
    if (strcmp(text, aps->last) != 0) {
        put_ap(aps);
        (void)snprintf(aps->last, sizeof(aps->last), "%s", text);
        (void)snprintf(aps->name, sizeof(aps->name), "%s",
                       out_quoted(tree_or(ap, "name", "-"), quoted));
        aps->slots = 0;
        aps->is_up = false;
    }
    aps->slots++;
    aps->is_own = tree_at(ap, "access-point") == NULL;
    aps->is_up = aps->is_up || !tree_is(ap, "up", "false") || aps->is_own;
}

bool show_ap_summary(struct shell *shell, const struct command_line *line)
{
    static struct aps aps;

    (void)line;
    memset(&aps, 0, sizeof(aps));
    bool done = show_pages(shell, SHOW_ALL_PAGES, "read-aps", "radio", "", "ap", take_ap, &aps);
    put_ap(&aps);
    if (done) {
        out_line(shell->out, "Number of APs: %u", aps.count);
        out_text(shell->out, "");
        out_line(shell->out, "%-33s%-7s%-21s%-15s%-15s%-18s%-9s%-41s%s", "AP Name", "Slots",
                 "AP Model", "Ethernet MAC", "Radio MAC", "Location", "Country", "IP Address",
                 "State");
        out_text(shell->out, "-------------------------------------------------------------------"
                             "---------------------------------------------------------------------"
                             "---------------------------------");
        char *rest = aps.rows.bytes;
        for (char *row = rest != NULL ? strtok_r(rest, "\n", &rest) : NULL; row != NULL;
             row = strtok_r(NULL, "\n", &rest))
            out_text(shell->out, row);
    }
    buffer_free(&aps.rows);
    return done;
}

static void client_row(struct shell *shell, const struct tree *device, void *context)
{
    char mac[SHOW_TEXT_SIZE];
    char ap[SHOW_TEXT_SIZE];
    char protocol[16];

    (void)context;
    if (tree_at(device, "associated") == NULL)
        return;
    (void)snprintf(protocol, sizeof(protocol), "11%s", tree_or(device, "client/protocol", "n"));
    out_line(shell->out, "%-14s %-46s %-4s %-4s %-17s %-8s %-10s %s",
             show_mac(tree_or(device, "mac", "-"), mac),
             show_mac(tree_or(device, "associated/ap-mac", "-"), ap), "WLAN",
             tree_or(device, "associated/slot", "0"), "Run", protocol, "None", "Local");
}

bool show_client_summary(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    bool done = shell_call(shell, "<live-summary " SHELL_XMLNS("nmsp") "/>", &answer);

    (void)line;
    if (done) {
        out_line(shell->out, "Number of Clients: %s",
                 tree_or(answer.tree, "associated-clients", "0"));
        out_text(shell->out, "");
        out_line(shell->out, "%-14s %-46s %-4s %-4s %-17s %-8s %-10s %s", "MAC Address", "AP Name",
                 "Type", "ID", "State", "Protocol", "Method", "Role");
        out_text(shell->out, "-------------------------------------------------------------------"
                             "------------------------------------------------------");
        done = show_pages(shell, SHOW_ALL_PAGES, "read-devices", "location",
                          "<class>client</class>", "device", client_row, NULL);
    }
    answer_free(&answer);
    return done;
}
