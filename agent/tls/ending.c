/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/ending.h"

#include <stdbool.h>
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
#define ROW(code, name, library) [TLS_FAILURE_##code] = {name, library},
    static const struct {
        const char *name;
        bool library;
    } failures[] = {TLS_FAILURES(ROW)};
#undef ROW
    const char *name = failures[ending->failure].name;
    const char *detail = failures[ending->failure].library ? ending->reason : NULL;

    if (ending->failure == TLS_FAILURE_TRANSPORT && ending->io_error != 0)
        detail = strerror(ending->io_error);
    if (ending->failure == TLS_FAILURE_NONE)
        text[0] = '\0';
    else if (ending->failure == TLS_FAILURE_PEER_ALERT)
        (void)snprintf(text, TLS_ERROR_SIZE, "%s %d (%s)", name, ending->alert & 0xff,
                       tls_alert_name(ending->alert));
    else if (detail != NULL)
        (void)snprintf(text, TLS_ERROR_SIZE, "%s (%s)", name, detail);
    else
        (void)snprintf(text, TLS_ERROR_SIZE, "%s", name);
}
