import ApusCore

/// Arithmetic of numbers and times.
///
/// Two ints, or two uints, give one; an int and a uint give an int; a double with any number gives a
/// double. Results that do not fit are errors.
enum Arithmetic {
    /// `-operand`; false for a missing operand.
    static func negate(_ operand: Outcome) -> Outcome {
        guard case .value(let value) = operand else { return .bool(false) }
        switch value {
        case .int(let value): return value == .min ? .failed(.overflow) : .value(.int(-value))
        case .double(let value): return .value(.double(-value))
        case .duration(let span): return span == .min ? .failed(.overflow) : .value(.duration(-span))
        default: return .failed(.noOverload("-_"))
        }
    }

    /// The sum of two numbers or times; nil for other types.
    static func add(_ left: Value, _ right: Value) -> Outcome? {
        if let left = Number(left), let right = Number(right) {
            return apply(.add, left, right)
        }
        switch (left, right) {
        case (.timestamp(let time), .duration(let span)), (.duration(let span), .timestamp(let time)):
            return self.time(time + span)
        case (.duration(let left), .duration(let right)):
            let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
            return overflow ? .failed(.overflow) : .value(.duration(TimeSpan(nanoseconds: sum)))
        default:
            return nil
        }
    }

    /// The result of `- * / %`.
    static func apply(_ binary: BinaryOperator, _ left: Value, _ right: Value) -> Outcome {
        if let left = Number(left), let right = Number(right) {
            return apply(binary, left, right)
        }
        guard binary == .subtract else { return .failed(.noOverload(binary.functionName)) }
        switch (left, right) {
        case (.timestamp(let time), .duration(let span)):
            return self.time(time - span)
        case (.timestamp(let left), .timestamp(let right)):
            return .value(.duration(left - right))
        case (.duration(let left), .duration(let right)):
            let (rest, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
            return overflow ? .failed(.overflow) : .value(.duration(TimeSpan(nanoseconds: rest)))
        default:
            return .failed(.noOverload(binary.functionName))
        }
    }

    /// A time, if the language has it.
    static func time(_ time: Timestamp) -> Outcome {
        CivilTime.range.contains(time) ? .value(.timestamp(time)) : .failed(.overflow)
    }

    private static func apply(_ binary: BinaryOperator, _ left: Number, _ right: Number) -> Outcome {
        switch (left, right) {
        case (.double, _), (_, .double):
            return apply(binary, left.double, right.double)
        case (.uint(let left), .uint(let right)):
            return apply(binary, left, right) { .uint($0) }
        default:
            guard let left = left.exactInt, let right = right.exactInt else { return .failed(.overflow) }
            return apply(binary, left, right) { .int($0) }
        }
    }

    private static func apply(_ binary: BinaryOperator, _ left: Double, _ right: Double) -> Outcome {
        switch binary {
        case .add: return .value(.double(left + right))
        case .subtract: return .value(.double(left - right))
        case .multiply: return .value(.double(left * right))
        case .divide: return .value(.double(left / right))
        default:
            // A remainder has a meaning for whole numbers only, which numbers of events may be.
            guard left.isWhole, right.isWhole else { return .failed(.noOverload(binary.functionName)) }
            guard right != 0 else { return .failed(.divisionByZero) }
            return .value(.double(left.truncatingRemainder(dividingBy: right)))
        }
    }

    private static func apply<Integer: FixedWidthInteger>(
        _ binary: BinaryOperator, _ left: Integer, _ right: Integer, _ value: (Integer) -> Value
    ) -> Outcome {
        let (result, overflow): (Integer, Bool)
        switch binary {
        case .add: (result, overflow) = left.addingReportingOverflow(right)
        case .subtract: (result, overflow) = left.subtractingReportingOverflow(right)
        case .multiply: (result, overflow) = left.multipliedReportingOverflow(by: right)
        default:
            guard right != 0 else { return .failed(.divisionByZero) }
            (result, overflow) =
                binary == .divide
                ? left.dividedReportingOverflow(by: right) : left.remainderReportingOverflow(dividingBy: right)
        }
        return overflow ? .failed(.overflow) : .value(value(result))
    }
}

extension Double {
    /// Whether the number is finite and has no fraction.
    fileprivate var isWhole: Bool { isFinite && rounded(.towardZero) == self }
}
