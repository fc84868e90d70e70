import NIOCore

/// Whether a stream of events is between two of them.
struct EventBoundary {
    static let signOfLife = ByteBuffer(string: ":\n\n")

    private var newlines = 2

    var isBetweenEvents: Bool { newlines >= 2 }

    mutating func pass(_ piece: ByteBuffer) {
        let ending = piece.readableBytesView.suffix(2).reversed().prefix { $0 == UInt8(ascii: "\n") }.count
        if ending == piece.readableBytes { newlines += ending } else { newlines = ending }
    }
}

/// Puts messages between the events of raw bytes: one that comes within an event waits for its end.
struct EventOrder {
    /// Bytes that may wait; an event that does not end must not collect messages for ever.
    private static let mostBytes = 1 << 20

    private var boundary = EventBoundary()
    private var held: [ByteBuffer] = []
    private var heldBytes = 0

    var isBetweenEvents: Bool { boundary.isBetweenEvents }
    /// More waits than may.
    var isOverfull: Bool { heldBytes > Self.mostBytes }

    /// - Returns: what can be written now.
    mutating func pass(_ piece: Piece) -> [ByteBuffer] {
        guard piece.isRaw else {
            guard !isBetweenEvents else { return [piece.events] }
            held.append(piece.events)
            heldBytes += piece.events.readableBytes
            return []
        }
        boundary.pass(piece.events)
        guard isBetweenEvents, !held.isEmpty else { return [piece.events] }
        defer { (held, heldBytes) = ([], 0) }
        return [piece.events] + held
    }
}
