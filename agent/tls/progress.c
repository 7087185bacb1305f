/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/progress.h"

#include "agent/base/cursor.h"
#include "agent/base/trace.h"
#include "agent/tls/ending.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What OpenSSL's info callback calls "where". */
enum {
    WHERE_START = 0x10,
    WHERE_DONE = 0x20,
    WHERE_LOOP = 0x1,
    WHERE_EXIT = 0x2,
    WHERE_READ_ALERT = 0x4004,
    WHERE_WRITE_ALERT = 0x4008,
    WHERE_CONNECT = 0x1000,
    WHERE_ACCEPT = 0x2000,
};

enum { RET_OK = 1, RET_ERROR = -1 };

enum {
    STATE_OK = 0x3,
    STATE_BEFORE = 0x4000, /* and the role's bit */
    STATE_FLUSH = 0x100,   /* too */
    STATE_CLIENT_HELLO_B = 0x2111,
    STATE_READ_CLIENT_CERTIFICATE = 0x2180,
    STATE_READ_CLIENT_CERTIFICATE_C = 0x2182,
};

/* Handshake messages (RFC 5246 7.4). The change of ciphers is none; it gets a number that none has.
 */
enum {
    MESSAGE_CLIENT_HELLO = 1,
    MESSAGE_SERVER_HELLO = 2,
    MESSAGE_CERTIFICATE = 11,
    MESSAGE_SERVER_KEY_EXCHANGE = 12,
    MESSAGE_CERTIFICATE_REQUEST = 13,
    MESSAGE_SERVER_HELLO_DONE = 14,
    MESSAGE_CERTIFICATE_VERIFY = 15,
    MESSAGE_CLIENT_KEY_EXCHANGE = 16,
    MESSAGE_FINISHED = 20,
    MESSAGE_CHANGE_CIPHER = 254,
};

struct step {
    uint8_t kind;
    unsigned state;
    unsigned next; /* what is waited for, or worked at, after it */
};

/*
 * As server. OpenSSL of the seed's age has no state of its own for the ServerHelloDone: it goes out
 * with the certificate request, and the flight with it.
 */
static const struct step accept_steps[] = {
    {MESSAGE_CLIENT_HELLO, STATE_CLIENT_HELLO_B, 0x2130},
    {MESSAGE_SERVER_HELLO, 0x2130, 0x2140},
    {MESSAGE_CERTIFICATE_REQUEST, 0x2160, 0x2100},
    {MESSAGE_SERVER_HELLO_DONE, 0x2100, STATE_READ_CLIENT_CERTIFICATE},
    {MESSAGE_CLIENT_KEY_EXCHANGE, 0x2190, 0x21a0},
    {MESSAGE_CERTIFICATE_VERIFY, 0x21a0, 0x21c0},
    {MESSAGE_SERVER_KEY_EXCHANGE, 0x2150, 0x2160},
};
static const struct step accept_reads[] = {{MESSAGE_CERTIFICATE, 0x2180, 0x2190},
                                           {MESSAGE_FINISHED, 0x21c0, 0x21d0}};
static const struct step accept_writes[] = {{MESSAGE_CERTIFICATE, 0x2140, 0x2160},
                                            {MESSAGE_CHANGE_CIPHER, 0x21d0, 0x21e0},
                                            {MESSAGE_FINISHED, 0x21e0, 0x2100}};

static const struct step connect_steps[] = {
    {MESSAGE_CLIENT_HELLO, 0x1110, 0x1120},        {MESSAGE_SERVER_HELLO, 0x1120, 0x1130},
    {MESSAGE_SERVER_KEY_EXCHANGE, 0x1140, 0x1150}, {MESSAGE_CERTIFICATE_REQUEST, 0x1150, 0x1160},
    {MESSAGE_SERVER_HELLO_DONE, 0x1160, 0x1170},   {MESSAGE_CLIENT_KEY_EXCHANGE, 0x1180, 0x1190},
    {MESSAGE_CERTIFICATE_VERIFY, 0x1190, 0x11a0},
};
static const struct step connect_reads[] = {{MESSAGE_CERTIFICATE, 0x1130, 0x1140},
                                            {MESSAGE_FINISHED, 0x11d0, STATE_OK}};
