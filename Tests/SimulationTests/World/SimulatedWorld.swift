import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// One server with its shards, its store, its apps and its senders, in virtual time and on one
/// thread. Everything that happens follows from a seed.
final class SimulatedWorld {
    let seed: UInt64
    let scenario: Scenario
    let bug: PlantedBug?
    let store: SimulatedStore
    private(set) var apps: SimulatedApps!
    private(set) var senders: SimulatedSenders!
    private(set) var onlookers: Onlookers!
    private(set) var network: ShardNetwork!
    let rules: Rules
    var trace: Trace
    var coverage = Coverage()

    /// For latencies and faults; what the scenario needs was drawn before.
    var random: SplitMix64
    /// Milliseconds since the world began, as a clock counts them that nobody can set.
    private(set) var elapsed: Int64 = 0
    /// By how much the wall clock was set.
    var clockOffset: Int64 = 0
    private var queue = EventQueue()
    /// The shards of the running process, by number; `nil` while one is away.
    var hosts: [SimulatedHost?]
    /// Shards of another node, which believes that they are still its own.
    var zombies: [SimulatedHost] = []
    /// Numbers every memory that a shard ever had.
    var nextMemory = 1
    private(set) var violation: Violation?
    /// When setting up was done and the story began.
    private(set) var begunAt: Int64 = 0
    /// Nothing was left to do, and nothing new begins.
    private(set) var isOver = false
    private var eventCount = 0
    private var openChanges = 0

    static let origin = Timestamp(milliseconds: 1_780_000_000_000)
    /// Events of a world before it is considered never to come to rest.
    private static let eventLimit = 400_000
    /// Time after the last fault within which everything has to end.
    private static let patience: Int64 = 5 * 86_400_000

    init(seed: UInt64, shards: Int, bug: PlantedBug? = nil, isRecording: Bool = false) {
        self.seed = seed
        self.bug = bug
        var random = SplitMix64(seed: seed &* 1_000_003 &+ UInt64(shards))
        var scenario = Scenario.draw(shardCount: shards, from: &random)
        bug?.provoke(&scenario.faults)
        self.scenario = scenario
        self.random = random.split()
        trace = Trace(isRecording: isRecording)
        store = SimulatedStore(shardCount: shards)
        rules = Rules(scenario: scenario)
        hosts = Array(repeating: nil, count: shards)
        apps = SimulatedApps(world: self)
        senders = SimulatedSenders(world: self)
        onlookers = Onlookers(world: self)
        network = ShardNetwork(world: self)
        store.world = self
    }

    var now: Timestamp { Self.origin + .milliseconds(elapsed + clockOffset) }

    /// Milliseconds since the story began.
    var storyTime: Int64 { elapsed - begunAt }

    var isHealed: Bool { storyTime > scenario.faults.end }

    // MARK: - Time

    func after(_ delay: Int64, _ action: @escaping () -> Void) {
        queue.add(at: elapsed + max(delay, 0), action)
    }

    /// Whether a fault that happens so often strikes now.
    func strikes(_ perMille: Int) -> Bool {
        perMille > 0 && begunAt > 0 && !isHealed && random.chance(perMille: perMille)
    }

    func note(_ line: @autoclosure () -> String) {
        trace.note(at: elapsed, line)
    }

    func report(_ rule: Rule, _ text: String) {
        guard violation == nil else { return }
        note("VIOLATION \(rule): \(text)")
        violation = Violation(seed: seed, shards: scenario.shardCount, rule: rule, text: text, trace: trace.lines)
    }

    // MARK: - Life

    /// Lives through the whole story.
    func run() -> Violation? {
        startProcess()
        setUp()
        while violation == nil, let entry = queue.next() {
            elapsed = entry.at
            eventCount += 1
            trace.mix(entry.at)
            entry.action()
            if isAtRest { break }
            if eventCount > Self.eventLimit {
                report(.liveness, "the world does not come to rest: \(eventCount) events")
            } else if begunAt > 0, storyTime > scenario.faults.end + Self.patience {
                report(.liveness, "something never ends: \(rules.unfinishedWork(in: self))")
            }
        }
        guard violation == nil else { return violation }
        linger()
        if violation == nil { rules.checkEnd(of: self) }
        return violation
    }

    /// Nothing is left to do: no sender waits, no run lives, no message travels.
    private var isAtRest: Bool {
        begunAt > 0 && senders.open == 0 && onlookers.open == 0 && openChanges == 0 && rules.looks.isAtRest
            && rules.ledger.liveRuns == 0
            && rules.schedules.isAtRest
            && rules.flow.pendings.isEmpty
            && !rules.ledger.hasUnacknowledgedMessages
            && store.commitsUnderWay == 0
            && hosts.allSatisfy { $0.map { $0.shard.core != nil && $0.shard.isSettled } ?? true }
    }

    /// Late and repeated answers arrive when all is over, and must change nothing.
    private func linger() {
        isOver = true
        let end = elapsed + 5_000
        while violation == nil, let entry = queue.next(), entry.at <= end {
            elapsed = entry.at
            trace.mix(entry.at)
            entry.action()
        }
    }

    private func setUp() {
        for app in 0..<scenario.apps { register(scenario.registration(of: app, version: 1)) }
        awaitRegistry()
    }

    /// An app registers, as often as it takes.
    func register(_ registration: Registration) {
        change(.register(registration)) {}
    }

    /// Somebody pauses a function or lets it go on, as often as it takes.
    func pause(_ function: UUID16, _ isPaused: Bool, _ done: @escaping () -> Void = {}) {
        change(.pause(function: function, isPaused), done)
    }

    /// Somebody treats a schedule differently, as often as it takes.
    func change(_ key: ScheduleKey, _ change: ScheduleChange) {
        note("\(key.expression): \(change)")
        self.change(.schedule(key, change, by: "sim")) {}
    }

    private func change(_ input: Input, _ done: @escaping () -> Void) {
        openChanges += 1
        tryToChange(input) { [self] in
            openChanges -= 1
            done()
        }
    }

    private func tryToChange(_ input: Input, _ done: @escaping () -> Void) {
        after(random.between(1, 1_000)) { [self] in
            guard let host = hosts[0] else { return tryToChange(input, done) }
            var isAnswered = false
            host.submit(input) { [self] result in
                guard host.isAlive, !isAnswered else { return }
                isAnswered = true
                if case .success = result { done() } else { tryToChange(input, done) }
            }
            after(5_000) { [self] in
                guard !isAnswered else { return }
                isAnswered = true
                tryToChange(input, done)
            }
        }
    }

    private func awaitRegistry() {
        after(1) { [self] in
            let count = scenario.functions.count
            let isKnown = hosts.allSatisfy { $0?.shard.core?.registry.functions.count == count }
            if isKnown, rules.ledger.functions.count == count { begin() } else { awaitRegistry() }
        }
    }

    private func begin() {
        begunAt = elapsed
        note("begins with \(scenario.shardCount) shards")
        planFaults()
        planSchedules()
        for request in scenario.requests {
            senders.add(request)
        }
    }
}
