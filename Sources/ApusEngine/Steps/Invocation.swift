import ApusCore

/// `step.invoke`, understood.
struct Invocation {
    var step: StepID
    /// A function's id or slug.
    var function: String
    var data: RawJSON
    var user: RawJSON
    var version: String?
    var meta: RawJSON?
    var deadline: Timestamp
    var label: StepLabel
    var isRace: Bool

    /// An invocation that names no timeout is given up after a year.
    private static let defaultTimeout = TimeSpan.days(365)

    init(_ op: Op, now: Timestamp) throws(InstructionError) {
        let options = op.options?.view
        guard let function = options?["function_id"]?.string, !function.isEmpty else {
            throw InstructionError(.noticed(message: "InvokeFunction names no function_id."))
        }
        self.function = function
        step = op.id
        label = StepLabel(name: op.displayName, kind: .invoke)
        isRace = op.isRace
        let payload = options?["payload"]
        data = payload?["data"].flatMap { $0.kind == .object ? $0.raw : nil } ?? .emptyObject
        user = payload?["user"].flatMap { $0.kind == .object ? $0.raw : nil } ?? .emptyObject
        version = payload?["v"]?.string
        meta = payload?["meta"].flatMap { $0.kind == .object ? $0.raw : nil }
        let timeout = options?["timeout"]?.string ?? ""
        if timeout.isEmpty {
            deadline = now + Self.defaultTimeout
        } else {
            do {
                deadline = try SleepUntil.parse(timeout, now: now)
            } catch {
                throw InstructionError(error)
            }
        }
    }

    func event(correlation: String, source: FunctionRecord?, trace: TraceContext) -> IncomingEvent {
        IncomingEvent(
            name: InvokedEvent.name,
            data: InvokedEvent.data(
                payload: data,
                routing: InvokedEvent.Routing(
                    function: function,
                    correlationID: correlation,
                    expiry: deadline,
                    stepName: label.name,
                    sourceApp: source?.app.description ?? "",
                    sourceFunction: source?.id.description ?? "",
                    sourceVersion: source?.version ?? 0,
                    trace: trace
                )
            ),
            user: user,
            version: version,
            meta: meta
        )
    }
}

/// What a run that invoked another one gets to see when there is no result.
enum InvokeMemo {
    static func unknown(_ function: String) -> RawJSON {
        Memo.error(object([("message", "could not find function with ID: \(function)"), ("name", "Error")]))
    }

    static let refused = Memo.error(
        object([("message", "The invocation or its result cannot be stored"), ("name", "Error")]))

    static let cancelled = Memo.error(object([("message", "Function cancelled"), ("name", "Error")]))

    /// - Parameter rule: what kept the function from starting.
    static func skipped(by rule: FlowRule) -> RawJSON {
        let message =
            switch rule {
            case .rateLimit: "invoked function is rate limited"
            case .idempotency: "invoked function has run for this idempotency key already"
            case .debounce: "invoked function is debounced: a later event took the place of this one"
            case .singleton: "invoked function is a singleton and runs already"
            case .pause: "invoked function is paused"
            default: "invoked function has not started: \(rule.name)"
            }
        return Memo.error(object([("message", message), ("name", "Error")]))
    }

    static let timedOut = Memo.error(
        object([
            ("error", "InngestInvokeTimeoutError: Timed out waiting for invoked function to complete"),
            ("message", "Timed out waiting for invoked function to complete"),
            ("name", "InngestInvokeTimeoutError"),
        ])
    )

    /// - Parameter members: in the order of canonical JSON.
    private static func object(_ members: [(key: StaticString, value: String)]) -> RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in members {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
        return RawJSON(canonical: writer.bytes)
    }
}
