/// Reads the option with which a function has its events collected.
extension FunctionDecoder {
    /// The fewest events of a batch.
    static let smallestBatch = 2
    /// The shortest time for which events are collected.
    static let shortestBatch = TimeSpan.seconds(1)

    /// A batch together with something that it excludes is read as absent: the other option stays.
    func batch(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> FlowControl.Batch? {
        let known = ["maxSize", "timeout", "key", "if"]
        let batch = option("batchEvents", of: fields, known: known, function: function, &problems, batch)
        guard fields["batchEvents"] != nil else { return nil }
        let excluded = excludedByBatch(fields)
        for reason in excluded {
            problems.rule(function: function, "batchEvents: \(reason)")
        }
        return excluded.isEmpty ? batch : nil
    }

    private func batch(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) throws(BrokenOption) -> FlowControl.Batch? {
        let size = fields.amount("maxSize", &problems)
        let text = fields.text("timeout", &problems)
        let key = fields.optionalText("key", &problems)
        let condition = fields.optionalText("if", &problems)
        let timeout: TimeSpan
        do {
            timeout = try TimeSpan(parsing: text, units: .go)
        } catch {
            throw BrokenOption("failed to parse time duration: \(error)")
        }
        guard size >= FunctionDecoder.smallestBatch else {
            throw BrokenOption("batch size cannot be smaller than \(FunctionDecoder.smallestBatch): \(size)")
        }
        guard timeout >= FunctionDecoder.shortestBatch else {
            throw BrokenOption("batch timeout should be more than 1s")
        }
        return FlowControl.Batch(size: size, timeout: timeout, key: key, condition: condition)
    }

    /// Options next to which there cannot be a batch count as soon as they are there, right or wrong.
    private func excludedByBatch(_ fields: RegistrationFields) -> [String] {
        var reasons: [String] = []
        if let cancel = fields["cancel"], cancel.count > 0 {
            reasons.append("Batching and cancellation are mutually exclusive")
        }
        if fields["debounce"] != nil {
            reasons.append("Batching and debouncing are mutually exclusive")
        }
        if fields["singleton"] != nil {
            reasons.append("Batching and singletons are mutually exclusive")
        }
        if let run = fields["priority"]?.member(caseInsensitive: "run"), !run.isNull {
            reasons.append("A function cannot specify Priority.Run and Batch together")
        }
        return reasons
    }
}
