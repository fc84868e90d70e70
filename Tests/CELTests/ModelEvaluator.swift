import ApusCEL
import ApusCore

@testable import ApusCEL

/// Evaluates terms over decoded values in the most obvious way.
struct ModelEvaluator {
    /// What a part gives; `missing` and `failed` are the same to everything around it.
    enum Result {
        case value(ModelValue)
        case missing
        case failed

        var value: ModelValue? {
            if case .value(let value) = self { value } else { nil }
        }
    }

    /// The whole evaluation ends.
    struct Aborted: Error {}

    var event: ModelValue
    var async: ModelValue
    /// Whether a comparison with something of the event that is missing is one with null, as binding makes it.
    var bindsMissing = false
    var variables: [ModelValue] = []

    func evaluate(_ term: Term) throws(Aborted) -> Result {
        switch term {
        case .literal(let literal, _):
            switch literal {
            case .null: return .value(.null)
            case .bool(let value): return .value(.bool(value))
            case .int(let value): return .value(.int(value))
            case .uint(let value): return .value(.uint(value))
            case .double(let value): return .value(.double(value))
            case .string(let value): return .value(.string(Array(value.utf8)))
            case .bytes: return .failed
            }
        case .path(let path, _): return value(at: path)
        case .hasPath(let path, _): return bool(value(at: path).value != nil)
        case .name: throw Aborted()
        case .variable(_, let slot, _): return .value(variables[slot])
        case .select(let operand, let name): return field(name, of: try evaluate(operand))
        case .has(let operand, let name, _): return bool(field(name, of: try evaluate(operand)).value != nil)
        case .index(let operand, let index): return element(try evaluate(operand), try evaluate(index))
        case .list(let elements, _):
            var values: [ModelValue] = []
            for element in elements {
                let result = try evaluate(element)
                guard let value = result.value else { return result }
                values.append(value)
            }
            return .value(.list(values))
        case .map(let entries, _):
            var values: [(key: [UInt8], value: ModelValue)] = []
            for entry in entries {
                let (key, result) = (try evaluate(entry.key), try evaluate(entry.value))
                guard case .value(.string(let name)) = key else { return .failed }
                guard let value = result.value else { return result }
                guard !values.contains(where: { $0.key == name }) else { return .failed }
                values.append((name, value))
            }
            return .value(.map(values))
        case .not(let operand, _):
            switch try evaluate(operand) {
            case .value(.bool(let value)): return bool(!value)
            case .value: return .failed
            default: return bool(false)
            }
        case .negate(let operand, _):
            switch try evaluate(operand) {
            case .value(.int(let value)): return value == .min ? .failed : .value(.int(-value))
            case .value(.double(let value)): return .value(.double(-value))
            case .value: return .failed
            default: return bool(false)
            }
        case .binary(let binary, let left, let right): return try evaluate(binary, left, right)
        case .and(let operands):
            var results: [Result] = []
            for term in operands.terms {
                results.append(try evaluate(term))
            }
            return results.first { !isTruthy($0) } ?? results.last ?? .missing
        case .or(let operands):
            var results: [Result] = []
            for term in operands.terms {
                results.append(try evaluate(term))
            }
            return results.first { isTruthy($0) } ?? results.last ?? .missing
        case .conditional(let condition, let then, let otherwise):
            return try isTruthy(evaluate(condition)) ? evaluate(then) : evaluate(otherwise)
        case .call(let call): return try evaluate(call)
        case .macro(let macro): return try evaluate(macro)
        }
    }

    private func value(at path: Path) -> Result {
        guard path.variable != .vars else { return .missing }
        return path.fields.reduce(.value(path.variable == .event ? event : async)) { field($1, of: $0) }
    }

    private func bool(_ value: Bool) -> Result { .value(.bool(value)) }

    private func isTruthy(_ result: Result) -> Bool { result.value?.isTruthy ?? false }

    private func field(_ name: String, of result: Result) -> Result {
        guard let value = result.value else { return result }
        guard case .map(let entries) = value else { return .missing }
        return entries.first { $0.key == Array(name.utf8) }.map { .value($0.value) } ?? .missing
    }

