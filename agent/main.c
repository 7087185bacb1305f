/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmspd: options, the order in which modules are set up and torn down, signals.
 */
#include "agent/agent.h"
#include "agent/base/harden.h"
#include "agent/base/job.h"
#include "agent/base/local.h"
#include "agent/base/log.h"
#include "agent/base/loop.h"
#include "agent/base/number.h"
#include "agent/base/supervisor.h"
#include "agent/base/trace.h"
#include "agent/engine/engine.h"
#include "agent/settings.h"
#include "agent/tls/crypto.h"
#include "agent/tls/tls.h"
#include "config/config.h"
#include "config/text/diagnosis.h"
#include "platform/clock.h"
#include "platform/platform.h"
#include "platform/replay/recording.h"
#include "platform/replay/replay.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define PROGRAM        "nmspd"
#define DEFAULT_CONFIG "/etc/nmspd/nmspd.json"
#define DEFAULT_USER   "nmspd"
#define GROUP          "nmsp" /* whose members may manage the agent, as far as nacm lets them */

enum {
    EXIT_CONFIG = 2,  /* wrong usage, too */
    DESCRIPTORS = 160 /* for all but access points */
};

struct options {
    const char *config;
    const char *check; /* only look at this file */
    const char *state_dir;
    const char *management; /* the socket, or "none" */
    const char *user;       /* whom root becomes, or NULL */
    bool to_syslog;
    enum log_level level;
    int event_buffer_bytes;
    const char *replay; /* a scene instead of radios */
    const char *record; /* write what the radios tell there */
};

struct program {
    struct options options;
    struct loop *loop;
    struct supervisor *supervisor; /* NULL: there is none that listens */
    struct config *config;
    struct engine *engine;
    struct platform *platform; /* or, instead of it: */
    struct replay *replay;
    struct recording *record; /* between it and the engine, or NULL */
    struct agent *agent;
    bool stopping;
};

/* --- options --------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: " PROGRAM " [-c FILE] [--state-dir DIR] [--user NAME] [-s] [-d | -q]\n"
    "       " PROGRAM " [--replay SCENE] [--record FILE] ...\n"
    "       " PROGRAM " --check FILE\n"
    "\n"
    "Tells location servers over NMSP what this machine's radios hear.\n"
    "\n"
    "  -c, --config FILE     the configuration (" DEFAULT_CONFIG ")\n"
    "      --check FILE      look at a configuration only: exit 0, or 2 with path and reason\n"
    "      --state-dir DIR   where the certificate and its key live (" NMSPD_STATEDIR ")\n"
    "      --management PATH the socket of NETCONF, or none (" NMSPD_MANAGEMENT ")\n"
    "      --user NAME       whom root becomes (" DEFAULT_USER "); root: stay, without privileges\n"
    "  -s, --syslog          log to syslog, not to standard error\n"
    "  -d, -v, --debug       log more\n"
    "  -q, --quiet           log warnings and errors only\n"
    "      --replay SCENE    play a scene instead of measuring: for tests (nmspd-replay(5))\n"
    "      --record FILE     write all that the radios tell into a new file, as a scene\n"
    "      --version         print the version\n"
    "  -h, --help            print this\n"
    "\n"
    "Stays in the foreground. SIGHUP reads the configuration again, SIGUSR1 logs the state,\n"
    "SIGTERM ends all sessions in order. See nmspd(8).\n";

enum {
    OPTION_CHECK = 256,
    OPTION_STATE_DIR,
    OPTION_MANAGEMENT,
    OPTION_USER,
    OPTION_VERSION,
    OPTION_EVENT_BUFFER,
    OPTION_REPLAY,
    OPTION_RECORD
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", required_argument, NULL, OPTION_CHECK},
    {"state-dir", required_argument, NULL, OPTION_STATE_DIR},
    {"management", required_argument, NULL, OPTION_MANAGEMENT},
    {"user", required_argument, NULL, OPTION_USER},
    {"syslog", no_argument, NULL, 's'},
    {"debug", no_argument, NULL, 'd'},
    {"quiet", no_argument, NULL, 'q'},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    /* For tests: a small receive buffer makes the kernel's events overrun. */
    {"event-buffer", required_argument, NULL, OPTION_EVENT_BUFFER},
    {NULL, 0, NULL, 0},
};