static const struct step connect_writes[] = {{MESSAGE_CERTIFICATE, 0x1170, 0x1180},
                                             {MESSAGE_CHANGE_CIPHER, 0x11a0, 0x11b0},
                                             {MESSAGE_FINISHED, 0x11b0, 0x1100}};

static const struct {
    unsigned state;
    const char *name;
} state_names[] = {
    {STATE_OK, "SSL negotiation finished successfully"},
    {0x5000, "before/connect initialization"},
    {0x1100, "SSLv3 flush data"},
    {0x1110, "SSLv3 write client hello A"},
    {0x1120, "SSLv3 read server hello A"},
    {0x1130, "SSLv3 read server certificate A"},
    {0x1140, "SSLv3 read server key exchange A"},
    {0x1150, "SSLv3 read server certificate request A"},
    {0x1160, "SSLv3 read server done A"},
    {0x1170, "SSLv3 write client certificate A"},
    {0x1180, "SSLv3 write client key exchange A"},
    {0x1190, "SSLv3 write certificate verify A"},
    {0x11a0, "SSLv3 write change cipher spec A"},
    {0x11b0, "SSLv3 write finished A"},
    {0x11d0, "SSLv3 read finished A"},
    {0x6000, "before/accept initialization"},
    {0x2100, "SSLv3 flush data"},
    {0x2111, "SSLv3 read client hello B"},
    {0x2130, "SSLv3 write server hello A"},
    {0x2140, "SSLv3 write certificate A"},
    {0x2150, "SSLv3 write key exchange A"},
    {0x2160, "SSLv3 write certificate request A"},
    {0x2180, "SSLv3 read client certificate A"},
    {0x2182, "SSLv3 read client certificate C"},
    {0x2190, "SSLv3 read client key exchange A"},
    {0x21a0, "SSLv3 read certificate verify A"},
    {0x21c0, "SSLv3 read finished A"},
    {0x21d0, "SSLv3 write change cipher spec A"},
    {0x21e0, "SSLv3 write finished A"},
};

/* --- lines ---------------------------------------------------------------------------------- */

static const char *state_name(unsigned state)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
        if (state_names[i].state == state)
            return state_names[i].name;
    return "unknown state";
}

static const char *alert_level_name(int ret)
{
    switch (ret >> 8) {
    case 1:
        return "warning";
    case 2:
        return "fatal";
    default:
        return "unknown";
    }
}

/* "bad certificate": OpenSSL's words have no underscores. */
static const char *alert_words(int ret, char text[static 48])
{
    (void)snprintf(text, 48, "%s",
                   ret >> 8 == 1 || ret >> 8 == 2 ? tls_alert_name(ret) : "unknown");
    for (char *at = text; *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    return text;
}

static void tell(unsigned state, unsigned where, int ret)
{
    char words[48];

    trace_line(TRACE_DEBUG, "SSL state = 0x%x; where = 0x%x; ret = 0x%x", state, where,
               (unsigned)ret);
    trace_line(TRACE_DEBUG, "ret_type_string=%s", alert_level_name(ret));
    trace_line(TRACE_DEBUG, "ret_desc_string=%s", alert_words(ret, words));
    trace_line(TRACE_DEBUG, "SSL_state_string=%s", state_name(state));
}

static unsigned role_bit(const struct progress *p)
{
    return p->is_server ? WHERE_ACCEPT : WHERE_CONNECT;
}

static void tell_loop(const struct progress *p, unsigned state)
{
    tell(state, role_bit(p) | WHERE_LOOP, RET_OK);
}

/* --- messages ------------------------------------------------------------------------------- */

#define FIND(steps, kind) find_step(steps, sizeof(steps) / sizeof((steps)[0]), kind)

static const struct step *find_step(const struct step *steps, size_t count, uint8_t kind)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i].kind == kind)
            return &steps[i];
    return NULL;
}

