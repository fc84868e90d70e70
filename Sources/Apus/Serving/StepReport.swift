import ApusCore

/// What is said of a step to the server: one op.
struct StepReport: Sendable {
    let call: StepCall
    let kind: Op.Kind
    var data: RawJSON?
    var error: RawJSON?
    /// Nanoseconds since 1970, and of the body.
    var timing: (start: Int64, length: Int64)?

    /// What the step asks for: a body asks to be called for.
    init(asking call: StepCall) {
        self.call = call
        kind = call.order.runsHere ? .stepPlanned : call.order.kind
    }

    init(_ call: StepCall, _ kind: Op.Kind, data: RawJSON? = nil, error: RawJSON? = nil) {
        self.call = call
        self.kind = kind
        self.data = data
        self.error = error
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            if let data { writer.member("data", data) }
            writer.member("displayName", call.name)
            if let error { writer.member("error", error) }
            writer.key("id")
            writer.value(call.id.description)
            writer.member("name", call.order.subject ?? call.name)
            writer.member("op", kind.rawValue)
            writer.member("opts", call.order.options ?? .emptyObject)
            if let timing {
                writer.key("timing")
                writer.object { writer in
                    writer.member("a", timing.start)
                    writer.member("b", timing.length)
                }
            }
            writer.key("userland")
            writer.object { writer in
                writer.member("id", call.name)
                if call.index > 0 { writer.member("index", call.index) }
            }
        }
    }
}
