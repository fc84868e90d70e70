import ApusCore
import ApusEngine

/// The stored form of a backfill's ticks: a format number, how many there are, and how far each lies behind the one
/// before.
package enum TickList {
    private static let format: UInt8 = 1

    /// The bytes to store.
    package static func encode(_ ticks: [Timestamp]) -> [UInt8] {
        var writer = BinaryWriter(reserving: 16 + 3 * ticks.count)
        writer.byte(format)
        writer.unsigned(UInt64(ticks.count))
        var last: Int64 = 0
        for tick in ticks {
            writer.signed(tick.milliseconds &- last)
            last = tick.milliseconds
        }
        return writer.bytes
    }

    /// - Throws: when the bytes are damaged or of a newer format.
    package static func decode(_ bytes: [UInt8]) throws(JournalDecodingError) -> [Timestamp] {
        var reader = BinaryReader(bytes)
        let found = try reader.byte()
        guard found == format else {
            throw JournalDecodingError(offset: 0, reason: "tick format \(found), this program reads \(format)")
        }
        let count = try reader.unsigned()
        // Each takes a byte at least.
        guard count <= UInt64(bytes.count) else {
            throw JournalDecodingError(offset: reader.offset, reason: "\(count) ticks in \(bytes.count) bytes")
        }
        var ticks: [Timestamp] = []
        ticks.reserveCapacity(Int(count))
        var last: Int64 = 0
        for _ in 0..<count {
            last &+= try reader.signed()
            ticks.append(Timestamp(milliseconds: last))
        }
        guard reader.isAtEnd else {
            throw JournalDecodingError(offset: reader.offset, reason: "bytes behind the ticks")
        }
        return ticks
    }
}
