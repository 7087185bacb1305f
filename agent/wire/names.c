/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the layout says of messages, and the names of things for logs and dumps. */
#include "agent/wire/wire.h"

const struct wire_message_info *wire_message_info(uint16_t id)
{
    switch (id) {
#define X(number, NAME, label, from, kind, reply, needs, allows, one_of) \
    case number: {                                                       \
        static const struct wire_message_info info = {                   \
            .id = WIRE_##NAME,                                           \
            .sender = WIRE_##from,                                       \
            .role = WIRE_##kind,                                         \
            .answer = WIRE_##reply,                                      \
            .must = (needs),                                             \
            .may = (allows),                                             \
            .some = (one_of),                                            \
            .name = (label),                                             \
        };                                                               \
        return &info;                                                    \
    }
        WIRE_MESSAGES(X, WIRE_HAS)
#undef X
    default:
        return NULL;
    }
}

const char *wire_service_name(unsigned bit)
{
    switch (bit) {
#define X(number, NAME, label, family) \
    case number:                       \
        return label;
        WIRE_SERVICES(X)
#undef X
    default:
        return NULL;
    }
}

const char *wire_result_name(uint16_t code)
{
    switch (code) {
    case WIRE_RESULT_OK:
        return "ok";
    case WIRE_RESULT_UNSUPPORTED:
        return "unsupported";
    case WIRE_RESULT_MALFORMED:
        return "malformed";
    case WIRE_RESULT_OUT_OF_RESOURCES:
        return "out of resources";
    case WIRE_RESULT_NOT_PERMITTED:
        return "not permitted";
    default:
        return "unknown";
    }
}

const char *wire_reason_text(enum wire_reason reason)
{
    static const char *const texts[] = {
        [WIRE_REASON_NONE] = "is well-formed",
        [WIRE_REASON_FRAME] = "is not one whole frame",
        [WIRE_REASON_OVERRUN] = "runs past its message",
        [WIRE_REASON_SHORT] = "is too short for its fields",
        [WIRE_REASON_INNER] = "has an inner length past its end",
        [WIRE_REASON_REMAINDER] = "is no whole number of entries",
        [WIRE_REASON_LENGTH] = "has a text or octets of a length that is not allowed",
        [WIRE_REASON_TEXT] = "has a text that is not UTF-8",
        [WIRE_REASON_FAMILY] = "has an address of an unknown family",
        [WIRE_REASON_AP_INDEX] = "names an AP that no ap-table before it lists",
        [WIRE_REASON_DUPLICATE] = "comes a second time",
        [WIRE_REASON_MISSING] = "is missing",
    };
    size_t index = (size_t)reason;
    return index < sizeof(texts) / sizeof(texts[0]) ? texts[index] : "is malformed";
}
