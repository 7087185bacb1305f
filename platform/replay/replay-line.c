/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/replay-line.h"

#include "platform/replay/replay-value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { DB_MIN = INT8_MIN, DB_MAX = INT8_MAX };
#define U32_TOP INT64_C(0xffffffff)

#define AT(member) offsetof(struct replay_line, member)
#define NUMBER(key, type, member, low, top)          \
    {                                                \
        key, type, false, AT(member), 0, 0, low, top \
    }
#define NEEDED(key, type, member, low, top)         \
    {                                               \
        key, type, true, AT(member), 0, 0, low, top \
    }
#define FLAG(key, member)  NUMBER(key, VALUE_FLAG, member, 0, 1)
#define A_MAC(key, member) NEEDED(key, VALUE_MAC, member, 0, 0)
#define AP_HANDLE(member)  NEEDED("ap", VALUE_U16, member, 0, UINT16_MAX - 1)
#define AGE                NUMBER("age", VALUE_S64, age, 0, INT64_C(1) << 48)
#define A_CLASS(member)    NUMBER("class", VALUE_CLASS, member, 0, 0)
#define OCTETS(key, member, count, max)                            \
    {                                                              \
        key, VALUE_OCTETS, false, AT(member), AT(count), max, 0, 0 \
    }
#define LAST                                 \
    {                                        \
        NULL, VALUE_U8, false, 0, 0, 0, 0, 0 \
    }

static const struct field scene_fields[] = {NEEDED("", VALUE_U32, version, 1, 1), LAST};
static const struct field mac_fields[] = {A_MAC("", base_mac), LAST};
static const struct field works_fields[] = {NEEDED("", VALUE_WORKS, event.capabilities, 0, 0),
                                            LAST};

static const struct field ap_fields[] = {
    NEEDED("", VALUE_U16, event.ap.ap, 0, UINT16_MAX - 1),
    A_MAC("mac", event.ap.mac),
    NUMBER("slot", VALUE_U8, event.ap.slot, 0, 255),
    NUMBER("band", VALUE_U8, event.ap.band, 0, 3),
    NUMBER("channel", VALUE_U16, event.ap.channel, 0, UINT16_MAX),
    NUMBER("width", VALUE_U16, event.ap.width, 0, UINT16_MAX),
    NUMBER("power", VALUE_S8, event.ap.tx_power, DB_MIN, DB_MAX),
    NUMBER("noise", VALUE_S8, event.ap.noise, DB_MIN, DB_MAX),
    NUMBER("load", VALUE_U8, event.ap.utilisation, 0, 255),
    NUMBER("clients", VALUE_U16, event.ap.clients, 0, UINT16_MAX),
    FLAG("up", event.ap.up),
    AGE,
    {"name", VALUE_NAME, false, AT(event.ap.name), 0, SETTINGS_NAME_SIZE, 0, 0},
    LAST};
static const struct field ap_handle_fields[] = {
    NEEDED("", VALUE_U16, event.gone, 0, UINT16_MAX - 1), LAST};
static const struct field sample_fields[] = {
    A_MAC("", event.sample.device),
    AP_HANDLE(event.sample.ap),
    A_CLASS(event.sample.device_class),
    NUMBER("antenna", VALUE_U8, event.sample.antenna, 0, 255),
    NUMBER("source", VALUE_U8, event.sample.source, 0, RADIO_SOURCE_ACK),
    NEEDED("rssi", VALUE_S8, event.sample.rssi, DB_MIN, DB_MAX),
    NUMBER("snr", VALUE_S8, event.sample.snr, DB_MIN, DB_MAX),
    AGE,
    LAST};
static const struct field withdraw_fields[] = {
    A_MAC("", event.withdrawn.device), AP_HANDLE(event.withdrawn.ap),
    NUMBER("antenna", VALUE_U8, event.withdrawn.antenna, 0, 255),
    FLAG("report", event.withdrawn.is_report), LAST};
static const struct field join_fields[] = {
    A_MAC("", event.joined.device),
    AP_HANDLE(event.joined.ap),
    NUMBER("vlan", VALUE_U16, event.joined.vlan, 0, UINT16_MAX),
    NUMBER("protocol", VALUE_U8, event.joined.protocol, 0, 255),
    OCTETS("ssid", event.joined.ssid, event.joined.ssid_len, RADIO_SSID_MAX),
    LAST};
static const struct field leave_fields[] = {A_MAC("", event.left.device), AP_HANDLE(event.left.ap),
                                            LAST};
static const struct field user_fields[] = {
    A_MAC("", event.user.device),
    OCTETS("name", event.user.name, event.user.len, RADIO_USER_NAME_MAX), LAST};
static const struct field address_fields[] = {A_MAC("", event.address.device),
                                              NEEDED("ip", VALUE_ADDRESS, event.address, 0, 0),
                                              FLAG("present", event.address.present), LAST};
