/// Reads the options with which a function says when its runs are to be cancelled.
extension FunctionDecoder {
    /// The most events that cancel a function's runs.
    static let cancellations = 5
    /// How long a run can be cancelled by an event when its function does not say.
    static let defaultCancellationPeriod = TimeSpan.days(365)

    func cancellations(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> [FunctionConfiguration.Cancellation] {
        guard let array = fields.container("cancel", .array, &problems) else { return [] }
        if array.count > FunctionDecoder.cancellations {
            problems.rule(
                function: function,
                "This function exceeds the max number of cancellation events: \(FunctionDecoder.cancellations)"
            )
        }
        var found: [FunctionConfiguration.Cancellation] = []
        for (index, element) in array.elements.enumerated().prefix(FunctionDecoder.cancellations) {
            let path = "\(fields.path(of: "cancel"))[\(index)]"
            guard element.kind == .object else {
                problems.type("\(path) must be an object")
                continue
            }
            let fields = RegistrationFields(element, path: path, known: ["event", "if", "timeout"])
            let event = fields.text("event", &problems)
            if event.isEmpty {
                problems.rule(function: function, "cancel \(index + 1): the event name is empty")
            }
            let condition = fields.text("if", &problems)
            found.append(
                FunctionConfiguration.Cancellation(
                    event: event,
                    condition: condition.isEmpty ? nil : condition,
                    period: period(fields, index: index, function: function, &problems)
                )
            )
        }
        return found
    }

    private func period(
        _ fields: RegistrationFields,
        index: Int,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> FunctionConfiguration.Cancellation.Period {
        let text = fields.text("timeout", &problems)
        if text.isEmpty { return .lasting(FunctionDecoder.defaultCancellationPeriod) }
        if let date = DateText.parse(text) { return .until(date) }
        do {
            return .lasting(try TimeSpan(parsing: text))
        } catch {
            problems.rule(function: function, "cancel \(index + 1): timeout \(error)")
            return .lasting(FunctionDecoder.defaultCancellationPeriod)
        }
    }

    /// A timeout of nothing, or less, is as good as none.
    func timeouts(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> FunctionConfiguration.Timeouts {
        guard let object = fields.container("timeouts", .object, &problems) else { return .init() }
        let fields = RegistrationFields(object, path: fields.path(of: "timeouts"), known: ["start", "finish"])
        func timeout(_ name: String) -> TimeSpan? {
            let text = fields.text(name, &problems)
            guard !text.isEmpty else { return nil }
            do {
                let span = try TimeSpan(parsing: text)
                return span > .zero ? span : nil
            } catch {
                problems.rule(function: function, "timeouts.\(name): \(error)")
                return nil
            }
        }
        return FunctionConfiguration.Timeouts(start: timeout("start"), finish: timeout("finish"))
    }
}
