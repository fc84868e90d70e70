#include "blocks.h"

#include <stdatomic.h>

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

void apus_sha256_blocks_portable(uint32_t words[8], const uint8_t *block, size_t count) {
    for (; count > 0; count--, block += 64) {
        uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
        uint32_t e = words[4], f = words[5], g = words[6], h = words[7];
        // The message's last sixteen words.
        uint32_t w[16];
        for (int round = 0; round < 64; round++) {
            uint32_t word;
            if (round < 16) {
                word = big_endian(block + 4 * round);
            } else {
                uint32_t far = w[(round - 15) & 15], near = w[(round - 2) & 15];
                word = w[round & 15] + w[(round - 7) & 15]
                    + (rotated_right(far, 7) ^ rotated_right(far, 18) ^ far >> 3)
                    + (rotated_right(near, 17) ^ rotated_right(near, 19) ^ near >> 10);
            }
            w[round & 15] = word;
            uint32_t first = h + (rotated_right(e, 6) ^ rotated_right(e, 11) ^ rotated_right(e, 25))
                + (g ^ (e & (f ^ g))) + constants[round] + word;
            uint32_t second = (rotated_right(a, 2) ^ rotated_right(a, 13) ^ rotated_right(a, 22))
                + ((a & b) | (c & (a | b)));
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        words[0] += a;
        words[1] += b;
        words[2] += c;
        words[3] += d;
        words[4] += e;
        words[5] += f;
        words[6] += g;
        words[7] += h;
    }
}

// The processor's own instructions do four rounds at a time. In both versions `w` holds the message's last sixteen
// words, four in each, of which the oldest stand where the newest are put.

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static bool look_for_instructions(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

__attribute__((target("sha,ssse3,sse4.1")))
static void read_blocks(uint32_t words[8], const uint8_t *block, size_t count) {
    const __m128i reversed = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    // The instructions want the words as a b e f and c d g h, highest first.
    __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xb1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
    __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
    for (; count > 0; count--, block += 64) {
        __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
#pragma clang loop unroll(full)
        for (int group = 0; group < 16; group++) {
            __m128i message;
            if (group < 4) {
                message = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * group)), reversed);
            } else {
                __m128i last = w[(group + 3) & 3];
                message = _mm_sha256msg1_epu32(w[group & 3], w[(group + 1) & 3]);
                message = _mm_add_epi32(message, _mm_alignr_epi8(last, w[(group + 2) & 3], 4));
                message = _mm_sha256msg2_epu32(message, last);
            }
            w[group & 3] = message;
            __m128i sum = _mm_add_epi32(message, _mm_loadu_si128((const __m128i *)(constants + 4 * group)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)words, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#elif defined(__aarch64__) && (defined(__APPLE__) || defined(__linux__))

#include <arm_neon.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

static bool look_for_instructions(void) {
#if defined(__linux__)
    return getauxval(AT_HWCAP) & HWCAP_SHA2;
#else
    return true;
#endif
}

__attribute__((target("sha2")))
static void read_blocks(uint32_t words[8], const uint8_t *block, size_t count) {
    uint32x4_t abcd = vld1q_u32(words);
    uint32x4_t efgh = vld1q_u32(words + 4);
    for (; count > 0; count--, block += 64) {
        uint32x4_t abcd_before = abcd, efgh_before = efgh;
        uint32x4_t w[4];
#pragma clang loop unroll(full)
        for (int group = 0; group < 16; group++) {
            uint32x4_t message;
            if (group < 4) {
                message = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * group)));
            } else {
                message = vsha256su0q_u32(w[group & 3], w[(group + 1) & 3]);
                message = vsha256su1q_u32(message, w[(group + 2) & 3], w[(group + 3) & 3]);
            }
            w[group & 3] = message;
            uint32x4_t sum = vaddq_u32(message, vld1q_u32(constants + 4 * group));
            uint32x4_t abcd_now = abcd;
            abcd = vsha256hq_u32(abcd, efgh, sum);
            efgh = vsha256h2q_u32(efgh, abcd_now, sum);
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(words, abcd);
    vst1q_u32(words + 4, efgh);
}

#else

static bool look_for_instructions(void) { return false; }

static void read_blocks(uint32_t words[8], const uint8_t *block, size_t count) {
    apus_sha256_blocks_portable(words, block, count);
}

#endif

bool apus_sha256_has_instructions(void) {
    // Looking takes longer than a block; whoever looks first finds the same.
    static atomic_int answer = 0;
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known == 0) {
        known = look_for_instructions() ? 1 : 2;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == 1;
}

void apus_sha256_blocks(uint32_t words[8], const uint8_t *blocks, size_t count) {
    if (apus_sha256_has_instructions()) {
        read_blocks(words, blocks, count);
    } else {
        apus_sha256_blocks_portable(words, blocks, count);
    }
}

void apus_sha256_begin(apus_hash *hash) {
    *hash = (apus_hash){.words = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    }};
}

void apus_sha256_add(apus_hash *hash, const void *bytes, size_t count) {
    apus_add(hash, bytes, count, apus_sha256_blocks);
}

void apus_sha256_end(apus_hash *hash) { apus_end(hash, apus_sha256_blocks); }
