/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The codec of NMSP wire profile 1: bytes to typed messages and back. No I/O, no allocation, no
 * state but what the caller holds, and no opinion on who may send what when.
 *
 * Everything that depends on the layout is expanded from layout.h: for each element and list entry
 * a struct wire_<name>, its size, a decoder and wire_<name>_put(). Numbers in structs are in host
 * byte order; MACs are in transmission order.
 *
 * Decoding copies nothing: texts, octets and lists of a decoded message point into the frame, which
 * has to stay as it is for as long as they are used.
 *
 * Encoding goes to a struct writer and fails closed: what does not fit, or would be malformed (a
 * text that is no UTF-8, an SSID of 33 bytes), sets writer.failed, and the message must be thrown
 * away. A writer that has not failed holds only well-formed elements; that the right ones stand in
 * a message, and ap indices point to entries before them, is up to the caller.
 *
 * Source: the wire profile's sections "Frame", "Element" and "Messages".
 */
#ifndef AGENT_WIRE_WIRE_H
#define AGENT_WIRE_WIRE_H

#include "agent/base/cursor.h"
#include "agent/base/mac.h"
#include "agent/wire/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- numbers of the profile ------------------------------------------------------------------ */

enum {
    WIRE_VERSION = 1,
    WIRE_HEADER_SIZE = 12,
    WIRE_ELEMENT_HEADER_SIZE = 4,
    WIRE_MESSAGE_MAX = 65535, /* legal length of a frame, header included */
    WIRE_MESSAGE_CUT = 16384, /* where we cut messages: what one TLS record holds */
    WIRE_FLAG_MORE = 0x01,    /* the same answer goes on in a later message */
    WIRE_DEVICE_APS_MAX = 16, /* APs reported for one device; more is decoded all the same */
};

enum wire_message_id {
    WIRE_NO_MESSAGE = 0,
#define X(id, NAME, ...) WIRE_##NAME = (id),
    WIRE_MESSAGES(X, )
#undef X
};

enum wire_element_type {
#define X(copies, type, NAME, name, label) WIRE_ELEMENT_##NAME = (type),
    WIRE_ELEMENTS(X)
#undef X
};

/* Bit numbers of the services mask. */
enum wire_service {
#define X(bit, NAME, label, family) WIRE_##NAME = (bit),
    WIRE_SERVICES(X)
#undef X
};

enum wire_family {
    WIRE_FAMILY_RESERVED, /* never offered */
    WIRE_FAMILY_MEASUREMENT,
    WIRE_FAMILY_INFORMATION,
    WIRE_FAMILY_STATISTICS,
    WIRE_FAMILY_AP,
    WIRE_FAMILY_CONTROL,
};

#define WIRE_BIT(service) ((uint64_t)1 << (service))

/* The mask of all services of a family. */
static inline uint64_t wire_family_mask(enum wire_family wanted)
{
#define X(bit, NAME, label, family) | (wanted == WIRE_FAMILY_##family ? WIRE_BIT(bit) : 0)
    return 0 WIRE_SERVICES(X);
#undef X
}

enum wire_result_code {
    WIRE_RESULT_OK = 0,
    WIRE_RESULT_UNSUPPORTED = 1,
    WIRE_RESULT_MALFORMED = 2,
    WIRE_RESULT_OUT_OF_RESOURCES = 4,
    WIRE_RESULT_NOT_PERMITTED = 5,
};

enum wire_class {
    WIRE_CLASS_CLIENT = 1,
    WIRE_CLASS_TAG = 2,
    WIRE_CLASS_ROGUE_AP = 3,
    WIRE_CLASS_ROGUE_CLIENT = 4,
    WIRE_CLASS_OWN_AP = 5, /* of this controller, heard by another one of it */
};

enum wire_device_flag {
    WIRE_DEVICE_ASSOCIATED = 0x01,
    WIRE_DEVICE_GONE = 0x02,
    WIRE_DEVICE_LOCAL = 0x04, /* the MAC is locally administered */
};

enum wire_band { WIRE_BAND_UNKNOWN, WIRE_BAND_2GHZ, WIRE_BAND_5GHZ, WIRE_BAND_6GHZ };

