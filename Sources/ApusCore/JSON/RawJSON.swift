/// A JSON value as canonical bytes.
///
/// The form is that of RFC 8785 (JCS) except that integers keep all their digits: no whitespace,
/// members sorted by the UTF-16 code units of their keys, of duplicate keys the last, minimal
/// escapes, fractions and exponents printed as ECMAScript prints the double. Lone surrogate escapes,
/// which JavaScript and Python can emit, stay as lower-case `\udxxx`, so nothing is lost.
///
/// Equal values have equal bytes, so comparing and hashing bytes compares and hashes values, except
/// that integers beyond 2^53 are told apart.
public struct RawJSON: Hashable, Sendable, CustomStringConvertible {
    /// The canonical text.
    public let bytes: [UInt8]

    /// Validates a text and brings it into canonical form.
    ///
    /// A text that is canonical already is kept as it is, without a copy.
    ///
    /// - Throws: ``JSONError`` with the offset of the first problem.
    public init(parsing text: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        bytes = try JSONCanonicalizer.canonical(text.span.bytes, limits: limits) ?? text
    }

    /// Validates a part of a larger text and brings it into canonical form.
    ///
    /// - Throws: ``JSONError``; its offset counts from the start of the slice.
    public init(parsing text: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
        bytes = try JSONCanonicalizer.canonical(text.span.bytes, limits: limits) ?? Array(text)
    }

    /// Validates a text and brings it into canonical form.
    ///
    /// - Throws: ``JSONError``; its offset counts bytes of UTF-8.
    public init(parsing text: String, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// Takes bytes that are known to be canonical, for example because they were stored as such.
    ///
    /// Debug builds stop when they are not.
    public init(canonical bytes: [UInt8]) {
        assert(RawJSON.isCanonical(bytes), "the bytes must be canonical JSON")
        self.bytes = bytes
    }

    private static func isCanonical(_ bytes: [UInt8]) -> Bool {
        let limits = JSONLimits(depth: .max, size: .max)
        do {
            return try JSONCanonicalizer.canonical(bytes.span.bytes, limits: limits) == nil
        } catch {
            return false
        }
    }

    /// The text as a string.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// A window onto the whole value.
    public var view: JSONView { JSONView(self) }

    /// Whether this is `null`.
    public var isNull: Bool { bytes.first == UInt8(ascii: "n") }
}

extension RawJSON {
    /// `null`
    public static let null = RawJSON(canonical: Array("null".utf8))
    /// `{}`
    public static let emptyObject = RawJSON(canonical: Array("{}".utf8))
    /// `[]`
    public static let emptyArray = RawJSON(canonical: Array("[]".utf8))

    /// A JSON string.
    public static func string(_ value: String) -> RawJSON {
        var writer = JSONWriter(reserving: value.utf8.count + 2)
        writer.value(value)
        return writer.finish()
    }

    /// A JSON integer.
    public static func int(_ value: Int64) -> RawJSON {
        var writer = JSONWriter(reserving: 20)
        writer.value(value)
        return writer.finish()
    }

    /// A JSON number; `null` for infinities and NaN, as ECMAScript writes them.
    public static func double(_ value: Double) -> RawJSON {
        var writer = JSONWriter(reserving: 25)
        writer.value(value)
        return writer.finish()
    }

    /// `true` or `false`.
    public static func bool(_ value: Bool) -> RawJSON {
        var writer = JSONWriter(reserving: 5)
        writer.value(value)
        return writer.finish()
    }
}
