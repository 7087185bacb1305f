/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From mode to mode, and what concerns the terminal. */
#include "config/cli/actions.h"
#include "config/cli/shell.h"

#include "agent/base/number.h"

#include <stdio.h>
#include <string.h>

static bool say(struct shell *shell, const char *text)
{
    out_text(shell->out, text);
    return true;
}

bool mode_configure(struct shell *shell, const struct command_line *line)
{
    (void)line;
    shell->mode = MODE_CONFIG;
    if (shell->input != SHELL_TERMINAL)
        return true;
    return say(shell, "Enter configuration commands, one per line.  End with CNTL/Z.");
}

/* The candidate is this session's alone as long as it configures. */
bool mode_configure_revert(struct shell *shell, const struct command_line *line)
{
    uint64_t minutes = 0;
    struct answer answer;

    (void)number_text(line_value(line, "timer"), UINT32_MAX, &minutes);
    bool done = shell_call(shell, "<lock><target><candidate/></target></lock>", &answer);
    answer_free(&answer);
    if (!done)
        return false;
    shell->revert = (unsigned)minutes;
    return mode_configure(shell, line);
}

static bool call(struct shell *shell, const char *operation)
{
    struct answer answer;
    bool done = shell_call(shell, operation, &answer);

    answer_free(&answer);
    return done;
}

bool mode_configure_confirm(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return call(shell, "<commit><persist-id>nmsp</persist-id></commit>");
}

bool mode_revert_now(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return call(shell, "<cancel-commit><persist-id>nmsp</persist-id></cancel-commit>");
}

bool mode_line(struct shell *shell, const struct command_line *line)
{
    (void)line;
    shell->mode = MODE_LINE;
    shell->context[0] = '\0';
    return true;
}

bool mode_exit(struct shell *shell, const struct command_line *line)
{
    (void)line;
    shell->context[0] = '\0';
    if (shell->mode == MODE_CONFIG)
        return shell_to_exec(shell);
    shell->mode = MODE_CONFIG;
    return true;
}

bool mode_end(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return shell_to_exec(shell);
}

bool mode_leave(struct shell *shell, const struct command_line *line)
{
    (void)line;
    shell->leaving = true;
    return true;
}

bool mode_enable(struct shell *shell, const struct command_line *line)
{
    (void)line;
    if (!shell_may_edit(shell))
        return shell_fail(shell, "Not permitted: a rule of NACM must let this user change the "
                                 "configuration");
    shell->mode = MODE_EXEC;
    return true;
}

bool mode_disable(struct shell *shell, const struct command_line *line)
{
    (void)line;
    shell->mode = MODE_USER;
    return true;
}

static unsigned number_of(const struct command_line *line, const char *leaf, unsigned otherwise)
{
    uint64_t number = otherwise;

    if (line->form == LINE_SETS)
        (void)number_text(line_value(line, leaf), UINT32_MAX, &number);
    return (unsigned)number;
}

bool mode_terminal_length(struct shell *shell, const struct command_line *line)
{
    shell->length = number_of(line, "length", 24);
    if (shell->key != NULL)
        out_set_pages(shell->out, shell->length, shell->key, shell->context_of_terminal);
    return true;
}

bool mode_terminal_width(struct shell *shell, const struct command_line *line)
{
    shell->width = number_of(line, "width", 80);
    return true;
}

bool mode_accepted(struct shell *shell, const struct command_line *line)
{
    (void)shell;
    (void)line;
    return true;
}

bool mode_refused_clock(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return shell_fail(shell, "The clock is kept by this device's own NTP client (chrony, ntpd, "
                             "sysntpd): configure it there");
}

bool mode_refused_logging(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return shell_fail(shell, "The log goes to this device's syslog: configure there where it is "
                             "sent");
}
