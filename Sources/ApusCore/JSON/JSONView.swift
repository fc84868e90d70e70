/// A window onto a value inside canonical bytes; cheap to make, as it shares them.
///
/// Nothing here traps: a question that makes no sense for the value is answered with nil or nothing.
public struct JSONView: Sendable {
    /// The canonical text that holds the value.
    public let bytes: [UInt8]
    /// Where in ``bytes`` the value is.
    public let range: Range<Int>

    /// What a value is.
    public enum Kind: Hashable, Sendable {
        case object, array, string, number, bool, null
    }

    /// A window onto a whole value.
    public init(_ raw: RawJSON) {
        bytes = raw.bytes
        range = 0..<raw.bytes.count
    }

    init(bytes: [UInt8], range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    /// What this value is.
    public var kind: Kind {
        switch first {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// The bytes of this value.
    public var slice: ArraySlice<UInt8> { bytes[range] }

    /// This value on its own: a copy of its bytes, or the shared ones when it is all of them.
    public var raw: RawJSON {
        RawJSON(canonical: range.count == bytes.count ? bytes : Array(slice))
    }

    private var first: UInt8? { range.isEmpty ? nil : bytes[range.lowerBound] }
}

// MARK: - Scalars

extension JSONView {
    /// Whether this is `null`.
    public var isNull: Bool { first == UInt8(ascii: "n") }

    /// The text of a string; lone surrogates become U+FFFD.
    public var string: String? {
        guard let contents else { return nil }
        let text = bytes.span.bytes.extracting(contents)
        guard text.contains(UInt8(ascii: "\\")) else {
            return String(decoding: bytes[contents], as: UTF8.self)
        }
        var units: [UInt16] = []
        units.reserveCapacity(contents.count)
        var reader = JSONStringUnits()
        while let unit = reader.next(in: text) {
            units.append(unit)
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// The value of `true` or `false`.
    public var bool: Bool? {
        kind == .bool ? first == UInt8(ascii: "t") : nil
    }

    /// The value of an integer that fits; canonical text writes every integral double below 1e21 as one.
    public var int: Int64? {
        guard kind == .number else { return nil }
        var value: Int64 = 0
        let isNegative = first == UInt8(ascii: "-")
        let digits = isNegative ? slice.dropFirst() : slice
        guard !digits.isEmpty else { return nil }
        for byte in digits {
            guard let digit = decimalDigit(byte) else { return nil }
            let (tens, high) = value.multipliedReportingOverflow(by: 10)
            // Counting downwards reaches the least number, whose magnitude does not fit.
            let (sum, carry) =
                isNegative
                ? tens.subtractingReportingOverflow(Int64(digit)) : tens.addingReportingOverflow(Int64(digit))
            guard !high, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// The double nearest to a number.
    public var double: Double? {
        kind == .number && !range.isEmpty ? JSONNumber.double(bytes.span.bytes.extracting(range)) : nil
    }

    /// Whether this is a string with exactly this text; does not allocate.
    public func stringEquals(_ text: StaticString) -> Bool {
        guard let contents else { return false }
        return JSONText.equals(bytes.span.bytes.extracting(contents), text)
    }

    /// Whether this is a string with exactly this text.
    @_disfavoredOverload
    public func stringEquals(_ text: String) -> Bool {
        guard let contents else { return false }
        return JSONText.equals(bytes.span.bytes.extracting(contents), text)
    }

    /// Where the contents of a string are, without quotes.
    var contents: Range<Int>? {
        guard first == UInt8(ascii: "\""), range.count >= 2 else { return nil }
        return range.lowerBound + 1..<range.upperBound - 1
    }
}

// MARK: - Objects and arrays

extension JSONView {
    /// The values of an array; nothing for any other value.
    public var elements: JSONElements { JSONElements(self) }

    /// The members of an object in canonical order; nothing for any other value.
    public var members: JSONMembers { JSONMembers(self) }

    /// How many elements or members there are; 0 for scalars. Walks over them.
    public var count: Int {
        switch kind {
        case .array: elements.reduce(0) { count, _ in count + 1 }
        case .object: members.reduce(0) { count, _ in count + 1 }
        default: 0
        }
    }

    /// The value of a member; does not allocate.
    public subscript(key: StaticString) -> JSONView? {
        first { JSONText.equals($0, key) }
    }

    /// The value of a member.
    @_disfavoredOverload
    public subscript(key: String) -> JSONView? {
        first { JSONText.equals($0, key) }
    }

    /// The value of the element at an index, or nil outside of an array. Walks to it.
    public subscript(index: Int) -> JSONView? {
        guard index >= 0 else { return nil }
        return elements.dropFirst(index).first { _ in true }
    }

    /// The value of a member whose key is `key` or, failing that, the first that differs only in the
    /// case of ASCII letters.
    public func member(caseInsensitive key: String) -> JSONView? {
        self[key]
            ?? members.first { $0.key.string?.utf8.elementsEqual(key.utf8, by: JSONText.sameLetter) ?? false }?.value
    }

    private func first(where matches: (RawSpan) -> Bool) -> JSONView? {
        guard first == UInt8(ascii: "{") else { return nil }
        let text = bytes.span.bytes
        var cursor = JSONCursor(position: range.lowerBound + 1, end: range.upperBound)
        while let key = cursor.nextKey(in: text) {
            guard let value = cursor.nextValue(in: text) else { return nil }
            if matches(text.extracting(key)) {
                return JSONView(bytes: bytes, range: value)
            }
        }
        return nil
    }
}
