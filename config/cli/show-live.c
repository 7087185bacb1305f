/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is going on now, refreshed in place; a line each second where the output is no terminal. */
#include "config/cli/show.h"

#include "agent/base/number.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct moment {
    uint64_t uptime; /* ms */
    uint64_t samples;
    uint64_t sent;
    uint64_t received;
};

static bool read_moment(struct shell *shell, struct answer *answer, struct moment *now)
{
    if (!shell_call(shell, "<live-summary " SHELL_XMLNS("nmsp") "/>", answer))
        return false;
    now->uptime = tree_number(answer->tree, "uptime");
    now->samples = tree_number(answer->tree, "samples-taken");
    now->sent = tree_number(answer->tree, "sent-data");
    now->received = tree_number(answer->tree, "received-data");
    return true;
}

/* In tenths a second; what went back (peers that left) is none. */
static unsigned long rate(uint64_t before, uint64_t now, uint64_t ms)
{
    return now > before && ms > 0 ? (unsigned long)((now - before) * 10000 / ms) : 0;
}

static void print_line(struct shell *shell, const struct tree *t, const struct moment *before,
                       const struct moment *now)
{
    uint64_t ms = now->uptime - before->uptime;
    unsigned long taken = rate(before->samples, now->samples, ms);
    unsigned long sent = rate(before->sent, now->sent, ms);

    out_line(
        shell->out,
        "sessions %s of %s, devices %s (clients %s, tags %s, rogue APs %s), samples/s %lu.%lu, "
        "messages/s %lu.%lu",
        tree_or(t, "active-sessions", "0"), tree_or(t, "peers", "0"), tree_or(t, "devices", "0"),
        tree_or(t, "clients", "0"), tree_or(t, "tags", "0"), tree_or(t, "rogue-aps", "0"),
        taken / 10, taken % 10, sent / 10, sent % 10);
}

static void print_screen(struct shell *shell, const struct tree *t, const struct moment *before,
                         const struct moment *now)
{
    static const char clear[] = "\x1b[H\x1b[2J";
    uint64_t ms = now->uptime - before->uptime;
    unsigned long taken = rate(before->samples, now->samples, ms);
    unsigned long sent = rate(before->sent, now->sent, ms);
    unsigned long received = rate(before->received, now->received, ms);

    out_raw(shell->out, clear, strlen(clear));
    out_line(shell->out, "%s  (q quits)", shell->hostname);
    out_text(shell->out, "");
    out_line(shell->out, "Sessions       : %s active of %s", tree_or(t, "active-sessions", "0"),
             tree_or(t, "peers", "0"));
    out_line(shell->out, "Messages       : %lu.%lu sent, %lu.%lu received a second", sent / 10,
             sent % 10, received / 10, received % 10);
    out_line(shell->out, "Samples        : %lu.%lu a second, %s held", taken / 10, taken % 10,
             tree_or(t, "samples", "0"));
    out_line(shell->out, "Access points  : %s radios", tree_or(t, "aps", "0"));
    out_line(shell->out, "Devices        : %s", tree_or(t, "devices", "0"));
    out_line(shell->out, "  Clients      : %s, associated %s", tree_or(t, "clients", "0"),
             tree_or(t, "associated-clients", "0"));
    out_line(shell->out, "  Tags         : %s", tree_or(t, "tags", "0"));
    out_line(shell->out, "  Rogue APs    : %s, their clients %s", tree_or(t, "rogue-aps", "0"),
             tree_or(t, "rogue-clients", "0"));
}

/* --- who is heard loudest -------------------------------------------------------------------- */

/* Of how many radios and devices: what a screen has room for, and what may be read each second. */
enum { LIVE_APS = 6, LIVE_LOUDEST = 3, LIVE_PAGES = 10 };

struct loud {
    char mac[SHOW_TEXT_SIZE];
    long rssi;
};

struct live_ap {
    char mac[SHOW_TEXT_SIZE];
    char slot[4];
    struct loud loudest[LIVE_LOUDEST]; /* the loudest first */
};

struct live_aps {
    size_t count;
    struct live_ap ap[LIVE_APS];
};

static struct live_ap *find_ap(struct live_aps *aps, const char *mac, const char *slot)
{
    size_t i = 0;

    while (i < aps->count &&
           (strcmp(aps->ap[i].mac, mac) != 0 || strcmp(aps->ap[i].slot, slot) != 0))
        i++;
    if (i == LIVE_APS)
        return NULL;
    if (i == aps->count) {
        memset(&aps->ap[i], 0, sizeof(aps->ap[i]));
        (void)snprintf(aps->ap[i].mac, sizeof(aps->ap[i].mac), "%s", mac);
        (void)snprintf(aps->ap[i].slot, sizeof(aps->ap[i].slot), "%s", slot);
        aps->count++;
    }
    return &aps->ap[i];
}