static const struct step *step_of(const struct progress *p, uint8_t kind, bool sent)
{
    const bool server = p->is_server;
    const struct step *step = server ? FIND(accept_steps, kind) : FIND(connect_steps, kind);

    if (step == NULL && server)
        step = sent ? FIND(accept_writes, kind) : FIND(accept_reads, kind);
    if (step == NULL && !server)
        step = sent ? FIND(connect_writes, kind) : FIND(connect_reads, kind);
    return step;
}

static void tell_message(struct progress *p, uint8_t kind, bool sent)
{
    const struct step *step = step_of(p, kind, sent);

    if (step == NULL)
        return;
    tell_loop(p, step->state);
    p->state = step->next;
    if (sent && kind == MESSAGE_FINISHED) {
        tell_loop(p, role_bit(p) | STATE_FLUSH);
        p->state = p->is_server ? STATE_OK : 0x11d0;
    }
}

/* Tells what came, up to the first message of this kind (0: none, all of it). */
static void tell_waiting(struct progress *p, uint8_t but)
{
    unsigned told = 0;

    while (told < p->waiting_count && (but == 0 || p->waiting[told] != but))
        tell_message(p, p->waiting[told++], false);
    p->waiting_count -= told;
    memmove(p->waiting, p->waiting + told, p->waiting_count);
}

static void take_message(struct progress *p, uint8_t kind, bool sent)
{
    if (kind == MESSAGE_CLIENT_KEY_EXCHANGE)
        p->keyed = true;
    if (sent)
        tell_message(p, kind, true);
    else if (p->waiting_count < PROGRESS_WAITING)
        p->waiting[p->waiting_count++] = kind;
}

/* --- records -------------------------------------------------------------------------------- */

/* Collects `need` bytes, as they come; true once they are there. */
static bool collect(struct cursor *c, uint8_t *bytes, uint8_t *have, size_t need)
{
    while (*have < need && cursor_left(c) > 0)
        bytes[(*have)++] = cursor_u8(c);
    return *have == need;
}

/* The part of a handshake record that is there; messages may go over several records. */
static void read_messages(struct progress *p, struct progress_stream *s, struct cursor part)
{
    while (cursor_left(&part) > 0) {
        if (!collect(&part, s->message, &s->message_have, sizeof(s->message)))
            return;
        if (s->message_left == UINT32_MAX)
            s->message_left = (uint32_t)s->message[1] << 16 | (uint32_t)s->message[2] << 8 |
                              (uint32_t)s->message[3];
        size_t n = cursor_left(&part) < s->message_left ? cursor_left(&part) : s->message_left;
        cursor_skip(&part, n);
        s->message_left -= (uint32_t)n;
        if (s->message_left > 0)
            return;
        take_message(p, s->message[0], s == &p->out);
        s->message_have = 0;
        s->message_left = UINT32_MAX;
    }
}

static void end_record(struct progress *p, struct progress_stream *s)
{
    uint8_t type = records_type(&s->records);

    if (type == RECORD_HANDSHAKE && s->enciphered)
        take_message(p, MESSAGE_FINISHED, s == &p->out);
    /* Of TLS 1.3, whose server writes all it has to write before the client presents itself. */
    if (type == RECORD_APPLICATION && s == &p->out && p->is_server)
        p->state = STATE_READ_CLIENT_CERTIFICATE;
    /* TLS 1.3 sends one that means nothing. */
    if (type == RECORD_CHANGE_CIPHER && p->keyed) {
        s->enciphered = true;
        take_message(p, MESSAGE_CHANGE_CIPHER, s == &p->out);
    }
}

