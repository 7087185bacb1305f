/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside tls/: puts into words how a connection failed. No library. */
#ifndef AGENT_TLS_ENDING_H
#define AGENT_TLS_ENDING_H

#include "agent/tls/tls.h"

struct ending {
    enum tls_failure failure;
    int alert;          /* received, as tls_alert_received() gives it */
    int io_error;       /* errno of the socket, or 0 */
    const char *reason; /* the library's words for its error code */
    int code;
};

void ending_describe(const struct ending *ending, char text[static TLS_ERROR_SIZE]);

#endif
