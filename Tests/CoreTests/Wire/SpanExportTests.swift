import Testing

@testable import ApusCore

@Suite("Spans of apps")
struct SpanExportTests {
    private let run = ULID(high: 0x0192_0000_0000_0000, low: 7)

    private func json(_ attributes: String, span: String = #""spanId":"b7ad6b7169203331""#) -> [UInt8] {
        Array(
            """
            {"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":"shop"},"spans":[{
            "traceId":"0af7651916cd43dd8448eb211c80319c",\(span),"parentSpanId":"00f067aa0ba902b7","name":"query",
            "kind":3,"startTimeUnixNano":"1732170000000000001","endTimeUnixNano":"1732170000500000002",
            "status":{"code":2,"message":"no"},"attributes":[\(attributes)]}]}]}]}
            """.utf8
        )
    }

    private func text(_ key: String, _ value: String) -> String {
        #"{"key":"\#(key)","value":{"stringValue":"\#(value)"}}"#
    }

    private var home: String { text("inngest.traceref", "%7B%7D") + "," + text("sdk.run.id", "\(run)") }

    @Test("a span is read with the step in which it was made")
    func step() throws {
        let export = try SpanExport(
            json: json(
                home + "," + text("inngest.step.id", "charge") + ","
                    + #"{"key":"inngest.step.index","value":{"intValue":"2"}},"#
                    + #"{"key":"inngest.step.attempt","value":{"intValue":1}},"#
                    + text("_inngest.secret", "x") + ","
                    + #"{"key":"rows","value":{"intValue":"42"}},{"key":"deep","value":{"kvlistValue":{"values":["#
                    + #"{"key":"list","value":{"arrayValue":{"values":[{"boolValue":true},{"doubleValue":0.5}]}}}]}}}"#
            )
        )
        let span = try #require(export.spans[run]?.first)
        #expect(export.rejected == 0)
        #expect(span.id == 0xb7ad_6b71_6920_3331 && span.parent == 0x00f0_67aa_0ba9_02b7)
        #expect(span.name == "query" && span.kind == .client && span.scope == "shop")
        #expect(span.startedAt == 1_732_170_000_000_000_001 && span.endedAt == 1_732_170_000_500_000_002)
        #expect(span.status == .error && span.message == "no")
        #expect(span.step == .hashing("charge", index: 2) && span.attempt == 1)
        #expect(span.attributes.description == #"{"deep":{"list":[true,0.5]},"rows":42,"sdk.run.id":"\#(run)"}"#)
        #expect(AppSpan(stored: span.stored) == span)
    }

    @Test("spans that name no run or no call are counted, not kept")
    func rejected() throws {
        let calls = text("inngest.traceref", "x")
        for attributes in ["", calls, text("sdk.run.id", "\(run)"), calls + "," + text("sdk.run.id", "nothing")] {
            let export = try SpanExport(json: json(attributes))
            #expect(export.spans.isEmpty && export.rejected == 1)
        }
        #expect(try SpanExport(json: json(home, span: #""spanId":"0000000000000000""#)).rejected == 1)
    }

    @Test("the root of the app hangs under the call")
    func root() throws {
        let body = String(decoding: json(home), as: UTF8.self).replacing(
            #""name":"query""#, with: #""name":"inngest.execution""#)
        #expect(try SpanExport(json: Array(body.utf8)).spans[run]?.first?.parent == nil)
    }

    @Test("the binary form says the same")
    func binary() throws {
        let body = Self.protobuf(run: run)
        let export = try SpanExport(protobuf: body)
        let span = try #require(export.spans[run]?.first)
        #expect(span.id == 0xb7ad_6b71_6920_3331 && span.name == "query" && span.kind == .client)
        #expect(span.startedAt == 1_732_170_000_000_000_001 && span.status == .error && span.scope == "shop")
        #expect(span.attributes.view["rows"]?.int == -42)
        for length in 0..<body.count { _ = try? SpanExport(protobuf: Array(body.prefix(length))) }
    }

    @Test("what is no export is refused with the reason")
    func broken() {
        for text in ["", "[]", "{", #"{"resourceSpans":7}"#, #"{"resourceSpans":[{"scopeSpans":[{"spans":[7]}]}]}"#] {
            #expect(throws: SpanExportError.self) { try SpanExport(json: Array(text.utf8)) }
        }
        #expect(throws: SpanExportError.self) { try SpanExport(protobuf: [0x0a, 0xff]) }
        #expect(throws: SpanExportError.self) { try SpanExport(protobuf: [0x0b]) }
    }

    /// A request of one span.
    static func protobuf(run: ULID) -> [UInt8] {
        func attribute(_ key: String, _ value: ProtobufMessage) -> [UInt8] {
            var message = ProtobufMessage()
            message.add(1, key)
            message.add(2, value.bytes)
            return message.bytes
        }
        func text(_ value: String) -> ProtobufMessage {
            var message = ProtobufMessage()
            message.add(1, value)
            return message
        }
        var number = ProtobufMessage()
        number.add(3, UInt64(bitPattern: -42))
        var status = ProtobufMessage()
        status.add(2, "no")
        status.add(3, 2)
        var span = ProtobufMessage()
        span.add(1, [UInt8](repeating: 1, count: 16))
        span.add(2, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31])
        span.add(5, "query")
        span.add(6, 3)
        span.add(9, attribute("inngest.traceref", text("x")))
        span.add(9, attribute("sdk.run.id", text("\(run)")))
        span.add(9, attribute("rows", number))
        span.add(15, status.bytes)
        var times: [UInt8] = []
        for (field, time) in [(UInt8(7), UInt64(1_732_170_000_000_000_001)), (8, 1_732_170_000_500_000_002)] {
            times.append(field << 3 | 1)
            times += (0..<8).map { UInt8(truncatingIfNeeded: time >> (8 * $0)) }
        }
        var scope = ProtobufMessage()
        scope.add(1, "shop")
        var group = ProtobufMessage()
        group.add(1, scope.bytes)
        group.add(2, span.bytes + times)
        var resource = ProtobufMessage()
        resource.add(2, group.bytes)
        var request = ProtobufMessage()
        request.add(1, resource.bytes)
        return request.bytes
    }
}
