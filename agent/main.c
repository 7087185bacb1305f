/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmspd: options, the order in which modules are set up and torn down, signals.
 */
#include "agent/agent.h"
#include "agent/base/log.h"
#include "agent/base/loop.h"
#include "agent/base/trace.h"
#include "agent/engine/engine.h"
#include "agent/settings.h"
#include "agent/tls/tls.h"
#include "config/config.h"
#include "config/text/diagnosis.h"
#include "platform/clock.h"
#include "platform/platform.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM        "nmspd"
#define DEFAULT_CONFIG "/etc/nmspd/nmspd.json"

enum { EXIT_CONFIG = 2 }; /* wrong usage, too */

struct options {
    const char *config;
    const char *check; /* only look at this file */
    const char *state_dir;
    bool to_syslog;
    enum log_level level;
    int event_buffer_bytes;
};

struct program {
    struct options options;
    struct loop *loop;
    struct engine *engine;
    struct platform *platform;
    struct agent *agent;
    bool stopping;
};

/* --- options --------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: " PROGRAM " [-c FILE] [--state-dir DIR] [-s] [-d | -q]\n"
    "       " PROGRAM " --check FILE\n"
    "\n"
    "Tells location servers over NMSP what this machine's radios hear.\n"
    "\n"
    "  -c, --config FILE     the configuration (" DEFAULT_CONFIG ")\n"
    "      --check FILE      look at a configuration only: exit 0, or 2 with path and reason\n"
    "      --state-dir DIR   where the certificate and its key live (" NMSPD_STATEDIR ")\n"
    "  -s, --syslog          log to syslog, not to standard error\n"
    "  -d, -v, --debug       log more\n"
    "  -q, --quiet           log warnings and errors only\n"
    "      --version         print the version\n"
    "  -h, --help            print this\n"
    "\n"
    "Stays in the foreground. SIGHUP reads the configuration again, SIGUSR1 logs the state,\n"
    "SIGTERM ends all sessions in order. See nmspd(8).\n";

enum { OPTION_CHECK = 256, OPTION_STATE_DIR, OPTION_VERSION, OPTION_EVENT_BUFFER };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", required_argument, NULL, OPTION_CHECK},
    {"state-dir", required_argument, NULL, OPTION_STATE_DIR},
    {"syslog", no_argument, NULL, 's'},
    {"debug", no_argument, NULL, 'd'},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    /* For tests: a small receive buffer makes the kernel's events overrun. */
    {"event-buffer", required_argument, NULL, OPTION_EVENT_BUFFER},
    {NULL, 0, NULL, 0},
};

/* A number of bytes from the command line, 0 if it is none. */
static int parse_bytes(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    return *end == '\0' && value > 0 && value < 1 << 30 ? (int)value : 0;
}

/* True: go on; else *status is what to exit with. */
static bool take_option(struct options *options, int option, int *status)
{
    switch (option) {
    case 'c':
        options->config = optarg;
        return true;
    case OPTION_CHECK:
        options->check = optarg;
        return true;
    case OPTION_STATE_DIR:
        options->state_dir = optarg;
        return true;
    case 's':
        options->to_syslog = true;
        return true;
    case 'd':
    case 'v':
        options->level = LOG_LEVEL_DEBUG;
        return true;
    case 'q':
        options->level = LOG_LEVEL_WARNING;
        return true;
    case OPTION_EVENT_BUFFER:
        options->event_buffer_bytes = parse_bytes(optarg);
        return true;
    case OPTION_VERSION:
        (void)printf(PROGRAM " " NMSPD_VERSION "\n");
        break;
    case 'h':
        (void)fputs(usage, stdout);
        break;
    default:
        (void)fputs(usage, stderr);
        *status = EXIT_CONFIG;
        return false;
    }
    *status = EXIT_SUCCESS;
    return false;
}

static bool parse_options(int argc, char **argv, struct options *options, int *status)
{
    int option;

    *options = (struct options){
        .config = DEFAULT_CONFIG, .state_dir = NMSPD_STATEDIR, .level = LOG_LEVEL_INFO};
    while ((option = getopt_long(argc, argv, "c:sdvqh", long_options, NULL)) != -1) {
        if (!take_option(options, option, status))
            return false;
    }
    if (optind == argc)
        return true;
    (void)fprintf(stderr, PROGRAM ": what is %s? All that is given are options.\n\n%s",
                  argv[optind], usage);
    *status = EXIT_CONFIG;
    return false;
}

/* --- configuration --------------------------------------------------------------------------- */

static void tell_faults(const char *path, const struct config_error *error)
{
    char text[CONFIG_TEXT_SIZE];

    for (size_t i = 0; i < error->count; i++)
        log_error("%s: %s", path, config_fault_text(&error->faults[i], text, sizeof(text)));
    if (error->omitted > 0)
        log_error("%s: and %zu faults more", path, error->omitted);
}

/* The schema is needed for the moment of reading only: its memory is given back. NULL: the reasons
 * were logged. */
static struct settings *load_settings(const char *path)
{
    static struct config_error error;
    const struct config_capabilities capabilities = {.legacy_cipher = tls_has_legacy_cipher()};
    struct config *config = config_new(&capabilities);

