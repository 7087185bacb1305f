/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a certificate says: a peer's, and our own. */
#ifndef AGENT_TLS_CERTIFICATE_INFO_H
#define AGENT_TLS_CERTIFICATE_INFO_H

#include "agent/auth/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a certificate in DER. `chain_length` is how many came with it, itself included. False: it
 * cannot be read. */
bool certificate_info_read(const uint8_t *der, size_t len, size_t chain_length,
                           struct certificate_info *out);

#endif
