import ApusCore
import ApusEngine

/// Why runs wait and events start nothing: one sentence each.
package enum WaitText {
    /// What a run has waited for.
    static func waited(for obstacle: Obstacle) -> String {
        switch obstacle.rule {
        case .concurrency: "had waited for the concurrency limit\(of(obstacle.key))"
        case .runConcurrency: "had waited for the limit on living runs\(of(obstacle.key))"
        case .throttle: "had waited for the throttle\(of(obstacle.key))"
        case .order, .app: "had waited for its turn"
        default: "had waited for \(obstacle.rule.name)\(of(obstacle.key))"
        }
    }

    private static func of(_ key: String) -> String {
        key.isEmpty ? "" : " of key \"\(key)\""
    }

    // MARK: - Turns

    /// Why a run waits for its turn.
    package static func reason(_ standing: Standing) -> String {
        let ahead =
            switch standing.ahead {
            case 0: "; it is the next one"
            case 1: "; 1 run goes before it"
            default: "; \(standing.ahead) runs go before it"
            }
        let key = of(standing.obstacle.key)
        let limit = standing.limit ?? 0
        switch standing.obstacle.rule {
        case .concurrency where limit == 0, .runConcurrency where limit == 0, .throttle where limit == 0:
            return "Its limit\(key) has been set to 0, which lets nothing start, until it is raised."
        case .concurrency:
            return "All \(count(limit, "slot")) of its concurrency limit\(key) \(are(limit)) taken\(ahead)."
        case .runConcurrency:
            return "As many runs as may live at a time\(key) do (\(limit))\(ahead)."
        case .throttle:
            let until = standing.until.map { " until \($0.rfc3339)" } ?? ""
            return "The throttle\(key) lets no run start\(until)\(ahead)."
        case .pause: return "Its function is paused and calls nothing until it is resumed."
        case .app:
            guard standing.limit == nil else {
                return "Its app has as many calls under way as one app may have (\(limit))\(ahead)."
            }
            let until = standing.until.map { "; it is looked for again at \($0.rfc3339)" } ?? ""
            return "Its app at \(standing.obstacle.key) cannot be reached\(until)."
        default: return "Its turn has not come yet\(ahead)."
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    private static func are(_ number: Int) -> String { number == 1 ? "is" : "are" }

    // MARK: - Outcomes

    /// What a rule has done with an event.
    package static func reason(_ outcome: Outcome, function: String) -> String {
        let key = of(outcome.key)
        let run = outcome.run?.description
        switch outcome.rule {
        case .rateLimit: return "\(function) has not started: its rate limit\(key) was used up."
        case .idempotency:
            return "\(function) has not started: it has run for the idempotency key\(key) within the last 24 hours."
        case .debounce where outcome.isTaken:
            return "\(function) waits for the last event of a series\(key); it starts as run \(run ?? "")."
        case .debounce: return "\(function) has not started: another event of the series\(key) came later."
        case .batch: return "\(function) has put the event into a batch\(key), which is run \(run ?? "")."
        case .singleton:
            let holder = run.map { " (\($0))" } ?? ""
            return "\(function) has not started: it is a singleton\(key), and a run was living\(holder)."
        case .overlap:
            let holder = run.map { " (\($0))" } ?? ""
            return "\(function) has not started: the run of an earlier tick of its schedule was living\(holder)."
        case .pause: return "\(function) has not started: it was paused."
        case .removed: return "\(function) has not started: its app does not register it any more."
        default: return "\(function) has not started: \(outcome.rule.name)\(key)."
        }
    }
}
