/// Builds JSON text by appending; used for the bodies of calls and answers.
///
/// Commas are set automatically. Everything that is written is in canonical form; that objects and
/// arrays are closed, that every value in an object has a key and, where canonical output is wanted,
/// that keys come in their order without duplicates, is the caller's duty.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.key("ids")
/// writer.beginArray()
/// writer.value(id.description)
/// writer.endArray()
/// writer.key("status")
/// writer.value(200)
/// writer.endObject()
/// return writer.bytes
/// ```
public struct JSONWriter: Sendable {
    /// The text so far.
    public var bytes: [UInt8] = []

    private var needsComma = false

    /// Starts an empty text with room for some bytes.
    public init(reserving capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Writes `{`.
    public mutating func beginObject() {
        begin(UInt8(ascii: "{"))
    }

    /// Writes `}`.
    public mutating func endObject() {
        end(UInt8(ascii: "}"))
    }

    /// Writes `[`.
    public mutating func beginArray() {
        begin(UInt8(ascii: "["))
    }

    /// Writes `]`.
    public mutating func endArray() {
        end(UInt8(ascii: "]"))
    }

    /// Writes a key and its colon.
    public mutating func key(_ key: StaticString) {
        separate()
        key.withUTF8Buffer { JSONWriter.appendString($0, to: &bytes) }
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a key and its colon.
    @_disfavoredOverload
    public mutating func key(_ key: String) {
        separate()
        JSONWriter.appendString(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a step id as a key, and its colon.
    public mutating func key(_ key: StepID) {
        separate()
        key.appendJSON(to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    public mutating func value(_ value: String) {
        separate()
        JSONWriter.appendString(value, to: &bytes)
    }

    /// Writes an integer.
    public mutating func value(_ value: Int64) {
        separate()
        JSONNumber.append(value, to: &bytes)
    }

    /// Writes an integer.
    public mutating func value(_ value: Int) {
        self.value(Int64(value))
    }

    /// Writes a double as ECMAScript prints it, or `null` when it is infinite or not a number.
    public mutating func value(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        JSONNumber.append(value, to: &bytes)
    }

    /// Writes `true` or `false`.
    public mutating func value(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes a ULID as a string.
    public mutating func value(_ value: ULID) {
        quoted { value.appendText(to: &$0) }
    }

    /// Writes a UUID as a string.
    public mutating func value(_ value: UUID16) {
        quoted { value.appendText(to: &$0) }
    }

    /// Writes a time as a string; see ``Timestamp/rfc3339``.
    public mutating func value(_ value: Timestamp) {
        quoted { value.appendRFC3339(to: &$0) }
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes a finished value.
    public mutating func raw(_ value: RawJSON) {
        raw(value.bytes)
    }

    /// Writes a part of canonical text.
    public mutating func raw(_ value: JSONView) {
        raw(value.slice)
    }

    /// Writes the text of one value, which the caller knows to be JSON.
    public mutating func raw(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// Writes the text of one value, which the caller knows to be JSON.
    public mutating func raw(_ value: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// The text as a value, when it is complete and its keys were written in order.
    ///
    /// Debug builds stop when it is not; text in another order goes through ``RawJSON/init(parsing:limits:)``.
    public func finish() -> RawJSON {
        RawJSON(canonical: bytes)
    }

    private mutating func begin(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func end(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func quoted(_ append: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func separate() {
        if needsComma {
            bytes.append(UInt8(ascii: ","))
        }
        needsComma = true
    }
}

extension JSONWriter {
    /// Appends a string in quotes with the canonical escapes: `\" \\ \b \t \n \f \r` and `\u00xx`.
    public static func appendString(_ value: String, to output: inout [UInt8]) {
        var value = value
        value.withUTF8 { appendString($0, to: &output) }
    }

    private static func appendString(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        let span = text.span.bytes
        var copied = 0
        var offset = 0
        while true {
            offset = JSONText.nextSpecial(from: offset, in: span)
            output.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied..<offset]))
            guard offset < text.count else { break }
            JSONEscape.append(span.byte(offset), to: &output)
            offset += 1
            copied = offset
        }
        output.append(UInt8(ascii: "\""))
    }
}
