import ApusCore

extension Evaluator {
    /// Calls a function. With a missing argument most of them are false.
    mutating func evaluate(_ call: Term.Call) throws(EvaluationError) -> Outcome {
        guard let function = call.function else { throw .undeclared(call.name) }
        var arguments: [Value] = []
        var isMissing = false
        for term in call.arguments {
            if case .value(let value) = try evaluate(term) {
                arguments.append(value)
            } else {
                isMissing = true
            }
        }
        guard function.arity.contains(call.arguments.count) else { return .failed(.noOverload(call.name)) }
        if isMissing {
            if function.mayAbort {
                throw .invalidTime(call.name)
            }
            return function == .size ? .value(.int(0)) : .bool(false)
        }
        guard let first = arguments.first else { return .value(.timestamp(now)) }
        try budget.spend(bytes: first.size)
        switch function {
        case .size: return size(of: first)
        case .dyn: return .value(first)
        case .type: return .value(.type(first.type))
        case .int, .uint, .double, .string, .bool, .bytes, .timestamp, .duration:
            return try Conversion.convert(first, to: function, &budget)
        case .contains, .startsWith, .endsWith, .matches:
            return try test(function, first, arguments[1], pattern: call.pattern)
        case .lowercase, .uppercase, .b64decode, .jsonParse:
            // Other than comparing and copying, these work on each character.
            try budget.spend(bytes: first.size * 15)
            return TextFunctions.apply(function, first)
        case .date, .nowPlus, .nowMinus:
            return .value(.timestamp(try time(function, first)))
        case .now:
            return .failed(.noOverload(call.name))
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes,
            .getSeconds, .getMilliseconds:
            // Looking up a zone takes a while.
            try budget.spend(arguments.count > 1 ? 20 : 0)
            return TimeParts.part(function, of: first, zone: arguments.count > 1 ? arguments[1] : nil)
        }
    }

    /// Characters of a text, bytes, elements or entries.
    private func size(of value: Value) -> Outcome {
        if let text = value.text {
            return .value(.int(Int64(text.unicodeScalars.count)))
        }
        switch value {
        case .bytes(let bytes): return .value(.int(Int64(bytes.count)))
        case .list(let elements): return .value(.int(Int64(elements.count)))
        case .map(let map): return .value(.int(Int64(map.entries.count)))
        case .json(let view): return .value(.int(Int64(view.count)))
        default: return .failed(.noOverload(Function.size.rawValue))
        }
    }

    /// `contains`, `startsWith`, `endsWith` and `matches`.
    private mutating func test(
        _ function: Function, _ value: Value, _ argument: Value, pattern: CompiledPattern?
    ) throws(EvaluationError) -> Outcome {
        guard let text = value.text, let argument = argument.text else {
            return .failed(.noOverload(function.rawValue))
        }
        try budget.spend(bytes: text.utf8.count + argument.utf8.count)
        switch function {
        case .startsWith: return .bool(text.utf8.starts(with: argument.utf8))
        case .endsWith: return .bool(text.utf8.reversed().starts(with: argument.utf8.reversed()))
        case .contains: return .bool(TextFunctions.contains(text, argument))
        default:
            if pattern == nil {
                // Compiling takes several steps for each character.
                try budget.spend(argument.utf8.count)
            }
            let compiled = pattern ?? CompiledPattern(argument, limit: limits.patternSize)
            guard let program = compiled.program else { return .failed(.invalidPattern(compiled.problem)) }
            return .bool(try program.matches(text, &budget))
        }
    }

    /// `date`, `now_plus` and `now_minus`.
    private func time(_ function: Function, _ argument: Value) throws(EvaluationError) -> Timestamp {
        let time: Timestamp?
        switch (function, argument) {
        case (.date, .int(let number)):
            time = Evaluator.date(number)
        case (.date, _):
            time = argument.text.flatMap { DateText.parse($0) }
        default:
            let span = argument.text.flatMap { try? TimeSpan(parsing: $0) }
            time = span.map { function == .nowPlus ? now + $0 : now - $0 }
        }
        guard let time, CivilTime.range.contains(time) || function == .date else {
            throw .invalidTime(function.rawValue)
        }
        return time
    }

    /// The time that an integer means: by its size seconds, milliseconds or nanoseconds since 1970.
    private static func date(_ number: Int64) -> Timestamp? {
        switch number {
        case ..<946_684_800: nil
        case ..<9_999_999_999: Timestamp(milliseconds: number * 1_000)
        case ..<9_999_999_999_999: Timestamp(milliseconds: number)
        default: Timestamp(milliseconds: number / 1_000_000)
        }
    }
}
