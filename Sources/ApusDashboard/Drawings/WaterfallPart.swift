import ApusCore
import ApusEngine

/// The timeline of a run: a shared axis and a row for each step.
struct WaterfallPart {
    var trace: RunTrace
    var now: Timestamp
    /// Of a step in this list, from 1.
    var link: (Int) -> Link
    var selected: Int?

    private let bars: [[StepBars.Bar]]
    private let axis: FoldedAxis
    private let end: Timestamp

    init(_ trace: RunTrace, now: Timestamp, selected: Int?, link: @escaping (Int) -> Link) {
        self.trace = trace
        self.now = now
        self.selected = selected
        self.link = link
        let end = trace.endedAt ?? max(now, trace.createdAt)
        self.end = end
        bars = trace.steps.map { StepBars.bars(of: $0, until: end) }
        axis = FoldedAxis(
            from: trace.createdAt.milliseconds, until: end.milliseconds,
            busy: bars.joined().filter { !$0.isIdle }.map { $0.from..<max($0.until, $0.from) }
        )
    }

    /// - Parameters:
    ///   - shown: rows that are in the page.
    ///   - source: where further rows are.
    func part(shown wanted: Int, source: Link, more: Link) -> Part {
        let total = trace.steps.count
        let shown = min(wanted, total)
        let isWhole = shown == total
        return [
            "total": .text(String(total)), "shown": .text(String(shown)), "summary": .text(summary),
            "ticks": .list(ticks), "folds": .list(axis.folds.map(fold)),
            "folded": axis.folds.isEmpty ? false : "idle time, folded",
            "steps": .list(rows(0..<shown)),
            "source": isWhole ? false : source.part,
            "more": isWhole
                ? false
                : ["href": more.part, "text": .text("\(NumberText.grouped(total - shown)) further steps")],
        ]
    }

    func rows(_ range: Range<Int>) -> [Part] {
        range.clamped(to: 0..<trace.steps.count).map(row)
    }

    func row(_ index: Int) -> Part {
        let step = trace.steps[index]
        return [
            "number": .text(String(index + 1)),
            "name": .text(step.name.visible()), "kind": .text(step.kind.words), "state": step.state.part,
            "selected": .flag(selected == index + 1), "href": link(index + 1).part,
            "bars": .list(bars[index].map(rectangle)),
            "took": .text(TimeText.duration((step.endedAt ?? end) - (step.startedAt ?? step.createdAt))),
        ]
    }

    private func rectangle(_ bar: StepBars.Bar) -> Part {
        let from = axis.place(of: bar.from)
        let width = max(axis.place(of: bar.until) - from, 2)
        return [
            "key": .text(bar.key), "x": .number(min(from, FoldedAxis.width - width)), "width": .number(width),
            "y": .number(bar.isIdle ? 8 : 5), "height": .number(bar.isIdle ? 4 : 10),
        ]
    }

    private var ticks: [Part] {
        axis.ticks.map { place in
            let time = TimeSpan.milliseconds(axis.time(at: place) - trace.createdAt.milliseconds)
            return [
                "x": .number(place), "percent": .text(percent(place)),
                "label": .text(place == 0 ? "0" : TimeText.duration(time)), "last": .flag(place == FoldedAxis.width),
            ]
        }
    }

    private func fold(_ stretch: FoldedAxis.Stretch) -> Part {
        let length = TimeSpan.milliseconds(stretch.until - stretch.from)
        return [
            "x": .number(stretch.x), "width": .number(stretch.width), "until": .number(stretch.x + stretch.width),
            "percent": .text(percent(stretch.x + stretch.width / 2)),
            "label": .text("⋯ \(TimeText.duration(length)) ⋯"),
        ]
    }

    private func percent(_ place: Double) -> String {
        "\((place).rounded() / 10)%"
    }

    private var summary: String {
        let called = bars.joined().filter { ["call", "failed", "running"].contains($0.key) }
            .reduce(Int64(0)) { $0 + $1.until - $1.from }
        return "\(NumberText.counted(trace.steps.count, "step")) in \(TimeText.duration(end - trace.createdAt)); "
            + "the app was called for \(TimeText.duration(.milliseconds(called)))"
    }
}

extension RunTrace.Kind {
    var words: String {
        switch self {
        case .step(.run), .step(.legacy): "run"
        case .step(.sleep): "sleep"
        case .step(.invoke): "invoke"
        case .step(.waitForEvent): "wait for event"
        case .step(.waitForSignal): "wait for signal"
        case .end: "return"
        case .plan: "plan"
        }
    }
}

extension RunTrace.State {
    var part: Part {
        switch self {
        case .queued: ["key": "waiting", "word": "Queued"]
        case .running: ["key": "running", "word": "Running"]
        case .waiting: ["key": "waiting", "word": "Waiting"]
        case .completed: ["key": "completed", "word": "Completed"]
        case .failed: ["key": "failed", "word": "Failed"]
        case .timedOut: ["key": "failed", "word": "Timed out"]
        case .cancelled: ["key": "cancelled", "word": "Cancelled"]
        }
    }
}
