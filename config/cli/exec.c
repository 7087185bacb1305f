/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to the agent, but for its configuration. */
#include "config/cli/actions.h"
#include "config/cli/shell.h"

#include <stdio.h>
#include <string.h>

static bool call(struct shell *shell, const char *operation)
{
    struct answer answer;
    bool done = shell_call(shell, operation, &answer);

    answer_free(&answer);
    return done;
}

static bool save(struct shell *shell, bool force)
{
    char text[256];
    char why[1024];
    struct answer answer;

    (void)snprintf(text, sizeof(text),
                   "<copy-config><target><startup/></target><source><running/></source>%s"
                   "</copy-config>",
                   force ? "<force " SHELL_XMLNS("netconf") "/>" : "");
    bool done = client_call(shell->client, text, &answer);
    if (done)
        out_text(shell->out, "[OK]");
    else if (tree_is(answer.error, "error-app-tag", "startup-changed"))
        (void)shell_fail(shell, "Startup configuration was changed outside: copy running-config "
                                "startup-config force overwrites it");
    else
        (void)shell_fail(shell, "%s", client_reason(shell->client, &answer, why, sizeof(why)));
    answer_free(&answer);
    return done;
}

bool exec_write(struct shell *shell, const struct command_line *line)
{
    (void)line;
    out_text(shell->out, "Building configuration...");
    return save(shell, false);
}

/* IOS asks for the name, and Enter or the name itself are the answers that programs write. */
static bool ask_name(struct shell *shell)
{
    static const char question[] = "Destination filename [startup-config]? ";
    char name[64];
    size_t len = 0;
    int key = 0;

    out_raw(shell->out, question, strlen(question));
    out_flush(shell->out);
    while ((key = shell->key(shell->context_of_terminal)) != '\r' && key != '\n') {
        char c = (char)key;
        if (key < 0 || key == 3 || len + 1 == sizeof(name))
            return false;
        name[len++] = c;
        out_raw(shell->out, &c, 1);
        out_flush(shell->out);
    }
    name[len] = '\0';
    out_raw(shell->out, "\n", 1);
    return len == 0 || strcmp(name, "startup-config") == 0 || strcmp(name, "y") == 0;
}

bool exec_copy(struct shell *shell, const struct command_line *line)
{
    if (shell->input == SHELL_TERMINAL && shell->key != NULL && !ask_name(shell))
        return shell_fail(shell, "It can be copied to startup-config alone");
    out_text(shell->out, "Building configuration...");
    return save(shell, line_value(line, "force") != NULL);
}

bool exec_reload(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return shell_fail(shell, "The agent is restarted by this device's service manager, not from "
                             "here: /etc/init.d/nmspd restart, or systemctl restart nmspd");
}

bool exec_clear_statistics(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return call(shell, "<clear-statistics " SHELL_XMLNS("nmsp") "/>");
}

bool exec_clear_connection(struct shell *shell, const struct command_line *line)
{
    const char *address = line_value(line, "address");
    char text[512];

    if (address != NULL)
        (void)snprintf(text, sizeof(text),
                       "<reconnect " SHELL_XMLNS("nmsp") "><address>%.253s</address></reconnect>",
                       address);
    else
        (void)snprintf(text, sizeof(text), "<reconnect " SHELL_XMLNS("nmsp") "><all/></reconnect>");
    return call(shell, text);
}

bool exec_clear_trace(struct shell *shell, const struct command_line *line)
{
    (void)line;
    return call(shell, "<clear-trace " SHELL_XMLNS("trace") "/>");
}

bool exec_renew(struct shell *shell, const struct command_line *line)
{
    const char *type = line_value(line, "key-type");
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "<renew-certificate " SHELL_XMLNS("nmsp") ">%s%s%s"
                                                             "</renew-certificate>",
                   type != NULL ? "<key-type>" : "", type != NULL ? type : "",
                   type != NULL ? "</key-type>" : "");
    if (!call(shell, text))
        return false;
    out_text(shell->out, "A new key and certificate are being made. Sessions go on with the old");
    out_text(shell->out, "ones; tell each location server the new key hash before it connects");
    out_text(shell->out, "again: show nmsp certificate");
    return true;
}
