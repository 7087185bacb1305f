/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's list of observers (engine.h): who is told what. For the engine only. */
#ifndef AGENT_ENGINE_OBSERVERS_H
#define AGENT_ENGINE_OBSERVERS_H

#include "agent/engine/engine.h"

#include <stdint.h>

void observers_add(struct engine_observer **list, struct engine_observer *observer);
/* Nothing happens if it is not in the list. */
void observers_remove(struct engine_observer **list, struct engine_observer *observer);

void observers_tell_leaving(const struct engine_observer *list, uint32_t slot);
void observers_tell_changed(const struct engine_observer *list, uint32_t slot);
void observers_tell_heard(const struct engine_observer *list, uint32_t slot);
void observers_tell_ap(const struct engine_observer *list, uint16_t ap,
                       const struct radio_ap *before);
void observers_tell_tag(const struct engine_observer *list, uint32_t slot, uint32_t frame,
                        const struct radio_tag *tag);
void observers_tell_offer(const struct engine_observer *list);

#endif
