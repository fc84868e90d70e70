/// How far a run may start after its scheduled time, so that many schedules do not all start at once.
///
/// The offset of a tick is the same whenever and wherever it is asked for.
public struct Jitter: Hashable, Sendable {
    /// The exclusive upper bound of the offsets, in milliseconds: 0 for none, else 1,000 to 300,000.
    public let milliseconds: Int64

    /// No jitter.
    public static let none = Jitter(milliseconds: 0)

    /// The smallest offset of a jitter that is not zero, in milliseconds.
    public static let minimum: Int64 = 1_000
    /// The largest jitter, in milliseconds.
    public static let maximum: Int64 = 300_000

    private init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Reads a duration such as `30s` or `1m30s`.
    ///
    /// - Parameter text: A duration of the units `ns` to `w`; empty and blank texts mean none.
    /// - Throws: ``JitterError``, whose description is the protocol's message.
    public init(_ text: String) throws(JitterError) {
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            self = .none
            return
        }
        guard let nanoseconds = Jitter.nanoseconds(text) else { throw .invalid(text) }
        guard nanoseconds >= 0 else { throw .negative }
        guard nanoseconds == 0 || nanoseconds >= Jitter.minimum * 1_000_000 else { throw .tooShort }
        guard nanoseconds <= Jitter.maximum * 1_000_000 else { throw .tooLong }
        milliseconds = nanoseconds / 1_000_000
    }

    /// How long after its scheduled time a tick starts.
    ///
    /// - Parameters:
    ///   - seed: A stable number of the schedule, for example a hash of function, version and expression.
    ///   - tick: The scheduled time in milliseconds since the Unix epoch.
    /// - Returns: 0 without jitter; else milliseconds from 1,000 up to below the jitter, and 1,000 for a jitter of 1 s.
    public func offset(seed: UInt64, tick: Int64) -> Int64 {
        guard milliseconds > 0 else { return 0 }
        let width = milliseconds - Jitter.minimum
        guard width > 0 else { return Jitter.minimum }
        let mixed = Jitter.mix(Jitter.mix(seed) ^ UInt64(bitPattern: tick))
        // The high half of the product spreads the hash evenly over the width.
        return Jitter.minimum + Int64(mixed.multipliedFullWidth(by: UInt64(width)).high)
    }

    /// The finaliser of SplitMix64. Its results are relied on, so it never changes.
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Why a text is no jitter. The description is the protocol's message.
public enum JitterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text, which is given, is no duration.
    case invalid(String)
    /// The duration is negative.
    case negative
    /// The duration is above 0 and below 1 s.
    case tooShort
    /// The duration is above 5 min.
    case tooLong

    /// For example `'soon' isn't a valid jitter duration`.
    public var description: String {
        switch self {
        case .invalid(let text): "'\(text)' isn't a valid jitter duration"
        case .negative: "cron jitter must be greater than or equal to zero"
        case .tooShort: "cron jitter must be at least 1s"
        case .tooLong: "cron jitter must be less than or equal to 5m0s"
        }
    }
}
