/// One object of a registration: its fields by name, whatever the case of the letters.
///
/// SDKs disagree on the case (`appname`, `Singleton`), so it is ignored; where a name occurs in
/// several cases the exact one counts. Null means the same as absence. What has the wrong type is
/// noted as a problem and read as absent, so that one pass finds everything.
struct RegistrationFields {
    /// Where the object is, for messages: `functions[0].steps.step`.
    let path: String
    private var values: [String: JSONView] = [:]

    /// Takes the fields of an object that are known; nothing of any other value.
    init(_ view: JSONView, path: String, known: [String]) {
        self.path = path
        var namesByLowerCase: [String: String] = [:]
        for name in known {
            namesByLowerCase[name.lowercased()] = name
        }
        var exact: Set<String> = []
        for member in view.members {
            guard let key = member.key.string, let name = namesByLowerCase[key.lowercased()] else { continue }
            if key == name {
                exact.insert(name)
                values[name] = member.value
            } else if !exact.contains(name), values[name] == nil {
                values[name] = member.value
            }
        }
    }

    /// The value of a field; nil when absent or null.
    subscript(name: String) -> JSONView? {
        guard let value = values[name], !value.isNull else { return nil }
        return value
    }

    /// A field's path for messages.
    func path(of name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// Whether a field is there and null, for the few where that is not the same as absence.
    func isNull(_ name: String) -> Bool {
        values[name]?.isNull ?? false
    }

    /// A text; empty when absent.
    func text(_ name: String, _ problems: inout RegistrationProblems) -> String {
        optionalText(name, &problems) ?? ""
    }

    /// A text; nil when absent, for those where an empty one means something else.
    func optionalText(_ name: String, _ problems: inout RegistrationProblems) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else {
            problems.type("\(path(of: name)) must be a string")
            return nil
        }
        return text
    }

    /// An integer; nil when absent.
    func integer(_ name: String, _ problems: inout RegistrationProblems) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = value.int else {
            problems.type("\(path(of: name)) must be an integer")
            return nil
        }
        return number
    }

    /// An array or object; nil when absent.
    func container(_ name: String, _ kind: JSONView.Kind, _ problems: inout RegistrationProblems) -> JSONView? {
        guard let value = self[name] else { return nil }
        guard value.kind == kind else {
            problems.type("\(path(of: name)) must be an \(kind == .array ? "array" : "object")")
            return nil
        }
        return value
    }
}

/// Everything that is wrong with a registration.
struct RegistrationProblems {
    /// Values of the wrong type.
    private var types: [String] = []
    /// Functions that break a rule.
    private var rules: [String] = []
    /// Problems that came after as many as are listed.
    private var unlisted = 0

    /// How many problems there are.
    var count: Int { types.count + rules.count + unlisted }

    /// Whether every value has its right type.
    var hasRightTypes: Bool { types.isEmpty }

    /// Notes a value of the wrong type.
    mutating func type(_ text: String) {
        note(text, in: \.types)
    }

    /// Notes a function that breaks a rule.
    mutating func rule(function: String, _ text: String) {
        note("function \(function.excerpt()): \(text)", in: \.rules)
    }

    private mutating func note(_ text: String, in list: WritableKeyPath<RegistrationProblems, [String]>) {
        if self[keyPath: list].count < RegistrationError.limit {
            self[keyPath: list].append(text)
        } else {
            unlisted += 1
        }
    }

    /// Types come first: what has the wrong type was read as absent, which may look like broken rules.
    func check() throws(RegistrationError) {
        let more = unlisted > 0 ? ["and \(unlisted) more"] : []
        guard types.isEmpty else { throw RegistrationError(.invalidRequest, details: types + more) }
        guard rules.isEmpty else { throw RegistrationError(.invalidFunctions, details: rules + more) }
    }
}
