/// The keys with which programs may send events. Only their hashes are kept.
public struct EventKeys: Sendable {
    /// Keys at most.
    public static let limit = 100
    /// Bytes of a key at most.
    public static let lengthLimit = 255

    private let hashes: [SHA256.Digest]

    /// - Returns: `nil` without a key.
    /// - Throws: ``KeyError`` when one is malformed or there are too many.
    public init?(_ texts: [String]) throws(KeyError) {
        guard texts.count <= EventKeys.limit else { throw .tooMany(limit: EventKeys.limit) }
        guard texts.allSatisfy(EventKeys.isKey) else { throw .eventKeyForm }
        guard !texts.isEmpty else { return nil }
        hashes = texts.map { SHA256.hash(Array($0.utf8)) }
    }

    /// Whether it is one of them, letter by letter; takes the same time whatever it is.
    public func contains(_ text: String) -> Bool {
        let hash = SHA256.hash(Array(text.utf8))
        return hashes.reduce(false) { found, key in key == hash || found }
    }

    /// Keys stand in the path of a URL.
    private static func isKey(_ text: String) -> Bool {
        (1...lengthLimit).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x21...0x7E).contains(byte) && !"/?#%".utf8.contains(byte)
            }
    }
}

/// The keys without which a server in signed mode does nothing.
public struct ServerKeys: Sendable {
    /// Shared with apps and operators.
    public var signing: SigningKeys
    /// Shared with whoever sends events.
    public var event: EventKeys

    /// The keys of one server.
    public init(signing: SigningKeys, event: EventKeys) {
        self.signing = signing
        self.event = event
    }
}
