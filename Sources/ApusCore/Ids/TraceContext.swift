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
    public static func traceID(_ trace: ULID) -> String {
        text(reserving: 32) { append(trace, to: &$0) }
    }

    /// 16 hexadecimal digits.
    public var spanID: String {
        Self.text(reserving: 16) { Hexadecimal.append(span, digits: 16, to: &$0) }
    }

    /// The value of the header `traceparent`, sampled.
    public var traceparent: String { Self.text(reserving: 55, appendTraceparent) }

    /// The value of the header `tracestate`, by which SDKs name the call when they send events and spans.
    public func tracestate(app: UUID16, function: UUID16) -> String {
        Self.text(reserving: 240) { text in
            // {"tp":"…","ts":""}, percent-encoded.
            text.append(contentsOf: "inngest@traceref=%7B%22tp%22%3A%22".utf8)
            appendTraceparent(to: &text)
            text.append(contentsOf: "%22%2C%22ts%22%3A%22%22%7D,inngest@fn=".utf8)
            function.appendText(to: &text)
            text.append(contentsOf: ",inngest@app=".utf8)
            app.appendText(to: &text)
        }
    }

    private func appendTraceparent(to text: inout [UInt8]) {
        text.append(contentsOf: "00-".utf8)
        Self.append(trace, to: &text)
        text.append(UInt8(ascii: "-"))
        Hexadecimal.append(span, digits: 16, to: &text)
        text.append(contentsOf: "-01".utf8)
    }

    private static func append(_ trace: ULID, to text: inout [UInt8]) {
        Hexadecimal.append(trace.high, digits: 16, to: &text)
        Hexadecimal.append(trace.low, digits: 16, to: &text)
    }

    private static func text(reserving count: Int, _ append: (inout [UInt8]) -> Void) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(count)
        append(&text)
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
