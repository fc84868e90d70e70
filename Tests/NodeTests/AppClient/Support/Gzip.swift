/// Makes gzip data (RFC 1952) without a compressor.
enum Gzip {
    /// The text in stored blocks.
    static func stored(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var deflated: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65535)
            rest = rest.dropFirst(block.count)
            deflated.append(rest.isEmpty ? 1 : 0)
            deflated += littleEndian(UInt16(block.count)) + littleEndian(~UInt16(block.count)) + block
        } while !rest.isEmpty
        return member(deflated, crc: crc32(bytes), size: bytes.count)
    }

    /// `1 + 258 * repeats` zero bytes in about 1.6 bits for each 258 of them. The checksum is wrong: whoever limits the
    /// decoded size must not get that far.
    static func bomb(repeats: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.write(0b011, count: 3)  // last block, fixed Huffman codes
        bits.writeCode(0x30, count: 8)  // literal 0
        for _ in 0..<repeats {
            bits.writeCode(0b1100_0101, count: 8)  // length 258
            bits.writeCode(0, count: 5)  // distance 1
        }
        bits.writeCode(0, count: 7)  // end of block
        return member(bits.bytes, crc: 0, size: 1 + 258 * repeats)
    }

    private static func member(_ deflated: [UInt8], crc: UInt32, size: Int) -> [UInt8] {
        [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255] + deflated + littleEndian(crc)
            + littleEndian(UInt32(truncatingIfNeeded: size))
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

/// Bits in the order of RFC 1951 §3.1.1.
private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var used = 0

    /// Least significant bit first.
    mutating func write(_ value: Int, count: Int) {
        for bit in 0..<count { append(value >> bit & 1 == 1) }
    }

    /// A Huffman code: most significant bit first.
    mutating func writeCode(_ value: Int, count: Int) {
        for bit in (0..<count).reversed() { append(value >> bit & 1 == 1) }
    }

    private mutating func append(_ bit: Bool) {
        if used % 8 == 0 { bytes.append(0) }
        if bit { bytes[bytes.count - 1] |= 1 << (used % 8) }
        used += 1
    }
}
