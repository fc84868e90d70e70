import ApusCore
import Testing

@Suite("Trace context")
struct TraceContextTests {
    private let run = ULID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c)
    private let span: UInt64 = 0xb7ad_6b71_6920_3331

    @Test("a context is written and read as W3C says")
    func roundTrip() {
        let context = TraceContext(trace: run, span: span)
        #expect(context.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        #expect(TraceContext(traceparent: context.traceparent) == context)
        #expect(TraceContext(trace: run, span: 0).span != 0, "0 is no span")
    }

    @Test("the state names the call, its function and its app")
    func state() {
        let state = TraceContext(trace: run, span: span).tracestate(
            app: UUID16(high: 0, low: 1), function: UUID16(high: 0, low: 2)
        )
        let parts = state.split(separator: ",")
        #expect(parts.count == 3)
        #expect(parts[0].hasPrefix("inngest@traceref=%7B%22tp%22%3A%2200-0af7651916cd43dd8448eb211c80319c-"))
        #expect(parts[1] == "inngest@fn=00000000-0000-0000-0000-000000000002")
        #expect(parts[2] == "inngest@app=00000000-0000-0000-0000-000000000001")
    }

    @Test(
        "what is no traceparent is none",
        arguments: [
            "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ]
    )
    func refused(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test("a run that another one has invoked belongs to its trace")
    func invoked() throws {
        let parent = TraceContext(trace: run, span: span)
        let data = InvokedEvent.data(payload: nil, routing: .init(function: "f", trace: parent))
        let child = ULID(high: 1, low: 2)
        func trace(_ name: String) throws -> ULID {
            let event = try RawJSON(parsing: Array(#"{"data":\#(data),"name":"\#(name)"}"#.utf8))
            return TraceContext.trace(of: child, startedBy: event)
        }
        #expect(try trace(InvokedEvent.name) == run)
        #expect(try trace("shop/order") == child)
        #expect(TraceContext.trace(of: child, startedBy: nil) == child)
    }
}