static void take_loud(struct live_ap *ap, const char *mac, long rssi)
{
    size_t at = 0;

    while (at < LIVE_LOUDEST && ap->loudest[at].mac[0] != '\0' && ap->loudest[at].rssi >= rssi)
        at++;
    if (at == LIVE_LOUDEST)
        return;
    memmove(&ap->loudest[at + 1], &ap->loudest[at],
            (LIVE_LOUDEST - at - 1) * sizeof(ap->loudest[0]));
    ap->loudest[at].rssi = rssi;
    (void)snprintf(ap->loudest[at].mac, sizeof(ap->loudest[at].mac), "%s", mac);
}

static void take_device(struct shell *shell, const struct tree *device, void *context)
{
    (void)shell;
    for (TREE_EACH(reading, device, "reading")) {
        struct live_ap *ap =
            find_ap(context, tree_or(reading, "ap-mac", ""), tree_or(reading, "slot", ""));
        const char *rssi = tree_or(reading, "rssi", "-128");
        uint64_t below = 128;
        (void)number_text(rssi + (rssi[0] == '-' ? 1 : 0), 128, &below);
        if (ap != NULL)
            take_loud(ap, tree_or(device, "mac", ""), -(long)below);
    }
}

static void print_loudest(struct shell *shell)
{
    static struct live_aps aps;
    char mac[SHOW_TEXT_SIZE];
    char row[256];

    aps.count = 0;
    (void)show_pages(shell, LIVE_PAGES, "read-devices", "location", "", "device", take_device,
                     &aps);
    out_text(shell->out, "");
    out_text(shell->out, "Loudest at");
    for (size_t i = 0; i < aps.count; i++) {
        size_t used = (size_t)snprintf(row, sizeof(row), "  %s/%s", show_mac(aps.ap[i].mac, mac),
                                       aps.ap[i].slot);
        for (size_t k = 0; k < LIVE_LOUDEST && aps.ap[i].loudest[k].mac[0] != '\0'; k++)
            used += (size_t)snprintf(row + used, sizeof(row) - used, "  %s %ld",
                                     show_mac(aps.ap[i].loudest[k].mac, mac),
                                     aps.ap[i].loudest[k].rssi);
        out_text(shell->out, row);
    }
}

/* What was dropped: reports of peers that are too slow, devices for which there was no room. */
static void print_drops(struct shell *shell)
{
    struct answer answer;
    uint64_t missed = 0;

    if (shell_get(shell,
                  "<nmsp-state " SHELL_XMLNS(
                      "nmsp") "><peer><counters><missed-ticks/></counters>"
                              "</peer></nmsp-state><location-state " SHELL_XMLNS(
                                  "location") ">"
                                              "<devices-evicted/></location-state>",
                  &answer)) {
        const struct tree *state = tree_at(answer.tree, "data/nmsp-state");
        for (TREE_EACH(peer, state, "peer"))
            missed += tree_number(peer, "counters/missed-ticks");
        out_line(shell->out, "Drops          : %lu reports to slow peers, %s devices evicted",
                 (unsigned long)missed,
                 tree_or(answer.tree, "data/location-state/devices-evicted", "0"));
    }
    answer_free(&answer);
}

static bool wants_to_quit(struct shell *shell)
{
    if (shell->pressed == NULL) {
        (void)sleep(1);
        return false;
    }
    if (!shell->pressed(shell->context_of_terminal, 1000))
        return false;
    int key = shell->key(shell->context_of_terminal);
    return key < 0 || key == 'q' || key == 3;
}

bool show_live(struct shell *shell, const struct command_line *line)
{
    struct moment before;
    struct moment now;
    struct answer answer;
    bool done = read_moment(shell, &answer, &before);

    (void)line;
    out_set_pages(shell->out, 0, NULL, NULL);
    while (done && !out_is_over(shell->out)) {
        answer_free(&answer);
        done = read_moment(shell, &answer, &now);
        if (done && shell->live) {
            print_screen(shell, answer.tree, &before, &now);
            print_drops(shell);
            print_loudest(shell);
        }
        if (done && !shell->live && now.uptime > before.uptime + 500)
            print_line(shell, answer.tree, &before, &now);
        out_flush(shell->out);
        before = now;
        if (shell->answered != NULL || (done && wants_to_quit(shell)))
            break;
    }
    answer_free(&answer);
    if (shell->key != NULL)
        out_set_pages(shell->out, shell->length, shell->key, shell->context_of_terminal);
    return done;
}
