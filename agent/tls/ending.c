/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/ending.h"

#include <stdio.h>
#include <string.h>

/* RFC 5246 and RFC 8446; the numbers are sparse, and an unknown one is still told as a number. */
static const struct {
    int description;
    const char *name;
} alerts[] = {
    {0, "close_notify"},         {10, "unexpected_message"},      {20, "bad_record_mac"},
    {22, "record_overflow"},     {40, "handshake_failure"},       {41, "no_certificate"},
    {42, "bad_certificate"},     {43, "unsupported_certificate"}, {44, "certificate_revoked"},
    {45, "certificate_expired"}, {46, "certificate_unknown"},     {47, "illegal_parameter"},
    {48, "unknown_ca"},          {49, "access_denied"},           {50, "decode_error"},
    {51, "decrypt_error"},       {70, "protocol_version"},        {71, "insufficient_security"},
    {80, "internal_error"},      {86, "inappropriate_fallback"},  {90, "user_canceled"},
    {100, "no_renegotiation"},   {109, "missing_extension"},      {110, "unsupported_extension"},
    {112, "unrecognized_name"},  {116, "certificate_required"},   {120, "no_application_protocol"},
};

const char *tls_alert_name(int alert)
{
    for (size_t i = 0; alert >= 0 && i < sizeof(alerts) / sizeof(alerts[0]); i++)
        if (alerts[i].description == (alert & 0xff))
            return alerts[i].name;
    return "unknown";
}

void ending_describe(const struct ending *ending, char text[static TLS_ERROR_SIZE])
{
    static const char *const sentences[] = {
        [TLS_FAILURE_NONE] = "",
        [TLS_FAILURE_TRANSPORT] = "the peer closed the connection without a word",
        [TLS_FAILURE_PEER_ALERT] = "the peer gave up",
        [TLS_FAILURE_NO_COMMON] = "no version, cipher suite or group in common",
        [TLS_FAILURE_OWN_UNWANTED] = "the peer asks for no certificate of our kind",
        [TLS_FAILURE_NO_CERTIFICATE] = "the peer presented no certificate",
        [TLS_FAILURE_BAD_CERTIFICATE] = "the peer's certificate or its chain cannot be used",
        [TLS_FAILURE_REFUSED] = "the peer's key is not authorised",
        [TLS_FAILURE_KEY_SIZE] =
            "the peer's key is larger than the TLS library of this program can compute with",
        [TLS_FAILURE_WEAK_PROOF] =
            "the peer proves to hold its key by a signature over SHA-1 or another weak hash",
        [TLS_FAILURE_RECORD] = "the peer sent what no TLS library sends",
        [TLS_FAILURE_UNPROVEN] = "the peer did not prove to hold its certificate's key",
        [TLS_FAILURE_PROTOCOL] = "the peer does not speak TLS as we do",
    };
    const char *sentence = sentences[ending->failure];

    switch (ending->failure) {
    case TLS_FAILURE_TRANSPORT:
        if (ending->io_error != 0)
            sentence = strerror(ending->io_error);
        (void)snprintf(text, TLS_ERROR_SIZE, "%s", sentence);
        break;
    case TLS_FAILURE_PEER_ALERT:
        (void)snprintf(text, TLS_ERROR_SIZE, "%s with alert %d (%s)", sentence,
                       ending->alert & 0xff, tls_alert_name(ending->alert));
        break;
    case TLS_FAILURE_NO_COMMON:
    case TLS_FAILURE_OWN_UNWANTED:
    case TLS_FAILURE_BAD_CERTIFICATE:
    case TLS_FAILURE_UNPROVEN:
    case TLS_FAILURE_PROTOCOL:
        if (ending->code == 0) /* we found it, not the library */
            (void)snprintf(text, TLS_ERROR_SIZE, "%s", sentence);
        else
            (void)snprintf(text, TLS_ERROR_SIZE, "%s (%s, %d)", sentence, ending->reason,
                           ending->code);
        break;
    case TLS_FAILURE_RECORD:
        (void)snprintf(text, TLS_ERROR_SIZE, "%s (%s)", sentence, ending->reason);
        break;
    case TLS_FAILURE_KEY_SIZE:
    case TLS_FAILURE_WEAK_PROOF:
    case TLS_FAILURE_NONE:
    case TLS_FAILURE_NO_CERTIFICATE:
    case TLS_FAILURE_REFUSED:
        (void)snprintf(text, TLS_ERROR_SIZE, "%s", sentence);
        break;
    }
}
