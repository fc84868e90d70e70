import Foundation

/// SplitMix64: random numbers that follow from a seed.
struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }

    /// A number from 0 up to below a bound.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// How often to repeat; `APUS_FUZZ_ITERATIONS` asks for more or fewer.
    static func iterations(_ usual: Int) -> Int {
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? usual
    }
}
