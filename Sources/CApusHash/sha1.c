#include "blocks.h"

static void read_blocks(uint32_t *words, const uint8_t *block, size_t count) {
    for (; count > 0; count--, block += 64) {
        uint32_t a = words[0], b = words[1], c = words[2], d = words[3], e = words[4];
        // The message's last sixteen words.
        uint32_t w[16];
        for (int round = 0; round < 80; round++) {
            uint32_t word;
            if (round < 16) {
                word = big_endian(block + 4 * round);
            } else {
                uint32_t mixed = w[(round - 3) & 15] ^ w[(round - 8) & 15] ^ w[(round - 14) & 15] ^ w[round & 15];
                word = rotated_left(mixed, 1);
            }
            w[round & 15] = word;
            uint32_t chosen;
            if (round < 20) {
                chosen = (d ^ (b & (c ^ d))) + 0x5a827999;
            } else if (round < 40) {
                chosen = (b ^ c ^ d) + 0x6ed9eba1;
            } else if (round < 60) {
                chosen = ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
            } else {
                chosen = (b ^ c ^ d) + 0xca62c1d6;
            }
            uint32_t next = rotated_left(a, 5) + chosen + e + word;
            e = d;
            d = c;
            c = rotated_left(b, 30);
            b = a;
            a = next;
        }
        words[0] += a;
        words[1] += b;
        words[2] += c;
        words[3] += d;
        words[4] += e;
    }
}

void apus_sha1_begin(apus_hash *hash) {
    *hash = (apus_hash){.words = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

void apus_sha1_add(apus_hash *hash, const void *bytes, size_t count) { apus_add(hash, bytes, count, read_blocks); }

void apus_sha1_end(apus_hash *hash) { apus_end(hash, read_blocks); }
