/// A small, fast random number generator whose numbers follow from its seed alone.
///
/// The simulation and the engine draw from it, so that a seed repeats a whole history. It is not for
/// secrets. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
public struct SplitMix64: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to a seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }

    /// A number from 0 up to but not including `bound`; 0 when the bound is 0.
    ///
    /// Unlike the standard library's, this rule is fixed, so a seed gives the same numbers in every
    /// release. The bias is at most `bound` / 2^64.
    public mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// A fresh id of the time `now`; times outside the 48 bits of an id count as the nearest.
    public mutating func nextULID(now: Timestamp) -> ULID {
        let milliseconds = min(max(now.milliseconds, 0), (1 << 48) - 1)
        return ULID(
            milliseconds: UInt64(milliseconds),
            random: (UInt16(truncatingIfNeeded: next()), next())
        )
    }

    /// An id that nobody can foretell, for something that the server itself makes now.
    package static func drawnULID(at now: Timestamp) -> ULID {
        var random = SplitMix64(seed: .random(in: .min ... .max))
        return random.nextULID(now: now)
    }

    /// A generator of its own for a part of the work, independent of what this one gives later.
    public mutating func split() -> SplitMix64 {
        SplitMix64(seed: next())
    }
}
