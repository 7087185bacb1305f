/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * radio-dump [--event-buffer BYTES]: a test program that runs the platform and prints a line for
 * each event. Commands come from standard input, one a line, until it ends:
 *
 *   configure [poll=S] [hostname=NAME] [base-mac=MAC] [radio=IFNAME[,disabled][,ap-mac=MAC]
 *             [,poll=S][,name=NAME][,monitor=IFNAME]]... [hostapd=FOLDER] [scan=SECONDS]
 *             [helper=SOCKET]
 *   describe, counters, base-mac, wakeups
 */
#include "agent/base/log.h"
#include "agent/base/number.h"
#include "platform/platform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 1024, RADIOS_MAX = 8, AP_CAPACITY = 32 };

/* Settings stay valid until the next ones are given: two places, used in turn. */
struct configuration {
    struct settings_radios settings;
    struct settings_radio radios[RADIOS_MAX];
};

struct program {
    struct loop *loop;
    struct platform *platform;
    struct loop_watch input;
    char line[LINE_SIZE];
    size_t len;
    struct configuration configurations[2];
    unsigned configured;
};

static const char *text_of(const struct mac *mac)
{
    static char text[MAC_TEXT_SIZE];

    return mac_text(mac, text);
}

/* --- events --- */

static void on_ap_changed(void *context, const struct radio_ap *ap)
{
    (void)context;
    printf("ap handle=%u mac=%s slot=%u band=%u channel=%u width=%u tx-power=%d noise=%d "
           "utilisation=%u clients=%u up=%d name=%s\n",
           ap->ap, text_of(&ap->mac), ap->slot, ap->band, ap->channel, ap->width, ap->tx_power,
           ap->noise, ap->utilisation, ap->clients, ap->up, ap->name);
}

static void on_ap_gone(void *context, uint16_t ap)
{
    (void)context;
    printf("gone handle=%u\n", ap);
}

static void on_sample(void *context, const struct radio_sample *sample)
{
    const struct program *program = context;

    printf("sample device=%s ap=%u class=%u antenna=%u source=%u rssi=%d snr=%d age=%" PRId64 "\n",
           text_of(&sample->device), sample->ap, sample->device_class, sample->antenna,
           sample->source, sample->rssi, sample->snr, loop_now(program->loop) - sample->heard);
}

static void on_client_joined(void *context, const struct radio_client *client)
{
    (void)context;
    printf("joined device=%s ap=%u vlan=%u protocol=%u ssid=%.*s\n", text_of(&client->device),
           client->ap, client->vlan, client->protocol, client->ssid_len,
           (const char *)client->ssid);
}

static void on_client_left(void *context, uint16_t ap, const struct mac *device)
{
    (void)context;
    printf("left device=%s ap=%u\n", text_of(device), ap);
}

static void on_client_user(void *context, const struct radio_user *user)
{
    (void)context;
    printf("user device=%s name=%.*s\n", text_of(&user->device), user->len,
           (const char *)user->name);
}

static void on_address(void *context, const struct radio_address *address)
{
    char text[INET6_ADDRSTRLEN] = "";

    (void)context;
    (void)inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->address, text,
                    sizeof(text));
    printf("address device=%s present=%d address=%s\n", text_of(&address->device), address->present,
           text);
}

static void on_statistics(void *context, const struct radio_statistics *statistics)
{
    (void)context;
    printf("statistics device=%s ap=%u rx-bytes=%" PRIu64 " tx-bytes=%" PRIu64
           " rx-packets=%" PRIu64 " tx-packets=%" PRIu64 " retries=%" PRIu64 " failed=%" PRIu64
           " rx-rate=%" PRIu32 " tx-rate=%" PRIu32 " connected=%" PRIu32 "\n",
           text_of(&statistics->device), statistics->ap, statistics->rx_bytes, statistics->tx_bytes,
           statistics->rx_packets, statistics->tx_packets, statistics->tx_retries,
           statistics->tx_failed, statistics->rx_rate, statistics->tx_rate, statistics->connected);
}

static void on_rogue(void *context, const struct radio_rogue *rogue)
{
    (void)context;
    printf("rogue device=%s ap=%u class=%u band=%u channel=%u encryption=%u ssid=%.*s\n",
           text_of(&rogue->device), rogue->ap, rogue->device_class, rogue->band, rogue->channel,
           rogue->encryption, rogue->ssid_len, (const char *)rogue->ssid);
}

