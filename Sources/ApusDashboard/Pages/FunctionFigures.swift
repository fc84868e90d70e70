import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore

/// How a function has fared over a stretch of time, and what its newest run did.
struct FunctionFigures: Sendable {
    /// A stretch of time that can be chosen.
    struct Window: Sendable {
        var key: String
        var words: String
        var length: TimeSpan

        static let all = [
            Window(key: "1h", words: "the last hour", length: .hours(1)),
            Window(key: "24h", words: "the last 24 hours", length: .hours(24)),
            Window(key: "7d", words: "the last 7 days", length: .days(7)),
            Window(key: "30d", words: "the last 30 days", length: .days(30)),
        ]

        static func of(_ visit: Visit) -> Window {
            all.first { $0.key == visit.text("window") } ?? all[1]
        }
    }

    private let window: Window
    private let now: Timestamp
    private let counts: [RunCount]
    private let durations: DurationFigures?
    /// Whether only the newest runs were timed.
    private let isSample: Bool
    private let newest: (run: StoredRun, trace: RunTrace)?

    /// Completed runs that are timed.
    private static let timed = 1_000

    init(of function: UUID16, _ window: Window, now: Timestamp, on site: Site) async throws {
        self.window = window
        self.now = now
        let from = now - window.length
        let functions: Set<UUID16> = [function]
        let found = try await site.node.read { reader throws(StoreError) in
            let completed = try reader.runs(
                RunQuery(states: [.completed], functions: functions, from: from), limit: Self.timed)
            let ended = RunQuery(states: [.completed, .failed, .cancelled], functions: functions)
            var last = try reader.runs(ended, limit: 1).runs.first
            if last == nil { last = try reader.runs(RunQuery(functions: functions), limit: 1).runs.first }
            var newest: (run: StoredRun, trace: RunTrace)?
            if let last, let history = try reader.journal(ofRun: last.id) { newest = (last, RunTrace(history.turns)) }
            return (completed: completed, newest: newest)
        }
        counts = try await site.keptCounts.counts(
            HistogramPart.parts(from: from, until: now), of: functions, now: now, on: site.node)
        durations = DurationFigures(found.completed.runs.compactMap(\.duration))
        isSample = found.completed.next != nil
        newest = found.newest
    }

    func histogram(_ time: TimeText) -> Part {
        HistogramPart.runs(counts, from: now - window.length, until: now, time: time).part
    }

    /// The graph of the newest run, with a link to it.
    func graph() -> Part {
        guard let newest else { return false }
        let graph = StepGraph(newest.trace)
        guard !graph.nodes.isEmpty else { return false }
        let id = newest.run.id.description
        return graph.part { Link("runs", id).with("step", String($0)) }
            .with(["runHref": Link("runs", id).part, "runShort": .text(id.shortID)])
    }

    /// - Parameter runs: the list of the function's runs.
    func figures(_ runs: Link) -> [Part] {
        func total(_ state: RunState) -> Int { counts.reduce(0) { $0 + ($1.states[state] ?? 0) } }
        let (completed, failed) = (total(.completed), total(.failed))
        let ended = completed + failed
        // No rounding to a hundred while a single one has failed.
        let rate = ended == 0 ? "–" : NumberText.rate(Double(completed * 10_000 / ended) / 100) + " %"
        let list = runs.with("from", window.key)
        let seconds = Double(window.length.milliseconds) / 1_000
        let (perHour, perSecond) = (Double(ended) / seconds * 3_600, Double(ended) / seconds)
        let sample = isSample ? "of the newest \(NumberText.grouped(Self.timed))" : "of those that completed"
        func figure(_ label: String, _ value: String, _ note: String, _ link: Link, tone: String = "") -> Part {
            ["label": .text(label), "value": .text(value), "note": .text(note), "href": link.part, "tone": .text(tone)]
        }
        return [
            figure(
                "Success rate", rate, "\(NumberText.grouped(failed)) of \(NumberText.grouped(ended)) failed",
                list.with("status", "failed"), tone: failed > 0 ? "failed" : ""),
            figure(
                "Throughput", NumberText.rate(perSecond >= 1 ? perSecond : perHour),
                perSecond >= 1 ? "ended a second" : "ended an hour", list),
            figure("Median duration", durations.map { TimeText.duration($0.median) } ?? "–", sample, list),
            figure("95 %", durations.map { TimeText.duration($0.high) } ?? "–", sample, list),
            figure("Began", NumberText.grouped(total(.queued)), window.words, list),
        ]
    }
}

extension StoredRun {
    /// From the first call to the end.
    var duration: TimeSpan? {
        guard let started = projection.startedAt, let ended = projection.endedAt else { return nil }
        return ended - started
    }
}
