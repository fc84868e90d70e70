/// Reads the triggers of one function in their order and notes what is wrong with them.
struct TriggerDecoder {
    /// The most bytes of an event's name and of a schedule.
    static let textBytes = 255

    /// The function, as messages name it.
    let function: String
    /// Where the triggers are, for messages: `functions[0].triggers`.
    let path: String

    private var count = 0
    private var positions: [RawJSON: Int] = [:]
    private var schedules: [String: Int] = [:]

    /// Prepares for the first trigger.
    init(function: String, path: String) {
        self.function = function
        self.path = path
    }

    /// The next trigger; nil when it cannot be used.
    mutating func decode(
        _ view: JSONView,
        _ problems: inout RegistrationProblems
    ) -> FunctionConfiguration.Trigger? {
        count += 1
        let path = "\(path)[\(count - 1)]"
        guard view.kind == .object else {
            problems.type("\(path) must be an object")
            return nil
        }
        let repeated = positions.updateValue(count, forKey: view.raw)
        if let repeated {
            rule("repeats trigger \(repeated)", &problems)
        }
        let fields = RegistrationFields(view, path: path, known: ["event", "cron", "expression", "jitter"])
        switch (fields["event"] != nil, fields["cron"] != nil) {
        case (true, false): return event(fields, &problems)
        case (false, true): return cron(fields, isRepeated: repeated != nil, &problems)
        case (true, true): rule("event and cron must not both be set", &problems)
        case (false, false): rule("either event or cron must be set", &problems)
        }
        return nil
    }

    private func event(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) -> FunctionConfiguration.Trigger {
        let name = fields.text("event", &problems)
        if name.isEmpty {
            rule("the event name is empty", &problems)
        } else if name.utf8.count > TriggerDecoder.textBytes {
            rule("the event name is longer than \(TriggerDecoder.textBytes) bytes", &problems)
        }
        let expression = fields.text("expression", &problems)
        if expression.isEmpty {
            return .event(name: name, filter: .every)
        }
        if let slug = TriggerExpression.functionID(expression) {
            return .event(name: name, filter: .functionID(slug))
        }
        return .event(name: name, filter: .expression(expression))
    }

    private mutating func cron(
        _ fields: RegistrationFields,
        isRepeated: Bool,
        _ problems: inout RegistrationProblems
    ) -> FunctionConfiguration.Trigger {
        let schedule = fields.text("cron", &problems)
        if schedule.isEmpty {
            rule("the schedule is empty", &problems)
        } else if schedule.utf8.count > TriggerDecoder.textBytes {
            rule("the schedule is longer than \(TriggerDecoder.textBytes) bytes", &problems)
        }
        if let first = schedules.updateValue(count, forKey: schedule), !isRepeated {
            rule("has the same schedule as trigger \(first)", &problems)
        }
        // What is no text is as good as absent.
        return .cron(schedule: schedule, jitter: fields["jitter"]?.string)
    }

    private func rule(_ text: String, _ problems: inout RegistrationProblems) {
        problems.rule(function: function, "trigger \(count): \(text)")
    }
}
