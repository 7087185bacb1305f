/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator lives in: why there is no session, what the server's side must know, radios. */
#include "config/cli/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- diagnosis ------------------------------------------------------------------------------- */

static void heading(struct shell *shell, const struct tree *d)
{
    const char *host = tree_text(d, "host");
    const char *address = tree_text(d, "address");
    char quoted[OUT_QUOTED_SIZE];

    if (host != NULL && address != NULL)
        out_line(shell->out, "Server %s port %s (%s)", out_quoted(host, quoted),
                 tree_or(d, "port", "-"), address);
    else if (host != NULL)
        out_line(shell->out, "Server %s port %s", out_quoted(host, quoted),
                 tree_or(d, "port", "-"));
    else if (address != NULL)
        out_line(shell->out, "Peer %s, which came in", address);
    else
        out_text(shell->out, "The configuration");
}

static void history(struct shell *shell, const struct tree *d)
{
    const char *since = tree_text(d, "since");
    const char *next = tree_text(d, "next-attempt");
    char text[256] = "";
    size_t used = 0;

    if (since != NULL)
        used += (size_t)snprintf(text, sizeof(text), "for %s s", since);
    if (tree_text(d, "count") != NULL)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%sseen %s times",
                                 used > 0 ? ", " : "", tree_text(d, "count"));
    if (next != NULL)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%stried again in %lu s",
                                 used > 0 ? ", " : "",
                                 (unsigned long)((tree_number(d, "next-attempt") + 999) / 1000));
    if (used > 0)
        show_wrapped(shell, "  When   : ", text);
}

static void one_diagnosis(struct shell *shell, const struct tree *d)
{
    bool first = true;

    heading(shell, d);
    show_wrapped(shell, "  Cause  : ", tree_or(d, "cause", "-"));
    show_wrapped(shell, "  Remedy : ", tree_or(d, "remedy", "-"));
    history(shell, d);
    for (TREE_EACH(line, d, "line")) {
        if (first)
            out_text(shell->out, "  To paste behind configure terminal:");
        first = false;
        out_line(shell->out, "    %s", line->text);
    }
    out_text(shell->out, "");
}

static bool is_about(const struct tree *d, const char *wanted)
{
    char address[SHOW_ADDRESS_SIZE];

    if (wanted == NULL || tree_is(d, "host", wanted))
        return true;
    return show_address(d, address) != NULL && strcmp(address, wanted) == 0;
}

static void nothing_wrong(struct shell *shell, const struct tree *state)
{
    unsigned active = 0;

    for (TREE_EACH(peer, state, "peer"))
        active += tree_is(peer, "phase", "active") ? 1 : 0;
    if (active > 0)
        out_line(shell->out, "All is well: %u session%s active.", active, active == 1 ? "" : "s");
    else if (tree_at(state, "peer") != NULL || tree_text(state, "listener/port") != NULL)
        out_text(shell->out, "Nothing is wrong so far, and no session is active yet.");
    else
        show_wrapped(shell, "",
                     "No location server is configured: nmsp server ADDRESS connects to one, nmsp "
                     "listen lets one connect to this device.");
}

bool show_diagnosis(struct shell *shell, const struct command_line *line)
{
    const char *wanted = line_value(line, "address");
    struct answer answer;
    const struct tree *state =
        show_nmsp_state(shell, "<diagnosis/><diagnoses-omitted/><peer/><listener/>", &answer);
    bool any = false;

    for (TREE_EACH(d, state, "diagnosis")) {
        if (!is_about(d, wanted))
            continue;
        any = true;
        one_diagnosis(shell, d);
    }
    if (state != NULL && tree_text(state, "listener/trouble") != NULL) {
        any = true;
        show_wrapped(shell, "The listener: ", tree_text(state, "listener/trouble"));
    }
    if (state != NULL && !any)
        nothing_wrong(shell, state);
    if (state != NULL && tree_text(state, "diagnoses-omitted") != NULL)
        out_line(shell->out, "%s more are not shown.", tree_text(state, "diagnoses-omitted"));
    answer_free(&answer);
    return state != NULL;
}

/* --- certificate ----------------------------------------------------------------------------- */

