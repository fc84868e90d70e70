@testable import ApusCEL

/// Operators and functions of the model evaluator.
enum ModelOperators {
    typealias Result = ModelEvaluator.Result

    static func apply(_ binary: BinaryOperator, _ left: ModelValue, _ right: ModelValue) -> Result {
        switch binary {
        case .equal: return .value(.bool(ModelValue.equal(left, right)))
        case .notEqual: return .value(.bool(!ModelValue.equal(left, right)))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let order = ModelValue.order(left, right) else { return .failed }
            let isUnordered = left.double?.isNaN == true || right.double?.isNaN == true
            switch binary {
            case .less: return .value(.bool(order.less))
            case .lessOrEqual: return .value(.bool(!order.greater && !isUnordered))
            case .greater: return .value(.bool(order.greater))
            default: return .value(.bool(!order.less && !isUnordered))
            }
        case .in:
            switch right {
            case .list(let elements): return .value(.bool(elements.contains { ModelValue.equal($0, left) }))
            case .map(let entries):
                guard case .string(let name) = left else { return .value(.bool(false)) }
                return .value(.bool(entries.contains { $0.key == name }))
            default: return .failed
            }
        case .add, .subtract, .multiply, .divide, .remainder:
            return arithmetic(binary, left, right)
        }
    }

    private static func arithmetic(_ binary: BinaryOperator, _ left: ModelValue, _ right: ModelValue) -> Result {
        switch (left, right) {
        case (.string(let left), .string(let right)) where binary == .add: return .value(.string(left + right))
        case (.list(let left), .list(let right)) where binary == .add: return .value(.list(left + right))
        case (.uint(let left), .uint(let right)):
            return integer(binary, Int128(left), Int128(right)).map { UInt64(exactly: $0) }?.map { .value(.uint($0)) }
                ?? .failed
        case (.int, .int), (.int, .uint), (.uint, .int):
            guard let left = int(left), let right = int(right) else { return .failed }
            // The remainder by -1 overflows on the way.
            if left == Int128(Int64.min), right == -1 {
                return binary == .divide || binary == .remainder ? .failed : wide(binary, left, right)
            }
            return wide(binary, left, right)
        default: break
        }
        if let left = left.double, let right = right.double {
            switch binary {
            case .add: return .value(.double(left + right))
            case .subtract: return .value(.double(left - right))
            case .multiply: return .value(.double(left * right))
            case .divide: return .value(.double(left / right))
            default:
                let isWhole = left == left.rounded() && right == right.rounded() && left.isFinite && right.isFinite
                return isWhole && right != 0 ? .value(.double(left.truncatingRemainder(dividingBy: right))) : .failed
            }
        }
        guard binary == .add, left.typeNumber != right.typeNumber else { return .failed }
        return .value(.string(left.keyText + right.keyText))
    }

    private static func int(_ value: ModelValue) -> Int128? {
        switch value {
        case .int(let value): Int128(value)
        case .uint(let value): value <= UInt64(Int64.max) ? Int128(value) : nil
        default: nil
        }
    }

    private static func wide(_ binary: BinaryOperator, _ left: Int128, _ right: Int128) -> Result {
        integer(binary, left, right).flatMap { Int64(exactly: $0) }.map { .value(.int($0)) } ?? .failed
    }

    private static func integer(_ binary: BinaryOperator, _ left: Int128, _ right: Int128) -> Int128? {
        switch binary {
        case .add: left + right
        case .subtract: left - right
        case .multiply:
            // The product of two words of 64 bits without a sign may not fit.
            left.multipliedReportingOverflow(by: right).overflow ? nil : left * right
        case .divide: right == 0 ? nil : left / right
        default: right == 0 ? nil : left % right
        }
    }

    static func call(_ function: Function, _ value: ModelValue, _ argument: ModelValue?) -> Result {
        switch (function, value, argument) {
        case (.size, .string(let bytes), _):
            return .value(.int(Int64(String(decoding: bytes, as: UTF8.self).unicodeScalars.count)))
        case (.size, .list(let elements), _): return .value(.int(Int64(elements.count)))
        case (.size, .map(let entries), _): return .value(.int(Int64(entries.count)))
        case (.lowercase, .string(let bytes), _):
            return .value(.string(Array(String(decoding: bytes, as: UTF8.self).lowercased().utf8)))
        case (.lowercase, _, _): return .value(.string([]))
        case (.dyn, _, _): return .value(value)
        case (.double, .string(let bytes), _):
            return Double(String(decoding: bytes, as: UTF8.self)).map { .value(.double($0)) } ?? .failed
        case (.double, _, _):
            return value.double.map { .value(.double($0)) } ?? .failed
        case (.string, .null, _), (.string, .list, _), (.string, .map, _): return .failed
        case (.string, _, _): return .value(.string(value.keyText))
        case (.startsWith, .string(let text), .string(let prefix)): return .value(.bool(text.starts(with: prefix)))
        case (.endsWith, .string(let text), .string(let suffix)):
            return .value(.bool(text.reversed().starts(with: suffix.reversed())))
        case (.contains, .string(let text), .string(let part)):
            return .value(.bool((0...text.count).contains { text.dropFirst($0).starts(with: part) }))
        default: return .failed
        }
    }
}
