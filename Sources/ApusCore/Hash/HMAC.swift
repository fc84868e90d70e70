/// HMAC with SHA-256 (RFC 2104). A copy of one that has read its key saves reading it anew.
struct HMAC: Sendable {
    private var inner: SHA256
    private let outer: SHA256

    /// Has read the key.
    init(key: [UInt8]) {
        var key = key.count > SHA256.blockSize ? SHA256.hash(key).bytes : key
        key += Array(repeating: 0, count: SHA256.blockSize - key.count)
        inner = HMAC.hash(of: key, mask: 0x36)
        outer = HMAC.hash(of: key, mask: 0x5C)
    }

    private static func hash(of key: [UInt8], mask: UInt8) -> SHA256 {
        var hash = SHA256()
        hash.add(key.map { $0 ^ mask })
        return hash
    }

    mutating func add(_ bytes: [UInt8]) {
        inner.add(bytes)
    }

    mutating func add(_ text: String) {
        inner.add(text)
    }

    /// The code of what has been read since the key.
    var code: SHA256.Digest {
        var outer = outer
        outer.add(inner.digest.bytes)
        return outer.digest
    }
}
