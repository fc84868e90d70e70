// What the two hashes have in common: blocks of 64 bytes, the last of which ends with the count of bits.

#ifndef APUS_BLOCKS_H
#define APUS_BLOCKS_H

#include "CApusHash.h"

typedef void (*apus_blocks)(uint32_t *words, const uint8_t *blocks, size_t count);

void apus_add(apus_hash *hash, const void *bytes, size_t count, apus_blocks read);
void apus_end(apus_hash *hash, apus_blocks read);

static inline uint32_t rotated_left(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static inline uint32_t rotated_right(uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

static inline uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