enum wire_source {
    WIRE_SOURCE_UNKNOWN,
    WIRE_SOURCE_PROBE,
    WIRE_SOURCE_PATH_LOSS,
    WIRE_SOURCE_DATA,
    WIRE_SOURCE_BEACON,
    WIRE_SOURCE_BEACON_REPORT,    /* the client heard the AP */
    WIRE_SOURCE_LINK_MEASUREMENT, /* likewise */
    WIRE_SOURCE_ACK,
};

enum wire_client_state {
    WIRE_CLIENT_PROBING = 1,
    WIRE_CLIENT_ASSOCIATED = 2,
    WIRE_CLIENT_LEFT = 3,
};

enum wire_ap_state { WIRE_AP_DOWN, WIRE_AP_UP, WIRE_AP_REMOVED };

enum wire_protocol {
    WIRE_PROTOCOL_UNKNOWN,
    WIRE_PROTOCOL_B,
    WIRE_PROTOCOL_G,
    WIRE_PROTOCOL_A,
    WIRE_PROTOCOL_N,
    WIRE_PROTOCOL_AC,
    WIRE_PROTOCOL_AX,
    WIRE_PROTOCOL_BE,
};

enum wire_encryption {
    WIRE_ENCRYPTION_NONE,
    WIRE_ENCRYPTION_WEP,
    WIRE_ENCRYPTION_WPA,
    WIRE_ENCRYPTION_WPA2,
    WIRE_ENCRYPTION_WPA3,
    WIRE_ENCRYPTION_UNKNOWN = 255,
};

enum wire_rogue_flag {
    WIRE_ROGUE_MFP_CAPABLE = 0x01,
    WIRE_ROGUE_MFP_REQUIRED = 0x02,
    WIRE_ROGUE_HIDDEN_SSID = 0x04,
};

enum wire_tag_vendor { WIRE_TAG_UNKNOWN, WIRE_TAG_G2, WIRE_TAG_AEROSCOUT };

enum {
    WIRE_DB_UNKNOWN = INT8_MIN, /* every dBm and dB field */
    WIRE_ANTENNA_COMBINED = 255,
    WIRE_SLOT_UNKNOWN = 255,        /* which radio of the AP is not known: band 0 */
    WIRE_SUITE_OTHER = 31,          /* bit of an AKM or a cipher that is none of 00-0f-ac */
    WIRE_UTILISATION_UNKNOWN = 255, /* otherwise of 254 */
    WIRE_AGE_UNIT_MS = 10,
    WIRE_AGE_MAX = 65535, /* 655.35 s or more */
    WIRE_INTERVAL_MAX = 3600,
};

/* --- typed elements and entries -------------------------------------------------------------- */

/* Raw bytes. `at` may be anything if len is 0. */
struct wire_octets {
    const uint8_t *at;
    size_t len;
};

/* UTF-8, without a terminator. */
struct wire_text {
    const char *at;
    size_t len;
};

/* Encoded list entries: of a decoded element, or gathered with wire_list_of(). */
struct wire_list {
    const uint8_t *at;
    size_t size;  /* bytes */
    size_t count; /* entries */
};

#define WIRE_C_u8       uint8_t
#define WIRE_C_u16      uint16_t
#define WIRE_C_u32      uint32_t
#define WIRE_C_u64      uint64_t
#define WIRE_C_s8       int8_t
#define WIRE_C_mac      struct mac
#define WIRE_C_flags8   uint8_t
#define WIRE_C_mask64   uint64_t
#define WIRE_C_ap_mac   struct mac
#define WIRE_C_ap_index uint16_t
#define WIRE_C_octets   struct wire_octets
#define WIRE_C_text     struct wire_text
#define WIRE_C_head     struct wire_text
#define WIRE_C_octets8  struct wire_octets
#define WIRE_C_octets16 struct wire_octets
#define WIRE_C_text8    struct wire_text
#define WIRE_C_address  struct wire_octets

#define WIRE_MEMBER_F(kind, name, label)           WIRE_C_##kind name;
#define WIRE_MEMBER_V(kind, name, label, min, max) WIRE_C_##kind name;
#define WIRE_MEMBER_N(list)
#define WIRE_MEMBER_L(form, name, entry, label) struct wire_list name;

