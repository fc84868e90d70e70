import CApusHash

/// SHA-256 (FIPS 180-4). A copy of one that has read something goes on by itself.
struct SHA256: Sendable {
    /// Bytes that are read at a time.
    static let blockSize = 64

    private var state = apus_hash()

    /// Has read nothing.
    init() {
        apus_sha256_begin(&state)
    }

    /// The hash of bytes.
    static func hash(_ bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.add(bytes)
        return hash.digest
    }

    mutating func add(_ bytes: [UInt8]) {
        apus_sha256_add(&state, bytes, bytes.count)
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { apus_sha256_add(&state, $0.baseAddress, $0.count) }
    }

    /// The hash of what has been read.
    var digest: Digest {
        var state = state
        apus_sha256_end(&state)
        let words = state.words
        return Digest(
            words: (
                UInt64(words.0) << 32 | UInt64(words.1), UInt64(words.2) << 32 | UInt64(words.3),
                UInt64(words.4) << 32 | UInt64(words.5), UInt64(words.6) << 32 | UInt64(words.7)
            )
        )
    }
}

extension SHA256 {
    /// 32 bytes, which take the same time to compare wherever they differ.
    struct Digest: Equatable, Sendable {
        /// Most significant first.
        let words: (UInt64, UInt64, UInt64, UInt64)

        var bytes: [UInt8] {
            BigEndian.bytes(high: words.0, low: words.1) + BigEndian.bytes(high: words.2, low: words.3)
        }

        /// 64 lower-case hexadecimal digits.
        var text: String {
            var digits: [UInt8] = []
            digits.reserveCapacity(64)
            appendText(to: &digits)
            return String(decoding: digits, as: UTF8.self)
        }

        /// Appends 64 lower-case hexadecimal digits.
        func appendText(to text: inout [UInt8]) {
            for word in [words.0, words.1, words.2, words.3] { Hexadecimal.append(word, digits: 16, to: &text) }
        }

        static func == (left: Digest, right: Digest) -> Bool {
            let (a, b) = (left.words, right.words)
            return (a.0 ^ b.0) | (a.1 ^ b.1) | (a.2 ^ b.2) | (a.3 ^ b.3) == 0
        }

        static func == (left: Digest, right: [UInt8]) -> Bool {
            guard let high = BigEndian.halves(right.prefix(16)), let low = BigEndian.halves(right.dropFirst(16)) else {
                return false
            }
            return left == Digest(words: (high.high, high.low, low.high, low.low))
        }
    }
}