static void read_records(struct progress *p, struct progress_stream *s, const void *data,
                         size_t len)
{
    struct cursor c = cursor_of(data, len);

    while (cursor_left(&c) > 0 && records_header(&s->records, &c)) {
        struct cursor part = records_body(&s->records, &c);
        if (records_type(&s->records) == RECORD_HANDSHAKE && !s->enciphered)
            read_messages(p, s, part);
        if (records_end(&s->records))
            end_record(p, s);
    }
}

/* --- what happens --------------------------------------------------------------------------- */

void progress_begin(struct progress *p, bool is_server, uint64_t number)
{
    memset(p, 0, sizeof(*p));
    p->told = true;
    p->is_server = is_server;
    p->number = number;
    p->over = !trace_enabled(TRACE_DEBUG);
    p->in.message_left = p->out.message_left = UINT32_MAX;
    p->alert_sent = p->alert_received = -1;
    trace_line(TRACE_DEBUG, "SSL_new() conn %" PRIu64, number);
    p->state = role_bit(p) | STATE_BEFORE;
    tell(p->state, WHERE_START, RET_OK);
    tell_loop(p, p->state);
    p->state = is_server ? STATE_CLIENT_HELLO_B : 0x1110;
}

void progress_received(struct progress *p, const void *data, size_t len)
{
    if (!p->told || p->over)
        return;
    tell_waiting(p, 0);
    read_records(p, &p->in, data, len);
}

void progress_sent(struct progress *p, const void *data, size_t len)
{
    const uint8_t *first = data;

    if (!p->told || p->over || len == 0)
        return;
    /* An alert is what the library has to say to what came: that was not taken as read. */
    if (p->out.records.have == 0 && *first == RECORD_ALERT)
        p->waiting_count = 0;
    tell_waiting(p, 0);
    read_records(p, &p->out, data, len);
}

void progress_waits(struct progress *p)
{
    if (!p->told || p->over)
        return;
    tell_waiting(p, 0);
    if (p->state == p->stopped_at)
        return;
    p->stopped_at = p->state;
    tell(p->state, role_bit(p) | WHERE_EXIT, RET_ERROR);
    trace_line(TRACE_DEBUG, "conn %" PRIu64 ": WANT_READ", p->number);
}

void progress_asks(struct progress *p)
{
    if (!p->told)
        return;
    tell_waiting(p, MESSAGE_CERTIFICATE);
    trace_line(TRACE_DEBUG, "conn %" PRIu64 ": calling authlist to validate cert", p->number);
}

void progress_answered(struct progress *p, bool authorised)
{
    if (!p->told)
        return;
    if (!authorised && p->is_server)
        p->state = STATE_READ_CLIENT_CERTIFICATE_C;
    trace_line(authorised ? TRACE_INFO : TRACE_WARNING,
               "conn %" PRIu64 ": Authlist authentication %s", p->number,
               authorised ? "successful" : "failed");
}

void progress_alerts(struct progress *p, int sent, int received)
{
    if (!p->told)
        return;
    if (received >= 0 && received != p->alert_received)
        tell(p->state, WHERE_READ_ALERT, received);
    if (sent >= 0 && sent != p->alert_sent)
        tell(p->state, WHERE_WRITE_ALERT, sent);
    p->alert_received = received;
    p->alert_sent = sent;
}

void progress_done(struct progress *p, const char *version, const char *cipher)
{
    if (!p->told)
        return;
    tell_waiting(p, 0);
    p->over = true;
    p->state = STATE_OK;
    tell(p->state, WHERE_DONE, RET_OK);
    tell(p->state, role_bit(p) | WHERE_EXIT, RET_OK);
    trace_line(TRACE_DEBUG, "conn %" PRIu64 ": SSL_do_handshake() is done: %s %s", p->number,
               version, cipher);
}

void progress_failed(struct progress *p, const char *text)
{
    if (!p->told)
        return;
    p->waiting_count = 0;
    if (p->state != STATE_OK)
        tell(p->state, role_bit(p) | WHERE_EXIT, RET_ERROR);
    p->over = true;
    trace_line(TRACE_WARNING, "conn %" PRIu64 ": ssl_err: %s", p->number, text);
}
