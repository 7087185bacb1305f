/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/shell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENTENCE_SIZE = 2048 };

/* --- what is wrong --------------------------------------------------------------------------- */

/* On a terminal it stands where everything stands; else with the number of its line. */
static void complain(struct shell *shell, const char *text)
{
    shell->failed = true;
    if (shell->input == SHELL_TERMINAL) {
        out_raw(shell->out, text, strlen(text));
        out_raw(shell->out, "\n", 1);
        return;
    }
    out_flush(shell->out);
    if (shell->input == SHELL_SCRIPT && text[0] != '\0')
        (void)fprintf(stderr, "line %u: ", shell->number);
    (void)fprintf(stderr, "%s\n", text);
}

bool shell_fail(struct shell *shell, const char *format, ...)
{
    char text[SENTENCE_SIZE] = "% ";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text + 2, sizeof(text) - 2, format, arguments);
    va_end(arguments);
    complain(shell, text);
    return false;
}

static size_t columns(const char *line, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes && line[i] != '\0'; i++)
        count += ((unsigned char)line[i] & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

/* Under the line as it was typed, or with the line above it where nobody has seen it. */
static bool point(struct shell *shell, const char *line, size_t caret)
{
    char text[GRAMMAR_LINE_MAX + 128];
    size_t at = columns(line, caret) + (shell->input == SHELL_TERMINAL ? shell->prompt_width : 0);

    if (shell->input != SHELL_TERMINAL)
        complain(shell, line);
    (void)snprintf(text, sizeof(text), "%*s^", (int)at, "");
    complain(shell, text);
    (void)shell_fail(shell, "Invalid input detected at '^' marker.");
    if (shell->input == SHELL_TERMINAL)
        complain(shell, "");
    return false;
}

static bool explain(struct shell *shell, const char *line, size_t offset,
                    const struct command_line *parsed)
{
    switch (parsed->outcome) {
    case PARSE_INVALID:
        return point(shell, line, offset + parsed->caret);
    case PARSE_INCOMPLETE:
        (void)shell_fail(shell, "Incomplete command.");
        if (shell->input == SHELL_TERMINAL)
            complain(shell, "");
        return false;
    case PARSE_AMBIGUOUS:
        return shell_fail(shell, "Ambiguous command:  \"%s\"", line);
    default:
        return shell_fail(shell, "A line has at most %d characters", GRAMMAR_LINE_MAX - 1);
    }
}

/* --- rpcs ------------------------------------------------------------------------------------ */

bool shell_call(struct shell *shell, const char *operation, struct answer *answer)
{
    char why[SENTENCE_SIZE];

    if (client_call(shell->client, operation, answer)) {
        if (shell->answered != NULL && answer->raw != NULL)
            shell->answered(shell->context_of_answers, operation, answer->raw);
        return true;
    }
    shell->leaving = shell->leaving || client_is_lost(shell->client);
    return shell_fail(shell, "%s", client_reason(shell->client, answer, why, sizeof(why)));
}

bool shell_get(struct shell *shell, const char *filter, struct answer *answer)
{
    struct buffer text = {NULL, 0, 0};

    buffer_print(&text, "<get><filter type=\"subtree\">%s</filter></get>", filter);
    bool done = shell_call(shell, text.bytes, answer);
    buffer_free(&text);
    return done;
}

/* A change that would be made is permitted or not, whatever it is: it is only tested. */
bool shell_may_edit(struct shell *shell)
{
    struct answer answer;
    char text[512];

    if (shell->right != RIGHT_UNKNOWN)
        return shell->right == RIGHT_GRANTED;
    (void)snprintf(text, sizeof(text),
                   "<edit-config><target><running/></target><test-option>test-only</test-option>"
                   "<config><system " SHELL_XMLNS("system") "><hostname>%s</hostname></system>"
                                                            "</config></edit-config>",
                   strcmp(shell->hostname, "a") == 0 ? "b" : "a");
    (void)client_call(shell->client, text, &answer);
    shell->right =
        tree_is(answer.error, "error-tag", "access-denied") ? RIGHT_DENIED : RIGHT_GRANTED;
    answer_free(&answer);
    return shell->right == RIGHT_GRANTED;
}

/* The agent's name: the configured one, or that of the device it runs on. */
void shell_read_hostname(struct shell *shell)
{
    const char *at = shell->host != NULL ? strrchr(shell->host, '@') : NULL;
    const char *configured = NULL;
    struct answer answer;

    if (shell->host != NULL)
        (void)snprintf(shell->hostname, sizeof(shell->hostname), "%s",
                       at != NULL ? at + 1 : shell->host);
    else if (gethostname(shell->hostname, sizeof(shell->hostname) - 1) != 0)
        (void)snprintf(shell->hostname, sizeof(shell->hostname), "nmspd");
    if (client_call(
            shell->client,
            "<get-config><source><running/></source><filter type=\"subtree\"><system " SHELL_XMLNS(
                "system") "><hostname/></system></filter></get-config>",
            &answer))
        configured = tree_text(answer.tree, "data/system/hostname");
    if (configured != NULL)
        (void)snprintf(shell->hostname, sizeof(shell->hostname), "%s", configured);
    else
        shell->hostname[strcspn(shell->hostname, ".")] = '\0';
    answer_free(&answer);
}

/* --- edits ----------------------------------------------------------------------------------- */

/* A confirmed commit that outlives this session: `configure confirm` may come from another. */
static bool commit(struct shell *shell, struct answer *answer)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "<commit><confirmed/><confirm-timeout>%u</confirm-timeout>"
                   "<persist>nmsp</persist></commit>",
                   shell->revert * 60);
    bool done = client_call(shell->client, text, answer);
    if (done || !tree_is(answer->error, "error-tag", "invalid-value"))
        return done;
    /* One waits already: it goes on with this change in it. */
    answer_free(answer);
    (void)snprintf(text, sizeof(text),
                   "<commit><confirmed/><confirm-timeout>%u</confirm-timeout>"
                   "<persist>nmsp</persist><persist-id>nmsp</persist-id></commit>",
                   shell->revert * 60);
    return client_call(shell->client, text, answer);
}