#define WIRE_STRUCT(name)                                                              \
    struct wire_##name {                                                               \
        WIRE_FIELDS_##name(WIRE_MEMBER_F, WIRE_MEMBER_V, WIRE_MEMBER_N, WIRE_MEMBER_L) \
    };

/* struct wire_ap_entry {mac, slot, band, channel, tx_power, noise}; struct wire_sample {ap, ...};
 * struct wire_mac_entry, wire_ap_slot, wire_address */
#define X(NAME, name) WIRE_STRUCT(name)
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X

/* struct wire_protocol_version {min, max}; struct wire_services {mask}; struct wire_result {code,
 * text}; ... */
#define X(copies, type, NAME, name, label) WIRE_STRUCT(name)
WIRE_ELEMENTS(X)
#undef X

/* One element, whichever it is: `type` says which member of the union holds. */
struct wire_element {
    enum wire_element_type type;
    union {
#define X(copies, type, NAME, name, label) struct wire_##name name;
        WIRE_ELEMENTS(X)
#undef X
    };
};

/* --- sizes ----------------------------------------------------------------------------------- */

enum {
    WIRE_WIDTH_u8 = 1,
    WIRE_WIDTH_u16 = 2,
    WIRE_WIDTH_u32 = 4,
    WIRE_WIDTH_u64 = 8,
    WIRE_WIDTH_s8 = 1,
    WIRE_WIDTH_mac = 6,
    WIRE_WIDTH_flags8 = 1,
    WIRE_WIDTH_mask64 = 8,
    WIRE_WIDTH_ap_mac = 6,
    WIRE_WIDTH_ap_index = 2,
    WIRE_WIDTH_octets = 0,
    WIRE_WIDTH_text = 0,
    WIRE_WIDTH_head = 0,
    WIRE_WIDTH_octets8 = 1,
    WIRE_WIDTH_octets16 = 2,
    WIRE_WIDTH_text8 = 1,
    WIRE_WIDTH_address = 1,
};

/* The terms of a sum. NOLINTBEGIN(bugprone-macro-parentheses) */
#define WIRE_SIZE_F(kind, name, label)           +WIRE_WIDTH_##kind
#define WIRE_SIZE_V(kind, name, label, min, max) +WIRE_WIDTH_##kind
#define WIRE_SIZE_N(list)                        +1
#define WIRE_SIZE_L(form, name, entry, label)    +0
/* NOLINTEND(bugprone-macro-parentheses) */
#define WIRE_SIZE_OF(name) WIRE_FIELDS_##name(WIRE_SIZE_F, WIRE_SIZE_V, WIRE_SIZE_N, WIRE_SIZE_L)

/* WIRE_<NAME>_SIZE: of a list entry (WIRE_SAMPLE_SIZE), or of a whole element with its header
 * (WIRE_TIMESTAMP_SIZE), when all that is variable in it is empty. */
#define X(NAME, name) WIRE_##NAME##_SIZE = (WIRE_SIZE_OF(name)),
enum { WIRE_FIXED_ENTRIES(X) WIRE_VARIABLE_ENTRIES(X) };
#undef X
#define X(copies, type, NAME, name, label) \
    WIRE_##NAME##_SIZE = WIRE_ELEMENT_HEADER_SIZE + (WIRE_SIZE_OF(name)),
enum { WIRE_ELEMENTS(X) };
#undef X

/* size_t wire_<name>_size(const struct wire_<name> *): of this element with its header, or of this
 * entry: exactly what wire_<name>_put() would write. */
#define X(NAME, name) size_t wire_##name##_size(const struct wire_##name *value);
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X
#define X(copies, type, NAME, name, label) \
    size_t wire_##name##_size(const struct wire_##name *value);
WIRE_ELEMENTS(X)
#undef X

/* --- frames ---------------------------------------------------------------------------------- */

struct wire_header {
    uint8_t version;
    uint8_t flags;
    uint16_t id;
    uint32_t length; /* of the frame, header included */
    uint32_t transaction;
};

