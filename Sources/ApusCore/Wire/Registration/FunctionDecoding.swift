extension FunctionConfiguration {
    /// Decodes a function from its ``source``.
    ///
    /// - Throws: ``RegistrationError`` with everything that is wrong.
    public static func decode(source: RawJSON) throws(RegistrationError) -> FunctionConfiguration {
        var problems = RegistrationProblems()
        let function = FunctionDecoder(path: "function").decode(source.view, &problems)
        try problems.check()
        guard let function else { throw RegistrationError(.invalidRequest) }
        return function
    }

    /// Decodes a function from its ``source``, as it was stored when it was registered. What today's rules
    /// would refuse is read as absent, because an earlier release has accepted it and the function's
    /// runs have to go on.
    ///
    /// - Returns: `nil` when the stored value is no object.
    public static func decode(stored: RawJSON) -> FunctionConfiguration? {
        var problems = RegistrationProblems()
        return FunctionDecoder(path: "function").decode(stored.view, &problems)
    }
}

/// Reads one function of a registration and notes everything that is wrong with it.
struct FunctionDecoder {
    /// The most triggers of a function.
    static let triggers = 10
    /// The most retries; a higher number means this one.
    static let mostRetries: Int64 = 20
    /// The most bytes of a slug.
    static let slugBytes = 255

    /// What a function may say of its runs beyond its triggers, step and retries.
    static let options = [
        "cancel", "timeouts", "concurrency", "throttle", "rateLimit", "debounce", "batchEvents", "priority",
        "idempotency", "singleton",
    ]

    /// Where the function is, for messages: `functions[0]`.
    let path: String

    /// The function; nil when it is so wrong that nothing of it can be used.
    func decode(_ view: JSONView, _ problems: inout RegistrationProblems) -> FunctionConfiguration? {
        guard view.kind == .object else {
            problems.type("\(path) must be an object")
            return nil
        }
        let known = ["id", "name", "triggers", "steps", "retries"] + FunctionDecoder.options
        let fields = RegistrationFields(view, path: path, known: known)
        let name = fields.text("name", &problems)
        let slug = slug(fields, name: name, &problems)
        // Messages name the function as people know it.
        let label = slug.isEmpty ? path : slug
        if name.isEmpty {
            problems.rule(function: label, "name is empty")
        }
        let triggers = triggers(fields, function: label, &problems)
        let step = step(fields, function: label, &problems)
        let retries = retries(step.retries ?? fields.integer("retries", &problems), function: label, &problems)
        return FunctionConfiguration(
            slug: slug,
            name: name,
            triggers: triggers,
            stepURL: step.url,
            retries: retries,
            cancellations: cancellations(fields, function: label, &problems),
            timeouts: timeouts(fields, function: label, &problems),
            flowControl: flowControl(fields, function: label, &problems),
            source: view.raw
        )
    }

    private func slug(
        _ fields: RegistrationFields,
        name: String,
        _ problems: inout RegistrationProblems
    ) -> String {
        let id = fields.text("id", &problems)
        let slug = id.isEmpty ? FunctionDecoder.slugified(name) : id
        if slug.isEmpty, !name.isEmpty {
            problems.rule(function: path, "id is empty, and the name has no letters to make one of")
        } else if slug.utf8.count > FunctionDecoder.slugBytes {
            problems.rule(function: slug, "id is longer than \(FunctionDecoder.slugBytes) bytes")
        }
        return slug
    }

    /// Letters and digits of ASCII in lower case, everything between them as one hyphen.
    static func slugified(_ name: String) -> String {
        name.lowercased().utf8
            .split { byte in
                decimalDigit(byte) == nil && !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            }
            .map { String(Substring($0)) }
            .joined(separator: "-")
    }

    private func triggers(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> [FunctionConfiguration.Trigger] {
        guard let array = fields.container("triggers", .array, &problems) else { return [] }
        let count = array.count
        if count > FunctionDecoder.triggers {
            problems.rule(
                function: function,
                "triggers has \(count) entries, at most \(FunctionDecoder.triggers) are allowed"
            )
        }
        var decoder = TriggerDecoder(function: function, path: fields.path(of: "triggers"))
        return array.elements.prefix(FunctionDecoder.triggers).compactMap { decoder.decode($0, &problems) }
    }

    private func retries(
        _ number: Int64?,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> Int? {
        guard let number else { return nil }
        if number < 0 {
            problems.rule(function: function, "retries must not be negative")
        }
        return Int(min(max(number, 0), FunctionDecoder.mostRetries))
    }
}

// MARK: - The step

extension FunctionDecoder {
    /// What a function's only step says.
    private struct Step {
        var url = ""
        var retries: Int64?
    }

    private func step(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> Step {
        let steps = fields.container("steps", .object, &problems)
        var members = steps?.members.makeIterator()
        guard let (key, value) = members?.next(), members?.next() == nil else {
            let count = steps?.count ?? 0
            problems.rule(function: function, "steps must have exactly one entry, not \(count)")
            return Step()
        }
        let path = "\(fields.path(of: "steps")).\((key.string ?? "").excerpt())"
        guard value.kind == .object else {
            problems.type("\(path) must be an object")
            return Step()
        }
        let step = RegistrationFields(value, path: path, known: ["name", "runtime", "retries"])
        if step.text("name", &problems).isEmpty {
            problems.rule(function: function, "the step's name is empty")
        }
        return Step(
            url: url(step, function: function, &problems),
            retries: attempts(step, &problems)
        )
    }

    private func url(
        _ step: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> String {
        let runtime = step.container("runtime", .object, &problems).map {
            RegistrationFields($0, path: step.path(of: "runtime"), known: ["url"])
        }
        let text = runtime?.text("url", &problems) ?? ""
        guard !text.isEmpty else {
            problems.rule(function: function, "the step's URL is missing")
            return ""
        }
        do {
            return try EndpointURL(text).description
        } catch {
            problems.rule(function: function, "the step's URL \(error)")
            return ""
        }
    }

    private func attempts(_ step: RegistrationFields, _ problems: inout RegistrationProblems) -> Int64? {
        step.container("retries", .object, &problems).flatMap {
            RegistrationFields($0, path: step.path(of: "retries"), known: ["attempts"]).integer("attempts", &problems)
        }
    }
}
