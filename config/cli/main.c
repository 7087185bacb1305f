/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmsp: the command line. Options, and where the lines come from: a terminal, -c, or a script.
 */
#include "config/cli/json.h"
#include "config/cli/shell.h"
#include "config/cli/terminal.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMANDS_MAX = 256, EXIT_USAGE = 2 };

struct options {
    const char *socket;
    const char *host;
    bool json;
    size_t count;
    const char *commands[COMMANDS_MAX];
};

static int usage(FILE *out, int status)
{
    (void)fputs(
        "usage: nmsp [-H USER@HOST | --socket PATH] [--json] [-c COMMAND]...\n"
        "\n"
        "The command line of nmspd, as on a 3850. Without -c it reads from standard input:\n"
        "lines of a person or a program at a terminal, else a script.\n"
        "\n"
        "  -c, --command COMMAND    do this and end; may be given several times\n"
        "  -H, --host USER@HOST     of another machine, over ssh\n"
        "      --socket PATH        the socket of nmspd (" NMSPD_MANAGEMENT ")\n"
        "      --version            print the version\n"
        "  -h, --help               print this\n",
        out);
    return status;
}

/* For the shell's completion: the keywords that can stand at the end of a line of EXEC. */
static int complete(const char *line)
{
    static struct choices choices;

    parse_choices(line, MODE_EXEC, &choices);
    for (size_t i = 0; i < choices.count; i++)
        if (choices.items[i].keyword)
            (void)puts(choices.items[i].word);
    return EXIT_SUCCESS;
}

/* -1: go on. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option long_options[] = {
        {"command", required_argument, NULL, 'c'},  {"host", required_argument, NULL, 'H'},
        {"socket", required_argument, NULL, 's'},   {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},           {"json", no_argument, NULL, 'j'},
        {"complete", required_argument, NULL, 'C'}, {NULL, 0, NULL, 0},
    };
    int option = 0;

    while ((option = getopt_long(argc, argv, "c:H:h", long_options, NULL)) != -1) {
        if (option == 'h')
            return usage(stdout, EXIT_SUCCESS);
        if (option == 'V')
            return puts("nmsp " NMSPD_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (option == 'C')
            return complete(optarg);
        if (option == 'c' && options->count < COMMANDS_MAX)
            options->commands[options->count++] = optarg;
        else if (option == 'H')
            options->host = optarg;
        else if (option == 's')
            options->socket = optarg;
        else if (option == 'j')
            options->json = true;
        else
            return usage(stderr, EXIT_USAGE);
    }
    bool wrong = optind < argc || (options->json && options->count == 0);
    return wrong ? usage(stderr, EXIT_USAGE) : -1;
}

/* A file that was written elsewhere may end its lines with CR LF. */
static void cut_end(char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
}

static void run_script(struct shell *shell)
{
    char *line = NULL;
    size_t size = 0;

    while (!shell->leaving && getline(&line, &size, stdin) >= 0) {
        shell->number++;
        cut_end(line);
        (void)shell_line(shell, line);
    }
    free(line);
}

static void add_answer(void *context, const char *operation, const char *reply)
{
    json_add(context, operation, reply);
}

static void run_commands(struct shell *shell, const struct options *options)
{
    struct json *json = options->json ? json_new() : NULL;

    if (json != NULL) {
        client_keep_raw(shell->client, true);
        shell->answered = add_answer;
        shell->context_of_answers = json;
        out_set_mute(shell->out, true);
    }
    for (size_t i = 0; i < options->count && !shell->leaving; i++) {
        (void)shell_line(shell, options->commands[i]);
        if (json != NULL && !json_print(json))
            shell->failed = true;
    }
    shell->answered = NULL;
    json_free(json);
}

static int run(struct shell *shell, const struct options *options)
{
    struct terminal *terminal = NULL;

    shell->input = options->count > 0 ? SHELL_COMMANDS : SHELL_SCRIPT;
    if (options->count == 0 && isatty(STDIN_FILENO) == 1)
        terminal = terminal_open(shell);
    if (terminal != NULL)
        shell->input = SHELL_TERMINAL;
    shell->live = terminal != NULL && isatty(STDOUT_FILENO) == 1;
    shell_begin(shell);
    if (terminal != NULL)
        terminal_run(terminal);
    else if (options->count > 0)
        run_commands(shell, options);
    else
        run_script(shell);
    if (!shell_finish(shell))
        shell->failed = true;
    terminal_close(terminal);
    /* Who typed saw what was wrong. */
    return shell->failed && terminal == NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct shell shell;
    char why[512];

    options.socket = NMSPD_MANAGEMENT;
    int status = read_options(argc, argv, &options);
    if (status >= 0)
        return status;
    (void)signal(SIGPIPE, SIG_IGN);
    shell.host = options.host;
    shell.client = client_open(options.socket, options.host, why, sizeof(why));
    if (shell.client == NULL) {
        (void)fprintf(stderr, "nmsp: %s\n", why);
        return EXIT_FAILURE;
    }
    shell.out = out_new(STDOUT_FILENO);
    status = run(&shell, &options);
    client_close(shell.client);
    out_free(shell.out);
    return status;
}
