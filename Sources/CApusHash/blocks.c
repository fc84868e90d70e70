#include "blocks.h"

#include <string.h>

void apus_add(apus_hash *hash, const void *start, size_t count, apus_blocks read) {
    const uint8_t *bytes = start;
    if (count == 0) return;
    size_t waiting = hash->count % 64;
    hash->count += count;
    if (waiting > 0) {
        size_t room = 64 - waiting;
        size_t taken = count < room ? count : room;
        memcpy(hash->rest + waiting, bytes, taken);
        if (taken < room) return;
        read(hash->words, hash->rest, 1);
        bytes += taken;
        count -= taken;
    }
    if (count >= 64) read(hash->words, bytes, count / 64);
    if (count % 64 > 0) memcpy(hash->rest, bytes + count / 64 * 64, count % 64);
}

void apus_end(apus_hash *hash, apus_blocks read) {
    size_t waiting = hash->count % 64;
    uint64_t bits = hash->count * 8;
    hash->rest[waiting++] = 0x80;
    if (waiting > 56) {
        memset(hash->rest + waiting, 0, 64 - waiting);
        read(hash->words, hash->rest, 1);
        waiting = 0;
    }
    memset(hash->rest + waiting, 0, 56 - waiting);
    for (int index = 0; index < 8; index++) hash->rest[56 + index] = (uint8_t)(bits >> (56 - 8 * index));
    read(hash->words, hash->rest, 1);
}
