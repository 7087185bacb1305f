/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/direct.h"

#include "agent/view/info.h"
#include "agent/wire/wire.h"

void direct_tell_statistics(struct deliver *deliver)
{
    const struct engine *engine = deliver->engine;
    struct writer body = deliver_begin(deliver);

    for (uint32_t index = 0; index < engine_table(engine)->slots_used; index++) {
        if (info_put_statistics(engine, index, deliver->filter, &body) != PUT_FULL)
            continue;
        deliver_to_all(deliver, WIRE_STATISTICS_NOTIFICATION, &body);
        body = deliver_begin(deliver);
        (void)info_put_statistics(engine, index, deliver->filter, &body);
    }
    deliver_to_all(deliver, WIRE_STATISTICS_NOTIFICATION, &body);
}

void direct_tell_tag(struct deliver *deliver, uint32_t *frames, uint32_t index, uint32_t frame,
                     const struct radio_tag *tag)
{
    const struct table_device *device = table_device(engine_table(deliver->engine), index);

    if (frames[index] == frame || !subfilter_has_device(deliver->filter, device) ||
        !subfilter_has_ap(deliver->filter, tag->ap))
        return;
    frames[index] = frame;
    deliver_count_missed(deliver);
    struct writer body = deliver_begin(deliver);
    (void)info_put_tag(tag, &body);
    deliver_to_all(deliver, WIRE_TAG_NOTIFICATION, &body);
}
