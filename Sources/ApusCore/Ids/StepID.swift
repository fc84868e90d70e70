/// The key of a step within its run, opaque to the server.
///
/// SDKs send the SHA-1 of the user's id as 40 lower-case hexadecimal digits, which are kept as 20
/// bytes; any other text of at most ``limit`` bytes is kept as it is.
public struct StepID: Hashable, Sendable {
    /// The most bytes of UTF-8 that a step id may have.
    public static let limit = 256

    private enum Storage: Hashable, Sendable {
        case sha1(UInt64, UInt64, UInt32)
        case other([UInt8])
    }

    private let storage: Storage

    /// Makes an id from its text; nil beyond ``limit`` bytes.
    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ StepID(utf8: $0.span.bytes) }) else { return nil }
        self = id
    }

    /// Makes an id from its text; nil beyond ``limit`` bytes.
    public init?(_ text: some StringProtocol) {
        self.init(String(text))
    }

    /// Makes an id from its text's bytes; nil beyond ``limit`` bytes or when they are not UTF-8.
    public init?(utf8 text: RawSpan) {
        if let words = StepID.words(text) {
            storage = .sha1(words.0, words.1, words.2)
        } else {
            guard text.byteCount <= StepID.limit, UTF8Sequence.isValid(text) else { return nil }
            storage = .other(text.withUnsafeBytes { Array($0) })
        }
    }

    /// The id that SDKs derive from a user's id: SHA-1 of `id`, or of `id:index` for the repeats.
    ///
    /// - Parameter index: 0 for the first step of that id in a run, 1 for its first repeat.
    public static func hashing(_ userID: String, index: Int = 0) -> StepID {
        var hash = SHA1()
        hash.add(index == 0 ? userID : "\(userID):\(index)")
        let words = hash.words
        return StepID(storage: .sha1(words.0, words.1, words.2))
    }

    private init(storage: Storage) {
        self.storage = storage
    }

    private static func words(_ text: RawSpan) -> (UInt64, UInt64, UInt32)? {
        guard text.byteCount == 40,
            let a = Hexadecimal.lowerCaseNumber(text, at: 0), let b = Hexadecimal.lowerCaseNumber(text, at: 8),
            let c = Hexadecimal.lowerCaseNumber(text, at: 16), let d = Hexadecimal.lowerCaseNumber(text, at: 24),
            let e = Hexadecimal.lowerCaseNumber(text, at: 32)
        else { return nil }
        return (UInt64(a) << 32 | UInt64(b), UInt64(c) << 32 | UInt64(d), e)
    }
}

extension StepID: Comparable {
    /// The order of the keys in a canonical JSON object: by UTF-16 code units of the text, which for
    /// ASCII is the order of the bytes.
    public static func < (left: StepID, right: StepID) -> Bool {
        if case .sha1(let a, let b, let c) = left.storage, case .sha1(let d, let e, let f) = right.storage {
            return (a, b, c) < (d, e, f)
        }
        return UTF16Order.precedes(left.utf8, right.utf8)
    }
}

extension StepID: LosslessStringConvertible {
    /// The text of the id.
    public var description: String { String(decoding: utf8, as: UTF8.self) }

    /// The text of the id as UTF-8.
    public var utf8: [UInt8] {
        if case .other(let text) = storage {
            return text
        }
        var text: [UInt8] = []
        text.reserveCapacity(40)
        appendText(to: &text)
        return text
    }

    /// Appends the text of the id as UTF-8, without quotes or escapes.
    public func appendText(to text: inout [UInt8]) {
        switch storage {
        case .sha1(let first, let second, let third):
            Hexadecimal.append(first, digits: 16, to: &text)
            Hexadecimal.append(second, digits: 16, to: &text)
            Hexadecimal.append(UInt64(third), digits: 8, to: &text)
        case .other(let bytes):
            text.append(contentsOf: bytes)
        }
    }

    /// Appends the id as a canonical JSON string.
    public func appendJSON(to text: inout [UInt8]) {
        switch storage {
        case .sha1:
            text.append(UInt8(ascii: "\""))
            appendText(to: &text)
            text.append(UInt8(ascii: "\""))
        case .other(let bytes):
            JSONWriter.appendString(String(decoding: bytes, as: UTF8.self), to: &text)
        }
    }
}

extension StepID {
    /// The 20 bytes of the digest, or nil when the id is other text.
    public var sha1Bytes: [UInt8]? {
        guard case .sha1(let first, let second, let third) = storage else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20)
        withUnsafeBytes(of: first.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: second.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: third.bigEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The id with this digest; nil unless there are 20 bytes.
    public init?(sha1Bytes bytes: [UInt8]) {
        guard bytes.count == 20 else { return nil }
        let first = bytes[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let second = bytes[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let third = bytes[16..<20].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        self.init(storage: .sha1(first, second, third))
    }
}
