import ApusCore
import Testing

@testable import ApusEngine

/// Runs that begin inside an app.
@Suite("Endpoints")
struct EndpointTests {
    private let harness = CoreHarness()
    private let run = ULID(high: 7, low: 7)
    private let endpoint = Endpoint(
        domain: "http://app.test:3000", slug: "GET /api/x", url: "http://app.test:3000/api/x?a=1", language: "js")
    private let patience = TimeSpan.minutes(10)

    private func data(_ body: String = #""hello""#) -> RawJSON {
        json(
            """
            {"body":\(body),"content_type":"text/plain","domain":"http://app.test:3000","fn":"","ip":"",\
            "method":"GET","path":"/api/x","query_params":"a=1"}
            """)
    }

    @discardableResult
    private func begin(
        _ ops: Op..., version: Int = 2, retries: Int = 3, id: ULID? = nil, event: String = "inngest/http.request",
        data: RawJSON? = nil
    ) -> Answer {
        #expect(harness.feed(.endpoint(endpoint)).answer == .endpoint(.known))
        let begun = EndpointRun(
            id: id ?? run, function: endpoint.function,
            event: IncomingEvent(name: event, data: data ?? self.data()),
            terms: EndpointTerms(version: version, retries: retries), ops: ops
        )
        return harness.feed(.begin(begun)).answer
    }

    private func report(_ ops: Op..., of row: RowID? = nil) throws -> EndpointAnswer? {
        let row = try row ?? #require(harness.store.runs.first?.row)
        guard case .endpoint(let answer) = harness.feed(.report(EndpointReport(run: run, row: row, ops: ops))).answer
        else { return nil }
        return answer
    }

