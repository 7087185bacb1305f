/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/radiotap.h"

enum {
    FIXED_LEN = 4, /* version, padding, length */
    FCS_LEN = 4,
    PRESENCE_WORDS_MAX = 32,
    RATE_UNIT = 500, /* kbit/s */
};

/* Bits of a presence word. */
enum {
    TSFT = 0,
    FLAGS = 1,
    RATE = 2,
    CHANNEL = 3,
    SIGNAL_DBM = 5,
    NOISE_DBM = 6,
    ANTENNA = 11,
    RX_FLAGS = 14,
    TX_FLAGS = 15,
    NAMESPACE_RADIOTAP = 29,
    NAMESPACE_VENDOR = 30,
    ANOTHER_WORD = 31,
};

#define FIELD_BITS 0x1fffffffU

enum { FLAG_FCS = 0x10, FLAG_BAD_FCS = 0x40, RX_FLAG_BAD_PLCP = 0x0002 };

/* Alignment and size of each field; 0: one whose size we do not know. */
static const struct field {
    uint8_t align;
    uint8_t size;
} fields[29] = {
    [0] = {8, 8},   /* TSFT */
    [1] = {1, 1},   /* flags */
    [2] = {1, 1},   /* rate */
    [3] = {2, 4},   /* channel */
    [4] = {2, 2},   /* frequency hopping */
    [5] = {1, 1},   /* signal, dBm */
    [6] = {1, 1},   /* noise, dBm */
    [7] = {2, 2},   /* lock quality */
    [8] = {2, 2},   /* transmit attenuation */
    [9] = {2, 2},   /* the same in dB */
    [10] = {1, 1},  /* transmit power */
    [11] = {1, 1},  /* antenna */
    [12] = {1, 1},  /* signal, dB */
    [13] = {1, 1},  /* noise, dB */
    [14] = {2, 2},  /* receive flags */
    [15] = {2, 2},  /* transmit flags */
    [16] = {1, 1},  /* RTS retries */
    [17] = {1, 1},  /* data retries */
    [18] = {4, 8},  /* extended channel */
    [19] = {1, 3},  /* 802.11n */
    [20] = {4, 8},  /* A-MPDU */
    [21] = {2, 12}, /* 802.11ac */
    [22] = {8, 12}, /* timestamp */
    [23] = {2, 12}, /* 802.11ax */
    [24] = {2, 12}, /* the same, for several users */
    [25] = {2, 6},  /* the same, other user */
    [26] = {1, 1},  /* zero-length PSDU */
    [27] = {2, 4},  /* L-SIG */
};

struct reader {
    struct cursor header; /* at the next field */
    const uint8_t *begin; /* that alignment counts from */
    struct radiotap *out;
    bool first; /* in the first namespace, that of the whole frame */
    int8_t signal;
    int antenna; /* -1: not told; both of the namespace being read */
    unsigned antenna_count;
};

static void align(struct reader *r, size_t alignment)
{
    if (r->header.failed)
        return;
    size_t off = (size_t)(r->header.at - r->begin) % alignment;
    if (off != 0)
        cursor_skip(&r->header, alignment - off);
}

/* --- fields --- */

/* The frame's own facts stand in the first namespace; later ones tell of single antennas. */
static void take_first(struct reader *r, unsigned bit, struct cursor value)
{
    struct radiotap *out = r->out;

    switch (bit) {
    case TSFT:
        out->tsft = cursor_u64_le(&value);
        break;
    case FLAGS: {
        uint8_t flags = cursor_u8(&value);
        out->has_fcs = (flags & FLAG_FCS) != 0;
        out->bad = out->bad || (flags & FLAG_BAD_FCS) != 0;
        break;
    }
    case RATE:
        out->rate = cursor_u8(&value) * (uint32_t)RATE_UNIT;
        break;
    case CHANNEL:
        out->frequency = cursor_u16_le(&value);
        break;
    case NOISE_DBM:
        out->noise = cursor_s8(&value);
        break;
    case RX_FLAGS:
        out->bad = out->bad || (cursor_u16_le(&value) & RX_FLAG_BAD_PLCP) != 0;
        break;
    case TX_FLAGS:
        out->transmitted = true;
        break;
    default:
        break;
    }
}

