import NIOCore

/// What is published in one piece, in the forms in which listeners get it.
package struct Piece: Sendable {
    /// As server-sent events.
    let events: ByteBuffer
    /// As the text of a WebSocket message.
    let text: ByteBuffer
    /// Bytes that an app has made events of, in part or whole.
    let isRaw: Bool
    /// Counts it for as long as somebody waits for it.
    var hold: WaitingBytes.Hold?

    /// What it takes of memory.
    var size: Int { events.readableBytes + (isRaw && text != events ? text.readableBytes : 0) + Self.overhead }

    /// What it takes besides its bytes.
    static let overhead = 64
    private static let before = "data: "
    private static let after = "\n\n"

    /// A message.
    /// - Parameter json: without line breaks.
    static func message(_ json: [UInt8]) -> Piece {
        var events = ByteBuffer()
        events.reserveCapacity(json.count + before.utf8.count + after.utf8.count)
        events.writeString(before)
        events.writeBytes(json)
        events.writeString(after)
        let text = events.getSlice(at: before.utf8.count, length: json.count) ?? ByteBuffer()
        return Piece(events: events, text: text, isRaw: false)
    }

    /// Bytes that are passed on as they are. A WebSocket has to carry text, so there bytes that are none are replaced.
    package static func raw(_ bytes: ByteBuffer) -> Piece {
        let isText = String(validating: bytes.readableBytesView, as: UTF8.self) != nil
        let text = isText ? bytes : ByteBuffer(string: String(decoding: bytes.readableBytesView, as: UTF8.self))
        return Piece(events: bytes, text: text, isRaw: true)
    }
}
