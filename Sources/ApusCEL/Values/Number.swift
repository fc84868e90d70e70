/// A value that is a number.
enum Number {
    case int(Int64)
    case uint(UInt64)
    case double(Double)

    /// The number that a value is, or nil.
    init?(_ value: Value) {
        switch value {
        case .int(let value): self = .int(value)
        case .uint(let value): self = .uint(value)
        case .double(let value): self = .double(value)
        default: return nil
        }
    }

    /// The nearest double.
    var double: Double {
        switch self {
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .double(let value): value
        }
    }

    /// The int of exactly this value.
    var exactInt: Int64? {
        switch self {
        case .int(let value): value
        case .uint(let value): Int64(exactly: value)
        case .double(let value): Int64(exactly: value)
        }
    }

    /// How two numbers are ordered. With a double, the other counts as the nearest double.
    func compare(with other: Number) -> Order {
        switch (self, other) {
        case (.int(let left), .int(let right)): Order(left, right)
        case (.uint(let left), .uint(let right)): Order(left, right)
        case (.int(let left), .uint(let right)): left < 0 ? .less : Order(UInt64(left), right)
        case (.uint(let left), .int(let right)): right < 0 ? .greater : Order(left, UInt64(right))
        default: Order(double, other.double)
        }
    }
}
