/// The values that one field allows: bit n stands for the value n.
struct FieldValues: Hashable, Sendable {
    /// The values as a bit set.
    var bits: UInt64 = 0
    /// Whether the field holds a `*` or `?` with step 1. Only the day rule asks.
    var isStar = false

    /// Whether `value`, 0 to 63, is allowed.
    @inline(__always)
    func contains(_ value: Int) -> Bool {
        bits & (1 << UInt64(value)) != 0
    }

    /// Adds every `step`-th value of a range within 0 to 63, from its lower bound on; `step` is at least 1.
    mutating func insert(_ range: ClosedRange<Int>, step: Int) {
        var value = range.lowerBound
        while true {
            bits |= 1 << UInt64(value)
            guard step <= range.upperBound - value else { return }
            value += step
        }
    }

    /// The values in ascending order.
    var values: [Int] {
        (0..<64).filter(contains)
    }
}

extension UInt64 {
    /// The lowest set bit that is not below `bit`, 0 to 63.
    @inline(__always)
    func firstBit(atOrAfter bit: Int) -> Int? {
        let rest = self & (~0 << UInt64(bit))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }

    /// The highest set bit that is not above `bit`, 0 to 63.
    @inline(__always)
    func lastBit(atOrBefore bit: Int) -> Int? {
        let rest = self & (~0 >> UInt64(63 - bit))
        return rest == 0 ? nil : 63 - rest.leadingZeroBitCount
    }
}
