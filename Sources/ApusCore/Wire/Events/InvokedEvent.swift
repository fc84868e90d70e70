/// The event that starts a function directly, whatever its triggers are.
public enum InvokedEvent {
    /// `inngest/function.invoked`
    public static let name = "inngest/function.invoked"

    /// Where the event goes and what waits for the result; the `_inngest` object of its data.
    public struct Routing: Hashable, Sendable {
        /// The function to start: its id or its slug.
        public var function: String
        /// `<parent run>.<step>`; `nil` when nobody waits for the result.
        public var correlationID: String?
        /// When the parent stops waiting; the epoch when nobody waits.
        public var expiry: Timestamp
        /// The step's name for people.
        public var stepName: String
        /// The app of the run that invokes.
        public var sourceApp: String
        /// The function of the run that invokes.
        public var sourceFunction: String
        /// The version of that function.
        public var sourceVersion: Int
        /// Of the call in which the run invoked the function; the run that starts belongs to its trace.
        public var trace: TraceContext?

        /// Makes a routing; without more than the function it is that of `POST /invoke/{slug}`.
        public init(
            function: String,
            correlationID: String? = nil,
            expiry: Timestamp = .epoch,
            stepName: String = "",
            sourceApp: String = "",
            sourceFunction: String = "",
            sourceVersion: Int = 0,
            trace: TraceContext? = nil
        ) {
            self.function = function
            self.correlationID = correlationID
            self.expiry = expiry
            self.stepName = stepName
            self.sourceApp = sourceApp
            self.sourceFunction = sourceFunction
            self.sourceVersion = sourceVersion
            self.trace = trace
        }
    }

    /// The event's data: the payload with `_inngest` set.
    ///
    /// - Parameter payload: the `data` that the caller wants to pass; anything but an object counts as `{}`.
    public static func data(payload: RawJSON?, routing: Routing) -> RawJSON {
        var writer = JSONWriter(reserving: 384)
        writer.beginObject()
        if let correlationID = routing.correlationID {
            writer.key("correlation_id")
            writer.value(correlationID)
        }
        writer.key("expire")
        writer.value(routing.expiry.milliseconds)
        writer.key("fn_id")
        writer.value(routing.function)
        // A trace group of the protocol's other server; SDKs only expect the key.
        writer.key("gid")
        writer.value("")
        writer.key("name")
        writer.value(routing.stepName)
        writer.key("source_app_id")
        writer.value(routing.sourceApp)
        writer.key("source_fn_id")
        writer.value(routing.sourceFunction)
        writer.key("source_fn_v")
        writer.value(routing.sourceVersion)
        if let trace = routing.trace {
            writer.key("tc")
            writer.object { writer in
                writer.key("ctx")
                writer.object { writer in
                    writer.member("sid", trace.spanID)
                    writer.member("traceparent", trace.traceparent)
                }
            }
        }
        writer.endObject()
        return (payload ?? .emptyObject).setting("_inngest", to: writer.finish())
    }
}
