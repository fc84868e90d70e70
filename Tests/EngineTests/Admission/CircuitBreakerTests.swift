import ApusCore
import Testing

@testable import ApusEngine

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    private let start = CoreHarness.start

    private enum Happening {
        case miss, hit, probe(seconds: Int), found, notFound
    }

    private func play(_ happenings: Happening..., at seconds: Int = 0) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        var now = start + .seconds(seconds)
        for happening in happenings {
            switch happening {
            case .miss: breaker.callDidNotReachApp(now: now)
            case .hit: breaker.callReachedApp()
            case .probe(let seconds):
                now = start + .seconds(seconds)
                _ = breaker.beginProbe(now: now)
            case .found: breaker.probeEnded(reachable: true, now: now)
            case .notFound: breaker.probeEnded(reachable: false, now: now)
            }
        }
        return breaker
    }

    @Test("five failures to connect in a row hold calls back; a second later comes the first probe")
    func opens() {
        #expect(play(.miss, .miss, .miss, .miss).allowsCalls)
        let breaker = play(.miss, .miss, .miss, .miss, .miss)
        #expect(!breaker.allowsCalls)
        #expect(breaker.probeAt == start + .seconds(1))
    }

    @Test("an app that answers in between is alive")
    func inARow() {
        let breaker = play(.miss, .miss, .miss, .miss, .hit, .miss, .miss, .miss, .miss)
        #expect(breaker.state == .closed(failures: 4))
    }

    @Test("failures of calls that were under way change nothing more")
    func whileOpen() {
        #expect(play(.miss, .miss, .miss, .miss, .miss, .miss, .miss).probeAt == start + .seconds(1))
    }

    @Test("a probe is sent once, when its time has come")
    func probe() {
        var breaker = play(.miss, .miss, .miss, .miss, .miss)
        #expect(breaker.beginProbe(now: start + .milliseconds(999)) == false)
        #expect(breaker.beginProbe(now: start + .seconds(1)) == true)
        #expect(breaker.probeAt == nil)
        #expect(!breaker.allowsCalls)
        #expect(breaker.beginProbe(now: start + .seconds(9)) == false)
    }

    @Test("probes become rarer, up to one in ten seconds")
    func pauses() {
        var breaker = play(.miss, .miss, .miss, .miss, .miss)
        var now = start + .seconds(1)
        for pause in [2, 4, 8, 10, 10] {
            #expect(breaker.beginProbe(now: now) == true)
            breaker.probeEnded(reachable: false, now: now)
            #expect(breaker.probeAt == now + .seconds(pause))
            now = now + .seconds(pause)
        }
    }

    @Test("a probe that reaches the app lets calls go again, with five failures to spare")
    func closes() {
        let breaker = play(.miss, .miss, .miss, .miss, .miss, .probe(seconds: 1), .found)
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test("an answer of a call that was under way lets calls go again, whatever the probe finds")
    func lateAnswer() {
        #expect(play(.miss, .miss, .miss, .miss, .miss, .hit).allowsCalls)
        #expect(play(.miss, .miss, .miss, .miss, .miss, .probe(seconds: 1), .hit, .notFound).allowsCalls)
    }

    @Test("a result of a probe that nobody waits for is ignored")
    func strayProbe() {
        #expect(play(.miss, .notFound).state == .closed(failures: 1))
    }

    // MARK: In the shard

    @Test("calls to an app that cannot be reached are held, and released when a probe finds it again")
    func held() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) { $0.retryInterval = .minutes(1) }
        for _ in 0..<8 { engine.send("demo/x") }
        for call in engine.calls.prefix(5) { engine.reply(call, with: .failed(.unreachable("refused"))) }
        #expect(engine.calls.count == 3, "calls under way go on")
        engine.send("demo/x")
        #expect(engine.calls.count == 3, "a new one is held")

        engine.advance(by: .seconds(1))
        #expect(engine.probes == [CoreHarness.app])
        engine.feed(.probed(app: CoreHarness.app, reachable: false))
        engine.advance(by: .milliseconds(1_999))
        #expect(engine.probes.count == 1)
        engine.advance(by: .milliseconds(1))
        #expect(engine.probes.count == 2)
        #expect(engine.calls.count == 3)
        engine.feed(.probed(app: CoreHarness.app, reachable: true))
        #expect(engine.calls.count == 4)
        #expect(engine.calls.last?.attempt == 0, "being held costs no attempt")
        engine.advance(by: .minutes(2))
        #expect(engine.calls.count == 9)
    }

    @Test("an app that answers 500 is not held back")
    func onlyConnections() {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 0))
        for _ in 0..<10 { engine.send("demo/x") }
        for call in engine.calls { engine.reply(call, with: .failed(.status500)) }
        engine.send("demo/x")
        #expect(engine.calls.count == 1)
    }

    @Test("one dead app does not hold back another")
    func otherApp() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x", retries: 0))
        engine.register([function("other-f", on: "demo/y")], as: "other")
        for _ in 0..<5 { engine.send("demo/x") }
        for call in engine.calls { engine.reply(call, with: .failed(.unreachable(""))) }
        engine.send("demo/x")
        engine.send("demo/y")
        #expect(try engine.onlyCall().app == UUID16.v5(namespace: .oid, name: "other"))
    }

    @Test("a run alone on its server meets its five attempts before anything is held")
    func aloneRun() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x")
        for attempt in 0..<5 {
            #expect(try engine.onlyCall().attempt == Int64(attempt))
            try engine.fail(.unreachable("refused"))
            if attempt < 4 { engine.advance(by: .minutes(4)) }
        }
        #expect(try engine.onlyRun().status == .failed)
    }
}