/* A number of bytes from the command line. */
static bool parse_bytes(const char *text, int *bytes)
{
    uint64_t value = 0;
    bool is_one = number_text(text, (1 << 30) - 1, &value) && value > 0;

    if (!is_one)
        (void)fprintf(stderr, PROGRAM ": %s is no number of bytes from 1 to 1073741823\n\n%s", text,
                      usage);
    *bytes = (int)value;
    return is_one;
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
    case OPTION_MANAGEMENT:
        options->management = optarg;
        return true;
    case OPTION_USER:
        options->user = optarg;
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
    case OPTION_REPLAY:
        options->replay = optarg;
        return true;
    case OPTION_RECORD:
        options->record = optarg;
        return true;
    case OPTION_EVENT_BUFFER:
        *status = EXIT_CONFIG;
        return parse_bytes(optarg, &options->event_buffer_bytes);
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

    *options = (struct options){.config = DEFAULT_CONFIG,
                                .state_dir = NMSPD_STATEDIR,
                                .management = NMSPD_MANAGEMENT,
                                .level = LOG_LEVEL_INFO};
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

/* --- privileges ------------------------------------------------------------------------------ */

/* So that the socket can be given to it. */
static void add_group(struct harden_user *user, const char *name)
{
    const struct group *group = getgrnam(name);

    if (group != NULL && user->group_count < HARDEN_GROUPS_MAX)
        user->groups[user->group_count++] = group->gr_gid;
}

/* What a first start by hand lacks. Whatever is there already stays as it is, and may not be fit:
 * then whoever needs it says so. */
static void make_folders(const struct options *options, const struct harden_user *user)
{
    char folder[] = NMSPD_MANAGEMENT;

    *strrchr(folder, '/') = '\0';
    (void)local_make_folder(options->state_dir, user->uid, user->gid);
    if (strcmp(options->management, NMSPD_MANAGEMENT) == 0)
        (void)local_make_folder(folder, user->uid, user->gid);
}

/* Whom root becomes. False with a log message. */
static bool find_user(const char *name, struct harden_user *user)
{
    const char *wanted = name != NULL ? name : DEFAULT_USER;
    int error = harden_find_user(wanted, user);

    if (error == 0)
        return true;
    if (name == NULL && error == -ENOENT)
        log_error("started by root, and there is no user " DEFAULT_USER " to become: make it with "
                  "`useradd --system --user-group --shell /usr/sbin/nologin " DEFAULT_USER
                  "`, name another one with --user, or stay root with --user root");
    else
        log_error("cannot become user %s: %s; name one that exists with --user", wanted,
                  error == -ENOENT ? "there is none" : strerror(-error));
    return false;
}

/* Only root can become somebody, and others need not be told to stay themselves. */
static bool is_ours(const char *name)
{
    struct harden_user user;

    if (name == NULL || (harden_find_user(name, &user) == 0 && user.uid == geteuid()))
        return true;
    log_error("cannot become user %s: only root can become another user; leave --user out", name);
    return false;
}

/*
 * Before anything is opened or made but the log: what is used later (the state directory, the
 * configuration on SIGHUP, hostapd's sockets) is used with the same rights from the start. False
 * with a log message.
 */
static bool drop_privileges(const struct options *options)
{
    struct harden_user user = {.uid = 0};
    struct harden_fault fault;
    bool is_root = geteuid() == 0;

    if (is_root ? !find_user(options->user, &user) : !is_ours(options->user))
        return false;
    bool changes = is_root && user.uid != 0;
    if (changes) {
        add_group(&user, GROUP);
        make_folders(options, &user);
    }
    if (harden_drop(changes ? &user : NULL, 0, &fault) == 0)
        return true;
    log_error("cannot drop privileges: %s: %s; start it as the user that it shall run as",
              fault.what, strerror(fault.error));
    return false;
}

/* --- configuration --------------------------------------------------------------------------- */

static struct config_capabilities capabilities(void)
{
    return (struct config_capabilities){.legacy_cipher = tls_has_legacy_cipher()};
}

static void on_apply(void *context, struct settings *settings)
{
    const struct program *program = context;

    agent_configure(program->agent, settings);
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
    supervisor_stopping(program->supervisor);
    agent_stop(program->agent, on_stopped, program);
}

static void on_reload(void *context, int signo)
{
    const struct program *program = context;

    (void)signo;
    config_reload(program->config);
}

static void on_report(void *context, int signo)
{
    const struct program *program = context;

    (void)signo;
    config_report(program->config, program->agent);
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

static bool no_memory(const struct settings *settings)
{
    log_error("cannot start: %s; the configured capacity (%u devices, %u samples) needs memory",
              strerror(ENOMEM), settings->capacity.devices, settings->capacity.samples);
    return false;
}

/* One for each access point, and what is open besides. What cannot be had is said: who comes then
 * has to wait. */
static void raise_descriptors(const struct settings *settings)
{
    const rlim_t wanted = DESCRIPTORS + (rlim_t)settings->capacity.access_points;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur =
        limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_warning("room for %u access points is configured, and this program may open %lu files "
                    "only: let the supervisor allow it %lu (LimitNOFILE=)",
                    (unsigned)settings->capacity.access_points, (unsigned long)limit.rlim_cur,
                    (unsigned long)wanted);
}

/* What the agent collects from: the radios of this machine or a scene, recorded or not. False with
 * a log message. */
static bool set_up_source(struct program *program, const struct settings *settings)
{
    const struct options *options = &program->options;
    const struct platform_options platform_options = {
        .ap_capacity = settings->capacity.aps, .event_buffer_bytes = options->event_buffer_bytes};
    const struct replay_options replay_options = {.ap_capacity = settings->capacity.aps,
                                                  .name = options->replay};
    struct radio_sink sink = {engine_take, program->engine};

    if (options->record != NULL) {
        program->record = recording_new(program->loop, options->record, &sink);
        if (program->record == NULL)
            return false;
        sink = (struct radio_sink){recording_take, program->record};
    }
    if (options->replay != NULL) {
        program->replay = replay_open(program->loop, &replay_options, &sink);
        return program->replay != NULL;
    }
    program->platform = platform_new(program->loop, &platform_options, &sink);
    return program->platform != NULL || no_memory(settings);
}

/* The settings are taken over. False with a log message. */
static bool set_up(struct program *program, struct settings *settings)
{
    const bool replays = program->options.replay != NULL;

    if (trace_init(program->loop, TRACE_DEFAULT_SIZE) != 0)
        log_warning("there is no memory for the trace, so there will be none");
    raise_descriptors(settings);
    program->engine = engine_new(program->loop, &settings->capacity);
    if (program->engine == NULL ? !no_memory(settings) : !set_up_source(program, settings)) {
        settings_free(settings);
        return false;
    }
    const struct agent_options agent_options = {
        .loop = program->loop,
        .engine = program->engine,
        .radio = replays ? replay_operations() : platform_operations(),
        .platform = replays ? (void *)program->replay : (void *)program->platform,
        .state_dir = program->options.state_dir,
        .software = replays ? PROGRAM " " NMSPD_VERSION " (replay)" : PROGRAM " " NMSPD_VERSION,
        .diagnosis_text = diagnosis_tell,
        .ntp = clock_ntp};
    if (program->record != NULL)
        recording_source(program->record, agent_options.radio, agent_options.platform);
    program->agent = agent_new(&agent_options, settings);
    return program->agent != NULL;
}

static void tear_down(struct program *program)
{
    config_close_door(program->config);
    agent_free(program->agent);
    platform_free(program->platform);
    replay_free(program->replay);
    recording_free(program->record);
    if (program->engine != NULL)
        engine_free(program->engine);
    trace_fini();
}

static int run(struct program *program)
{
    int status = EXIT_FAILURE;

    log_info("version " NMSPD_VERSION ", configuration %s", program->options.config);
    if (geteuid() == 0)
        log_warning("runs as root, which it does not need: let the supervisor start it as a user "
                    "of its own, or leave --user out");
    struct settings *settings = config_settings(program->config);
    if (settings != NULL && set_up(program, settings)) {
        if (strcmp(program->options.management, "none") != 0)
            config_open_door(program->config, program->agent, program->options.management, GROUP);
        supervisor_ready(program->supervisor);
        status = loop_run(program->loop);
    }
    if (status < 0)
        log_error("the event loop failed: %s", strerror(-status));
    tear_down(program);
    return status < 0 ? EXIT_FAILURE : status;
}

/* glibc takes larger and larger blocks from its heap once some were freed, and writes zeros into
 * what is already mapped: tables whose pages nobody used yet would cost memory all the same. */
static void keep_large_blocks_apart(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 65536);
#endif
}

int main(int argc, char **argv)
{
    struct program program = {.stopping = false};
    int status = EXIT_FAILURE;

    if (!parse_options(argc, argv, &program.options, &status))
        return status;
    log_open(PROGRAM, program.options.to_syslog, program.options.level);
    const struct config_capabilities own = capabilities();
    if (program.options.check != NULL)
        return config_check(program.options.check, &own) ? EXIT_SUCCESS : EXIT_CONFIG;
    if (!drop_privileges(&program.options))
        return EXIT_FAILURE;
    keep_large_blocks_apart();
    tls_memory_count();
    job_at_fork(tls_forget_secrets);
    if (tls_init() != 0)
        return EXIT_FAILURE;
    program.loop = loop_new();
    int error = program.loop == NULL ? -errno : take_signals(&program);
    if (error != 0) {
        log_error("cannot start: %s", strerror(-error));
    } else {
        program.supervisor = supervisor_new(program.loop);
        const struct config_options options = {.loop = program.loop,
                                               .path = program.options.config,
                                               .capabilities = own,
                                               .apply = on_apply,
                                               .context = &program};
        program.config = config_open(&options);
        if (program.config != NULL)
            status = run(&program);
    }
    config_close(program.config);
    supervisor_free(program.supervisor);
    loop_free(program.loop);
    tls_fini();
    log_close();
    return status;
}
