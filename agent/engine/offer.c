/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/offer.h"

#include "agent/radio.h"
#include "agent/wire/wire.h"

#include <stddef.h>

uint64_t offer_of(uint32_t works)
{
    static const struct {
        uint32_t works; /* any of them is enough */
        uint64_t services;
    } offers[] = {
        {RADIO_WORKS_CLIENTS, WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_STATS_MS)},
        {RADIO_WORKS_TAGS, WIRE_BIT(WIRE_RSSI_RFID) | WIRE_BIT(WIRE_STATS_RFID)},
        {RADIO_WORKS_ROGUE_APS | RADIO_WORKS_ROGUE_CLIENTS,
         WIRE_BIT(WIRE_RSSI_ROGUE) | WIRE_BIT(WIRE_INFO_ROGUE)},
        {RADIO_WORKS_ROGUE_CLIENTS, WIRE_BIT(WIRE_STATS_ROGUE)},
    };
    uint64_t offered = WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY) |
                       WIRE_BIT(WIRE_AP_MONITOR) | WIRE_BIT(WIRE_ON_DEMAND) |
                       WIRE_BIT(WIRE_AP_INFO);

    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
        offered |= (works & offers[i].works) != 0 ? offers[i].services : 0;
    return offered;
}
