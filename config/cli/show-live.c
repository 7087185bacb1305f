/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is going on now, refreshed in place; a line each second where the output is no terminal. */
#include "config/cli/show.h"

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
        if (done && shell->live)
            print_screen(shell, answer.tree, &before, &now);
        else if (done && now.uptime > before.uptime + 500)
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