static bool send_edit(struct shell *shell, const struct edit *edit, struct answer *answer)
{
    const char *target = shell->revert > 0 ? "candidate" : "running";
    struct buffer text = {NULL, 0, 0};
    struct answer discarded;

    buffer_print(&text,
                 "<edit-config><target><%s/></target>"
                 "<error-option>rollback-on-error</error-option><config>",
                 target);
    edit_write(edit, &text);
    buffer_put(&text, "</config></edit-config>");
    bool done = client_call(shell->client, text.bytes, answer);
    buffer_free(&text);
    if (!done || shell->revert == 0)
        return done;
    answer_free(answer);
    if (commit(shell, answer))
        return true;
    (void)client_call(shell->client, "<discard-changes/>", &discarded);
    answer_free(&discarded);
    return false;
}

bool shell_apply(struct shell *shell, const struct edit *edit)
{
    char why[SENTENCE_SIZE];
    struct answer answer;

    if (edit_is_empty(edit))
        return true;
    bool done = send_edit(shell, edit, &answer);
    if (!done) {
        unsigned line = edit_line_at(edit, tree_or(answer.error, "error-path", ""));
        if (shell->input == SHELL_SCRIPT && line != 0)
            shell->number = line;
        shell->leaving = shell->leaving || client_is_lost(shell->client);
        (void)shell_fail(shell, "%s", client_reason(shell->client, &answer, why, sizeof(why)));
    }
    answer_free(&answer);
    return done;
}

/* The running configuration, once for a block. */
static bool read_running(struct shell *shell)
{
    return shell->running.tree != NULL ||
           shell_call(shell, SHELL_TRIMMED("running"), &shell->running);
}

static bool add(struct shell *shell, struct edit *edit, const struct command_line *line)
{
    char why[SENTENCE_SIZE];

    if (edit_needs_running(line) && !read_running(shell))
        return false;
    return edit_add(edit, line, shell->context[0] != '\0' ? shell->context : NULL,
                    tree_at(shell->running.tree, "data"), shell->number, why, sizeof(why)) ||
           shell_fail(shell, "%s", why);
}

