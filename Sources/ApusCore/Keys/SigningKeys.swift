/// The signing keys of a server. The first one signs; each is accepted, so that a key can be replaced
/// while the old one is still in use.
public struct SigningKeys: Sendable {
    /// Keys at most.
    public static let limit = 16
    /// Seconds that a signature may be older or newer than the clock.
    public static let tolerance: Int64 = 300

    /// The one that signs.
    public let first: SigningKey
    private let others: [SigningKey]

    /// - Returns: `nil` without a key.
    /// - Throws: ``KeyError`` when one is malformed or there are too many.
    public init?(parsing texts: [String]) throws(KeyError) {
        guard texts.count <= SigningKeys.limit else { throw .tooMany(limit: SigningKeys.limit) }
        var keys: [SigningKey] = []
        for text in texts { keys.append(try SigningKey(parsing: text)) }
        guard let first = keys.first else { return nil }
        self.first = first
        others = Array(keys.dropFirst())
    }

    /// All of them, the one that signs first.
    public var all: [SigningKey] { [first] + others }

    /// The key that a client names: by its text or by its hash, each with or without a prefix.
    public func key(named token: String) -> SigningKey? {
        let digits = Array(SigningKey.withoutPrefix(token).utf8)
        guard !digits.isEmpty, digits.count <= SigningKey.digitLimit, let bytes = Hexadecimal.bytes(of: digits)
        else { return nil }
        let hash = SHA256.hash(bytes)
        // Every key is compared, so that the time tells nothing of which it was.
        var found: SigningKey?
        for key in all {
            let isHash = key.hash == bytes
            let isKey = key.hash == hash
            if isHash || isKey { found = key }
        }
        return found
    }
}

// MARK: - Signatures

/// What the signature of a message is worth.
public enum SignatureVerdict: Hashable, Sendable {
    case valid
    case missing
    /// Not `t=<seconds>&s=<64 lower-case digits>`.
    case malformed
    /// Made too long ago, or too far ahead.
    case outdated
    /// Made with another key, or for another message.
    case wrong
}

extension SigningKeys {
    /// The value of `X-Inngest-Signature`.
    ///
    /// - Parameter body: the bytes as they are sent; JSON in the form of ``jcs(_:)``.
    public func signature(of body: [UInt8], at time: Timestamp) -> String {
        let seconds = String(time.milliseconds / 1_000)
        var text: [UInt8] = []
        text.reserveCapacity(80)
        text += "t=".utf8
        text += seconds.utf8
        text += "&s=".utf8
        first.code(of: body, seconds).appendText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Checks the signature of an answer, which covers its bytes as they are.
    public func verdict(on signature: String?, of body: [UInt8], at now: Timestamp) -> SignatureVerdict {
        guard let signature else { return .missing }
        guard let (seconds, code) = SigningKeys.parse(signature) else { return .malformed }
        guard let time = Int64(seconds), abs(now.milliseconds / 1_000 - time) <= SigningKeys.tolerance else {
            return .outdated
        }
        if isCode(code, of: body, seconds) { return .valid }
        // Some SDKs end the text with a line feed after they have signed it.
        if body.last == UInt8(ascii: "\n"), isCode(code, of: Array(body.dropLast()), seconds) { return .valid }
        return .wrong
    }

    private func isCode(_ code: [UInt8], of body: [UInt8], _ seconds: String) -> Bool {
        all.reduce(false) { found, key in key.code(of: body, seconds) == code || found }
    }

    private static func parse(_ text: String) -> (seconds: String, code: [UInt8])? {
        let parts = text.split(separator: "&", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].hasPrefix("t="), parts[1].hasPrefix("s=") else { return nil }
        let seconds = String(parts[0].dropFirst(2))
        let digits = Array(parts[1].dropFirst(2).utf8)
        guard (1...12).contains(seconds.utf8.count), seconds.utf8.allSatisfy({ decimalDigit($0) != nil }),
            digits.count == 64, digits.allSatisfy({ Hexadecimal.lowerCaseValue($0) != nil }),
            let code = Hexadecimal.bytes(of: digits)
        else { return nil }
        return (seconds, code)
    }
}
