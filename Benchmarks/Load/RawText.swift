import Foundation

/// Finds things in bytes without making anything of the rest.
enum RawText {
    /// The decimal number at a position, after spaces.
    static func number(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var value = 0
        for byte in bytes[start...].drop(while: { $0 == 0x20 }) {
            guard (0x30...0x39).contains(byte) else { break }
            value = value &* 10 &+ Int(byte & 0x0f)
        }
        return value
    }

    /// Whether a text stands at a position.
    static func hasPrefix(_ text: StaticString, _ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard let address = bytes.baseAddress, bytes.count - start >= length else { return false }
        return memcmp(address + start, text.utf8Start, length) == 0
    }

    /// The position after the first occurrence of a text.
    static func end(of text: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        let length = text.utf8CodeUnitCount
        var position = 0
        while bytes.count - position >= length {
            guard
                let found = memchr(start + position, Int32(text.utf8Start.pointee), bytes.count - position - length + 1)
            else { return nil }
            position = UnsafeRawPointer(found) - start
            if memcmp(start + position, text.utf8Start, length) == 0 { return position + length }
            position += 1
        }
        return nil
    }
}
