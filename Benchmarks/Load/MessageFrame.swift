import Foundation

/// Where an HTTP/1.1 message with a known length ends: all that has to be understood of most of it.
struct MessageFrame {
    /// Up to and with the empty line.
    let headBytes: Int
    let bodyBytes: Int

    var totalBytes: Int { headBytes + bodyBytes }

    /// Looks at the message that bytes begin with.
    /// - Returns: `nil` until the whole message is there.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return nil }
        var position = 0
        var length = 0
        while true {
            guard let found = memchr(start + position, 0x0a, bytes.count - position) else { return nil }
            let end = UnsafeRawPointer(found) - start
            let line = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            position = end + 1
            if line.count <= 1 { break }
            if let value = MessageFrame.contentLength(line) { length = value }
        }
        guard bytes.count - position >= length else { return nil }
        headBytes = position
        bodyBytes = length
    }

    private static func contentLength(_ line: UnsafeRawBufferPointer) -> Int? {
        let name: StaticString = "content-length:"
        guard line.count > name.utf8CodeUnitCount, line[0] | 0x20 == name.utf8Start.pointee else { return nil }
        for index in 1..<name.utf8CodeUnitCount where line[index] | 0x20 != name.utf8Start[index] | 0x20 { return nil }
        return RawText.number(line, from: name.utf8CodeUnitCount)
    }
}