static bool configure_at_once(struct shell *shell, const struct command_line *line)
{
    struct edit *edit = edit_new();
    bool done = add(shell, edit, line) && shell_apply(shell, edit);

    edit_free(edit);
    answer_free(&shell->running);
    if (done && shell->input == SHELL_TERMINAL &&
        strncmp(line->command->syntax, "hostname", 8) == 0)
        shell_read_hostname(shell);
    return done;
}

static bool configure_in_block(struct shell *shell, const struct command_line *line)
{
    if (shell->block == NULL) {
        shell->block = edit_new();
        shell->block_begin = shell->number;
        shell->block_bad = false;
    }
    bool added = add(shell, shell->block, line);
    shell->block_bad = shell->block_bad || !added;
    return added;
}

static bool end_block(struct shell *shell)
{
    unsigned number = shell->number;
    bool done = !shell->block_bad;

    if (shell->block != NULL && shell->block_bad)
        (void)fprintf(stderr, "lines %u to %u: nothing of this block was done\n",
                      shell->block_begin, number);
    else if (shell->block != NULL)
        done = shell_apply(shell, shell->block);
    shell->number = number;
    edit_free(shell->block);
    answer_free(&shell->running);
    shell->block = NULL;
    shell->block_bad = false;
    return done;
}

bool shell_to_exec(struct shell *shell)
{
    struct answer answer;
    bool done = end_block(shell);

    if (shell->revert > 0) {
        (void)client_call(shell->client, "<unlock><target><candidate/></target></unlock>", &answer);
        answer_free(&answer);
    }
    shell->revert = 0;
    if (shell->mode & MODES_CONFIGURATION)
        shell->mode = MODE_EXEC;
    shell->context[0] = '\0';
    return done;
}

