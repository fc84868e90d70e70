/// The order of texts by UTF-16 code units, in which RFC 8785 sorts the keys of an object.
///
/// It differs from the order of UTF-8 bytes only where a character beyond U+FFFF, a surrogate pair in
/// UTF-16, meets one of U+E000 to U+FFFF.
enum UTF16Order {
    /// Less than, equal to or greater than 0 as `left` comes before, equals or follows `right`.
    ///
    /// Both are valid UTF-8.
    @inline(__always)
    static func compare(_ left: RawSpan, _ right: RawSpan) -> Int {
        let shared = min(left.byteCount, right.byteCount)
        var offset = 0
        while offset < shared {
            let a = left.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            let b = right.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            if a != b {
                // 0xEE and 0xEF lead U+E000 to U+FFFF, 0xF0 and above lead surrogate pairs.
                let swapped = a >= 0xEE && b >= 0xEE && (a >= 0xF0) != (b >= 0xF0)
                return (a < b) != swapped ? -1 : 1
            }
            offset += 1
        }
        return left.byteCount - right.byteCount
    }

    /// Whether `left` comes before `right`; both are valid UTF-8.
    static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        compare(left.span.bytes, right.span.bytes) < 0
    }

    /// The same for the contents of valid JSON strings that may contain escapes.
    static func compareEscaped(_ left: RawSpan, _ right: RawSpan) -> Int {
        var leftUnits = JSONStringUnits()
        var rightUnits = JSONStringUnits()
        while true {
            let a = leftUnits.next(in: left)
            let b = rightUnits.next(in: right)
            guard let a else { return b == nil ? 0 : -1 }
            guard let b else { return 1 }
            if a != b {
                return a < b ? -1 : 1
            }
        }
    }
}
