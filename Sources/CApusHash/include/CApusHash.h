// SHA-1 and SHA-256 (FIPS 180-4), and nothing else. Why they are here: docs/decisions/hashes.md

#ifndef APUS_HASH_H
#define APUS_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A hash that has read some bytes. A copy of it goes on by itself.
typedef struct {
    /// SHA-1 uses the first five. After the end they are the digest, most significant word first.
    uint32_t words[8];
    /// Bytes read so far.
    uint64_t count;
    /// The first `count % 64` of these wait for the rest of their block.
    uint8_t rest[64];
} apus_hash;

void apus_sha1_begin(apus_hash *hash);
/// `bytes` may be null when `count` is 0.
void apus_sha1_add(apus_hash *hash, const void *bytes, size_t count);
/// The hash takes no more bytes after this.
void apus_sha1_end(apus_hash *hash);

void apus_sha256_begin(apus_hash *hash);
/// `bytes` may be null when `count` is 0.
void apus_sha256_add(apus_hash *hash, const void *bytes, size_t count);
/// The hash takes no more bytes after this.
void apus_sha256_end(apus_hash *hash);

/// Reads `count` blocks of 64 bytes with the processor's own instructions, if it has some for this.
void apus_sha256_blocks(uint32_t words[8], const uint8_t *blocks, size_t count);
/// The same without them.
void apus_sha256_blocks_portable(uint32_t words[8], const uint8_t *blocks, size_t count);
/// Whether the processor has them.
bool apus_sha256_has_instructions(void);

#endif
