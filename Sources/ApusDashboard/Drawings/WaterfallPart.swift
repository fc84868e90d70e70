import ApusCore
import ApusEngine
import ApusStore

/// The timeline of a run: a shared axis and a row for each step, of which a page holds a part.
struct WaterfallPart {
    let trace: RunTrace
    /// Runs that steps have invoked, by the steps' places.
    let children: [Int: ChildRun]
    /// Of a step in this list, from 1.
    let link: (Int) -> Link
    let selected: Int?

    private let bars: [[StepBars.Bar]]
    private let axis: FoldedAxis
    private let end: Timestamp

    /// Rows that a page holds.
    static let pageRows = 100

    init(
        _ trace: RunTrace, children: [Int: ChildRun] = [:], now: Timestamp, selected: Int?,
        link: @escaping (Int) -> Link
    ) {
        self.trace = trace
        self.children = children
        self.selected = selected
        self.link = link
        let end = trace.endedAt ?? max(now, trace.createdAt)
        self.end = end
        let bars = trace.steps.map { StepBars.bars(of: $0, until: end) }
        self.bars = bars
        let busy = (bars.joined() + children.values.flatMap(\.bars)).filter { !$0.isIdle }
        axis = FoldedAxis(
            from: trace.createdAt.milliseconds, until: end.milliseconds,
            busy: busy.map { $0.from..<max($0.until, $0.from) }
        )
    }

    /// - Parameters:
    ///   - first: the place of the first row in the page.
    ///   - base: the page, to which another first row is added.
    func part(from first: Int, base: Link, source: Link) -> Part {
        let total = trace.steps.count
        let first = min(max(first, 0), max(total - 1, 0))
        let rows = rows(first..<min(first + Self.pageRows, total))
        let (before, after) = (first, total - min(first + Self.pageRows, total))
        func turn(_ count: Int, _ row: Int, _ word: String) -> Part {
            guard count > 0 else { return false }
            let link = base.with("row", row > 0 ? String(row) : nil)
            return ["href": link.part, "text": .text("\(NumberText.grouped(count)) \(word) steps")]
        }
        let isWhole = before + after == 0
        return [
            "total": .text(String(total)), "first": .text(String(first)),
            "shown": .text(String(total - before - after)), "summary": .text(summary), "ticks": .list(ticks),
            "folds": .list(axis.folds.map(fold)), "folded": axis.folds.isEmpty ? false : "idle time, folded",
            "steps": .list(rows), "source": isWhole ? false : source.part,
            "shape": isWhole ? false : shape(base),
            "earlier": turn(before, max(first - Self.pageRows, 0), "earlier"),
            "later": turn(after, first + Self.pageRows, "further"),
        ]
    }

    /// The rows of these steps, each with the run that it has invoked.
    func rows(_ range: Range<Int>) -> [Part] {
        range.clamped(to: 0..<trace.steps.count).map(row)
    }

    private func row(_ index: Int) -> Part {
        let step = trace.steps[index]
        return [
            "number": .text(String(index + 1)),
            "name": .text(step.name.visible()), "kind": .text(step.kind.words), "state": step.state.part,
            "selected": .flag(selected == index + 1), "href": link(index + 1).part,
            "bars": .list(bars[index].map(rectangle)),
            "took": .text(TimeText.duration((step.endedAt ?? end) - (step.startedAt ?? step.createdAt))),
            "child": children[index].map(row) ?? false,
        ]
    }

    private func row(_ child: ChildRun) -> Part {
        [
            "name": .text(child.run.functionSlug.visible()), "href": Link("runs", child.run.id.description).part,
            "state": child.state, "bars": .list(child.bars.map(rectangle)), "took": .text(child.took),
        ]
    }

    /// All steps at a glance, many in a row; each row leads to its steps.
    private func shape(_ base: Link) -> Part {
        let total = trace.steps.count
        let pages = (total + Self.pageRows - 1) / Self.pageRows
        let size = (pages + 49) / 50 * Self.pageRows
        let groups: [Part] = stride(from: 0, to: total, by: size).enumerated().map { place, first in
            let last = min(first + size, total)
            let all = bars[first..<last].joined()
            let key = all.contains { $0.key == "failed" } ? "failed" : all.contains { !$0.isIdle } ? "call" : "sleep"
            let from = axis.place(of: all.map(\.from).min() ?? trace.createdAt.milliseconds)
            let until = axis.place(of: all.map(\.until).max() ?? trace.createdAt.milliseconds)
            let width = max(until - from, 3)
            return [
                "key": .text(key), "x": .number(min(from, FoldedAxis.width - width)), "width": .number(width),
                "y": .number(Double(place * 4)), "row": .text(String(first)),
                "href": base.with("row", first > 0 ? String(first) : nil).part,
                "title": .text("Steps \(NumberText.grouped(first + 1)) to \(NumberText.grouped(last))"),
            ]
        }
        return ["height": .number(Double(groups.count * 4)), "groups": .list(groups)]
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
        case .step(.aiGateway): "AI request"
        case .step(.gateway): "request"
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
