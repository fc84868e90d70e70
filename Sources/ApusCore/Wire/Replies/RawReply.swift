/// The parts of an app's HTTP answer that decide what it means, whatever carried them.
public struct RawReply: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The header fields in the order of arrival. Names are compared without regard to case; of fields
    /// with the same name the first counts.
    public var headers: [(name: String, value: String)]
    /// The body after decoding; the transport bounds its size.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What one answer of an app may hold.
public struct ReplyLimits: Hashable, Sendable {
    /// Bytes of one step's output, in canonical form.
    public var stepOutputBytes: Int
    /// Bytes of one step's input (`opts.input`), in canonical form.
    public var stepInputBytes: Int
    /// Ops in one answer. Decoding stops one past it, so that the engine can tell that there were more.
    public var opsPerReply: Int
    /// Bytes of a step's name for people; longer ones are cut.
    public var displayNameBytes: Int

    /// Makes limits; the defaults are those of the protocol.
    public init(
        stepOutputBytes: Int = 4 << 20,
        stepInputBytes: Int = 4 << 20,
        opsPerReply: Int = 1_000,
        displayNameBytes: Int = 1_024
    ) {
        self.stepOutputBytes = stepOutputBytes
        self.stepInputBytes = stepInputBytes
        self.opsPerReply = opsPerReply
        self.displayNameBytes = displayNameBytes
    }

    /// 4 MiB of output and of input a step, 1000 ops.
    public static let `default` = ReplyLimits()
}
