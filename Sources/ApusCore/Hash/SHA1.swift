import CApusHash

/// SHA-1 (FIPS 180-4): for names that must be those of others, never for secrets.
struct SHA1 {
    private var state = apus_hash()

    /// Has read nothing.
    init() {
        apus_sha1_begin(&state)
    }

    mutating func add(_ bytes: [UInt8]) {
        apus_sha1_add(&state, bytes, bytes.count)
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { apus_sha1_add(&state, $0.baseAddress, $0.count) }
    }

    /// The hash of what has been read: 20 bytes, most significant first.
    var words: (UInt64, UInt64, UInt32) {
        var state = state
        apus_sha1_end(&state)
        let words = state.words
        return (UInt64(words.0) << 32 | UInt64(words.1), UInt64(words.2) << 32 | UInt64(words.3), words.4)
    }
}
