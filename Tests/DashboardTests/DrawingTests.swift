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
        let parts = HistogramPart.parts(from: from, until: until)
        let counts = parts.ranges.enumerated().map { index, range in
            RunCount(minute: range.lowerBound, states: [index % 5 == 0 ? .failed : .completed: index])
        }
        let histogram = HistogramPart.runs(counts, from: from, until: until, time: TimeText(now: until))
        #expect(histogram.total(.failed) + histogram.total(.completed) == counts.indices.reduce(0, +))
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

@Suite("The timeline of very many steps")
struct LongTimelineTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    /// Steps of 10 ms, one after the other; every thousandth has failed once.
    private func trace(steps: Int) -> RunTrace {
        var trace = RunTrace([])
        for index in 0..<steps {
            let start = Int64(index) * 10
            let isBad = index % 1_000 == 999
            let attempt = RunTrace.Attempt(
                number: 0, dueAt: at(start), calledAt: at(start + 1), answeredAt: at(start + 9), calls: 1,
                error: isBad ? .emptyObject : nil)
            _ = trace.append(
                RunTrace.Step(
                    id: nil, name: "step \(index)", kind: .step(.run), state: .completed, createdAt: at(start),
                    startedAt: at(start + 1), endedAt: at(start + 9), attempts: [attempt]))
        }
        trace.endedAt = at(Int64(steps) * 10)
        return trace
    }

    private func part(_ trace: RunTrace, from first: Int) throws -> Part {
        let base = Link("runs", "R")
        return WaterfallPart(trace, now: at(0), selected: nil) { base.with("step", String($0)) }
            .part(from: first, base: base, source: base.at("runs", "R", "steps"))
    }

    private func text(_ part: Part, _ path: String...) -> String? {
        var part = part
        for name in path {
            guard case .object(let fields) = part, let inner = fields[name] else { return nil }
            part = inner
        }
        if case .text(let text) = part { return text }
        return nil
    }

    @Test("a page holds a hundred rows, links to the others, and a drawing of all")
    func pages() throws {
        let part = try part(trace(steps: 10_000), from: 300)
        #expect(text(part, "earlier", "href") == "/runs/R?row=200")
        #expect(text(part, "later", "href") == "/runs/R?row=400")
        #expect(text(part, "later", "text") == "9,600 further steps")
        guard case .object(let fields) = part, case .list(let rows)? = fields["steps"],
            case .object(let shape)? = fields["shape"], case .list(let groups)? = shape["groups"]
        else {
            Issue.record("no rows")
            return
        }
        #expect(rows.count == 100 && text(rows[0], "number") == "301")
        #expect(groups.count == 50)
        #expect(groups.compactMap { text($0, "key") }.count { $0 == "failed" } == 10)
        #expect(text(groups[1], "title") == "Steps 201 to 400")
        let page = try Pages().render("waterfall-part", ["waterfall": part, "base": ""])
        #expect(page.utf8.count < 100_000)
    }

    @Test("a run whose steps fit has no pages, and rows that are not there are not given")
    func short() throws {
        let whole = try part(trace(steps: 100), from: 0)
        guard case .object(let fields) = whole, case .flag(false)? = fields["shape"],
            case .flag(false)? = fields["earlier"], case .flag(false)? = fields["later"]
        else {
            Issue.record("it has pages")
            return
        }
        #expect(text(try part(trace(steps: 150), from: 1_000_000), "shown") == "1")
    }
}

@Suite("The graph of steps")
struct StepGraphTests {
    private func step(_ name: String, _ from: Int64, _ until: Int64) -> RunTrace.Step {
        RunTrace.Step(
            id: nil, name: name, kind: .step(.run), state: .completed, createdAt: Timestamp(milliseconds: from),
            startedAt: Timestamp(milliseconds: from), endedAt: Timestamp(milliseconds: until))
    }

    @Test("what goes on at the same time stands side by side, and what follows comes after")
    func columns() {
        var trace = RunTrace([])
        for (name, from, until) in [
            ("first", 0, 10), ("left", 10, 20), ("right", 10, 50), ("left again", 25, 40), ("last", 50, 60),
        ] {
            _ = trace.append(step(name, Int64(from), Int64(until)))
        }
        let graph = StepGraph(trace)
        let columns = Dictionary(uniqueKeysWithValues: graph.nodes.map { (trace.steps[$0.index].name, $0.column) })
        #expect(columns == ["first": 0, "left": 1, "right": 1, "left again": 2, "last": 3])
        let edges = Set(graph.edges.map { "\(trace.steps[$0.from].name)>\(trace.steps[$0.to].name)" })
        #expect(edges == ["first>left", "first>right", "left>left again", "left again>last", "right>last"])
    }

    @Test("only so many steps are drawn")
    func bound() {
        var trace = RunTrace([])
        for index in 0..<100 { _ = trace.append(step("s", Int64(index), Int64(index + 1))) }
        #expect(StepGraph(trace).nodes.count == StepGraph.most && StepGraph(trace).isCut)
    }
}

@Suite("Advice on apps that do not sync")
struct SyncAdviceTests {
    @Test("reasons that can be mended say how", arguments: ["unreachable", "url_not_found", "no_functions"])
    func known(_ reason: String) {
        #expect(SyncAdvice.text(for: reason, server: "http://x") != nil)
    }

    @Test("a sentence of the app's own needs no other")
    func unknown() {
        #expect(SyncAdvice.text(for: "it rains", server: "http://x") == nil)
    }
}

@Suite("Parts of a stretch of time")
struct MinutePartsTests {
    @Test("they cover it without gaps and begin at multiples of their width")
    func cover() {
        let from = Timestamp(milliseconds: 1_795_000_020_000)
        for count in [1, 7, 48] {
            for length in [1, 60, 1_440, 10_080] {
                let parts = MinuteParts(from: from, until: from + .minutes(length), count: count)
                let ranges = parts.ranges
                #expect(ranges.first?.lowerBound == parts.minutes.lowerBound)
                #expect(ranges.last?.upperBound == parts.minutes.upperBound)
                #expect(ranges.count <= count + 1)
                for (left, right) in zip(ranges, ranges.dropFirst()) {
                    #expect(left.upperBound == right.lowerBound && right.lowerBound % parts.width == 0)
                }
                for range in ranges {
                    #expect(parts.part(of: range.lowerBound) == range.lowerBound)
                    #expect(parts.part(of: range.upperBound - 1) == range.lowerBound)
                }
                #expect(parts.part(of: parts.minutes.upperBound) == nil)
            }
        }
    }
}
