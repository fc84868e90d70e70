/// What an app's answer to a call means, whatever HTTP it travelled in.
public enum AppReply: Hashable, Sendable {
    /// Status 206: the app reports steps. An empty list asks to be called again.
    case ops(OpList)
    /// The function returned; `nil` when the answer had no body.
    case returned(RawJSON?)
    /// The attempt failed, in the app or on the way to it.
    case failed(AttemptFailure)

    /// The steps that an app reports in one answer.
    public struct OpList: Hashable, Sendable {
        /// The ops in their order; one past ``ReplyLimits/opsPerReply`` when there were more.
        public var ops: [Op]
        /// `X-Inngest-Req-Version`; 0 when the header is missing or not a number.
        public var version: Int
        /// `X-Inngest-No-Retry: true`: every `StepError` of the list is final.
        public var isFinal: Bool
        /// When a `StepError` of the list is to be tried again.
        public var retryAfter: Timestamp?

        /// Makes a list.
        public init(ops: [Op], version: Int, isFinal: Bool = false, retryAfter: Timestamp? = nil) {
            self.ops = ops
            self.version = version
            self.isFinal = isFinal
            self.retryAfter = retryAfter
        }
    }
}

/// A call that did not end in ops or a result.
public struct AttemptFailure: Hashable, Sendable {
    /// The app's own error body, shown unchanged as the run's output; for failures that have none,
    /// an object `{"error","name","message","stack"?}` that says what the server saw.
    public var body: RawJSON
    /// What the transport saw: `invalid status code: 500`, `NonRetriableError`, `Unable to reach SDK URL`, …
    public var cause: String
    /// The app asked not to be called again (`X-Inngest-No-Retry: true`).
    public var isFinal: Bool
    /// When the app asked to be called again (`Retry-After`); `nil` leaves it to the server.
    public var retryAfter: Timestamp?
    /// No connection to the app could be made; what the circuit breaker counts.
    public var isUnreachable: Bool

    /// Makes a failure.
    public init(
        body: RawJSON,
        cause: String,
        isFinal: Bool = false,
        retryAfter: Timestamp? = nil,
        isUnreachable: Bool = false
    ) {
        self.body = body
        self.cause = cause
        self.isFinal = isFinal
        self.retryAfter = retryAfter
        self.isUnreachable = isUnreachable
    }

    /// A failure that the server itself noticed.
    /// - Parameters:
    ///   - name: the error's class, for example `Error` or a limit's name.
    ///   - message: one sentence.
    ///   - cause: what the transport saw; `nil` means the message.
    ///   - stack: more for people: a trace, or what an upstream server answered.
    ///   - isFinal: see ``isFinal``.
    ///   - isUnreachable: see ``isUnreachable``.
    public static func noticed(
        name: String = "Error",
        message: String,
        cause: String? = nil,
        stack: String? = nil,
        isFinal: Bool = false,
        isUnreachable: Bool = false
    ) -> AttemptFailure {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.value(cause ?? message)
        writer.key("message")
        writer.value(message)
        writer.key("name")
        writer.value(name)
        if let stack {
            writer.key("stack")
            writer.value(stack)
        }
        writer.endObject()
        return AttemptFailure(
            body: RawJSON(canonical: writer.bytes),
            cause: cause ?? message,
            isFinal: isFinal,
            isUnreachable: isUnreachable
        )
    }
}
