/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AAA, configurations, the clock, the trace, and all of it for a report. */
#include "config/cli/running.h"
#include "config/cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

/* --- AAA ------------------------------------------------------------------------------------- */

static bool read_aaa(struct shell *shell, struct answer *answer)
{
    return show_config(shell, "<aaa " SHELL_XMLNS("aaa") "/>", answer);
}

/* A row is read by programs as it stands. */
bool show_method_lists(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    bool done = read_aaa(shell, &answer);
    const struct tree *aaa = tree_at(answer.tree, "data/aaa");
    unsigned id = 0;

    (void)line;
    if (done) {
        out_text(shell->out, "author queue=AAA_ML_AUTHOR_CREDENTIAL_DOWNLOAD");
        for (TREE_EACH(list, aaa, "credential-download"))
            out_line(shell->out, "  name=%s valid=%s id=%u :state=ALIVE : LOCAL",
                     tree_or(list, "name", ""),
                     tree_is(aaa, "new-model", "true") ? "TRUE" : "FALSE", id++);
        if (tree_is(aaa, "new-model", "false"))
            out_text(shell->out, "AAA is not in force: aaa new-model");
    }
    answer_free(&answer);
    return done;
}

bool show_aaa_attributes(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    bool done = read_aaa(shell, &answer);
    const struct tree *aaa = tree_at(answer.tree, "data/aaa");
    char quoted[OUT_QUOTED_SIZE];

    (void)line;
    for (TREE_EACH(list, aaa, "attribute-list")) {
        out_line(shell->out, "Attribute list %s", out_quoted(tree_or(list, "name", ""), quoted));
        out_line(shell->out, "  password %s", tree_or(list, "password", "(none: lets nobody in)"));
        for (TREE_EACH(user, aaa, "user"))
            if (tree_is(user, "attribute-list", tree_or(list, "name", "")))
                out_line(shell->out, "  of user %s", tree_or(user, "mac", ""));
    }
    if (done && tree_at(aaa, "attribute-list") == NULL)
        out_text(shell->out, "There are no attribute lists.");
    answer_free(&answer);
    return done;
}

bool show_aaa_servers(struct shell *shell, const struct command_line *line)
{
    (void)line;
    out_text(shell->out, "There are no AAA servers: credentials are local.");
    return true;
}

/* --- configurations -------------------------------------------------------------------------- */

static void verbatim(void *context, const char *text)
{
    out_verbatim(context, text);
}

static bool show_datastore(struct shell *shell, const char *operation, bool all)
{
    struct answer answer;
    bool done = shell_call(shell, operation, &answer);
    char note[80];
    unsigned rules = 0;

    if (done) {
        const struct tree *data = tree_at(answer.tree, "data");
        for (TREE_EACH(list, tree_at(data, "nacm"), "rule-list"))
            rules++;
        (void)snprintf(note, sizeof(note), "! access rules: %u list%s (NETCONF)", rules,
                       rules == 1 ? "" : "s");
        running_write(data, all, verbatim, shell->out);
        if (rules > 0)
            out_verbatim(shell->out, note);
    }
    answer_free(&answer);
    return done;
}

bool show_running(struct shell *shell, const struct command_line *line)
{
    bool all = line_value(line, "all") != NULL;

    return show_datastore(shell, all ? SHELL_WITH_DEFAULTS("running") : SHELL_TRIMMED("running"),
                          all);
}

bool show_startup(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return show_datastore(shell, SHELL_TRIMMED("startup"), false);
}

/* --- the clock ------------------------------------------------------------------------------- */

/* The clock and its synchronisation are this machine's: over ssh that is another one. */
static bool is_here(struct shell *shell)
{
    return shell->host == NULL ||
           shell_fail(shell, "The clock is shown by the device itself: run nmsp there");
}

static bool is_synchronised(void)
{
    struct timex timex = {.modes = 0};

    return adjtimex(&timex) >= 0 && (timex.status & STA_UNSYNC) == 0;
}

bool show_clock(struct shell *shell, const struct command_line *line)
{
    struct timespec now;
    struct tm parts;
    char zone[64];
    char date[64];

    if (!is_here(shell))
        return false;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)localtime_r(&now.tv_sec, &parts);
    (void)strftime(zone, sizeof(zone), "%H:%M:%S", &parts);
    (void)strftime(date, sizeof(date), "%Z %a %b %e %Y", &parts);
    out_line(shell->out, "%s%s.%03ld %s", is_synchronised() ? "" : "*", zone, now.tv_nsec / 1000000,
             date);
    if (line_value(line, "detail") != NULL)
        out_line(shell->out, "%s", is_synchronised() ? "Time source is NTP" : "No time source");
    return true;
}