#define TOTAL(key, member) NUMBER(key, VALUE_U64, event.statistics.member, 0, 0)
#define U32(key, member)   NUMBER(key, VALUE_U32, member, 0, U32_TOP)
static const struct field statistics_fields[] = {A_MAC("", event.statistics.device),
                                                 AP_HANDLE(event.statistics.ap),
                                                 A_CLASS(event.statistics.device_class),
                                                 TOTAL("rx-bytes", rx_bytes),
                                                 TOTAL("tx-bytes", tx_bytes),
                                                 TOTAL("rx-packets", rx_packets),
                                                 TOTAL("tx-packets", tx_packets),
                                                 TOTAL("tx-retries", tx_retries),
                                                 TOTAL("tx-failed", tx_failed),
                                                 U32("rx-rate", event.statistics.rx_rate),
                                                 U32("tx-rate", event.statistics.tx_rate),
                                                 U32("connected", event.statistics.connected),
                                                 LAST};
static const struct field rogue_fields[] = {
    A_MAC("", event.rogue.device),
    AP_HANDLE(event.rogue.ap),
    A_CLASS(event.rogue.device_class),
    NUMBER("band", VALUE_U8, event.rogue.band, 0, 3),
    NUMBER("channel", VALUE_U16, event.rogue.channel, 0, UINT16_MAX),
    NUMBER("encryption", VALUE_U8, event.rogue.encryption, 0, 255),
    OCTETS("ssid", event.rogue.ssid, event.rogue.ssid_len, RADIO_SSID_MAX),
    LAST};
static const struct field tag_fields[] = {
    A_MAC("", event.tag.device),
    AP_HANDLE(event.tag.ap),
    NUMBER("vendor", VALUE_U8, event.tag.vendor, 0, 255),
    NUMBER("ccx", VALUE_U8, event.tag.ccx_version, 0, 255),
    NUMBER("power", VALUE_S8, event.tag.tx_power, DB_MIN, DB_MAX),
    NUMBER("channel", VALUE_U8, event.tag.channel, 0, 255),
    NUMBER("regulatory", VALUE_U8, event.tag.regulatory_class, 0, 255),
    NUMBER("burst", VALUE_U8, event.tag.burst, 0, 255),
    NUMBER("sequence", VALUE_U16, event.tag.sequence, 0, UINT16_MAX),
    NUMBER("payload", VALUE_PAYLOAD, event.tag, 0, 0),
    AGE,
    LAST};

struct word {
    const char *word;
    const struct field *fields;
};