enum wire_frame {
    WIRE_FRAME_MORE,        /* no verdict yet: more bytes are needed */
    WIRE_FRAME_OK,          /* the first out->length bytes are a frame */
    WIRE_FRAME_BAD_VERSION, /* fatal: not our protocol, or not our version of it */
    WIRE_FRAME_BAD_LENGTH,  /* fatal: where the next frame begins is unknown */
};

/*
 * Looks at the front of a byte stream. The fatal verdicts come as early as the bytes allow:
 * version from the first, length from the eighth on. *out holds the fields that were there in
 * full, the others are 0; so with WIRE_FRAME_MORE a length other than 0 says how many bytes the
 * frame will have.
 */
enum wire_frame wire_frame_peek(const uint8_t *data, size_t len, struct wire_header *out);

/* A header alone, for a body that was encoded elsewhere. body_size + 12 is at most
 * WIRE_MESSAGE_MAX. */
void wire_header_put(uint8_t out[static WIRE_HEADER_SIZE], uint16_t id, uint8_t flags,
                     uint32_t transaction, size_t body_size);

/* --- decoding -------------------------------------------------------------------------------- */

enum wire_verdict {
    WIRE_OK,
    WIRE_UNSUPPORTED, /* unknown message id: only the header is set */
    WIRE_MALFORMED,   /* the header, `info` and `fault` are set, and no element */
};

/* Why a message is malformed. */
enum wire_reason {
    WIRE_REASON_NONE,
    WIRE_REASON_FRAME,     /* the bytes handed in are not one frame */
    WIRE_REASON_OVERRUN,   /* an element runs past its message */
    WIRE_REASON_SHORT,     /* a value too short for its fields */
    WIRE_REASON_INNER,     /* an inner length or count past the value */
    WIRE_REASON_REMAINDER, /* a list that is no whole number of entries */
    WIRE_REASON_LENGTH,    /* a text or octets longer or shorter than allowed */
    WIRE_REASON_TEXT,      /* a text that is not UTF-8 */
    WIRE_REASON_FAMILY,    /* an address family other than 4 and 6 */
    WIRE_REASON_AP_INDEX,  /* an ap index without an AP before it */
    WIRE_REASON_DUPLICATE, /* a second copy of an element that comes once */
    WIRE_REASON_MISSING,   /* an element that must be there is not */
};

struct wire_fault {
    enum wire_reason reason;
    uint16_t element; /* its type; 0 if it is about none or not known */
    uint32_t offset;  /* of that element in the frame; of the end if something is missing */
};

/* Bits of `present`, `must`, `may` and `some`. */
enum {
#define X(copies, type, NAME, name, label) WIRE_INDEX_##NAME,
    WIRE_ELEMENTS(X)
#undef X
        WIRE_ELEMENT_COUNT
};
#define WIRE_HAS(NAME) ((uint32_t)1 << WIRE_INDEX_##NAME)
_Static_assert(WIRE_ELEMENT_COUNT <= 32, "element masks have 32 bits");

enum wire_role { WIRE_REQUEST, WIRE_RESPONSE, WIRE_NOTIFICATION };
enum wire_sender { WIRE_EITHER, WIRE_CONTROLLER, WIRE_SERVER };

/* What the profile says of a message. */
struct wire_message_info {
    enum wire_message_id id;
    enum wire_sender sender;
    enum wire_role role;
    enum wire_message_id answer; /* WIRE_NO_MESSAGE for all but requests */
    uint32_t must;
    uint32_t may;
    uint32_t some;
    const char *name;
};

/* A decoded message: the elements that come once are members of it, those that may be repeated are
 * reached by walking. */
struct wire_message {
    struct wire_header header;
    const struct wire_message_info *info; /* NULL if unsupported */
    struct wire_fault fault;
    uint32_t present;    /* WIRE_HAS(NAME) of all elements that are there, the repeated ones too */
    const uint8_t *body; /* the elements, checked */
    size_t body_size;
#define WIRE_ONE(name) struct wire_##name name;
#define WIRE_MANY(name)
#define X(copies, type, NAME, name, label) WIRE_##copies(name)
    WIRE_ELEMENTS(X)
#undef X
#undef WIRE_ONE
#undef WIRE_MANY
};