bool shell_finish(struct shell *shell)
{
    return shell_to_exec(shell);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void enter(struct shell *shell, const struct command_line *line)
{
    shell->mode = line->command->enters;
    (void)snprintf(shell->context, sizeof(shell->context), "%s",
                   line->count > 0 ? line->values[0].text : "");
}

static bool run(struct shell *shell, const struct command_line *line)
{
    const struct command *command = line->command;
    bool done;

    if (command->node == NULL)
        return command->run(shell, line);
    if (shell->input == SHELL_SCRIPT && shell->mode & MODES_CONFIGURATION)
        done = configure_in_block(shell, line);
    else
        done = configure_at_once(shell, line);
    if (done && command->enters != 0 && line->form == LINE_SETS)
        enter(shell, line);
    return done;
}

/* What stands behind a | has a grammar of its own. */
static bool begin_output(struct shell *shell, const char *line, size_t pipe)
{
    static struct command_line parsed;

    if (line[pipe] == '\0')
        return out_begin(shell->out, NULL, NULL);
    parse_line(line + pipe + 1, MODE_PIPE, &parsed);
    if (parsed.outcome == PARSE_EMPTY)
        parsed.outcome = PARSE_INCOMPLETE;
    if (parsed.outcome != PARSE_COMMAND)
        return explain(shell, line, pipe + 1, &parsed);
    return out_begin(shell->out, parsed.command->syntax, line_value(&parsed, "pattern")) ||
           shell_fail(shell, "This is no regular expression: %s", line_value(&parsed, "pattern"));
}

/* `offset`: what of the line was taken already (do). */
static bool run_exec(struct shell *shell, const char *line, size_t offset, unsigned modes)
{
    struct command_line parsed;
    char text[GRAMMAR_LINE_MAX];
    size_t pipe = offset + parse_pipe(line + offset);

    if (pipe - offset >= sizeof(text))
        pipe = offset;
    memcpy(text, line + offset, pipe - offset);
    text[pipe - offset] = '\0';
    parse_line(pipe == offset ? line + offset : text, modes, &parsed);
    if (parsed.outcome == PARSE_EMPTY)
        return true;
    if (parsed.outcome != PARSE_COMMAND)
        return explain(shell, line, offset, &parsed);
    if (!begin_output(shell, line, pipe))
        return false;
    bool done = run(shell, &parsed);
    out_end(shell->out);
    return done;
}

/* The mode itself, then that of the configuration as a whole: such a line ends the block. */
static bool parse_configuration(const struct shell *shell, const char *line,
                                struct command_line *parsed)
{
    parse_line(line, shell->mode, parsed);
    if (shell->mode == MODE_CONFIG || parsed->outcome == PARSE_COMMAND ||
        parsed->outcome == PARSE_EMPTY)
        return false;
    size_t caret = parsed->caret;
    enum parse_outcome outcome = parsed->outcome;
    parse_line(line, MODE_CONFIG, parsed);
    if (parsed->outcome == PARSE_COMMAND || parsed->outcome == PARSE_INCOMPLETE ||
        parsed->caret > caret)
        return true;
    parsed->outcome = outcome;
    parsed->caret = caret;
    return false;
}

static bool is_exec_line(const char *line)
{
    static struct command_line parsed;
    char text[GRAMMAR_LINE_MAX];

    (void)snprintf(text, sizeof(text), "%.*s", (int)parse_pipe(line), line);
    parse_line(text, MODE_EXEC, &parsed);
    return parsed.outcome == PARSE_COMMAND;
}

static bool run_configuration(struct shell *shell, const char *line)
{
    struct command_line parsed;
    size_t rest = parse_do(line, shell->mode);

    if (rest > 0)
        return end_block(shell) && run_exec(shell, line, rest, MODE_EXEC);
    bool outer = parse_configuration(shell, line, &parsed);
    if (parsed.outcome == PARSE_EMPTY)
        return true;
    if (parsed.outcome == PARSE_COMMAND) {
        if (outer) {
            shell->mode = MODE_CONFIG;
            shell->context[0] = '\0';
        }
        return run(shell, &parsed);
    }
    if (shell->input == SHELL_SCRIPT && is_exec_line(line))
        return shell_to_exec(shell) && run_exec(shell, line, 0, MODE_EXEC);
    shell->block_bad = shell->input == SHELL_SCRIPT;
    if (shell->block == NULL && shell->block_bad) {
        shell->block = edit_new();
        shell->block_begin = shell->number;
    }
    return explain(shell, line, 0, &parsed);
}

/* In a script a line of configuration needs no `configure terminal` before it. */
static bool begins_block(const struct shell *shell, const char *line)
{
    struct command_line parsed;

    if (shell->input != SHELL_SCRIPT || is_exec_line(line))
        return false;
    parse_line(line, MODE_CONFIG, &parsed);
    return parsed.outcome == PARSE_COMMAND;
}

bool shell_line(struct shell *shell, const char *line)
{
    if (shell->mode & MODES_CONFIGURATION)
        return run_configuration(shell, line);
    if (begins_block(shell, line)) {
        shell->mode = MODE_CONFIG;
        return run_configuration(shell, line);
    }
    return run_exec(shell, line, 0, shell->mode);
}

/* --- prompt and help ------------------------------------------------------------------------- */

void shell_prompt(const struct shell *shell, char *buf, size_t size)
{
    const char *behind = "#";

    switch (shell->mode) {
    case MODE_USER:
        behind = ">";
        break;
    case MODE_CONFIG:
        behind = "(config)#";
        break;
    case MODE_ATTRIBUTES:
        behind = "(config-attr-list)#";
        break;
    case MODE_INTERFACE:
        behind = "(config-if)#";
        break;
    case MODE_LINE:
        behind = "(config-line)#";
        break;
    default:
        break;
    }
    (void)snprintf(buf, size, "%s%s", shell->hostname, behind);
}

void shell_choices(const struct shell *shell, const char *line, struct choices *out)
{
    size_t rest = parse_do(line, shell->mode);
    unsigned modes = rest > 0 ? MODE_EXEC : shell->mode;
    size_t pipe = rest + parse_pipe(line + rest);

    if ((modes & MODES_EXEC) != 0 && line[pipe] == '|') {
        rest = pipe + 1;
        modes = MODE_PIPE;
    }
    parse_choices(line + rest, modes, out);
    if (modes == MODE_ATTRIBUTES || modes == MODE_INTERFACE || modes == MODE_LINE)
        if (!out->known || (out->count == 0 && !out->complete))
            parse_choices(line + rest, MODE_CONFIG, out);
    out->partial += rest;
}

void shell_begin(struct shell *shell)
{
    shell->mode = MODE_EXEC;
    if (shell->input == SHELL_TERMINAL) {
        shell_read_hostname(shell);
        shell->mode = shell_may_edit(shell) ? MODE_EXEC : MODE_USER;
    }
}
