/// Spans that apps send: an OTLP `ExportTraceServiceRequest`, in JSON or in protobuf.
///
/// A span counts when it names the call during which it was made: it has the attribute `inngest.traceref`, which SDKs
/// take from the call's `tracestate`, and `sdk.run.id`. Source: OpenTelemetry Protocol 1.x; the protocol's user spans.
public struct SpanExport: Hashable, Sendable {
    /// The spans of each run.
    public private(set) var spans: [ULID: [AppSpan]] = [:]
    /// How many belong to no run, or break a rule.
    public private(set) var rejected = 0

    /// The most spans that one request may have.
    public static let countLimit = 10_000

    /// A span as it was sent.
    struct Sent {
        var span: AppSpan
        /// A later one of the same name counts.
        var attributes: [(key: String, value: RawJSON)] = []
    }

    mutating func add(_ sent: Sent) throws(SpanExportError) {
        guard rejected + spans.values.reduce(0, { $0 + $1.count }) < Self.countLimit else {
            throw SpanExportError("there are more than \(Self.countLimit) spans")
        }
        guard let (run, span) = Self.place(sent) else {
            rejected += 1
            return
        }
        spans[run, default: []].append(span)
    }

    /// Counts spans that were found to have no place afterwards.
    public mutating func reject(_ count: Int) { rejected += count }

    /// Where a span belongs; `nil` when it says nothing of that, or breaks a limit.
    private static func place(_ sent: Sent) -> (run: ULID, span: AppSpan)? {
        func text(_ key: String) -> String? { sent.attributes.last { $0.key == key }?.value.view.string }
        func number(_ key: String) -> Int64? {
            let view = sent.attributes.last { $0.key == key }?.value.view
            return view?.int ?? view?.string.flatMap { Int64($0) }
        }
        guard text("inngest.traceref") != nil, let run = text("sdk.run.id").flatMap({ ULID($0) }), sent.span.id != 0,
            sent.span.startedAt <= sent.span.endedAt
        else { return nil }
        var span = sent.span
        // The app's root hangs under the call, whose span it names as its parent.
        if span.name == "inngest.execution" { span.parent = nil }
        if let parent = text("inngest.step.parentSpanId").flatMap({ UInt64($0, radix: 16) }), parent != 0 {
            span.parent = parent
        }
        if let hash = text("inngest.step.hash").flatMap({ StepID($0) }) {
            span.step = hash
        } else if let id = text("inngest.step.id"), id.utf8.count <= StepID.limit {
            span.step = .hashing(id, index: Int(clamping: max(number("inngest.step.index") ?? 0, 0)))
        }
        span.attempt = Int(clamping: min(max(number("inngest.step.attempt") ?? 0, 0), Int64(UInt16.max)))
        span.attributes = object(sent.attributes.filter { !isOwn($0.key) })
        guard span.attributes.bytes.count <= AppSpan.attributesLimit else { return nil }
        return (run, span)
    }

    /// A JSON object; of members of the same name the last one counts.
    static func object(_ members: [(key: String, value: RawJSON)]) -> RawJSON {
        var writer = JSONWriter()
        writer.object(of: Dictionary(members, uniquingKeysWith: { _, last in last })) { $1.raw($0) }
        return writer.finish()
    }

    static func cut(_ text: String) -> String { text.prefix(bytes: AppSpan.textLimit) }

    /// Values in values beyond it count as nothing.
    static let depthLimit = 16

    /// What only says where the span belongs.
    private static func isOwn(_ key: String) -> Bool {
        key.hasPrefix("_inngest.") || key == "inngest.traceref" || key.hasPrefix("inngest.step.")
    }
}

/// Why spans cannot be read.
public struct SpanExportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, for the one who sent them.
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}
