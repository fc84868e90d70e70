import ApusCore

/// Limits that people have set in place of those a function registered. They stay when the app registers
/// again, until they are taken back. A limit of 0 lets nothing pass: what is waiting goes on waiting.
package struct LimitOverride: Hashable, Sendable {
    /// Calls in flight, for limits with these keys and scopes; one without a key may also be new.
    package var concurrency: [FlowControl.Concurrency] = []
    /// Living runs, whatever the key.
    package var runs: Int?
    package var throttle: Rate?
    package var rateLimit: Rate?

    package struct Rate: Hashable, Sendable {
        package var limit: Int
        package var period: TimeSpan
        /// Starts at once beyond the limit; only a throttle has any.
        package var burst: Int

        package init(limit: Int, period: TimeSpan, burst: Int = 0) {
            self.limit = limit
            self.period = period
            self.burst = burst
        }
    }

    package init() {}

    /// The limits of a function's options.
    package init(_ options: FlowControl) {
        concurrency = options.concurrency
        runs = options.runConcurrency?.limit
        throttle = options.throttle.map { Rate(limit: $0.limit, period: $0.period, burst: $0.burst) }
        rateLimit = options.rateLimit.map { Rate(limit: $0.limit, period: $0.period) }
    }

    /// Whether every limit with a key is one that the function has: keys belong to the code.
    /// - Throws: ``LimitOverrideError`` for the first that is not.
    package func check(against options: FlowControl) throws(LimitOverrideError) {
        for limit in concurrency where limit.key != nil {
            guard options.concurrency.contains(where: { $0.key == limit.key && $0.scope == limit.scope }) else {
                let known = options.concurrency.compactMap { known in
                    known.key.map { "\"\($0)\" (scope \(known.scope.name))" }
                }
                throw LimitOverrideError(
                    "the function has no concurrency limit with the key \"\(limit.key ?? "")\" and scope "
                        + "\(limit.scope.name); it has "
                        + (known.isEmpty ? "none with a key" : known.joined(separator: ", "))
                )
            }
        }
        for limit in concurrency where limit.key == nil && limit.scope != .function {
            throw LimitOverrideError("a concurrency limit of scope \(limit.scope.name) needs a key")
        }
    }

    package var isEmpty: Bool { self == LimitOverride() }

    /// The options with what is overridden.
    package func applied(to options: FlowControl) -> FlowControl {
        var options = options
        for limit in concurrency {
            if let index = options.concurrency.firstIndex(where: { $0.key == limit.key && $0.scope == limit.scope }) {
                options.concurrency[index].limit = limit.limit
            } else if limit.key == nil {
                options.concurrency.append(limit)
            }
        }
        if let runs {
            let key = options.runConcurrency?.key
            options.runConcurrency = FlowControl.RunConcurrency(limit: runs, key: key)
        }
        if let throttle {
            options.throttle = FlowControl.Throttle(
                limit: throttle.limit, period: throttle.period, burst: throttle.burst, key: options.throttle?.key
            )
        }
        if let rateLimit {
            options.rateLimit = FlowControl.RateLimit(
                limit: rateLimit.limit, period: rateLimit.period, key: options.rateLimit?.key,
                isIdempotency: options.rateLimit?.isIdempotency ?? false
            )
        }
        return options
    }
}

