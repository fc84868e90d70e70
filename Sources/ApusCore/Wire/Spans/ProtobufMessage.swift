/// Writes the fields of a protobuf message.
public struct ProtobufMessage {
    /// The message so far.
    public private(set) var bytes: [UInt8] = []

    /// Begins an empty message.
    public init() {}

    /// A number.
    public mutating func add(_ field: UInt64, _ value: UInt64) {
        append(field << 3)
        append(value)
    }

    /// A text.
    public mutating func add(_ field: UInt64, _ text: String) {
        add(field, Array(text.utf8))
    }

    /// Bytes, or a message within this one.
    public mutating func add(_ field: UInt64, _ content: [UInt8]) {
        append(field << 3 | 2)
        append(UInt64(content.count))
        bytes += content
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
