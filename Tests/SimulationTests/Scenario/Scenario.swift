import ApusCore
import ApusEngine

/// Everything that a seed decides before its world begins.
struct Scenario {
    var shardCount: Int
    var configuration: EngineConfiguration
    var functions: [SimulatedFunction]
    var apps: Int
    var requests: [SimulatedRequest]
    var faults: FaultPlan
    /// The longest time, in milliseconds, until a host looks at its clock again.
    var pollInterval: Int64
    /// Milliseconds after which a call that nobody answers counts as failed.
    var callTimeout: Int64
    /// How often somebody who watches the store meddles.
    var meddlings: Int
    /// The most listeners that the store tells of at once.
    var listenerPage: Int
    /// Of worlds with cron triggers.
    var schedules: SchedulePlan?
}

/// Events that a sender wants to get accepted together.
struct SimulatedRequest {
    var at: Int64
    var events: [SimulatedEvent]
    /// Milliseconds without an answer after which the sender tries again.
    var patience: Int64
    var tries: Int
    /// How often the sender sends it all once more although it was accepted.
    var repeats: Int
}

struct SimulatedEvent {
    /// Names the event in its data, so that it can be found again in what the store holds.
    var tag: String
    var name: String
    var fields = EventFields()
    /// The function that the sender wants to run, whatever it listens to; such a request has no other event.
    var invokes: String?
    var senderID: String?
    /// The internal id that the sender's seed gives.
    var internalID: ULID?
    /// When it happens, relative to the sending; `nil` for now.
    var happensIn: Int64?

    /// The name of events that the store can never accept.
    static let poison = "poison"

    /// Events that start nothing.
    static let quietNames = ["wake/0", "wake/1", "stop/0", "stop/1"]

    /// Whether a repeat is the same event to the server.
    var isRepeatable: Bool { senderID != nil || internalID != nil }
}

extension Scenario {
    static func draw(shardCount: Int, from random: inout SplitMix64) -> Scenario {
        // Apart, so that worlds without cron triggers and without reports stay as they are.
        var reports = SplitMix64(seed: StableHash.of("reports") ^ random.peek())
        var ticks = SplitMix64(seed: StableHash.of("ticks") ^ random.peek())
        var scenario = drawEvents(shardCount: shardCount, from: &random)
        if ticks.chance(percent: 25) { scenario.addSchedules(from: &ticks) }
        if reports.chance(percent: 25) { scenario.addReports(from: &reports) }
        return scenario
    }

    /// Whether nobody sets the clock.
    var isClockSteady: Bool { faults.clockSteps.isEmpty && schedules?.clockSteps.isEmpty ?? true }

    /// Whether apps report steps while calls go on.
    var hasReports: Bool { functions.contains { $0.program.reporting != nil } }

    private mutating func addReports(from random: inout SplitMix64) {
        for index in functions.indices where random.chance(percent: 75) {
            functions[index].program.reporting = .draw(from: &random)
            functions[index].program.addSteps(from: &random)
        }
        faults.addReports(from: &random)
    }

    private mutating func addSchedules(from random: inout SplitMix64) {
        let first = functions.count
        let count = random.count(1...2)
        let plan = SchedulePlan.draw(functions: first, count: count, shards: shardCount, from: &random)
        for number in 0..<count {
            var function = SimulatedFunction.scheduled(number, from: &random)
            function.crons = plan.expressions[first + number] ?? []
            function.jitter = plan.jitters[first + number]
            functions.append(function)
            if random.chance(percent: 20) {
                faults.pauses.append((random.between(0, 400_000), first + number, random.between(0, 180_000)))
            }
        }
        if random.chance(percent: 40) { faults.registrations.append((random.between(0, 400_000), 0)) }
        // The first full minute is less than one away.
        let crashes = plan.crashes.map { ($0.minute + 1) * 60_000 + max($0.offset, 0) + $0.pause }
        faults.end = max(faults.end, 600_000, crashes.max() ?? 0)
        configuration.limits.missedTicks = plan.missedTicks
        configuration.limits.backfillTicks = random.pick([1, 2, 100])
        schedules = plan
    }

