/// Where a call to an app stands in a trace, as W3C Trace Context says it.
///
/// A trace is named by the run that began it, its spans by what they are about, so nothing of it is stored.
public struct TraceContext: Hashable, Sendable {
    /// Of the whole trace: the id of the run in which it began.
    public var trace: ULID
    /// Of what the receiver's spans are children of; never 0.
    public var span: UInt64

    /// Makes a context.
    public init(trace: ULID, span: UInt64) {
        self.trace = trace
        self.span = max(span, 1)
    }

    /// 32 hexadecimal digits.
    public static func traceID(_ trace: ULID) -> String { digits(trace.high) + digits(trace.low) }
    /// 16 hexadecimal digits.
    public var spanID: String { Self.digits(span) }

    /// The value of the header `traceparent`, sampled.
    public var traceparent: String { "00-\(Self.traceID(trace))-\(spanID)-01" }

    /// The value of the header `tracestate`, by which SDKs name the call when they send events and spans.
    public func tracestate(app: UUID16, function: UUID16) -> String {
        var text = Array("inngest@traceref=".utf8)
        text.reserveCapacity(240)
        PercentEncoding.append(Array(#"{"tp":"\#(traceparent)","ts":""}"#.utf8), to: &text)
        text += ",inngest@fn=\(function),inngest@app=\(app)".utf8
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a `traceparent`; `nil` for anything that is none, or that names nothing.
    public init?(traceparent text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[1].utf8.count == 32,
            parts[2].utf8.count == 16, let high = Self.number(parts[1].prefix(16)),
            let low = Self.number(parts[1].suffix(16)), let span = Self.number(parts[2]),
            high != 0 || low != 0, span != 0
        else { return nil }
        self.init(trace: ULID(high: high, low: low), span: span)
    }

    private static func number(_ text: Substring) -> UInt64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else { return nil }
        return UInt64(text, radix: 16)
    }

    private static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }

    /// The trace that a run belongs to: its own, unless a run of another one has invoked it.
    /// - Parameter event: the stored body of the run's first event.
    public static func trace(of run: ULID, startedBy event: RawJSON?) -> ULID {
        guard let event, event.view["name"]?.stringEquals(InvokedEvent.name) == true,
            let parent = event.view["data"]?["_inngest"]?["tc"]?["ctx"]?["traceparent"]?.string,
            let context = TraceContext(traceparent: parent)
        else { return run }
        return context.trace
    }
}