    private func element(_ operand: Result, _ index: Result) -> Result {
        guard let operandValue = operand.value else { return operand }
        guard let indexValue = index.value else { return index }
        switch (operandValue, indexValue) {
        case (.map(let entries), .string(let name)):
            return entries.first { $0.key == name }.map { .value($0.value) } ?? .failed
        case (.list(let elements), _):
            guard let number = indexValue.double, let index = Int(exactly: number) else { return .failed }
            return elements.indices.contains(index) ? .value(elements[index]) : .failed
        default: return .failed
        }
    }

    private func isOfEvent(_ term: Term) -> Bool {
        !term.contains {
            switch $0 {
            case .path(let path, _), .hasPath(let path, _): path.variable == .async
            case .variable(_, let slot, _): slot < variables.count
            default: false
            }
        }
    }

    private func evaluate(_ binary: BinaryOperator, _ left: Term, _ right: Term) throws(Aborted) -> Result {
        let (leftResult, rightResult) = (try evaluate(left), try evaluate(right))
        if let leftValue = leftResult.value, let rightValue = rightResult.value {
            return ModelOperators.apply(binary, leftValue, rightValue)
        }
        if bindsMissing, binary == .equal || binary == .notEqual, isOfEvent(left) != isOfEvent(right) {
            let constant = isOfEvent(left) ? leftResult : rightResult
            let other = isOfEvent(left) ? rightResult : leftResult
            if constant.value == nil {
                return bool((other.value?.isNull ?? true) == (binary == .equal))
            }
        }
        let other = leftResult.value ?? rightResult.value
        switch binary {
        case .equal: return bool(other?.isNull ?? false)
        case .notEqual: return bool(!(other?.isNull ?? false))
        case .less, .lessOrEqual: return bool(leftResult.value == nil)
        case .greater, .greaterOrEqual: return bool(leftResult.value != nil)
        case .add: return other.map { .value($0) } ?? bool(false)
        default: return bool(false)
        }
    }

    private func evaluate(_ call: Term.Call) throws(Aborted) -> Result {
        var values: [ModelValue] = []
        for argument in call.arguments {
            if let value = try evaluate(argument).value {
                values.append(value)
            }
        }
        guard let function = call.function else { throw Aborted() }
        guard values.count == call.arguments.count, let first = values.first else {
            return function == .size ? .value(.int(0)) : bool(false)
        }
        return ModelOperators.call(function, first, values.dropFirst().first)
    }

    private func evaluate(_ macro: Term.Macro) throws(Aborted) -> Result {
        guard let range = try evaluate(macro.range).value else { return bool(false) }
        let elements: [ModelValue]
        switch range {
        case .list(let list): elements = list
        case .map(let entries): elements = entries.map { .string($0.key) }
        default: return .failed
        }
        var inner = self
        inner.variables.append(.null)
        var results: [(element: ModelValue, condition: Result, transform: Result)] = []
        for element in elements {
            inner.variables[variables.count] = element
            let condition = try macro.condition.map { term throws(Aborted) in try inner.evaluate(term) } ?? bool(true)
            var transform = Result.missing
            if isTruthy(condition), let term = macro.transform {
                transform = try inner.evaluate(term)
            }
            results.append((element, condition, transform))
            // The walk ends as soon as the result is known.
            if case .value(.bool(let value)) = condition, macro.kind == (value ? .exists : .all) {
                return condition
            }
        }
        switch macro.kind {
        case .all: return results.first { !isTruthy($0.condition) }?.condition ?? results.last?.condition ?? bool(true)
        case .exists:
            return results.first { isTruthy($0.condition) }?.condition ?? results.last?.condition ?? bool(false)
        case .existsOne: return bool(results.count { isTruthy($0.condition) } == 1)
        case .filter: return .value(.list(results.filter { isTruthy($0.condition) }.map(\.element)))
        case .map: return .value(.list(results.compactMap(\.transform.value)))
        }
    }
}
