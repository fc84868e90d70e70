/// A secret that a server and its apps share: hexadecimal digits, which may have a prefix such as
/// `signkey-prod-`.
///
/// The text itself is not kept, and nothing of it is printed: what signs is the state of an HMAC that
/// has read it, and what is compared with is a hash.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Hexadecimal digits of a key at most.
    public static let digitLimit = 512
    /// Bytes below which a key can be guessed.
    public static let goodByteCount = 16

    /// Copied for each signature, which saves reading the key anew.
    private let prepared: HMAC
    /// SHA-256 of the key's bytes: what SDKs send instead of the key.
    let hash: SHA256.Digest
    /// How long the key is.
    public let byteCount: Int

    /// - Throws: ``KeyError/signingKeyForm``.
    public init(parsing text: String) throws(KeyError) {
        let digits = Array(SigningKey.withoutPrefix(text).utf8)
        guard !digits.isEmpty, digits.count <= SigningKey.digitLimit, let bytes = Hexadecimal.bytes(of: digits)
        else { throw .signingKeyForm }
        // The digits as text are the secret, not the bytes that they stand for.
        prepared = HMAC(key: digits)
        hash = SHA256.hash(bytes)
        byteCount = bytes.count
    }

    /// Without `signkey-`, a word and `-`.
    static func withoutPrefix(_ text: String) -> Substring {
        guard text.hasPrefix("signkey-") else { return text[...] }
        let rest = text.dropFirst("signkey-".count)
        let word = rest.utf8.prefix { byte in
            byte == UInt8(ascii: "_") || decimalDigit(byte) != nil
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard !word.isEmpty, word.endIndex < rest.endIndex, rest[word.endIndex] == "-" else { return text[...] }
        return rest[rest.index(after: word.endIndex)...]
    }

    /// The code of bytes followed by a text.
    func code(of body: [UInt8], _ suffix: String) -> SHA256.Digest {
        var mac = prepared
        mac.add(body)
        mac.add(suffix)
        return mac.code
    }

    /// A key of its own for one purpose, from which this one cannot be found.
    ///
    /// - Parameter purpose: must not end with a digit, so that it is never what a message ends with.
    public func derived(for purpose: String) -> DerivedKey {
        DerivedKey(secret: code(of: [], purpose))
    }

    /// What may be shown: the first characters of the hash, as apps report it.
    public var description: String { "signing key with the hash \(hashText.prefix(8))…" }

    /// The same, for what prints a value's parts.
    public var customMirror: Mirror { Mirror(self, children: ["hash": description]) }

    /// 64 lower-case digits: what goes over the wire where a client names the key.
    public var hashText: String { hash.text }
}

/// A key made from another one, for codes that only this server reads.
public struct DerivedKey: Sendable {
    private let prepared: HMAC

    fileprivate init(secret: SHA256.Digest) {
        prepared = HMAC(key: secret.bytes)
    }

    /// The key of a server without signing keys. Anybody could make it, and may do anything there anyway.
    public static func open(for purpose: String) -> DerivedKey {
        var mac = HMAC(key: Array("apus development".utf8))
        mac.add(purpose)
        return DerivedKey(secret: mac.code)
    }

    /// The HMAC-SHA256 of a text.
    func signature(of text: String) -> [UInt8] {
        code(of: text).bytes
    }

    /// Whether the bytes are the signature of the text; takes the same time wherever they differ.
    func isSignature(_ bytes: [UInt8], of text: String) -> Bool {
        code(of: text) == bytes
    }

    /// 64 lower-case digits.
    public func code(of text: String) -> String {
        code(of: text).text
    }

    /// Whether the digits are the code of the text; takes the same time wherever they differ.
    public func isCode(_ digits: some StringProtocol, of text: String) -> Bool {
        guard let bytes = Hexadecimal.bytes(of: Array(digits.utf8)) else { return false }
        return code(of: text) == bytes
    }

    private func code(of text: String) -> SHA256.Digest {
        var mac = prepared
        mac.add(text)
        return mac.code
    }
}