static void on_tag(void *context, const struct radio_tag *tag)
{
    (void)context;
    printf("tag device=%s ap=%u vendor=%u channel=%u sequence=%u payload-len=%u\n",
           text_of(&tag->device), tag->ap, tag->vendor, tag->channel, tag->sequence,
           tag->payload_len);
}

static void on_capabilities(void *context, uint32_t capabilities)
{
    (void)context;
    printf("working mask=%" PRIu32 "\n", capabilities);
}

static void take_event(void *context, const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_AP_CHANGED:
        on_ap_changed(context, &event->ap);
        break;
    case RADIO_AP_GONE:
        on_ap_gone(context, event->gone);
        break;
    case RADIO_SAMPLE:
        on_sample(context, &event->sample);
        break;
    case RADIO_CLIENT_JOINED:
        on_client_joined(context, &event->joined);
        break;
    case RADIO_CLIENT_LEFT:
        on_client_left(context, event->left.ap, &event->left.device);
        break;
    case RADIO_USER:
        on_client_user(context, &event->user);
        break;
    case RADIO_ADDRESS:
        on_address(context, &event->address);
        break;
    case RADIO_STATISTICS:
        on_statistics(context, &event->statistics);
        break;
    case RADIO_ROGUE:
        on_rogue(context, &event->rogue);
        break;
    case RADIO_TAG:
        on_tag(context, &event->tag);
        break;
    case RADIO_CAPABILITIES:
        on_capabilities(context, event->capabilities);
        break;
    case RADIO_AP_LOST: /* of other machines only */
    case RADIO_WITHDRAWN:
    case RADIO_KINDS:
        break;
    }
}

/* --- commands --- */

