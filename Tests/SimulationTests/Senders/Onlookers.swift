import ApusCore
import ApusEngine
import ApusStore

/// Those who watch what runs do and meddle at the worst moments: they send the events and signals that
/// runs wait for, at once, when their time is nearly up, or never, and cancel runs.
final class Onlookers {
    private unowned let world: SimulatedWorld
    private var meddlingsLeft: Int
    private var nextEvent = 0
    /// What they have begun and not finished.
    private(set) var open = 0
    /// Every signal that was ever sent, by the number that stands in its payload.
    private(set) var signals: [Signal] = []
    private(set) var cancelRequests: Set<RowID> = []

    /// One signal of one sender.
    struct Signal {
        var name: String
        /// A shard said that a run has got it.
        var isDelivered = false
    }

    init(world: SimulatedWorld) {
        self.world = world
        meddlingsLeft = world.scenario.meddlings
    }

    /// A batch has become durable.
    func landed(_ batch: Batch) {
        for write in batch.writes where meddlingsLeft > 0 {
            switch write {
            case .listen(let row): react(to: row)
            case .run(let run): react(to: run)
            default: break
            }
        }
    }

    private func react(to row: ListenerRow) {
        guard let listener = world.rules.ledger.runs[row.run]?.fold?.listener(row.number) else { return }
        switch listener.purpose {
        case .event:
            // Only the server sends those.
            guard !row.topic.name.hasPrefix("inngest/"), world.random.chance(percent: 80) else { return }
            for moment in moments(until: row.until) {
                for _ in 0..<world.random.pick([1, 1, 1, 2]) { later(moment) { [self] in send(row.topic.name) } }
            }
        case .signal:
            guard world.random.chance(percent: 70) else { return }
            for moment in moments(until: row.until) {
                later(moment) { [self] in signal(listener.name) }
            }
        case .cancellation:
            guard world.random.chance(percent: 35), !row.topic.name.hasPrefix("inngest/") else { return }
            later(world.random.anyDelay(upTo: 60_000)) { [self] in send(row.topic.name) }
        }
    }

    private func react(to run: RunRow) {
        guard world.random.chance(percent: 8) else { return }
        later(world.random.anyDelay(upTo: 60_000)) { [self] in cancel(run.row) }
    }

    /// Milliseconds from now: at once, at some time, or about when the time is up.
    private func moments(until deadline: Timestamp) -> [Int64] {
        let rest = max(deadline.milliseconds - world.now.milliseconds, 0)
        return (0..<world.random.count(1...2)).map { _ in
            switch world.random.below(3) {
            case 0: world.random.between(0, 10)
            case 1: world.random.anyDelay(upTo: rest)
            default: max(rest + world.random.between(-15, 5), 0)
            }
        }
    }

    private func later(_ delay: Int64, _ body: @escaping () -> Void) {
        guard meddlingsLeft > 0 else { return }
        meddlingsLeft -= 1
        open += 1
        world.after(delay) { [self] in
            open -= 1
            body()
        }
    }

    // MARK: - Events

    private func send(_ name: String) {
        nextEvent += 1
        var event = SimulatedEvent(tag: "look\(nextEvent)", name: name, fields: .draw(from: &world.random))
        if world.random.chance(percent: 70) { event.internalID = world.random.nextULID(now: world.now) }
        world.senders.send(event) { _ in }
    }

    // MARK: - Signals

    /// As a node does it: the store says who waits, and the first who still does gets the signal.
    private func signal(_ name: String) {
        open += 1
        let number = signals.count
        signals.append(Signal(name: name))
        world.after(world.random.between(0, 4)) { [self] in
            let question = ListenerQuestion(.signal(name, run: 0, number: 0))
            let rows = (try? world.store.reader.listeners([question]))?.first?.found ?? []
            offer(number, to: rows.filter { $0.condition == name && $0.until >= world.now })
        }
    }

    private func offer(_ number: Int, to rows: [ListenerRow]) {
        guard let row = rows.first, let host = world.hosts[Int(RowCounters.shard(of: row.run))] else {
            open -= 1
            return
        }
        let name = signals[number].name
        let payload = RawJSON.number(number)
        var isAnswered = false
        world.note("signal \(number), \(name), for run \(row.run)")
        host.submit(.signal(name: name, payload: payload, run: row.run, listener: row.number)) { [self] result in
            guard !isAnswered, host.isAlive else { return }
            isAnswered = true
            switch result {
            case .success(.signalled(true)):
                signals[number].isDelivered = true
                open -= 1
            case .success:
                world.after(1) { [self] in offer(number, to: Array(rows.dropFirst())) }
            case .failure:
                open -= 1
            }
        }
        world.after(30_000) { [self] in
            guard !isAnswered else { return }
            isAnswered = true
            open -= 1
        }
    }

    // MARK: - Requests

    private func cancel(_ run: RowID) {
        guard let host = world.hosts[Int(RowCounters.shard(of: run))] else { return }
        cancelRequests.insert(run)
        host.submit(.cancel(run: run)) { [self] result in
            guard host.isAlive, case .success = result else { return }
            if world.rules.ledger.runs[run]?.isLive != false {
                world.report(.cancellations, "\(world.rules.name(of: run)) goes on although its end was acknowledged")
            }
        }
    }
}

extension RawJSON {
    fileprivate static func number(_ number: Int) -> RawJSON {
        RawJSON(canonical: Array(String(number).utf8))
    }
}