static void take_field(struct reader *r, unsigned bit, struct cursor value)
{
    if (bit == SIGNAL_DBM)
        r->signal = cursor_s8(&value);
    else if (bit == ANTENNA)
        r->antenna = cursor_u8(&value);
    else if (r->first)
        take_first(r, bit, value);
}

static void end_namespace(struct reader *r)
{
    struct radiotap *out = r->out;

    if (r->signal != RADIO_DB_UNKNOWN) {
        if (r->first || out->signal == RADIO_DB_UNKNOWN)
            out->signal = r->signal;
        if (r->antenna >= 0)
            r->antenna_count++;
        if (r->antenna >= 0 && r->antenna < RADIOTAP_ANTENNAS_MAX) {
            out->antennas[r->antenna] = r->signal;
            out->antenna_mask |= (uint8_t)(1U << r->antenna);
            out->antenna = (uint8_t)r->antenna;
        }
    }
    r->signal = RADIO_DB_UNKNOWN;
    r->antenna = -1;
    r->first = false;
}

/* --- namespaces --- */

/* False if a field of unknown size stands in the way of the rest. */
static bool read_word(struct reader *r, uint32_t word)
{
    for (unsigned bit = 0; bit < NAMESPACE_RADIOTAP; bit++) {
        if ((word & (1U << bit)) == 0)
            continue;
        if (fields[bit].size == 0)
            return false;
        align(r, fields[bit].align);
        take_field(r, bit, cursor_sub(&r->header, fields[bit].size));
    }
    return true;
}

/* OUI, a number, the length of what follows: all of it is skipped. */
static void skip_vendor(struct reader *r)
{
    align(r, 2);
    cursor_skip(&r->header, 4);
    cursor_skip(&r->header, cursor_u16_le(&r->header));
}

/* What the presence words name, in their order. A second word of one namespace has bits that nobody
 * has defined yet. */
static void read_fields(struct reader *r, struct cursor words)
{
    const uint32_t switches = 1U << NAMESPACE_RADIOTAP | 1U << NAMESPACE_VENDOR;
    bool vendor = false;
    unsigned index = 0; /* of the word in its namespace */
    bool known = true;

    while (known && cursor_left(&words) > 0) {
        uint32_t word = cursor_u32_le(&words);
        if (!vendor)
            known = index == 0 ? read_word(r, word) : (word & FIELD_BITS) == 0;
        index++;
        if (!known || (word & switches) == 0)
            continue;
        vendor = (word & (1U << NAMESPACE_VENDOR)) != 0;
        index = 0;
        end_namespace(r);
        if (vendor)
            skip_vendor(r);
    }
    end_namespace(r);
}

bool radiotap_parse(struct cursor *frame, struct radiotap *radiotap)
{
    struct cursor start = *frame;
    struct cursor words;
    size_t count = 0;
    uint32_t word;

    *radiotap = (struct radiotap){
        .signal = RADIO_DB_UNKNOWN, .noise = RADIO_DB_UNKNOWN, .antenna = RADIO_ANTENNA_COMBINED};
    bool good = cursor_u8(&start) == 0;
    cursor_skip(&start, 1);
    size_t len = cursor_u16_le(&start);
    if (start.failed || !good || len < FIXED_LEN)
        return false;
    struct reader r = {.begin = frame->at,
                       .out = radiotap,
                       .first = true,
                       .signal = RADIO_DB_UNKNOWN,
                       .antenna = -1};
    r.header = cursor_sub(frame, len);
    cursor_skip(&r.header, FIXED_LEN);
    words = r.header;
    do
        word = cursor_u32_le(&r.header);
    while (!r.header.failed && ++count < PRESENCE_WORDS_MAX && (word & (1U << ANOTHER_WORD)) != 0);
    if (r.header.failed || (word & (1U << ANOTHER_WORD)) != 0)
        return false;
    read_fields(&r, cursor_sub(&words, count * sizeof(word)));
    if (r.antenna_count != 1)
        radiotap->antenna = RADIO_ANTENNA_COMBINED;
    if (radiotap->has_fcs && cursor_left(frame) >= FCS_LEN)
        frame->end -= FCS_LEN;
    return !r.header.failed && !frame->failed;
}
