import ApusCore

/// Decisions of a simulated world. Everything random in it comes from a seed through these.
extension SplitMix64 {
    /// Whether something happens that happens in so many of a thousand cases.
    /// The next number, which stays the next.
    func peek() -> UInt64 {
        var copy = self
        return copy.next()
    }

    mutating func chance(perMille: Int) -> Bool {
        perMille > 0 && Int(below(1_000)) < perMille
    }

    mutating func chance(percent: Int) -> Bool {
        chance(perMille: percent * 10)
    }

    mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
        high <= low ? low : low + Int64(below(UInt64(high - low + 1)))
    }

    mutating func count(_ range: ClosedRange<Int>) -> Int {
        Int(between(Int64(range.lowerBound), Int64(range.upperBound)))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(below(UInt64(elements.count)))]
    }

    /// A duration whose size is as likely to be near the low end as near the high end: the interesting
    /// moments of a run lie milliseconds as well as minutes apart.
    mutating func anyDelay(upTo longest: Int64) -> Int64 {
        var bound: Int64 = 1
        while bound < longest, !chance(percent: 12) { bound *= 2 }
        return between(0, min(bound, longest))
    }
}
