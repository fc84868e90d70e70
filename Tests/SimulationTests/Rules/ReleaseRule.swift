import ApusCore
import ApusEngine
import ApusStore

/// Nothing leaves a shard before everything that it depends on is durable.
final class ReleaseRule {
    func check(_ effect: Effect, of shard: ShardID, in world: SimulatedWorld) {
        let ledger = world.rules.ledger
        switch effect {
        case .call(let call):
            guard ledger.called[call.id] != nil else {
                return world.report(.release, "the call \(call.id) of run \(call.runID) left before it was durable")
            }
        case .send(let receiver, let number, _):
            guard ledger.sent[Ledger.Channel(from: shard, to: receiver), default: 0] >= number else {
                return world.report(.release, "message \(number) from shard \(shard) to \(receiver) is not durable")
            }
        case .acknowledge(let sender, let number):
            guard ledger.applied[Ledger.Channel(from: sender, to: shard), default: 0] >= number else {
                return world.report(
                    .release, "shard \(shard) acknowledges message \(number) of \(sender) before it is applied"
                )
            }
        case .registryChanged(let registry):
            for function in registry.functions.values {
                guard let known = ledger.functions[function.id], known.version >= function.version else {
                    return world.report(.release, "shard \(shard) spreads a registry that is not durable")
                }
            }
        case .changed(let change):
            check(change, in: world)
        case .gateway, .endGateway:
            world.report(.release, "shard \(shard) makes a request that no app has asked for")
        case .probe, .load, .readWakes, .findListeners, .findEvents, .readEvents, .readTemplates:
            break
        }
    }

    private func check(_ change: RunChange, in world: SimulatedWorld) {
        let ledger = world.rules.ledger
        guard let row = ledger.rowOfRun[change.run], let run = ledger.runs[row] else {
            return world.report(.release, "run \(change.run) \(change.what) is told before it is durable")
        }
        if case .finished(let outcome) = change.what, run.projection?.status != outcome.end.status {
            world.report(.release, "run \(change.run) is told to be \(outcome.end.status) before that is durable")
        }
    }

    func check(_ answer: Answer, to deliveries: [SimulatedSenders.Delivery], in world: SimulatedWorld) {
        let ids: [ULID]
        switch answer {
        case .accepted(let events) where events.count == deliveries.count: ids = events
        case .invoked(let event, let run) where deliveries.count == 1:
            ids = [event]
            if let run, world.rules.ledger.rowOfRun[run] == nil {
                world.report(.release, "run \(run) was acknowledged before it was durable")
            }
        default: return world.report(.release, "events were answered with \(answer)")
        }
        for id in ids where !world.rules.ledger.eventIDs.contains(id) {
            world.report(.release, "event \(id) was acknowledged before it was durable")
        }
    }

    /// A message that one shard has applied must be durable at the other.
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .applied(let sender, let number) in batch.writes {
            let channel = Ledger.Channel(from: sender, to: batch.shard)
            guard world.rules.ledger.sent[channel, default: 0] >= number else {
                return world.report(
                    .release, "shard \(batch.shard) applied message \(number) that \(sender) never made durable"
                )
            }
        }
    }
}
