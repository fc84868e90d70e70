import ApusCore
import ApusEngine
import ApusStore

/// A signal that was taken reaches one wait, and a signal has one wait at a time.
final class SignalsRule {
    /// Of those that have looked for others only one is left, or will be when a message has arrived.
    func check(_ batch: Batch, in world: SimulatedWorld) {
        let looks = world.rules.looks
        let now = world.rules.ledger.times.values.max() ?? batch.time
        for name in batch.signalsConcerned(by: looks).sorted() {
            let holders = (looks.signals[name] ?? []).filter { place in
                guard let listen = looks.listens[place], listen.lookedBack != nil else { return false }
                // One whose time is up will soon be given up, and nobody needs to displace it.
                return listen.row.until >= now && !looks.displaced.contains(place)
            }
            guard holders.count > 1 else { continue }
            let names = holders.map { world.rules.name(of: $0.run) }
            world.report(.signals, "\(names.joined(separator: " and ")) both wait for \(name)")
        }
    }

    func checkEnd(of world: SimulatedWorld) {
        var received: [Int: Int] = [:]
        for row in world.rules.ledger.runOrder {
            guard let run = world.rules.ledger.runs[row] else { continue }
            for begun in run.waits {
                guard case .signal(let step, _, _) = begun.listener.purpose, let result = run.results[step] else {
                    continue
                }
                let name = world.rules.name(of: row)
                guard let plan = world.apps.signal(of: run.row.function, step) else {
                    return world.report(.signals, "\(name) waits in step \(step), which does not")
                }
                switch result.value.outcome {
                case .completed:
                    guard let number = number(in: result.value.memo.json, of: plan, in: world) else {
                        return world.report(.signals, "\(name): \(plan) got \(result.value.memo.json)")
                    }
                    world.coverage.count(.signalReceived)
                    received[number, default: 0] += 1
                case .timedOut where result.value.memo.json == .null && result.at >= begun.listener.until: break
                default: world.report(.signals, "\(name): \(plan) ended with \(result.value) at \(result.at)")
                }
            }
        }
        for (number, signal) in world.onlookers.signals.enumerated() {
            let count = received[number] ?? 0
            if count > 1 || signal.isDelivered && count == 0 {
                world.report(
                    .signals,
                    "signal \(number), \(signal.name), delivered \(signal.isDelivered), reached \(count) steps"
                )
            }
        }
    }

    /// The number of the signal that a step got; `nil` when it is none that was sent.
    private func number(in memo: RawJSON, of plan: SignalPlan, in world: SimulatedWorld) -> Int? {
        let data = memo.view["data"]
        guard data?["signal"]?.string == plan.signal, let number = data?["data"]?.int,
            world.onlookers.signals.indices.contains(Int(number)),
            world.onlookers.signals[Int(number)].name == plan.signal
        else { return nil }
        return Int(number)
    }
}

extension Batch {
    /// The signals whose waits the batch changes.
    fileprivate func signalsConcerned(by looks: LookLedger) -> Set<String> {
        var names: Set<String> = []
        for write in writes {
            switch write {
            case .listen(let row) where row.topic == .signals: names.insert(row.condition ?? "")
            case .lookedBack(let run, let number):
                guard let row = looks.listens[LookLedger.Place(run: run, number: number)]?.row,
                    row.topic == .signals
                else { continue }
                names.insert(row.condition ?? "")
            default: break
            }
        }
        return names
    }
}