/*
 * Decodes one whole frame, one that wire_frame_peek() called OK (anything else is malformed). All
 * that the profile calls malformed is found here, so nothing can fail later: not walking, not
 * reading lists. Unknown elements, and known ones that the profile does not list for the message,
 * are skipped. Numbers that have no meaning in the profile are passed on as they are.
 */
enum wire_verdict wire_decode(const uint8_t *frame, size_t len, struct wire_message *out);

/* All elements of an accepted message, in their order. */
struct wire_walk {
    struct cursor at;
    const struct wire_message_info *info;
    uint32_t aps; /* ap-table entries passed */
};

struct wire_walk wire_walk_of(const struct wire_message *message);
bool wire_next(struct wire_walk *walk, struct wire_element *out);

/*
 * bool wire_<entry>_get(list, index, *out): an entry of fixed size by its index, false beyond the
 * end. bool wire_<entry>_next(*cursor, *out): one entry after the other, from wire_list_cursor();
 * false after the last.
 */
#define X(NAME, name) \
    bool wire_##name##_get(const struct wire_list *list, size_t index, struct wire_##name *out);
WIRE_FIXED_ENTRIES(X)
#undef X
#define X(NAME, name) bool wire_##name##_next(struct cursor *at, struct wire_##name *out);
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X

static inline struct cursor wire_list_cursor(const struct wire_list *list)
{
    return cursor_of(list->at, list->size);
}

/* --- encoding -------------------------------------------------------------------------------- */

/* Opens a message; the returned position goes to wire_end(), which sets the length and says whether
 * all of it went well. */
size_t wire_begin(struct writer *w, uint16_t id, uint8_t flags, uint32_t transaction);
bool wire_end(struct writer *w, size_t begin);

/* void wire_<name>_put(w, const struct wire_<name> *): every element with its header, and every
 * list entry. */
#define X(NAME, name) void wire_##name##_put(struct writer *w, const struct wire_##name *value);
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X
#define X(copies, type, NAME, name, label) \
    void wire_##name##_put(struct writer *w, const struct wire_##name *value);
WIRE_ELEMENTS(X)
#undef X

/* Encoded entries as the list of an element that is to be put into another buffer. */
static inline struct wire_list wire_list_of(const struct writer *entries, size_t count)
{
    return (struct wire_list){.at = entries->base, .size = entries->used, .count = count};
}

static inline struct wire_text wire_text_of(const char *text)
{
    return (struct wire_text){.at = text, .len = strlen(text)};
}

/* Whether it is UTF-8 as of RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF. */
bool wire_text_valid(const char *text, size_t len);

/* Short forms for elements of one or two fields. Texts are C strings. */
#define WIRE_PUT(name, type, value, ...)                             \
    static inline void wire_put_##name(struct writer *w, type value) \
    {                                                                \
        wire_##name##_put(w, &(struct wire_##name){__VA_ARGS__});    \
    }
WIRE_PUT(services, uint64_t, v, .mask = v)
WIRE_PUT(sender_id, const struct mac *, v, .mac = *v)
WIRE_PUT(name, const char *, v, .text = wire_text_of(v))
WIRE_PUT(software, const char *, v, .text = wire_text_of(v))
WIRE_PUT(timestamp, uint64_t, v, .ms = v)
#undef WIRE_PUT

#define WIRE_PUT(name, type, v, type2, v2, ...)                            \
    static inline void wire_put_##name(struct writer *w, type v, type2 v2) \
    {                                                                      \
        wire_##name##_put(w, &(struct wire_##name){__VA_ARGS__});          \
    }
WIRE_PUT(protocol_version, uint8_t, v, uint8_t, v2, .min = v, .max = v2)
WIRE_PUT(result, uint16_t, v, const char *, v2, .code = v, .text = wire_text_of(v2))
WIRE_PUT(echo_data, const void *, v, size_t, v2, .data = {.at = v, .len = v2})
WIRE_PUT(interval, uint8_t, v, uint16_t, v2, .bit = v, .seconds = v2)
#undef WIRE_PUT

