extension RawSpan {
    /// The byte at an offset within bounds.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The byte at an offset, or nil outside.
    @inline(__always)
    func byteIfPresent(_ offset: Int) -> UInt8? {
        offset < byteCount ? byte(offset) : nil
    }

    /// Eight bytes from an offset within bounds, the first one lowest.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Whether a byte occurs.
    func contains(_ byte: UInt8) -> Bool {
        var offset = 0
        while offset + 8 <= byteCount {
            if ByteMask.equal(word(offset), byte) != 0 {
                return true
            }
            offset += 8
        }
        while offset < byteCount {
            if self.byte(offset) == byte {
                return true
            }
            offset += 1
        }
        return false
    }
}