    private static func drawEvents(shardCount: Int, from random: inout SplitMix64) -> Scenario {
        let apps = random.count(1...2)
        let isLimited = random.chance(percent: 50)
        var generator = ProgramGenerator(random: random.split(), apps: apps, isLimited: isLimited)
        let functions = generator.functions()
        let limited = functions.indices.filter {
            !functions[$0].flows.isEmpty && functions[$0].event != LifecycleEvent.failedName
        }
        var configuration = EngineConfiguration()
        configuration.retryInterval = random.pick([.seconds(1), .seconds(5), .seconds(20), nil])
        configuration.wakeHorizon = random.pick([.minutes(10), .minutes(30), .hours(2)])
        configuration.defaultRetries = random.pick([1, 4, 4])
        configuration.limits = limits(&random)
        return Scenario(
            shardCount: shardCount,
            configuration: configuration,
            functions: functions,
            apps: apps,
            requests: requests(
                generator.eventNames, slugs: functions.map(\.slug) + ["app0-nobody"], isLimited: isLimited, &random
            ),
            faults: .draw(shards: shardCount, apps: apps, limited: limited, from: &random),
            pollInterval: random.pick([60_000, 600_000, 1_800_000]),
            callTimeout: random.pick([30_000, 7_200_000]),
            meddlings: random.pick([0, 3, 6, 12]),
            listenerPage: random.pick([1, 2, 1_000])
        )
    }

    private static func limits(_ random: inout SplitMix64) -> Limits {
        var limits = Limits()
        limits.callsPerApp = random.pick([1, 2, 4, 1_000])
        limits.residentBytes = random.pick([1, 3_000, 256 << 20])
        limits.concurrentLoads = random.pick([1, 2, 256])
        limits.wakePage = random.pick([1, 2, 5, 10_000])
        limits.inlinePayloadBytes = random.pick([20, 2_048])
        limits.callBytesPerApp = random.pick([2_000, 256 << 20])
        limits.emptyReplies = random.pick([3, 100])
        return limits
    }

    private static func requests(
        _ names: [String],
        slugs: [String],
        isLimited: Bool,
        _ random: inout SplitMix64
    ) -> [SimulatedRequest] {
        // Limits do nothing to a run that is alone.
        let total =
            random.chance(percent: 6)
            ? random.count(8...20) : isLimited ? random.count(2...7) : random.count(1...5)
        var requests: [SimulatedRequest] = []
        var sent = 0
        while sent < total {
            let count = random.chance(percent: 25) ? random.count(2...3) : 1
            var events: [SimulatedEvent] = []
            for _ in 0..<count {
                sent += 1
                events.append(event(tag: "t\(sent)", names, &random))
            }
            if count == 1, random.chance(percent: 8) {
                events[0].name = InvokedEvent.name
                events[0].invokes = random.pick(slugs)
            }
            requests.append(
                SimulatedRequest(
                    at: random.chance(percent: 60)
                        ? random.between(0, 500) : random.anyDelay(upTo: isLimited ? 15_000 : 60_000),
                    events: events,
                    patience: random.pick([20, 500, 10_000]),
                    tries: random.pick([1, 3, 50]),
                    repeats: random.chance(percent: 25) ? random.count(1...2) : 0
                )
            )
        }
        return requests
    }

    private static func event(tag: String, _ names: [String], _ random: inout SplitMix64) -> SimulatedEvent {
        var event = SimulatedEvent(tag: tag, name: random.pick(names), fields: .draw(from: &random))
        if random.chance(percent: 20) { event.name = random.pick(SimulatedEvent.quietNames) }
        if random.chance(percent: 3) { event.name = SimulatedEvent.poison }
        switch random.below(3) {
        case 0: event.senderID = "id-\(tag)"
        case 1: event.internalID = ULID(high: 0x0190_0000_0000_0000 | random.below(1 << 16), low: random.next())
        default: break
        }
        if random.chance(percent: 10) { event.happensIn = random.between(-60_000, 60_000) }
        return event
    }
}
