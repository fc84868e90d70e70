/// A figure that was measured several times.
struct Figure: Sendable {
    var name: String
    var unit: String
    var target: Target?
    /// One of each run; never empty.
    var values: [Double]

    init(_ name: String, _ values: [Double], _ unit: String, target: Target? = nil) {
        self.name = name
        self.unit = unit
        self.target = target
        self.values = values
    }

    var minimum: Double { values.min() ?? .nan }
    var maximum: Double { values.max() ?? .nan }
    var median: Double { Percentiles(values).at(0.5) }

    /// Whether the median meets the target; `nil` without one.
    var isMet: Bool? { target?.isMet(by: median) }
}

/// What a figure ought to be on a machine of two cores.
enum Target: Sendable {
    case below(Double)
    case atLeast(Double)

    func isMet(by value: Double) -> Bool {
        switch self {
        case .below(let bound): value < bound
        case .atLeast(let bound): value >= bound
        }
    }
}

/// Values in order.
struct Percentiles {
    private let sorted: [Double]

    init(_ values: [Double]) {
        sorted = values.sorted()
    }

    /// The value below which this part of all values lies; not a number when there are none.
    func at(_ part: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)]
    }
}
