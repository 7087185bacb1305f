/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/siphash.h"
#include "tests/unit/failing.h"

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

/* The key 00 01 .. 0f of the paper's test vectors. */
static const struct siphash_key paper_key = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

static int reset(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

/* Inputs 00 01 02 .. (modulo 256) of growing length. Length 15 is the paper's own (appendix A);
 * OpenSSL gives the same for all of them. */
static void the_reference_vectors_hold(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {0, 0x726fdb47dd0e0e31ULL},   {1, 0x74f839c593dc67fdULL},   {2, 0x0d6c8009d9a94f5aULL},
        {3, 0x85676696d7fb7e2dULL},   {4, 0xcf2794e0277187b7ULL},   {5, 0x18765564cd99a68dULL},
        {6, 0xcbc9466e58fee3ceULL},   {7, 0xab0200f58b01d137ULL},   {8, 0x93f5f5799a932462ULL},
        {9, 0x9e0082df0ba9e4b0ULL},   {10, 0x7a5dbbc594ddb9f3ULL},  {11, 0xf4b32f46226bada7ULL},
        {12, 0x751e8fbc860ee5fbULL},  {13, 0x14ea5627c0843d90ULL},  {14, 0xf723ca908e7af2eeULL},
        {15, 0xa129ca6149be45e5ULL},  {16, 0x3f2acc7f57c29bdbULL},  {63, 0x958a324ceb064572ULL},
        {64, 0xacd2c40b8502cad8ULL},  {255, 0xa9c169fec74db21aULL}, {256, 0x999d0526d2a7bfd7ULL},
        {300, 0x4b0b710db6117839ULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        size_t len = vectors[i].len;
        uint8_t *data = malloc(len > 0 ? len : 1);
        assert_non_null(data);
        for (size_t k = 0; k < len; k++)
            data[k] = (uint8_t)k;
        assert_int_equal(siphash(&paper_key, data, len), vectors[i].hash);
        free(data);
    }
}

static void nothing_can_be_hashed_without_memory(void **state)
{
    (void)state;
    assert_int_equal(siphash(&paper_key, NULL, 0), 0x726fdb47dd0e0e31ULL);
}

static void where_the_data_lies_does_not_matter(void **state)
{
    uint8_t room[32];

    (void)state;
    for (size_t shift = 0; shift < 16; shift++) {
        for (size_t k = 0; k < 15; k++)
            room[shift + k] = (uint8_t)k;
        assert_int_equal(siphash(&paper_key, room + shift, 15), 0xa129ca6149be45e5ULL);
    }
}

static void a_mac_hashes_as_its_six_bytes(void **state)
{
    struct siphash_key key = paper_key;
    uint64_t x = 1;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct mac m;
        for (size_t k = 0; k < sizeof(m.b); k++) {
            x = x * 6364136223846793005ULL + 1442695040888963407ULL;
            m.b[k] = (uint8_t)(x >> 56);
        }
        assert_int_equal(siphash_mac(&key, &m), siphash(&key, m.b, sizeof(m.b)));
        key.k0 ^= x;
        key.k1 += x;
    }
    assert_int_equal(siphash_mac(&paper_key, &(struct mac){{0, 1, 2, 3, 4, 5}}),
                     0xcbc9466e58fee3ceULL);
}

static void both_halves_of_the_key_count(void **state)
{
    struct siphash_key other = paper_key;
    const struct mac m = {{1, 2, 3, 4, 5, 6}};

    (void)state;
    other.k0 ^= 1ULL << 63;
    assert_int_not_equal(siphash_mac(&other, &m), siphash_mac(&paper_key, &m));
    other = paper_key;
    other.k1 ^= 1;
    assert_int_not_equal(siphash_mac(&other, &m), siphash_mac(&paper_key, &m));
}

static void two_random_keys_differ(void **state)
{
    struct siphash_key x = {0};
    struct siphash_key y = {0};

    (void)state;
    assert_int_equal(siphash_key_random(&x), 0);
    assert_int_equal(siphash_key_random(&y), 0);
    assert_int_not_equal(x.k0, y.k0);
    assert_int_not_equal(x.k1, y.k1);
}

static void a_key_without_random_numbers_is_an_error(void **state)
{
    struct siphash_key key;

    (void)state;
    failing_at(FAILING_GETRANDOM, 1, ENOSYS);
    assert_int_equal(siphash_key_random(&key), -ENOSYS);
    failing_at(FAILING_GETRANDOM, 1, 0);
    assert_int_equal(siphash_key_random(&key), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_vectors_hold),
        cmocka_unit_test(nothing_can_be_hashed_without_memory),
        cmocka_unit_test(where_the_data_lies_does_not_matter),
        cmocka_unit_test(a_mac_hashes_as_its_six_bytes),
        cmocka_unit_test(both_halves_of_the_key_count),
        cmocka_unit_test(two_random_keys_differ),
        cmocka_unit_test_teardown(a_key_without_random_numbers_is_an_error, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
