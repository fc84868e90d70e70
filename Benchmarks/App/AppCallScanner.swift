import Foundation

/// What the app has to know of a call, found in its bytes without parsing the rest.
struct AppCallScanner {
    /// The function's number of steps.
    let steps: Int
    /// Whether its only step waits for an event.
    let waits: Bool
    /// Steps that have a result: the entries of `ctx.stack.stack`.
    let finished: Int
    /// When the event was sent.
    let sentAt: UInt64?

    /// - Parameters:
    ///   - message: a whole request.
    ///   - frame: where its head ends.
    /// - Returns: `nil` for a request that calls none of the benchmarks' functions.
    init?(_ message: UnsafeRawBufferPointer, _ frame: MessageFrame) {
        let head = UnsafeRawBufferPointer(rebasing: message[..<frame.headBytes])
        let body = UnsafeRawBufferPointer(rebasing: message[frame.headBytes..<frame.totalBytes])
        guard let slug = RawText.end(of: "fnId=bench-", in: head),
            let stack = RawText.end(of: "\"stack\":[", in: body)
        else { return nil }
        waits = RawText.hasPrefix("wait", head, from: slug)
        steps = waits ? 1 : RawText.number(head, from: slug)
        finished = AppCallScanner.texts(in: body, from: stack)
        sentAt = MarkedEvent.time(in: body)
    }

    /// The number of texts up to the end of an array that holds nothing else, none with an escape.
    private static func texts(in body: UnsafeRawBufferPointer, from start: Int) -> Int {
        var quotes = 0
        for byte in body[start...] {
            if byte == UInt8(ascii: "]") { break }
            if byte == UInt8(ascii: "\"") { quotes += 1 }
        }
        return quotes / 2
    }
}
