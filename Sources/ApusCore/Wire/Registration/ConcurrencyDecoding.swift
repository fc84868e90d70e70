/// Reads the limits on calls and runs at the same time.
extension FunctionDecoder {
    /// The most limits on calls in flight.
    static let callLimits = 2
    /// The most limits on living runs.
    static let runLimits = 1

    /// Both kinds of limits, those on calls with the smallest first.
    func concurrency(
        _ fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems
    ) -> (calls: [FlowControl.Concurrency], runs: FlowControl.RunConcurrency?) {
        let found = whole("concurrency", of: fields, function: function, &problems) {
            fields, problems throws(BrokenOption) in try concurrency(fields, &problems)
        }
        return found ?? ([], nil)
    }

    /// SDKs write a number, one limit, several, or an object of the two kinds; anything else is no limit.
    private func concurrency(
        _ fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) throws(BrokenOption) -> (calls: [FlowControl.Concurrency], runs: FlowControl.RunConcurrency?) {
        let path = fields.path(of: "concurrency")
        guard let value = fields["concurrency"] else { return ([], nil) }
        switch value.kind {
        case .number:
            let limit = ConcurrencyEntry(limit: fields.amount("concurrency", &problems))
            return (try calls([limit]), nil)
        case .array:
            return (try calls(try callEntries(value, path: path, &problems)), nil)
        case .object:
            let kinds = RegistrationFields(value, path: path, known: ["fn", "step"])
            if kinds["fn"] == nil, kinds["step"] == nil {
                return (try calls([ConcurrencyEntry(value, path: path, &problems)]), nil)
            }
            let entries = try kinds.container("step", .array, &problems).map { array throws(BrokenOption) in
                try callEntries(array, path: kinds.path(of: "step"), &problems)
            }
            return (try calls(entries ?? []), try runs(kinds, &problems))
        case .string, .bool, .null:
            return ([], nil)
        }
    }

    private func callEntries(
        _ array: JSONView,
        path: String,
        _ problems: inout RegistrationProblems
    ) throws(BrokenOption) -> [ConcurrencyEntry] {
        guard array.count <= FunctionDecoder.callLimits else {
            throw BrokenOption(
                "There are more concurrency limits specified than the allowed max of: \(FunctionDecoder.callLimits)"
            )
        }
        return array.elements.enumerated().map { index, element in
            ConcurrencyEntry(element, path: "\(path)[\(index)]", &problems)
        }
    }

    private func calls(_ entries: [ConcurrencyEntry]) throws(BrokenOption) -> [FlowControl.Concurrency] {
        var limits: [FlowControl.Concurrency] = []
        for entry in entries {
            let scope: FlowControl.Concurrency.Scope
            switch entry.scope {
            case .fn: scope = .function
            case .env: scope = .environment
            case .account: scope = .account
            case .app: throw BrokenOption("app-scoped concurrency cannot be set by users")
            }
            guard scope == .function || entry.key != nil else {
                let name = scope == .account ? "Account" : "Env"
                throw BrokenOption("A concurrency key must be specified for \(name) scoped limits")
            }
            if entry.limit > 0 {
                limits.append(FlowControl.Concurrency(limit: entry.limit, key: entry.key, scope: scope))
            }
        }
        limits.sort { $0.limit < $1.limit }
        // Of two limits that count the same calls only the lower one can be reached.
        return limits.reduce(into: []) { kept, limit in
            if !kept.contains(where: { $0.key == limit.key && $0.scope == limit.scope }) {
                kept.append(limit)
            }
        }
    }

    private func runs(
        _ kinds: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) throws(BrokenOption) -> FlowControl.RunConcurrency? {
        guard let array = kinds.container("fn", .array, &problems) else { return nil }
        guard array.count <= FunctionDecoder.runLimits else {
            throw BrokenOption("Only one function concurrency limit is allowed")
        }
        guard let element = array.elements.first(where: { _ in true }) else { return nil }
        let entry = ConcurrencyEntry(element, path: "\(kinds.path(of: "fn"))[0]", &problems)
        guard entry.limit > 0 else { throw BrokenOption("function concurrency limit must be > 0") }
        switch entry.scope {
        case .fn: return FlowControl.RunConcurrency(limit: entry.limit, key: entry.key)
        case .env, .account: throw BrokenOption("invalid function concurrency scope: \(entry.scope.rawValue)")
        case .app: throw BrokenOption("app-scoped function concurrency cannot be set by users")
        }
    }
}

/// One limit of a `concurrency` option as it was written.
private struct ConcurrencyEntry {
    var limit = 0
    var key: String?
    var scope = Scope.fn

    /// The names of scopes on the wire.
    enum Scope: String {
        case fn, env, account, app
    }

    init(limit: Int) {
        self.limit = limit
    }

    init(_ view: JSONView, path: String, _ problems: inout RegistrationProblems) {
        guard view.kind == .object else {
            problems.type("\(path) must be an object")
            return
        }
        let fields = RegistrationFields(view, path: path, known: ["limit", "key", "scope"])
        limit = fields.amount("limit", &problems)
        key = fields.optionalText("key", &problems)
        // Null is no name, although absence means the function.
        guard let name = fields.isNull("scope") ? "" : fields.optionalText("scope", &problems) else { return }
        guard let scope = Scope(rawValue: name.lowercased()) else {
            problems.type("\(fields.path(of: "scope")): \(name.excerpt()) does not belong to ConcurrencyScope values")
            return
        }
        self.scope = scope
    }
}