    if (config == NULL)
        return NULL;
    struct settings *settings = config_load(config, path, &error);
    config_free(config);
    if (settings == NULL)
        tell_faults(path, &error);
    if (settings == NULL && error.status == CONFIG_NOT_FOUND)
        log_error("write a configuration (nmspd(8) has one to begin with), or name another file "
                  "with --config; --check FILE looks at one without starting");
    return settings;
}

static int check_config(const char *path)
{
    struct settings *settings = load_settings(path);

    if (settings == NULL)
        return EXIT_CONFIG;
    settings_free(settings);
    return EXIT_SUCCESS;
}

/* --- signals --------------------------------------------------------------------------------- */

static void on_stopped(void *context)
{
    struct program *program = context;

    log_info("stopped");
    loop_stop(program->loop, EXIT_SUCCESS);
}

static void on_terminate(void *context, int signo)
{
    struct program *program = context;

    if (program->stopping) {
        log_warning("signal %d again: stopped at once", signo);
        loop_stop(program->loop, EXIT_FAILURE);
        return;
    }
    program->stopping = true;
    log_info("signal %d: ending the sessions", signo);
    agent_stop(program->agent, on_stopped, program);
}

static void on_reload(void *context, int signo)
{
    struct program *program = context;
    struct settings *settings = load_settings(program->options.config);

    (void)signo;
    if (settings == NULL) {
        log_error("reload: refused; nothing was changed");
        return;
    }
    log_info("reload: %s is taken up", program->options.config);
    agent_configure(program->agent, settings);
}

static void on_report(void *context, int signo)
{
    struct program *program = context;

    (void)signo;
    agent_report(program->agent);
}

static int take_signals(struct program *program)
{
    int error = loop_signal(program->loop, SIGTERM, on_terminate, program);

    (void)signal(SIGPIPE, SIG_IGN);
    if (error == 0)
        error = loop_signal(program->loop, SIGINT, on_terminate, program);
    if (error == 0)
        error = loop_signal(program->loop, SIGHUP, on_reload, program);
    if (error == 0)
        error = loop_signal(program->loop, SIGUSR1, on_report, program);
    return error;
}

/* --- set-up and tear-down -------------------------------------------------------------------- */

/* The settings are taken over. False with a log message. */
static bool set_up(struct program *program, struct settings *settings)
{
    const struct platform_options platform_options = {.ap_capacity = settings->capacity.aps,
                                                      .event_buffer_bytes =
                                                          program->options.event_buffer_bytes};

    if (trace_init(program->loop, TRACE_DEFAULT_SIZE) != 0)
        log_warning("there is no memory for the trace, so there will be none");
    program->engine = engine_new(program->loop, &settings->capacity);
    if (program->engine != NULL)
        program->platform =
            platform_new(program->loop, &platform_options, engine_events(), program->engine);
    if (program->platform == NULL) {
        log_error("cannot start: %s; the configured capacity (%u devices, %u samples) needs memory",
                  strerror(ENOMEM), settings->capacity.devices, settings->capacity.samples);
        settings_free(settings);
        return false;
    }
    const struct agent_options agent_options = {.loop = program->loop,
                                                .engine = program->engine,
                                                .radio = platform_operations(),
                                                .platform = program->platform,
                                                .state_dir = program->options.state_dir,
                                                .software = PROGRAM " " NMSPD_VERSION,
                                                .diagnosis_text = diagnosis_tell,
                                                .ntp = clock_ntp};
    program->agent = agent_new(&agent_options, settings);
    return program->agent != NULL;
}

static void tear_down(struct program *program)
{
    agent_free(program->agent);
    platform_free(program->platform);
    if (program->engine != NULL)
        engine_free(program->engine);
    trace_fini();
}

static int run(struct program *program, struct settings *settings)
{
    int status = EXIT_FAILURE;

    log_info("version " NMSPD_VERSION ", configuration %s", program->options.config);
    if (geteuid() == 0)
        log_warning("runs as root, which it does not need: let the supervisor start it as a user "
                    "of its own");
    if (set_up(program, settings))
        status = loop_run(program->loop);
    if (status < 0)
        log_error("the event loop failed: %s", strerror(-status));
    tear_down(program);
    return status < 0 ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
    struct program program = {.stopping = false};
    int status = EXIT_FAILURE;

    if (!parse_options(argc, argv, &program.options, &status))
        return status;
    log_open(PROGRAM, program.options.to_syslog, program.options.level);
    if (program.options.check != NULL)
        return check_config(program.options.check);
    struct settings *settings = load_settings(program.options.config);
    if (settings == NULL)
        return EXIT_CONFIG;
    tls_memory_count();
    if (tls_init() != 0) {
        settings_free(settings);
        return EXIT_FAILURE;
    }
    program.loop = loop_new();
    int error = program.loop == NULL ? -errno : take_signals(&program);
    if (error == 0) {
        status = run(&program, settings);
    } else {
        log_error("cannot start: %s", strerror(-error));
        settings_free(settings);
    }
    loop_free(program.loop);
    tls_fini();
    log_close();
    return status;
}