extension LimitOverride {
    /// The form in which the API takes it and the store keeps it:
    /// `{"concurrency":[{"limit":1,"key":"…","scope":"env"}],"runs":2,"throttle":{"limit":…,"period":"1m"},…}`.
    package var json: RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        if !concurrency.isEmpty {
            writer.key("concurrency")
            writer.beginArray()
            for limit in concurrency {
                writer.beginObject()
                if let key = limit.key {
                    writer.key("key")
                    writer.value(key)
                }
                writer.key("limit")
                writer.value(limit.limit)
                writer.key("scope")
                writer.value(limit.scope.name)
                writer.endObject()
            }
            writer.endArray()
        }
        func rate(_ name: StaticString, _ rate: Rate?, hasBurst: Bool) {
            guard let rate else { return }
            writer.key(name)
            writer.beginObject()
            if hasBurst {
                writer.key("burst")
                writer.value(rate.burst)
            }
            writer.key("limit")
            writer.value(rate.limit)
            writer.key("period")
            writer.value(rate.period.description)
            writer.endObject()
        }
        rate("rateLimit", rateLimit, hasBurst: false)
        if let runs {
            writer.key("runs")
            writer.value(runs)
        }
        rate("throttle", throttle, hasBurst: true)
        writer.endObject()
        return writer.finish()
    }

    /// - Throws: ``LimitOverrideError`` at the first thing that is wrong.
    package init(_ json: RawJSON) throws(LimitOverrideError) {
        let view = json.view
        guard view.kind == .object else { throw LimitOverrideError("the limits must be an object") }
        for member in view.members {
            let name = member.key.string ?? ""
            guard !member.value.isNull else { continue }
            switch name {
            case "concurrency": concurrency = try Self.concurrency(member.value)
            case "runs": runs = try Self.count(member.value, "runs")
            case "throttle": throttle = try Self.rate(member.value, "throttle")
            case "rateLimit":
                rateLimit = try Self.rate(member.value, "rateLimit")
                guard rateLimit?.burst == 0 else { throw LimitOverrideError("rateLimit has no burst") }
            default:
                throw LimitOverrideError(
                    "\(name.excerpt()) is no limit; the limits are concurrency, runs, throttle and rateLimit"
                )
            }
        }
    }

    private static func concurrency(
        _ view: JSONView
    ) throws(LimitOverrideError) -> [FlowControl.Concurrency] {
        if view.int != nil { return [FlowControl.Concurrency(limit: try count(view, "concurrency"))] }
        guard view.kind == .array else { throw LimitOverrideError("concurrency must be a number or an array") }
        var limits: [FlowControl.Concurrency] = []
        for (index, element) in view.elements.enumerated() {
            let path = "concurrency[\(index)]"
            guard element.kind == .object else { throw LimitOverrideError("\(path) must be an object") }
            var limit = FlowControl.Concurrency(limit: -1)
            for member in element.members where !member.value.isNull {
                let name = member.key.string ?? ""
                switch name {
                case "limit": limit.limit = try count(member.value, "\(path).limit")
                case "key":
                    guard let key = member.value.string else {
                        throw LimitOverrideError("\(path).key must be a string")
                    }
                    limit.key = key.isEmpty ? nil : key
                case "scope":
                    let scope = FlowControl.Concurrency.Scope.allCases.first { $0.name == member.value.string }
                    guard let scope else {
                        throw LimitOverrideError("\(path).scope must be \"fn\", \"env\" or \"account\"")
                    }
                    limit.scope = scope
                default: throw LimitOverrideError("\(path) has no field \(name.excerpt())")
                }
            }
            guard limit.limit >= 0 else { throw LimitOverrideError("\(path).limit is missing") }
            limits.append(limit)
        }
        return limits
    }

    private static func count(_ view: JSONView, _ path: String) throws(LimitOverrideError) -> Int {
        guard let count = view.int, count >= 0, count <= Int64(Int32.max) else {
            throw LimitOverrideError("\(path) must be an integer from 0 to \(Int32.max)")
        }
        return Int(count)
    }

    private static func rate(_ view: JSONView, _ path: String) throws(LimitOverrideError) -> Rate {
        guard view.kind == .object else { throw LimitOverrideError("\(path) must be an object") }
        var limit: Int?
        var period: TimeSpan?
        var burst = 0
        for member in view.members where !member.value.isNull {
            let name = member.key.string ?? ""
            switch name {
            case "limit": limit = try count(member.value, "\(path).limit")
            case "burst": burst = try count(member.value, "\(path).burst")
            case "period":
                guard let text = member.value.string, let span = try? TimeSpan(parsing: text), span >= .seconds(1)
                else {
                    throw LimitOverrideError("\(path).period must be a duration of at least a second, such as \"1m\"")
                }
                period = span
            default: throw LimitOverrideError("\(path) has no field \(name.excerpt())")
            }
        }
        guard let limit else { throw LimitOverrideError("\(path).limit is missing") }
        guard let period else { throw LimitOverrideError("\(path).period is missing") }
        return Rate(limit: limit, period: period, burst: burst)
    }
}

extension FlowControl.Concurrency.Scope {
    /// As functions write it.
    package var name: String {
        switch self {
        case .function: "fn"
        case .environment: "env"
        case .account: "account"
        }
    }
}

/// What is wrong with limits that somebody wants to set.
package struct LimitOverrideError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension FunctionRecord {
    /// What holds for the function today.
    package var flowControl: FlowControl {
        override.map { $0.applied(to: configuration.flowControl) } ?? configuration.flowControl
    }
}