    private func complete(_ status: Int = 200) -> Op {
        runComplete(#"{"body":"done","headers":{},"status":\#(status),"version":2}"#)
    }

    // MARK: - In the app

    @Test("a run lives in the app: nothing is called, its steps are recorded as they come")
    func lives() throws {
        #expect(begin(stepRun("a", "1")) == .endpoint(.stored))
        #expect(try report(stepRun("b", "2"), stepRun("c", "3")) == .stored)
        #expect(harness.calls.isEmpty)
        let run = try harness.onlyRun()
        #expect(run.stack == [id("a"), id("b"), id("c")])
        #expect(run.hosted == 0 && run.startedAt == CoreHarness.start && run.version == 2)
        #expect(try report(complete()) == .stored)
        let ended = try harness.onlyRun()
        #expect(ended.status == .completed)
        #expect(ended.end?.output?.json.view["body"]?.string == "done")
        #expect(ended.hosted == nil)
    }

    @Test("a whole run in one start")
    func atOnce() throws {
        begin(stepRun("a", "1"), complete(), version: -1, retries: 0)
        #expect(try harness.onlyRun().status == .completed)
        #expect(try harness.onlyRun().stack == [id("a")])
    }

    @Test("a repeat changes nothing")
    func repeated() throws {
        begin(stepRun("a", "1"))
        #expect(try report(stepRun("a", "2")) == .stored)
        #expect(try harness.onlyRun().memo("a") == #"{"data":1}"#)
        #expect(try report(complete()) == .stored)
        #expect(try report(complete()) == .stored)
        #expect(try report(stepRun("b", "1")) == .stale)
        #expect(harness.calls.isEmpty)
    }

    @Test("an endpoint that answered with a server's error has failed", arguments: [(499, true), (500, false)])
    func status(status: Int, isCompleted: Bool) throws {
        begin(complete(status))
        let run = try harness.onlyRun()
        #expect(run.status == (isCompleted ? .completed : .failed))
        #expect(run.end?.cause == (isCompleted ? "" : "invalid status code: 500"))
    }

    @Test("the app and the function are made once, with ids that follow from their names")
    func registry() throws {
        begin()
        let version = harness.core.registry.functions[endpoint.function]?.version
        #expect(harness.feed(.endpoint(endpoint)).writes.isEmpty)
        #expect(harness.core.registry.functions[endpoint.function]?.version == version)
        let app = try #require(harness.core.registry.apps[endpoint.app])
        #expect(app.name == "http://app.test:3000" && !app.isRegistered)
        let function = try #require(harness.core.registry.function(named: "GET /api/x"))
        #expect(harness.core.registry.isEndpoint(function))
        #expect(function.configuration.triggers.isEmpty)
        harness.restart()
        #expect(harness.core.registry.isEndpoint(function))
    }

    @Test("there is a bound on endpoints")
    func bound() {
        let harness = CoreHarness { $0.limits.endpoints = 1 }
        #expect(harness.feed(.endpoint(endpoint)).answer == .endpoint(.known))
        var second = endpoint
        second.slug = "GET /other"
        #expect(harness.feed(.endpoint(second)).answer == .endpoint(.tooManyEndpoints))
        #expect(harness.feed(.endpoint(endpoint)).answer == .endpoint(.known))
    }

    @Test("a registered function keeps its name when an endpoint has the same one")
    func sameName() throws {
        let harness = CoreHarness(function("GET /api/x", on: "e"))
        let registered = try #require(harness.core.registry.function(named: "GET /api/x"))
        harness.feed(.endpoint(endpoint))
        #expect(harness.core.registry.function(named: "GET /api/x")?.id == registered.id)
    }

    @Test("the event starts nothing else")
    func event() throws {
        let harness = CoreHarness(function("f", on: "inngest/http.request"))
        harness.feed(.endpoint(endpoint))
        harness.feed(
            .begin(
                EndpointRun(
                    id: run, function: endpoint.function,
                    event: IncomingEvent(name: "inngest/http.request", data: data()),
                    terms: EndpointTerms(version: 2, retries: 0), ops: [])))
        #expect(harness.runs.count == 1)
        #expect(harness.calls.isEmpty)
    }

    // MARK: - Out of the app

    @Test("a sleep gives the run away: it is entered again with the request it began with")
    func sleeping() throws {
        begin(stepRun("a", "1"))
        #expect(try report(sleep("nap", "1h")) == .stored)
        #expect(harness.calls.isEmpty)
        harness.advance(by: .hours(1))
        let call = try harness.onlyCall()
        #expect(call.url == "http://app.test:3000/api/x?a=1")
        #expect(call.body == Array("hello".utf8))
        #expect(call.reentry == Reentry(method: "GET", contentType: "text/plain", signature: .body, isPlanning: false))
        #expect(call.version == 2 && call.stepID == "step")
        harness.reply(call, with: .ops(AppReply.OpList(ops: [complete()], version: 2)))
        #expect(try harness.onlyRun().status == .completed)
    }

    @Test("what was given away and is reported again changes nothing; what is new is refused")
    func givenAway() throws {
        begin(stepRun("a", "1"))
        #expect(try report(sleep("nap", "1h")) == .stored)
        #expect(try report(sleep("nap", "1h")) == .stored)
        #expect(try report(stepRun("a", "1")) == .stored)
        #expect(try report(stepRun("b", "1")) == .stale)
        #expect(try harness.onlyRun().jobs.count == 1)
    }

    @Test("planned steps are called one by one and joined")
    func planned() throws {
        begin(EngineTests.planned("p"), EngineTests.planned("q"))
        #expect(harness.calls.count == 2)
        #expect(harness.calls.allSatisfy { $0.reentry?.isPlanning == true })
        harness.reply(try harness.call(for: "p"), stepRun("p"))
        harness.reply(try harness.call(for: "q"), stepRun("q"))
        let call = try harness.onlyCall()
        #expect(call.stepID == "step" && call.reentry?.isPlanning == false)
    }

    @Test("an app that does not name its execution model joins parallel steps too")
    func go() throws {
        begin(stepRun("a", "1"), sleep("nap", "1h"), version: -1, retries: 0, event: EndpointRequest.goEvent)
        #expect(try harness.onlyRun().version == 2)
        harness.advance(by: .hours(1))
        let call = try harness.onlyCall()
        #expect(call.reentry?.signature == .run)
        harness.reply(call, with: .returned(json(#"{"body":"x","headers":{},"status":200}"#)))
        #expect(try harness.onlyRun().status == .completed)
    }

    @Test("a failed step is tried again as the next attempt, as often as the app has said")
    func failing() throws {
        begin(stepRun("a", "1"), retries: 1)
        #expect(try report(stepError("b")) == .stored)
        #expect(harness.calls.isEmpty)
        #expect(try harness.onlyRun().jobs.first?.attempt == 1)
        harness.advance(by: .hours(1))
        harness.reply(try harness.onlyCall(), stepError("b"))
        // No attempt is left: the function gets to see the failure.
        let call = try harness.onlyCall()
        #expect(try harness.onlyRun().memo("b")?.contains("error") == true)
        harness.reply(call, with: .failed(.final))
        #expect(try harness.onlyRun().status == .failed)
    }

    @Test("without retries a failed step is final at once")
    func final() throws {
        begin(retries: 0)
        #expect(try report(stepError("b")) == .stored)
        #expect(try harness.onlyCall().id.generation == 1)
        #expect(try harness.onlyRun().stack == [id("b")])
    }

    @Test("a request to be called is one")
    func discovery() throws {
        begin(stepRun("a", "1"))
        #expect(try report(Op(kind: .discoveryRequest, id: id("d"))) == .stored)
        #expect(try harness.onlyCall().stepID == "step")
        #expect(try report(Op(kind: .discoveryRequest, id: id("d"))) == .stored)
        #expect(try harness.onlyCall().stepID == "step")
    }

    // MARK: - Silence

    @Test("an app that is not heard of for too long loses the run, which goes on from its steps")
    func silence() throws {
        begin(stepRun("a", "1"))
        harness.advance(by: .minutes(9))
        #expect(try report(stepRun("b", "2")) == .stored)
        harness.advance(by: .minutes(9))
        #expect(harness.calls.isEmpty, "it was heard of in between")
        harness.advance(by: .minutes(1))
        let call = try harness.onlyCall()
        #expect(call.id.generation == 1)
        let run = try harness.onlyRun()
        #expect(run.hosted == nil && run.stack == [id("a"), id("b")])
    }

    @Test("what the app says after that: a new step is refused, its end counts")
    func late() throws {
        begin(stepRun("a", "1"))
        harness.advance(by: patience)
        let call = try harness.onlyCall()
        #expect(try report(stepRun("b", "2")) == .stale)
        #expect(try harness.onlyRun().stack == [id("a")])
        #expect(try report(stepRun("c", "3"), complete()) == .stored)
        #expect(try harness.onlyRun().status == .completed)
        harness.reply(call, with: .failed(.status500))
        #expect(try harness.onlyRun().status == .completed)
    }

    @Test("a crash of the server changes nothing of all that")
    func crash() throws {
        begin(stepRun("a", "1"))
        harness.restart()
        #expect(harness.calls.isEmpty)
        #expect(try report(stepRun("b", "2")) == .stored)
        harness.restart()
        harness.advance(by: patience)
        #expect(try harness.onlyCall().reentry != nil)
        #expect(try harness.onlyRun().stack == [id("a"), id("b")])
        harness.restart()
        #expect(try harness.onlyCall().id.generation == 2)
    }

    @Test("a person may have it called now")
    func woken() throws {
        begin(stepRun("a", "1"))
        let row = try #require(harness.store.runs.first?.row)
        #expect(harness.feed(.wake(run: row, by: "x")).answer == .woken(1))
        #expect(try harness.onlyCall().reentry != nil)
    }

    @Test("a cancelled run never takes another step")
    func cancelled() throws {
        begin(stepRun("a", "1"))
        let row = try #require(harness.store.runs.first?.row)
        harness.feed(.cancel(run: row))
        #expect(try report(stepRun("b", "2")) == .stale)
        #expect(try report(complete()) == .stored)
        #expect(try harness.onlyRun().status == .cancelled)
        harness.advance(by: .days(1))
        #expect(harness.calls.isEmpty)
    }

    @Test("results beyond the limit are refused, and nothing of them is kept")
    func tooLarge() throws {
        let harness = CoreHarness { $0.limits.runStateBytes = 64 }
        harness.feed(.endpoint(endpoint))
        harness.feed(
            .begin(
                EndpointRun(
                    id: run, function: endpoint.function,
                    event: IncomingEvent(name: "inngest/http.request", data: data()),
                    terms: EndpointTerms(version: 2, retries: 0), ops: [])))
        let row = try #require(harness.store.runs.first?.row)
        let large = stepRun("large", #""\#(String(repeating: "x", count: 64))""#)
        let decision = harness.feed(.report(EndpointReport(run: run, row: row, ops: [stepRun("a", "1"), large])))
        #expect(decision.answer == .endpoint(.tooLarge(id("large"))))
        #expect(try harness.onlyRun().stack.isEmpty)
    }

    @Test("a report of an unknown run, and of one that never was in an app")
    func unknown() throws {
        begin()
        let row = try #require(harness.store.runs.first?.row)
        #expect(try report(stepRun("a"), of: row + 1) == .unknownRun)
        let other = harness.feed(.report(EndpointReport(run: ULID(high: 1, low: 1), row: row, ops: [])))
        #expect(other.answer == .endpoint(.unknownRun))
        let plain = CoreHarness(function("f", on: "e"))
        plain.send("e")
        let call = try plain.onlyCall()
        let answer = plain.feed(.report(EndpointReport(run: call.runID, row: call.id.run, ops: []))).answer
        #expect(answer == .endpoint(.unknownRun))
    }

    // MARK: - Again

    @Test("a rerun is called by entering the endpoint, with the same request")
    func rerun() throws {
        begin(stepRun("a", "1"), complete(500), retries: 2)
        let row = try #require(harness.store.runs.first?.row)
        let loaded = try #require(harness.store.run(row))
        let order = try RerunOrder(repeating: loaded, from: .failure, at: harness.now, by: "x")
        #expect(order.endpoint == EndpointTerms(version: 2, retries: 2))
        guard case .rerun(.started) = harness.feed(.rerun(order)).answer else {
            Issue.record("no run")
            return
        }
        let call = try harness.onlyCall()
        #expect(call.body == Array("hello".utf8) && call.reentry?.method == "GET")
        #expect(call.version == 2)
    }

    @Test("a run of an endpoint without a request fails and says why")
    func noRequest() throws {
        harness.feed(.endpoint(endpoint))
        let event = SubmittedEvent(IncomingEvent(name: "inngest/function.invoked", data: json("{}")))
        harness.feed(.invoke(slug: "GET /api/x", event))
        let run = try harness.onlyRun()
        #expect(run.status == .failed)
        #expect(run.output?.contains("does not describe an HTTP request") == true)
        #expect(harness.calls.isEmpty)
    }

    @Test("SyncRunComplete ends a run with what it wraps")
    func syncRunComplete() throws {
        begin()
        let op = Op(
            kind: .syncRunComplete, id: id("x"), data: json(#"{"data":{"body":"b","headers":{},"status":200}}"#))
        #expect(try report(op) == .stored)
        #expect(try harness.onlyRun().end?.output?.json.view["status"]?.int == 200)
    }

    @Test("each step has its own part of the time")
    func trace() throws {
        begin()
        harness.advance(by: .seconds(1))
        _ = try report(stepRun("a", "1"))
        harness.advance(by: .seconds(2))
        _ = try report(stepRun("b", "2"))
        harness.advance(by: .seconds(3))
        _ = try report(complete())
        let row = try #require(harness.store.runs.first?.row)
        let trace = RunTrace(try #require(harness.store.run(row)).turns)
        #expect(trace.steps.map(\.name) == ["a", "b", "end"])
        let times = trace.steps.map { step in
            step.attempts.map { attempt in
                [attempt.calledAt, attempt.answeredAt].compactMap { $0.map { ($0 - CoreHarness.start).milliseconds } }
            }
        }
        #expect(times == [[[0, 1_000]], [[1_000, 3_000]], [[3_000, 6_000]]])
    }
}
