import ApusCron
import Foundation

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// How often a random test repeats: `APUS_FUZZ_ITERATIONS`, else a number that keeps the suite fast.
func iterations(_ usual: Int) -> Int {
    ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? usual
}

/// Milliseconds of a UTC date such as `2024-01-01`, `2024-01-01T09:30` or `2024-01-01T09:30:15`.
func utc(_ text: String) -> Int64 {
    var numbers = text.split { "-T:".contains($0) }.compactMap { Int($0) }
    numbers += [1, 1, 1, 0, 0, 0][numbers.count...]
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = DateComponents(
        year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5]
    )
    guard let date = calendar.date(from: parts) else { preconditionFailure("\(text) is no date") }
    return Int64(date.timeIntervalSince1970) * 1_000
}

/// The UTC date and minute of an instant, such as `2024-01-01T09:30`; seconds only where they are not 0.
func utcText(_ milliseconds: Int64?) -> String {
    guard let milliseconds else { return "never" }
    let date = Date(timeIntervalSince1970: TimeInterval(milliseconds) / 1_000)
    let text = date.formatted(.iso8601)
    precondition(text.hasSuffix("Z"), text)
    return text.hasSuffix(":00Z") ? String(text.dropLast(4)) : String(text.dropLast())
}