static void one_certificate(struct shell *shell, const struct tree *c)
{
    char mac[SHOW_TEXT_SIZE];

    out_line(shell->out, "%-17s: %s", "Subject", tree_or(c, "subject", "-"));
    for (TREE_EACH(one, c, "mac"))
        out_line(shell->out, "%-17s: %s (%s)", "MAC address", show_mac(one->text, mac), one->text);
    out_line(shell->out, "%-17s: %s", "SHA1 key hash", tree_or(c, "sha1-key-hash", "-"));
    out_text(shell->out, "SHA2 key hash:");
    out_line(shell->out, "  %s", tree_or(c, "sha2-key-hash", "-"));
    out_line(shell->out, "%-17s: %s, %s bits", "Key", tree_is(c, "key-type", "ec") ? "EC" : "RSA",
             tree_or(c, "key-bits", "-"));
    out_line(shell->out, "%-17s: %s", "Valid from", tree_or(c, "not-before", "-"));
    out_line(shell->out, "%-17s: %s", "Valid until", tree_or(c, "not-after", "-"));
    out_line(shell->out, "%-17s: %s", "File", tree_or(c, "file", "-"));
}

bool show_certificate(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<certificate/>", &answer);

    (void)line;
    for (TREE_EACH(certificate, state, "certificate"))
        one_certificate(shell, certificate);
    if (state != NULL && tree_at(state, "certificate") == NULL)
        out_text(shell->out, "There is no certificate yet: it is made at the first start.");
    else if (state != NULL)
        show_wrapped(shell, "",
                     "The location server's side must know the MAC and one of the key hashes.");
    answer_free(&answer);
    return state != NULL;
}

/* --- radios ---------------------------------------------------------------------------------- */

static void radio_row(struct shell *shell, const struct tree *ap, void *context)
{
    unsigned *count = context;
    char quoted[OUT_QUOTED_SIZE];
    char mac[SHOW_TEXT_SIZE];
    char load[8] = "-";

    if (tree_text(ap, "utilisation") != NULL)
        (void)snprintf(load, sizeof(load), "%u%%",
                       (unsigned)(tree_number(ap, "utilisation") * 100 / 254));
    (*count)++;
    out_line(shell->out, "%-14s %4s %-4s %-4s %4s %5s %5s %5s %4s %7s %s",
             show_mac(tree_or(ap, "mac", "-"), mac), tree_or(ap, "slot", "-"),
             tree_is(ap, "up", "true") ? "up" : "down", tree_or(ap, "band", "-"),
             tree_or(ap, "channel", "-"), tree_or(ap, "width", "-"), tree_or(ap, "tx-power", "-"),
             tree_or(ap, "noise", "-"), load, tree_or(ap, "clients", "-"),
             out_quoted(tree_or(ap, "name", "-"), quoted));
}

bool show_radio(struct shell *shell, const struct command_line *line)
{
    unsigned count = 0;
    struct answer answer;
    bool done = shell_get(shell, "<radio-state " SHELL_XMLNS("radio") "/>", &answer);
    const struct tree *state = tree_at(answer.tree, "data/radio-state");

    (void)line;
    if (done) {
        show_wrapped(shell, "Sources: ", tree_or(state, "sources", "-"));
        out_text(shell->out, "");
        out_text(shell->out, "AP MAC         Slot Is   Band Chan   MHz   dBm Noise Load Clients "
                             "Name");
        out_text(shell->out, "----------------------------------------------------------------"
                             "---------------");
        done = show_pages(shell, SHOW_ALL_PAGES, "read-aps", "radio", "", "ap", radio_row, &count);
        if (count == 0)
            out_text(shell->out, "No radio is read.");
        out_text(shell->out, "");
        out_line(shell->out,
                 "Station tables read: %s, begun anew: %s, given up: %s; requests unanswered: %s, "
                 "refused: %s",
                 tree_or(state, "stations/dumps", "0"),
                 tree_or(state, "stations/dumps-interrupted", "0"),
                 tree_or(state, "stations/dumps-abandoned", "0"),
                 tree_or(state, "stations/timeouts", "0"), tree_or(state, "stations/errors", "0"));
        out_line(shell->out, "Probe requests by hostapd: %s; scan results: %s",
                 tree_or(state, "hostapd/probes", "0"), tree_or(state, "scan/results", "0"));
        out_line(shell->out,
                 "Beacon reports: %s; clients asked: %s, refused: %s, silent: %s; thrown away: %s, "
                 "without a place: %s",
                 tree_or(state, "beacon-reports/reports", "0"),
                 tree_or(state, "beacon-reports/asked", "0"),
                 tree_or(state, "beacon-reports/refused", "0"),
                 tree_or(state, "beacon-reports/silent", "0"),
                 tree_or(state, "beacon-reports/strange", "0"),
                 tree_or(state, "beacon-reports/unplaced", "0"));
        out_line(shell->out, "Frames of monitor interfaces: %s, lost: %s",
                 tree_or(state, "monitor/frames", "0"), tree_or(state, "monitor/lost", "0"));
    }
    answer_free(&answer);
    return done;
}
