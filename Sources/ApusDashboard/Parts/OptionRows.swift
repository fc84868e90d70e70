import ApusCore
import ApusEngine

/// The options of a function: what it registered, what people have set, and what holds.
struct OptionRows {
    var function: FunctionRecord

    var rows: [Part] {
        let registered = function.configuration.flowControl
        let inForce = function.flowControl
        let set = function.override
        var rows: [Part] = []
        for limit in inForce.concurrency {
            let same = { (other: FlowControl.Concurrency) in other.key == limit.key && other.scope == limit.scope }
            rows.append(
                row(
                    "Concurrency", registered.concurrency.first(where: same).map { calls($0.limit) },
                    set?.concurrency.first(where: same).map { calls($0.limit) }, calls(limit.limit), limit.key))
        }
        if let runs = inForce.runConcurrency {
            rows.append(
                row(
                    "Living runs", registered.runConcurrency.map { count($0.limit) }, set?.runs.map(count),
                    count(runs.limit), runs.key))
        }
        if let throttle = inForce.throttle {
            rows.append(
                row(
                    "Throttle", registered.throttle.map { rate($0.limit, $0.period) },
                    set?.throttle.map { rate($0.limit, $0.period) }, rate(throttle.limit, throttle.period),
                    throttle.key))
        }
        if let rateLimit = inForce.rateLimit {
            rows.append(
                row(
                    rateLimit.isIdempotency ? "Idempotency" : "Rate limit",
                    registered.rateLimit.map { rate($0.limit, $0.period) },
                    set?.rateLimit.map { rate($0.limit, $0.period) }, rate(rateLimit.limit, rateLimit.period),
                    rateLimit.key))
        }
        rows += fixed(inForce)
        return rows.isEmpty ? [row("No limits", "none", nil, "every run is called at once", nil)] : rows
    }

    /// Options that nobody but the code sets.
    private func fixed(_ options: FlowControl) -> [Part] {
        var rows: [Part] = []
        if let debounce = options.debounce {
            let timeout = debounce.timeout.map { ", \(TimeText.duration($0)) at most" } ?? ""
            let text = TimeText.duration(debounce.period) + timeout
            rows.append(row("Debounce", text, nil, text, debounce.key))
        }
        if let batch = options.batch {
            let text = "\(NumberText.counted(batch.size, "event")) or \(TimeText.duration(batch.timeout))"
            rows.append(row("Batch", text, nil, text, batch.key))
        }
        if let priority = options.priority {
            rows.append(row("Priority", "by the event", nil, "by the event", priority))
        }
        if let singleton = options.singleton {
            let text = singleton.mode == .skip ? "a second run is skipped" : "a second run cancels the first"
            rows.append(row("Singleton", text, nil, text, singleton.key))
        }
        return rows
    }

    private func calls(_ number: Int) -> String { NumberText.counted(number, "call") }
    private func count(_ number: Int) -> String { NumberText.counted(number, "run") }
    private func rate(_ number: Int, _ period: TimeSpan) -> String {
        "\(NumberText.grouped(number)) in \(TimeText.duration(period))"
    }

    private func row(_ label: String, _ registered: String?, _ set: String?, _ inForce: String, _ key: String?) -> Part
    {
        [
            "label": .text(label), "registered": .text(registered ?? "–"), "override": .text(set ?? "–"),
            "inForce": .text(inForce), "key": .optional(key?.visible()),
        ]
    }
}
