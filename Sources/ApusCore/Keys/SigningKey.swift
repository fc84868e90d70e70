import Crypto

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
    private let prepared: HMAC<SHA256>
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
        prepared = HMAC(key: SymmetricKey(data: digits))
        hash = SHA256.hash(data: bytes)
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
    func code(of body: [UInt8], _ suffix: some Sequence<UInt8>) -> HMAC<SHA256>.MAC {
        var mac = prepared
        if !body.isEmpty { mac.update(data: body) }
        mac.update(data: Array(suffix))
        return mac.finalize()
    }

    /// A key of its own for one purpose, from which this one cannot be found.
    ///
    /// - Parameter purpose: must not end with a digit, so that it is never what a message ends with.
    public func derived(for purpose: String) -> DerivedKey {
        DerivedKey(secret: code(of: [], purpose.utf8))
    }

    /// What may be shown: the first characters of the hash, as apps report it.
    public var description: String { "signing key with the hash \(hashText.prefix(8))…" }

    /// The same, for what prints a value's parts.
    public var customMirror: Mirror { Mirror(self, children: ["hash": description]) }

    /// 64 lower-case digits: what goes over the wire where a client names the key.
    public var hashText: String {
        var text: [UInt8] = []
        Hexadecimal.append(hash, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

/// A key made from another one, for codes that only this server reads.
public struct DerivedKey: Sendable {
    private let prepared: HMAC<SHA256>

    fileprivate init(secret: HMAC<SHA256>.MAC) {
        prepared = HMAC(key: SymmetricKey(data: secret))
    }

    /// The key of a server without signing keys. Anybody could make it, and may do anything there anyway.
    public static func open(for purpose: String) -> DerivedKey {
        let secret = HMAC<SHA256>(key: SymmetricKey(data: Array("apus development".utf8)))
        var mac = secret
        mac.update(data: Array(purpose.utf8))
        return DerivedKey(secret: mac.finalize())
    }

    /// The HMAC-SHA256 of a text.
    func signature(of text: String) -> [UInt8] {
        Array(mac(of: text))
    }

    /// Whether the bytes are the signature of the text; takes the same time wherever they differ.
    func isSignature(_ bytes: [UInt8], of text: String) -> Bool {
        mac(of: text) == bytes
    }

    /// 64 lower-case digits.
    public func code(of text: String) -> String {
        var digits: [UInt8] = []
        Hexadecimal.append(mac(of: text), to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    /// Whether the digits are the code of the text; takes the same time wherever they differ.
    public func isCode(_ digits: some StringProtocol, of text: String) -> Bool {
        guard let bytes = Hexadecimal.bytes(of: Array(digits.utf8)) else { return false }
        return mac(of: text) == bytes
    }

    private func mac(of text: String) -> HMAC<SHA256>.MAC {
        var mac = prepared
        mac.update(data: Array(text.utf8))
        return mac.finalize()
    }
}
