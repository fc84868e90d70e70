import ApusCore
import ApusEngine
import ApusNode

/// Those who send events: some wait for their answer, some try again too early, some give up.
final class SimulatedSenders {
    private unowned let world: SimulatedWorld
    /// Requests whose senders have not finished with them.
    private(set) var open = 0
    /// Everything that was ever sent, in order, and what became of it.
    private(set) var deliveries: [Delivery] = []

    /// One event of one sender.
    final class Delivery {
        let event: SimulatedEvent
        let submitted: SubmittedEvent
        /// How often it was handed to a shard.
        var tries = 0
        /// How often a shard said that it is durable.
        var successes = 0
        var quarantines = 0

        init(_ event: SimulatedEvent, _ submitted: SubmittedEvent) {
            self.event = event
            self.submitted = submitted
        }
    }

    init(world: SimulatedWorld) {
        self.world = world
    }

    func add(_ request: SimulatedRequest) {
        open += 1
        world.after(request.at) { [self] in
            let deliveries = request.events.map(delivery)
            Exchange(
                world: world, deliveries: deliveries, patience: request.patience, triesLeft: request.tries,
                repeatsLeft: request.repeats
            ) { [self] _ in open -= 1 }.send()
        }
    }

    /// A step sends an event, as SDKs do: up to five tries with one seed.
    func send(_ name: String, tag: String, _ done: @escaping (Bool) -> Void) {
        var event = SimulatedEvent(tag: tag, name: name, fields: .draw(from: &world.random))
        event.internalID = world.random.nextULID(now: world.now)
        send(event, done)
    }

    func send(_ event: SimulatedEvent, _ done: @escaping (Bool) -> Void) {
        // An app may still be at a call whose run has ended.
        guard !world.isOver else { return done(false) }
        let delivery = delivery(event)
        open += 1
        Exchange(world: world, deliveries: [delivery], patience: 5_000, triesLeft: 5, repeatsLeft: 0) { [self] in
            open -= 1
            done($0)
        }.send()
    }

    private func delivery(_ event: SimulatedEvent) -> Delivery {
        var writer = JSONWriter()
        writer.beginObject()
        if let key = event.fields.key {
            writer.key("key")
            writer.value(key)
        }
        if let number = event.fields.number {
            writer.key("number")
            writer.value(number)
        }
        writer.key("tag")
        writer.value(event.tag)
        writer.endObject()
        let delivery = Delivery(
            event,
            SubmittedEvent(
                IncomingEvent(
                    name: event.name,
                    data: writer.finish(),
                    senderID: event.senderID,
                    timestamp: event.happensIn.map { world.now + .milliseconds($0) }
                ),
                internalID: event.internalID
            )
        )
        deliveries.append(delivery)
        return delivery
    }
}

/// One request of a sender with all its repeats.
private final class Exchange {
    private let world: SimulatedWorld
    private let deliveries: [SimulatedSenders.Delivery]
    private let patience: Int64
    private var triesLeft: Int
    private var repeatsLeft: Int
    private let done: (Bool) -> Void
    private var isOver = false
    /// Answers to earlier tries come too late.
    private var currentTry = 0

    init(
        world: SimulatedWorld,
        deliveries: [SimulatedSenders.Delivery],
        patience: Int64,
        triesLeft: Int,
        repeatsLeft: Int,
        done: @escaping (Bool) -> Void
    ) {
        self.world = world
        self.deliveries = deliveries
        self.patience = patience
        self.triesLeft = triesLeft
        self.repeatsLeft = repeatsLeft
        self.done = done
    }

    func send() {
        triesLeft -= 1
        currentTry += 1
        let thisTry = currentTry
        world.after(patience) { [self] in
            if !isOver, thisTry == currentTry { tryAgain() }
        }
        submitParts(parts(), thisTry)
    }

    /// The events that go to the same shard, in the order in which the node asks the shards.
    private func parts() -> [(home: Int, deliveries: [SimulatedSenders.Delivery])] {
        let count = UInt64(world.scenario.shardCount)
        var parts: [(home: Int, deliveries: [SimulatedSenders.Delivery])] = []
        for delivery in deliveries {
            // The node hands every invocation to the same shard.
            let home =
                delivery.event.invokes != nil
                ? 0 : Int(delivery.submitted.key.map { $0.low % count } ?? world.random.below(count))
            if let index = parts.firstIndex(where: { $0.home == home }) {
                parts[index].deliveries.append(delivery)
            } else {
                parts.append((home, [delivery]))
            }
        }
        return parts
    }

    private func submitParts(_ parts: [(home: Int, deliveries: [SimulatedSenders.Delivery])], _ thisTry: Int) {
        guard let part = parts.first else { return answered(true, thisTry) }
        guard let host = world.hosts[part.home] else { return answered(false, thisTry) }
        for delivery in part.deliveries { delivery.tries += 1 }
        let input =
            if let slug = part.deliveries.first?.event.invokes, let delivery = part.deliveries.first {
                Input.invoke(slug: slug, delivery.submitted)
            } else {
                Input.events(part.deliveries.map(\.submitted), prior: .unasked)
            }
        host.submit(input) { [self] result in
            guard host.isAlive else { return }
            switch result {
            case .success(let answer):
                world.rules.release.check(answer, to: part.deliveries, in: world)
                for delivery in part.deliveries {
                    if delivery.successes > 0 { world.coverage.count(.eventRepeated) }
                    delivery.successes += 1
                }
                host.later(1) { [self] in submitParts(Array(parts.dropFirst()), thisTry) }
            case .failure(.quarantined):
                for delivery in part.deliveries { delivery.quarantines += 1 }
                world.rules.intake.quarantined(part.deliveries.map(\.event), in: world)
                triesLeft = 0
                repeatsLeft = 0
                host.later(1) { [self] in answered(false, thisTry) }
            case .failure(.unavailable):
                world.coverage.count(.eventRefused)
                host.later(1) { [self] in answered(false, thisTry) }
            }
        }
    }

    private func answered(_ isAccepted: Bool, _ thisTry: Int) {
        world.after(world.random.between(0, 3)) { [self] in
            guard !isOver, thisTry == currentTry else { return }
            guard isAccepted else {
                currentTry += 1
                world.after(100 + world.random.between(0, 1_000)) { [self] in tryAgain() }
                return
            }
            guard repeatsLeft > 0 else { return finish(true) }
            repeatsLeft -= 1
            triesLeft = max(triesLeft, 1)
            currentTry += 1
            world.after(world.random.anyDelay(upTo: 600_000)) { [self] in send() }
        }
    }

    private func tryAgain() {
        guard !isOver else { return }
        if triesLeft > 0 { send() } else { finish(false) }
    }

    private func finish(_ isAccepted: Bool) {
        isOver = true
        done(isAccepted)
    }
}
