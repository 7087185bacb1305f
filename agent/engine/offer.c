/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/offer.h"

#include "agent/radio.h"
#include "agent/wire/wire.h"

#include <assert.h>
#include <stddef.h>

/* What sources tell goes to the wire as it is. */
#define SAME(radio, wire) static_assert((int)(radio) == (int)(wire), #radio " is not the wire's")
SAME(RADIO_DB_UNKNOWN, WIRE_DB_UNKNOWN);
SAME(RADIO_UTILISATION_UNKNOWN, WIRE_UTILISATION_UNKNOWN);
SAME(RADIO_ANTENNA_COMBINED, WIRE_ANTENNA_COMBINED);
SAME(RADIO_ENCRYPTION_UNKNOWN, WIRE_ENCRYPTION_UNKNOWN);
SAME(RADIO_BAND_UNKNOWN, WIRE_BAND_UNKNOWN);
SAME(RADIO_BAND_2GHZ, WIRE_BAND_2GHZ);
SAME(RADIO_BAND_5GHZ, WIRE_BAND_5GHZ);
SAME(RADIO_BAND_6GHZ, WIRE_BAND_6GHZ);
SAME(RADIO_SOURCE_UNKNOWN, WIRE_SOURCE_UNKNOWN);
SAME(RADIO_SOURCE_PROBE, WIRE_SOURCE_PROBE);
SAME(RADIO_SOURCE_PATH_LOSS, WIRE_SOURCE_PATH_LOSS);
SAME(RADIO_SOURCE_DATA, WIRE_SOURCE_DATA);
SAME(RADIO_SOURCE_BEACON, WIRE_SOURCE_BEACON);
SAME(RADIO_CLASS_CLIENT, WIRE_CLASS_CLIENT);
SAME(RADIO_CLASS_TAG, WIRE_CLASS_TAG);
SAME(RADIO_CLASS_ROGUE_AP, WIRE_CLASS_ROGUE_AP);
SAME(RADIO_CLASS_ROGUE_CLIENT, WIRE_CLASS_ROGUE_CLIENT);

uint64_t offer_of(uint32_t capabilities)
{
    static const struct {
        uint32_t capabilities; /* any of them is enough */
        uint64_t services;
    } offers[] = {
        {RADIO_CAN_CLIENTS, WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_STATS_MS)},
        {RADIO_CAN_TAGS, WIRE_BIT(WIRE_RSSI_RFID) | WIRE_BIT(WIRE_STATS_RFID)},
        {RADIO_CAN_ROGUE_APS | RADIO_CAN_ROGUE_CLIENTS,
         WIRE_BIT(WIRE_RSSI_ROGUE) | WIRE_BIT(WIRE_INFO_ROGUE)},
        {RADIO_CAN_ROGUE_CLIENTS, WIRE_BIT(WIRE_STATS_ROGUE)},
    };
    uint64_t offered = WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY) |
                       WIRE_BIT(WIRE_AP_MONITOR) | WIRE_BIT(WIRE_ON_DEMAND) |
                       WIRE_BIT(WIRE_AP_INFO);

    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
        offered |= (capabilities & offers[i].capabilities) != 0 ? offers[i].services : 0;
    return offered;
}
