/// Reads the options with which a function says when, in which order and how often its runs start.
///
/// An option in which anything is wrong is read as absent: a stored function that breaks today's rules must
/// not be left with half of one.
extension FunctionDecoder {
    /// The longest period of a rate limit, and the one of an idempotency key.
    static let longestRateLimit = TimeSpan.hours(24)
    /// How long the silence of a debounce may be.
    static let debouncePeriods = TimeSpan.seconds(1)...TimeSpan.days(7)

    func flowControl(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> FlowControl {
        func option<Option>(_ name: String, _ known: [String], _ read: OptionReader<Option>) -> Option? {
            self.option(name, of: fields, known: known, function: function, &problems, read)
        }
        let limits = concurrency(fields, function: function, &problems)
        // What an idempotency key takes the place of is not looked at.
        let idempotency = fields.optionalText("idempotency", &problems).map { key in
            FlowControl.RateLimit(limit: 1, period: FunctionDecoder.longestRateLimit, key: key, isIdempotency: true)
        }
        return FlowControl(
            concurrency: limits.calls,
            runConcurrency: limits.runs,
            throttle: option("throttle", ["limit", "period", "burst", "key"], throttle),
            rateLimit: idempotency ?? option("rateLimit", ["limit", "period", "key"], rateLimit),
            debounce: option("debounce", ["key", "period", "timeout"], debounce),
            batch: batch(fields, function: function, &problems),
            priority: option("priority", ["run"]) { $0.optionalText("run", &$1) },
            singleton: option("singleton", ["mode", "key"], singleton)
        )
    }

    private func throttle(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) -> FlowControl.Throttle? {
        func amount(_ name: String) -> Int {
            let amount = fields.amount(name, &problems)
            if amount < 0 {
                problems.type("\(fields.path(of: name)) must not be negative")
            }
            return amount
        }
        let limit = max(amount("limit"), 1)
        let burst = amount("burst")
        let key = fields.optionalText("key", &problems)
        let before = problems.count
        let text = fields.text("period", &problems)
        guard problems.count == before else { return nil }
        do {
            let period = try TimeSpan(parsing: text)
            return FlowControl.Throttle(limit: limit, period: period.wholePeriod, burst: burst, key: key)
        } catch {
            problems.type("\(fields.path(of: "period")): \(error)")
            return nil
        }
    }

    private func rateLimit(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) throws(BrokenOption) -> FlowControl.RateLimit? {
        let limit = fields.amount("limit", &problems)
        let text = fields.text("period", &problems)
        let key = fields.optionalText("key", &problems)
        guard limit > 0 else { throw BrokenOption("limit must be greater than 0") }
        guard !text.isEmpty else { throw BrokenOption("period must be specified") }
        let period: TimeSpan
        do {
            period = try TimeSpan(parsing: text)
        } catch {
            throw BrokenOption("failed to parse time duration: \(error)")
        }
        guard period <= FunctionDecoder.longestRateLimit else {
            throw BrokenOption("period must be less than 24h0m0s")
        }
        return FlowControl.RateLimit(limit: limit, period: period.wholePeriod, key: key)
    }

    private func debounce(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) throws(BrokenOption) -> FlowControl.Debounce? {
        let text = fields.text("period", &problems)
        let key = fields.text("key", &problems)
        // One that cannot be read is none.
        let timeout = try? TimeSpan(parsing: fields.text("timeout", &problems))
        let bounds = FunctionDecoder.debouncePeriods
        let start = "The debounce period of '\(text.excerpt())' is"
        let tooShort = "\(start) less than the min of: 1s"
        let period: TimeSpan
        do {
            period = try TimeSpan(parsing: text)
        } catch {
            throw BrokenOption("\(start) invalid: \(error)", tooShort)
        }
        guard period >= bounds.lowerBound else { throw BrokenOption(tooShort) }
        guard period <= bounds.upperBound else { throw BrokenOption("\(start) greater than the max of: 168h0m0s") }
        return FlowControl.Debounce(
            period: period,
            key: key.isEmpty ? nil : key,
            timeout: timeout.map { max($0, .seconds(1)) }
        )
    }

    private func singleton(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) -> FlowControl.Singleton? {
        let name = fields.optionalText("mode", &problems) ?? FlowControl.Singleton.Mode.skip.rawValue
        guard let mode = FlowControl.Singleton.Mode(rawValue: name.lowercased()) else {
            problems.type("\(fields.path(of: "mode")): \(name.excerpt()) does not belong to SingletonMode values")
            return nil
        }
        return FlowControl.Singleton(mode: mode, key: fields.optionalText("key", &problems))
    }
}

extension TimeSpan {
    /// In whole seconds, at least one.
    fileprivate var wholePeriod: TimeSpan { .seconds(Swift.max(seconds, 1)) }
}