bool show_ntp(struct shell *shell, const struct command_line *line)
{
    (void)line;
    if (!is_here(shell))
        return false;
    if (is_synchronised())
        out_text(shell->out, "Clock is synchronized by this device's NTP client");
    else
        out_text(shell->out, "Clock is unsynchronized, stratum 16, no reference clock");
    return true;
}

/* --- the agent ------------------------------------------------------------------------------- */

bool show_version(struct shell *shell, const struct command_line *line)
{
    char span[SHOW_TEXT_SIZE];
    char mac[SHOW_TEXT_SIZE];
    struct answer answer;
    const struct tree *state = show_nmsp_state(shell, "<agent/><base-mac/>", &answer);

    (void)line;
    if (state != NULL) {
        if (shell->hostname[0] == '\0')
            shell_read_hostname(shell);
        out_line(shell->out, "%s, NMSP agent for wireless controllers",
                 tree_or(state, "agent/software", "nmspd"));
        out_text(shell->out, "nmsp Software, Version " NMSPD_VERSION);
        out_text(shell->out, "");
        out_line(shell->out, "%s uptime is %s", shell->hostname,
                 show_span(tree_number(state, "agent/uptime"), span));
        out_line(shell->out, "Base MAC address is %s",
                 show_mac(tree_or(state, "base-mac", "not known"), mac));
        out_line(shell->out, "TLS holds %s bytes, the agent woke up %s times",
                 tree_or(state, "agent/tls-memory", "0"), tree_or(state, "agent/wake-ups", "0"));
    }
    answer_free(&answer);
    return state != NULL;
}

bool show_privilege(struct shell *shell, const struct command_line *line)
{
    (void)line;
    out_line(shell->out, "Current privilege level is %d",
             shell->mode != MODE_USER && shell_may_edit(shell) ? 15 : 1);
    return true;
}

bool show_history(struct shell *shell, const struct command_line *line)
{
    (void)line;
    if (shell->each_history != NULL)
        shell->each_history(shell->context_of_terminal, shell->out);
    return true;
}

/* --- trace ----------------------------------------------------------------------------------- */

bool show_trace_messages(struct shell *shell, const struct command_line *line)
{
    char after[48] = "";
    char text[512];
    struct answer answer;
    bool more = true;
    bool done = true;

    (void)line;
    while (more && done && !out_is_over(shell->out)) {
        (void)snprintf(text, sizeof(text),
                       "<read-trace " SHELL_XMLNS("trace") ">%s<limit>100</limit></read-trace>",
                       after);
        done = shell_call(shell, text, &answer);
        more = false;
        for (TREE_EACH(one, answer.tree, "line")) {
            out_line(shell->out, "%s %s: %s", tree_or(one, "time", "-"), tree_or(one, "level", "-"),
                     tree_or(one, "text", ""));
            (void)snprintf(after, sizeof(after), "<after>%.20s</after>",
                           tree_or(one, "number", "0"));
            more = tree_is(answer.tree, "more", "true");
        }
        answer_free(&answer);
    }
    return done;
}

bool show_trace_settings(struct shell *shell, const struct command_line *line)
{
    struct answer answer;
    bool done = show_config(shell, "<trace " SHELL_XMLNS("trace") "/>", &answer);
    const struct tree *trace = tree_at(answer.tree, "data/trace");

    (void)line;
    if (done) {
        out_line(shell->out, "Trace of NMSP: level %s, buffer-size %s bytes",
                 tree_or(trace, "level", "-"), tree_or(trace, "buffer-size", "-"));
    }
    answer_free(&answer);
    return done;
}

/* --- for a report ---------------------------------------------------------------------------- */

bool show_tech_support(struct shell *shell, const struct command_line *line)
{
    static const char *const parts[] = {
        "show version",
        "show clock",
        "show running-config",
        "show nmsp status",
        "show nmsp diagnosis",
        "show nmsp capability",
        "show nmsp subscription detail",
        "show nmsp statistics summary",
        "show nmsp statistics connection",
        "show nmsp certificate",
        "show nmsp radio",
        "show location summary",
        "show trace messages nmsp",
    };
    struct command_line part;
    bool done = true;

    out_set_mask(shell->out, line_value(line, "mask") != NULL);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !out_is_over(shell->out); i++) {
        parse_line(parts[i], MODE_EXEC, &part);
        out_text(shell->out, "");
        out_line(shell->out, "------------------ %s ------------------", parts[i]);
        out_text(shell->out, "");
        if (shell->host == NULL || strcmp(parts[i], "show clock") != 0)
            done = part.command->run(shell, &part) && done;
    }
    out_set_mask(shell->out, false);
    return done;
}