static const struct word words[] = {
    [REPLAY_SCENE] = {"scene", scene_fields},
    [REPLAY_BASE_MAC] = {"base-mac", mac_fields},
    [RADIO_CAPABILITIES] = {"works", works_fields},
    [RADIO_AP_CHANGED] = {"ap", ap_fields},
    [RADIO_AP_GONE] = {"ap-gone", ap_handle_fields},
    [RADIO_AP_LOST] = {"ap-lost", ap_handle_fields},
    [RADIO_SAMPLE] = {"sample", sample_fields},
    [RADIO_WITHDRAWN] = {"withdraw", withdraw_fields},
    [RADIO_CLIENT_JOINED] = {"join", join_fields},
    [RADIO_CLIENT_LEFT] = {"leave", leave_fields},
    [RADIO_USER] = {"user", user_fields},
    [RADIO_ADDRESS] = {"address", address_fields},
    [RADIO_STATISTICS] = {"statistics", statistics_fields},
    [RADIO_ROGUE] = {"rogue", rogue_fields},
    [RADIO_TAG] = {"tag", tag_fields},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* --- reading --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool refuse(char error[static REPLAY_ERROR_SIZE],
                                                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(error, REPLAY_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static void set_defaults(struct replay_line *line)
{
    switch (line->kind) {
    case RADIO_AP_CHANGED:
        line->event.ap.band = RADIO_BAND_2GHZ;
        line->event.ap.width = 20;
        line->event.ap.tx_power = 20;
        line->event.ap.noise = RADIO_DB_UNKNOWN;
        line->event.ap.utilisation = RADIO_UTILISATION_UNKNOWN;
        line->event.ap.up = true;
        break;
    case RADIO_SAMPLE:
        line->event.sample.device_class = RADIO_CLASS_CLIENT;
        line->event.sample.antenna = RADIO_ANTENNA_COMBINED;
        line->event.sample.source = RADIO_SOURCE_DATA;
        line->event.sample.snr = RADIO_DB_UNKNOWN;
        break;
    case RADIO_WITHDRAWN:
        line->event.withdrawn.antenna = RADIO_ANTENNA_COMBINED;
        break;
    case RADIO_ADDRESS:
        line->event.address.present = true;
        break;
    case RADIO_STATISTICS:
        line->event.statistics.device_class = RADIO_CLASS_CLIENT;
        break;
    case RADIO_ROGUE:
        line->event.rogue.device_class = RADIO_CLASS_ROGUE_AP;
        line->event.rogue.encryption = RADIO_ENCRYPTION_UNKNOWN;
        break;
    case RADIO_TAG:
        line->event.tag.tx_power = RADIO_DB_UNKNOWN;
        break;
    default:
        break;
    }
}

const struct radio_event *replay_line_event(struct replay_line *line, int64_t now)
{
    struct radio_event *event = &line->event;

    if (line->kind == RADIO_AP_CHANGED)
        event->ap.up_since = now - line->age;
    else if (line->kind == RADIO_SAMPLE)
        event->sample.heard = now - line->age;
    else if (line->kind == RADIO_TAG)
        event->tag.heard = now - line->age;
    if (line->kind == RADIO_TAG)
        event->tag.payload = line->payload;
    return event;
}

static const struct field *find_field(const struct field *fields, const struct cursor *key)
{
    for (; fields->key != NULL; fields++) {
        if (fields->key[0] != '\0' && replay_text_is(key, fields->key))
            return fields;
    }
    return NULL;
}

/* One word after the first: the argument (`first`), or key=value. */
static bool take_field(struct cursor word, bool first, struct replay_line *line, uint32_t *seen,
                       char error[static REPLAY_ERROR_SIZE])
{
    const struct field *fields = words[line->kind].fields;
    const struct field *field = first ? fields : NULL;
    struct cursor value = word;

    if (!first) {
        struct cursor key = replay_piece(&value, '=');
        field = find_field(fields, &key);
        if (field == NULL)
            return refuse(error, "\"%s\" has no such key", words[line->kind].word);
    }
    if ((*seen & 1U << (field - fields)) != 0)
        return refuse(error, "%s stands twice", field->key);
    *seen |= 1U << (field - fields);
    if (!replay_value_take(value, field, line))
        return refuse(error, "the %s of \"%s\" cannot be that",
                      field->key[0] != '\0' ? field->key : "argument", words[line->kind].word);
    return true;
}

static bool is_complete(struct replay_line *line, uint32_t seen,
                        char error[static REPLAY_ERROR_SIZE])
{
    const struct field *fields = words[line->kind].fields;

    for (const struct field *f = fields; f->key != NULL; f++) {
        if (f->required && (seen & 1U << (f - fields)) == 0)
            return refuse(error, "\"%s\" needs %s", words[line->kind].word,
                          f->key[0] != '\0' ? f->key : "an argument");
    }
    return true;
}

static bool take_word(const struct cursor *word, struct replay_line *line)
{
    for (unsigned kind = 0; kind < WORDS; kind++) {
        if (words[kind].word != NULL && replay_text_is(word, words[kind].word)) {
            line->kind = kind;
            line->event.kind = (enum radio_kind)kind;
            return true;
        }
    }
    return false;
}

static bool take_time(struct cursor *rest, struct cursor *word, struct replay_line *line)
{
    if (cursor_left(word) == 0 || *word->at != '@')
        return true;
    cursor_skip(word, 1);
    if (!replay_number(*word, 0, REPLAY_TIME_MAX, &line->at))
        return false;
    *word = replay_word(rest);
    return true;
}

bool replay_line_parse(const uint8_t *text, size_t len, struct replay_line *line,
                       char error[static REPLAY_ERROR_SIZE])
{
    struct cursor rest = cursor_of(text, len);
    uint32_t seen = 0;
    bool first = true;

    memset(line, 0, sizeof(*line));
    line->kind = REPLAY_NOTHING;
    error[0] = '\0';
    if (len > REPLAY_LINE_MAX)
        return refuse(error, "a line has at most %d characters", REPLAY_LINE_MAX);
    struct cursor word = replay_word(&rest);
    if (cursor_left(&word) == 0 || *word.at == '#')
        return true;
    if (!take_time(&rest, &word, line))
        return refuse(error, "a time is @ and ms, at most %d", REPLAY_TIME_MAX);
    if (!take_word(&word, line))
        return refuse(error, "no line begins like that");
    set_defaults(line);
    for (word = replay_word(&rest); cursor_left(&word) > 0; word = replay_word(&rest)) {
        if (!take_field(word, first, line, &seen, error))
            return false;
        first = false;
    }
    return is_complete(line, seen, error);
}

/* --- writing --------------------------------------------------------------------------------- */

void replay_line_write(const struct replay_line *line, struct writer *w)
{
    replay_put(w, "@%" PRId64 " %s", line->at, words[line->kind].word);
    for (const struct field *f = words[line->kind].fields; f->key != NULL; f++) {
        replay_put(w, " %s%s", f->key, f->key[0] != '\0' ? "=" : "");
        replay_value_write(w, f, line);
    }
    writer_u8(w, '\n');
}
