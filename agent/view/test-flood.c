/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flood of invented MACs, as somebody sends who wants to be rid of the controller: memory stays
 * what it was, clients stay known and told, and the last probe costs what the first did.
 *
 * With NMSPD_TEST_FULL a million probes, otherwise a tenth of that.
 */
#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

enum {
    CAPACITY = 3000,
    REAL = 40,  /* the first half of them is associated */
    STEP = 100, /* invented MACs every STEP_MS: more in an interval than there is room for */
    STEP_MS = 50,
    HEARD_EVERY = 20 /* steps between two frames of a real client */
};

struct flood {
    struct bed *bed;
    struct bed_peer *peer;
    uint32_t probes;
};

/* None is heard twice. */
static void probe(struct flood *flood)
{
    uint32_t n = flood->probes++ * UINT32_C(2654435761); /* a permutation of 32 bits */
    struct radio_sample sample = {.device = {{0x02, 0x66, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
                                              (uint8_t)(n >> 8), (uint8_t)n}},
                                  .ap = 0,
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_PROBE,
                                  .rssi = -70,
                                  .snr = 25,
                                  .heard = loop_now(flood->bed->loop)};
    engine_take(flood->bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

static int8_t rssi_at(uint32_t device, uint32_t step)
{
    return (int8_t)(-40 - (int)((device + step / HEARD_EVERY) % 30));
}

static void one_step(struct flood *flood, uint32_t step)
{
    for (uint32_t device = 0; step % HEARD_EVERY == 0 && device < REAL; device++)
        bed_hear(flood->bed, device, 1, rssi_at(device, step));
    for (unsigned i = 0; i < STEP; i++)
        probe(flood);
    loop_advance(flood->bed->loop, STEP_MS);
}

static void check_the_real(const struct flood *flood, uint32_t step)
{
    const struct table *table = engine_table(flood->bed->engine);

    assert_true(table->device_count <= CAPACITY);
    for (uint32_t device = 0; device < REAL; device++) {
        struct mac mac = bed_mac(device);
        const struct belief_device *believed = belief_find(&flood->peer->belief, &mac);
        assert_non_null(believed);
        assert_int_equal(believed->count, 1);
        assert_int_equal(believed->samples[0].rssi, rssi_at(device, step));
        assert_int_equal(believed->flags & WIRE_DEVICE_ASSOCIATED,
                         device < REAL / 2 ? WIRE_DEVICE_ASSOCIATED : 0);
    }
}

static struct flood begin(void)
{
    struct flood flood = {.bed = bed_new(CAPACITY, 2)};

    bed_ap(flood.bed, 0);
    bed_ap(flood.bed, 1);
    flood.peer = bed_active_peer(flood.bed);
    bed_say_services(flood.peer, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    for (uint32_t device = 0; device < REAL / 2; device++)
        bed_join(flood.bed, device, 1);
    return flood;
}

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void print_what_the_last_cost(const double *at, uint32_t tenths)
{
    /* Time is nothing to judge by on a machine that others use; it is there to be read. */
    print_message("CPU time of the last tenth / the first but one: %.2f\n",
                  (at[tenths] - at[tenths - 1]) / (at[2] - at[1]));
}

static void a_flood_of_invented_macs_takes_no_memory_and_hides_no_client(void **state)
{
    const uint32_t probes = getenv("NMSPD_TEST_FULL") != NULL ? 1000000 : 100000;
    const uint32_t steps = probes / STEP / 10 * 10;
    struct flood flood = begin();
    double at[11];
    (void)state;

    for (uint32_t step = 0; step < steps; step++) {
        if (step % (steps / 10) == 0)
            at[step / (steps / 10)] = cpu_seconds();
        if (step == 100)
            failing_reset(); /* everything has been set up */
        one_step(&flood, step);
        if (step % HEARD_EVERY == HEARD_EVERY - 1)
            bed_say_echo(flood.peer, 1, NULL, 0);
        if ((step + 1) * STEP_MS % 2000 == 0) /* a tick was just now */
            check_the_real(&flood, step / HEARD_EVERY * HEARD_EVERY);
        flood.peer->log_len = 0;
    }
    at[10] = cpu_seconds();
    print_what_the_last_cost(at, 10);
    assert_int_equal(failing_count(FAILING_MALLOC), 0);
    const struct engine_counters *counters = engine_counters(flood.bed->engine);
    assert_int_equal(counters->devices_evicted + engine_table(flood.bed->engine)->device_count +
                         counters->devices_expired,
                     flood.probes + REAL);
    assert_int_equal(session_counters(flood.peer->session)->missed_ticks, 0);
    bed_peer_free(flood.peer);
    bed_free(flood.bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_invented_macs_takes_no_memory_and_hides_no_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