/*
 * Samples are most of what is ever sent, so they, the other fixed entries and what stands before
 * samples go straight into their room, WIRE_<NAME>_SIZE bytes: wire_<name>_put_at(). Inlined by
 * force, because a compiler asked for small code (as OpenWrt's is) would otherwise call a function
 * for every byte.
 */
#define WIRE_STORE(kind, type) \
    static inline __attribute__((always_inline)) void wire_store_##kind(uint8_t *at, type v)

WIRE_STORE(u8, uint8_t)
{
    at[0] = v;
}

WIRE_STORE(u16, uint16_t)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

WIRE_STORE(mac, struct mac)
{
    memcpy(at, v.b, sizeof(v.b));
}

#define wire_store_u32(at, v)                      \
    do {                                           \
        wire_store_u16(at, (uint16_t)((v) >> 16)); \
        wire_store_u16((at) + 2, (uint16_t)(v));   \
    } while (0)
#define wire_store_u64(at, v)                      \
    do {                                           \
        wire_store_u32(at, (uint32_t)((v) >> 32)); \
        wire_store_u32((at) + 4, (uint32_t)(v));   \
    } while (0)
#define wire_store_s8(at, v)       wire_store_u8(at, (uint8_t)(v))
#define wire_store_flags8(at, v)   wire_store_u8(at, v)
#define wire_store_mask64(at, v)   wire_store_u64(at, v)
#define wire_store_ap_mac(at, v)   wire_store_mac(at, v)
#define wire_store_ap_index(at, v) wire_store_u16(at, v)

#define WIRE_STORE_F(kind, name, label) \
    wire_store_##kind(at, value->name); \
    at += WIRE_WIDTH_##kind;
#define WIRE_STORE_NONE(...)

#define X(NAME, name)                                                                        \
    static inline __attribute__((always_inline)) void wire_##name##_put_at(                  \
        uint8_t *at, const struct wire_##name *value)                                        \
    {                                                                                        \
        WIRE_FIELDS_##name(WIRE_STORE_F, WIRE_STORE_NONE, WIRE_STORE_NONE, WIRE_STORE_NONE); \
    }
WIRE_FIXED_ENTRIES(X)
X(DEVICE_MEASUREMENT, device_measurement)
#undef X

/* Lists that are written entry by entry: open, wire_ap_entry_put() or wire_sample_put() as often as
 * needed, close with what open returned. Only for elements that end in a `rest` list. */
static inline size_t wire_ap_table_open(struct writer *w)
{
    size_t begin = w->used;
    wire_ap_table_put(w, &(struct wire_ap_table){.aps = {0}});
    return begin;
}

static inline size_t wire_device_measurement_open(struct writer *w, const struct mac *mac,
                                                  uint8_t device_class, uint8_t flags)
{
    size_t begin = w->used;
    uint8_t *at = writer_room(w, WIRE_DEVICE_MEASUREMENT_SIZE);

    if (at != NULL) {
        writer_u16_at(at, WIRE_ELEMENT_DEVICE_MEASUREMENT);
        wire_device_measurement_put_at(
            at + WIRE_ELEMENT_HEADER_SIZE,
            &(struct wire_device_measurement){
                .mac = *mac, .device_class = device_class, .flags = flags});
    }
    return begin;
}

static inline void wire_element_close(struct writer *w, size_t begin)
{
    size_t size = w->used - begin - WIRE_ELEMENT_HEADER_SIZE;

    if (!w->failed && size <= UINT16_MAX)
        writer_u16_at(w->base + begin + 2, (uint16_t)size);
    else
        w->failed = true;
}

/* --- names ----------------------------------------------------------------------------------- */

/* NULL for an id that the profile does not have. */
const struct wire_message_info *wire_message_info(uint16_t id);
/* "rssi-ms"; NULL for a bit without a name. */
const char *wire_service_name(unsigned bit);
/* "not permitted"; "unknown" for a code that the profile does not have. */
const char *wire_result_name(uint16_t code);
/* The end of a sentence that begins with the element's name: "runs past its message". */
const char *wire_reason_text(enum wire_reason reason);

#endif
