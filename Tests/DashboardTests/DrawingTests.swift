import ApusCore
import ApusServer
import ApusStore
import HTTPTypes
import Testing

@testable import ApusDashboard
@testable import ApusEngine

@Suite("The folded axis")
struct FoldedAxisTests {
    @Test("without idle time, places are proportional")
    func plain() {
        let axis = FoldedAxis(from: 0, until: 1_000, busy: [0..<1_000])
        #expect(axis.folds.isEmpty)
        #expect(axis.place(of: 250) == 250)
        #expect(axis.time(at: 500) == 500)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var until: Int64
        var busy: [Range<Int64>]
        var folds: [Range<Int64>]
    }

    @Test(
        "long idle stretches are folded",
        arguments: [
            Case(testDescription: "nothing happened", until: 5_000, busy: [], folds: [0..<5_000]),
            Case(testDescription: "too short to fold", until: 1_500, busy: [0..<10], folds: []),
            Case(
                testDescription: "a sleep of three days", until: 259_200_400,
                busy: [0..<200, 259_200_200..<259_200_400],
                folds: [200..<259_200_200]),
            Case(
                testDescription: "days and then hours", until: 266_400_300,
                busy: [0..<100, 259_200_100..<259_200_200, 266_400_200..<266_400_300],
                folds: [100..<259_200_100, 259_200_200..<266_400_200]),
            Case(
                testDescription: "as much work as idleness", until: 20_000, busy: [0..<5_000, 15_000..<20_000],
                folds: []),
            Case(testDescription: "calls that overlap", until: 10_000, busy: [0..<9_000, 100..<200], folds: []),
        ])
    func folding(_ example: Case) {
        let axis = FoldedAxis(from: 0, until: example.until, busy: example.busy)
        #expect(axis.folds.map { $0.from..<$0.until } == example.folds)
    }

    @Test("stretches cover the axis, and places never go back")
    func monotonous() {
        let axis = FoldedAxis(
            from: 1_000, until: 400_000_000, busy: [1_000..<2_000, 90_000_000..<90_000_500, 399_999_000..<400_000_000])
        #expect(axis.folds.count == 2)
        #expect(axis.stretches.first?.x == 0)
        #expect(abs((axis.stretches.last.map { $0.x + $0.width } ?? 0) - 1_000) < 0.001)
        var last = -1.0
        for time in stride(from: Int64(0), through: 400_001_000, by: 1_000_003) {
            let place = axis.place(of: time)
            #expect(place >= last)
            #expect((0...1_000).contains(place))
            last = place
        }
        // What was called stays visible beside days of nothing.
        #expect(axis.place(of: 2_000) - axis.place(of: 1_000) > 100)
    }

    @Test("ticks stand apart and in no fold")
    func ticks() {
        let axis = FoldedAxis(from: 0, until: 259_200_400, busy: [0..<200, 259_200_200..<259_200_400])
        for (left, right) in zip(axis.ticks, axis.ticks.dropFirst()) { #expect(right - left >= 125) }
        for tick in axis.ticks.dropFirst().dropLast() {
            #expect(axis.folds.allSatisfy { tick < $0.x || tick > $0.x + $0.width })
        }
    }
}

@Suite("The bars of a step")
struct StepBarsTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func step(_ kind: RunTrace.Kind, _ state: RunTrace.State, _ attempts: [RunTrace.Attempt]) -> RunTrace.Step {
        RunTrace.Step(
            id: nil, name: "step", kind: kind, state: state, createdAt: at(0), startedAt: at(10),
            endedAt: state.isFinal ? at(500) : nil, attempts: attempts)
    }