static const char *value_of(const char *word, const char *key)
{
    size_t len = strlen(key);

    return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static void copy(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    memcpy(out, text, len);
    out[len] = '\0';
}

/* Of who wrote the test. */
static uint64_t number(const char *text, uint64_t max)
{
    uint64_t value;

    if (number_text(text, max, &value))
        return value;
    (void)fprintf(stderr, "radio-dump: %s is no number of at most %" PRIu64 "\n", text, max);
    exit(2);
}

static void take_radio_word(struct settings_radio *radio, const char *word)
{
    const char *value;

    if (strcmp(word, "disabled") == 0)
        radio->disabled = true;
    else if ((value = value_of(word, "ap-mac")) != NULL)
        radio->has_ap_mac = mac_parse(value, strlen(value), &radio->ap_mac);
    else if ((value = value_of(word, "poll")) != NULL)
        radio->poll_seconds = (uint8_t)number(value, UINT8_MAX);
    else if ((value = value_of(word, "name")) != NULL)
        copy(radio->ap_name, sizeof(radio->ap_name), value);
    else if ((value = value_of(word, "monitor")) != NULL)
        copy(radio->monitor, sizeof(radio->monitor), value);
}

static void take_radio(struct settings_radios *settings, char *text)
{
    char *rest = NULL;
    char *word = strtok_r(text, ",", &rest);

    if (word == NULL || settings->radio_count == RADIOS_MAX)
        return;
    struct settings_radio *radio = &settings->radios[settings->radio_count++];
    copy(radio->ifname, sizeof(radio->ifname), word);
    radio->poll_seconds = settings->default_poll_seconds;
    while ((word = strtok_r(NULL, ",", &rest)) != NULL)
        take_radio_word(radio, word);
}

static void take_hostapd(struct settings_radios *settings, const char *folder)
{
    copy(settings->hostapd_directory, sizeof(settings->hostapd_directory), folder);
    settings->hostapd = true;
}

/* The results are read; own scans every so many seconds, 0: none. */
static void take_scan(struct settings_radios *settings, const char *seconds)
{
    settings->scan_results = true;
    settings->scan_seconds = (uint16_t)number(seconds, UINT16_MAX);
}

static void take_word(struct settings_radios *settings, char *word)
{
    const char *value;

    if ((value = value_of(word, "poll")) != NULL)
        settings->default_poll_seconds = (uint8_t)number(value, UINT8_MAX);
    else if ((value = value_of(word, "hostname")) != NULL)
        copy(settings->hostname, sizeof(settings->hostname), value);
    else if ((value = value_of(word, "base-mac")) != NULL)
        settings->has_base_mac = mac_parse(value, strlen(value), &settings->base_mac);
    else if ((value = value_of(word, "hostapd")) != NULL)
        take_hostapd(settings, value);
    else if ((value = value_of(word, "scan")) != NULL)
        take_scan(settings, value);
    else if ((value = value_of(word, "helper")) != NULL)
        copy(settings->helper, sizeof(settings->helper), value);
    else if (value_of(word, "radio") != NULL)
        take_radio(settings, word + strlen("radio="));
}

static void configure(struct program *program, char *words)
{
    struct configuration *configuration = &program->configurations[program->configured++ % 2];
    struct settings_radios *settings = &configuration->settings;
    char *rest = NULL;

    *configuration = (struct configuration){0};
    *settings = (struct settings_radios){
        .hostname = "radio-dump", .default_poll_seconds = 2, .radios = configuration->radios};
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        take_word(settings, word);
    platform_operations()->configure(program->platform, settings);
    printf("configured\n");
}

static void print_counters(struct program *program)
{
    static const char *const shown[][3] = {
        {"dumps", "stations", "dumps"},
        {"interrupted", "stations", "dumps-interrupted"},
        {"abandoned", "stations", "dumps-abandoned"},
        {"overruns", "stations", "overruns"},
        {"timeouts", "stations", "timeouts"},
        {"errors", "stations", "errors"},
        {"invalid", "stations", "invalid-samples"},
        {"malformed", "stations", "malformed"},
        {"untracked", "stations", "untracked"},
        {"probes", "hostapd", "probes"},
        {"attached", "hostapd", "attached"},
        {"lost", "hostapd", "lost"},
        {"ignored", "hostapd", "ignored"},
        {"scans", "scan", "results"},
        {"scans-refused", "scan", "refused"},
        {"frames", "monitor", "frames"},
        {"frames-lost", "monitor", "lost"},
        {"frames-malformed", "monitor", "malformed"},
    };

    printf("counters");
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        printf(" %s=%" PRIu64, shown[i][0],
               platform_operations()->counter(program->platform, shown[i][1], shown[i][2]));
    printf("\n");
}

static void run_command(struct program *program, char *line)
{
    char text[LINE_SIZE];
    struct mac mac;

    if (strncmp(line, "configure", strlen("configure")) == 0) {
        configure(program, line + strlen("configure"));
    } else if (strcmp(line, "describe") == 0) {
        platform_operations()->describe(program->platform, text, sizeof(text));
        printf("description %s\n", text);
    } else if (strcmp(line, "counters") == 0) {
        print_counters(program);
    } else if (strcmp(line, "base-mac") == 0) {
        bool has = platform_operations()->base_mac(program->platform, &mac);
        printf("base-mac %s\n", has ? text_of(&mac) : "none");
    } else if (strcmp(line, "wakeups") == 0) {
        printf("wakeups %" PRIu64 "\n", loop_wakeups(program->loop));
    }
}

static void on_input(void *context, unsigned ready)
{
    struct program *program = context;
    ssize_t got =
        read(STDIN_FILENO, program->line + program->len, sizeof(program->line) - 1 - program->len);
    char *end;

    (void)ready;
    if (got <= 0) {
        loop_stop(program->loop, 0);
        return;
    }
    program->len += (size_t)got;
    program->line[program->len] = '\0';
    while ((end = strchr(program->line, '\n')) != NULL) {
        *end = '\0';
        run_command(program, program->line);
        program->len -= (size_t)(end + 1 - program->line);
        memmove(program->line, end + 1, program->len + 1);
    }
}

int main(int argc, char **argv)
{
    struct platform_options options = {.ap_capacity = AP_CAPACITY};
    struct program program = {.loop = loop_new()};
    int status = 1;

    if (argc == 3 && strcmp(argv[1], "--event-buffer") == 0)
        options.event_buffer_bytes = (int)number(argv[2], INT_MAX);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (program.loop == NULL)
        return 1;
    program.platform =
        platform_new(program.loop, &options, &(struct radio_sink){take_event, &program});
    if (program.platform != NULL && loop_watch_add(program.loop, &program.input, STDIN_FILENO,
                                                   LOOP_READ, on_input, &program) == 0)
        status = loop_run(program.loop);
    loop_watch_remove(&program.input);
    platform_free(program.platform);
    loop_free(program.loop);
    return status;
}