    @Test("an attempt that waited for its turn, failed and was repeated")
    func attempts() {
        let first = RunTrace.Attempt(
            number: 0, dueAt: at(0), calledAt: at(10), answeredAt: at(100), calls: 1, error: .emptyObject)
        let second = RunTrace.Attempt(number: 1, dueAt: at(300), calledAt: at(300), answeredAt: at(400), calls: 1)
        let bars = StepBars.bars(of: step(.step(.run), .completed, [first, second]), until: at(1_000))
        #expect(bars.map(\.key) == ["queued", "failed", "sleep", "call"])
        #expect(bars.map(\.from) == [0, 10, 100, 300])
        #expect(bars.map(\.until) == [10, 100, 300, 400])
    }

    @Test("a call under way lasts until now")
    func running() {
        let attempt = RunTrace.Attempt(number: 0, dueAt: at(10), calledAt: at(10), calls: 1)
        let bars = StepBars.bars(of: step(.step(.run), .running, [attempt]), until: at(1_000))
        #expect(bars == [StepBars.Bar(key: "running", from: 10, until: 1_000)])
    }

    @Test("a sleep is idle")
    func sleep() {
        let bars = StepBars.bars(of: step(.step(.sleep), .waiting, []), until: at(1_000))
        #expect(bars == [StepBars.Bar(key: "sleep", from: 10, until: 1_000)])
        #expect(bars.count { $0.isIdle } == 1)
    }
}

@Suite("The histogram")
struct HistogramTests {
    @Test("every run that ended is in one bar, and bars stay inside the drawing")
    func bars() throws {
        let from = Timestamp(milliseconds: 1_795_000_020_000)
        let until = from + .hours(24)
        let function = UUID16.v5(namespace: .oid, name: "f")
        let counts = (0..<100).map { index in
            RunCount(
                key: .init(
                    from + .minutes(index * 14), function: function, state: index % 5 == 0 ? .failed : .completed),
                count: index)
        }
        let histogram = HistogramPart.counts(
            from: from, until: until, functions: [function], counts, time: TimeText(now: until))
        #expect(histogram.total(.failed) + histogram.total(.completed) == (0..<100).reduce(0, +))
        guard case .object(let fields) = histogram.part, case .list(let bars)? = fields["bars"] else {
            Issue.record("no bars")
            return
        }
        #expect((40...49).contains(bars.count))
        for case .object(let bar) in bars {
            guard case .number(let x)? = bar["x"], case .number(let width)? = bar["width"],
                case .list(let parts)? = bar["parts"]
            else { continue }
            #expect(x >= 0 && x + width <= 1_001)
            for case .object(let part) in parts {
                guard case .number(let y)? = part["y"], case .number(let height)? = part["height"] else { continue }
                #expect(y >= 0 && y + height <= 56.001)
            }
        }
    }
}

@Suite("Posts from elsewhere")
struct PostGuardTests {
    @Test(
        "only the dashboard's own pages may post",
        arguments: [
            (["Sec-Fetch-Site": "same-origin"], true), (["Sec-Fetch-Site": "none"], true),
            (["Sec-Fetch-Site": "cross-site"], false), (["Sec-Fetch-Site": "same-site"], false),
            (["Origin": "http://localhost:8288"], true), (["Origin": "http://evil.example"], false),
            (["Origin": "null"], false), ([:], true),
        ])
    func allows(_ headers: [String: String], _ allowed: Bool) {
        #expect(PostGuard.allows(headers.fields, authority: "localhost:8288") == allowed)
    }

    @Test(
        "a post goes back only to a page of this server",
        arguments: [
            ("http://localhost:8288/runs?status=failed", "/runs?status=failed"), ("http://evil.example/runs", nil),
            ("http://localhost:8288.evil.example/", nil), ("http://localhost:8288//evil.example", nil),
            ("http://localhost:8288/\\evil", nil),
        ])
    func origin(_ referrer: String, _ path: String?) {
        #expect(PostGuard.origin(of: ["Referer": referrer].fields, authority: "localhost:8288") == path)
    }
}

extension [String: String] {
    fileprivate var fields: HTTPFields {
        var fields = HTTPFields()
        for (name, value) in self {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }
}
