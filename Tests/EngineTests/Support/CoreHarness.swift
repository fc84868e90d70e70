import ApusCore
import Testing

@testable import ApusEngine

/// Plays the owner of one shard: feeds it inputs, commits every decision at once, reads what it asks
/// for, and collects what leaves it. Time stands still until a test moves it.
///
/// After each decision it checks what must always hold: see ``StoredShard``, and `checkMemory()`.
final class CoreHarness {
    static let start = Timestamp(milliseconds: 1_750_000_000_000)

    let shard: ShardID
    let shardCount: Int
    let configuration: EngineConfiguration
    private(set) var core: ShardCore
    var store: StoredShard
    var now = CoreHarness.start

    /// Calls that have not been answered, oldest first.
    var calls: [OutgoingCall] = []
    private(set) var probes: [UUID16] = []
    /// Requests for steps that have not been reported, oldest first.
    var gateways: [OutgoingGateway] = []
    /// Calls whose requests were to be broken off.
    private(set) var brokenOff: [CallID] = []
    private(set) var changes: [RunChange] = []
    private(set) var loads = 0
    private(set) var wakeReads = 0
    /// Messages and acknowledgements to other shards that wait to be exchanged.
    private(set) var mail: [(to: ShardID, number: UInt64, message: Message)] = []
    private(set) var acknowledgements: [(to: ShardID, upTo: UInt64)] = []

    /// Reads from the store do not come back while this is set; see ``releaseReads()``.
    var holdsReads = false
    /// Messages of the shard to itself get lost while this is set.
    var losesOwnMail = false
    /// The store is asked whether events with an id have come before, when memory does not know.
    var looksUpKeys = false
    /// How many listeners are read at once.
    var listenerPage = ListenerQuestion.page
    private var heldReads: [Effect] = []
    private var inbox: [Input] = []
    private var batch: UInt64 = 0
    private var seed: UInt64

    init(
        _ functions: FunctionConfiguration...,
        shard: ShardID = 0,
        shardCount: Int = 1,
        seed: UInt64 = 1,
        configure: (inout EngineConfiguration) -> Void = { _ in }
    ) {
        var configuration = EngineConfiguration()
        configure(&configuration)
        self.shard = shard
        self.shardCount = shardCount
        self.configuration = configuration
        self.seed = seed
        store = StoredShard(shard: shard)
        core = ShardCore(
            shard: shard,
            shardCount: shardCount,
            state: store.state(at: .epoch),
            configuration: configuration,
            seed: seed
        )
        if !functions.isEmpty { register(functions) }
        feed(.tick)
    }

    // MARK: - Inputs

    /// Decides an input, and everything that follows from it without an app or the passing of time.
    @discardableResult
    func feed(_ input: Input) -> Decision {
        var decision = decide(input)
        while !inbox.isEmpty {
            let next = decide(inbox.removeFirst())
            guard decision.postponedUntilLoaded != nil, let answer = next.postponedAnswers.first else { continue }
            decision.answer = answer
        }
        return decision
    }

    private func decide(_ input: Input) -> Decision {
        batch += 1
        let decision = core.decide(input, at: now, batch: batch)
        store.commit(decision.writes)
        core.committedBatch = batch
        for effect in decision.effects { perform(effect) }
        checkMemory()
        return decision
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .call(let call):
            #expect(!calls.contains { $0.id == call.id }, "a call is sent once")
            calls.append(call)
        case .gateway(let call):
            gateways.append(call)
        case .endGateway(let call):
            brokenOff.append(call)
        case .probe(let app, _):
            probes.append(app)
        case .send(shard, let number, let message):
            if !losesOwnMail { inbox.append(.message(from: shard, number: number, message)) }
        case .send(let receiver, let number, let message):
            mail.append((receiver, number, message))
        case .acknowledge(shard, let number):
            if !losesOwnMail { inbox.append(.acknowledged(by: shard, upTo: number)) }
        case .acknowledge(let sender, let number):
            acknowledgements.append((sender, number))
        case .load, .readWakes, .findListeners, .findEvents, .readEvents, .readTemplates:
            if holdsReads { heldReads.append(effect) } else { read(effect) }
        case .registryChanged(let registry):
            #expect(registry == store.state(at: now).registry, "the registry agrees with its rows")
        case .changed(let change):
            changes.append(change)
        }
    }

    private func read(_ effect: Effect) {
        switch effect {
        case .load(let row):
            loads += 1
            inbox.append(.loaded(row, store.run(row)))
        case .readWakes(let after, let upTo, let limit):
            wakeReads += 1
            inbox.append(.wakes(store.wakes(after: after, upTo: upTo, limit: limit)))
        case .findListeners(let question):
            inbox.append(.listeners(store.listeners(question, page: listenerPage)))
        case .findEvents(let name, let since, let listener):
            let found = store.events.filter { $0.name == name && $0.receivedAt >= since }
            inbox.append(.eventsFound(found, for: listener))
        case .readTemplates(let schedules, let read, let bytes):
            let page = store.templates(of: schedules, atMost: bytes)
            inbox.append(.templatesRead(page, of: schedules, read: read))
        case .readEvents(let rows, let run):
            let all = store.events + store.foreignEvents
            inbox.append(.eventsRead(for: run, all.filter { rows.contains($0.row) }))
        default:
            break
        }
    }

    func releaseReads() {
        holdsReads = false
        let held = heldReads
        heldReads = []
        for effect in held { read(effect) }
        while !inbox.isEmpty { _ = decide(inbox.removeFirst()) }
    }

    /// A call is no longer waited for.
    func takeBack(_ call: CallID) {
        calls.removeAll { $0.id == call }
    }

    func takeProbes() -> [UUID16] {
        defer { probes = [] }
        return probes
    }

    func takeMail() -> [(to: ShardID, number: UInt64, message: Message)] {
        defer { mail = [] }
        return mail
    }

    func takeAcknowledgements() -> [(to: ShardID, upTo: UInt64)] {
        defer { acknowledgements = [] }
        return acknowledgements
    }

    /// Starts the shard again from what it has committed.
    /// - Parameter keepingCalls: the process goes on and its calls can still be answered.
    func restart(keepingCalls: Bool = false) {
        seed += 1
        inbox = []
        heldReads = []
        if !keepingCalls {
            calls = []
            gateways = []
        }
        core = ShardCore(
            shard: shard,
            shardCount: shardCount,
            state: store.state(at: now),
            openCalls: Dictionary(
                uniqueKeysWithValues: calls.map { ($0.id, InheritedCall(app: $0.app, slots: $0.slots)) }
                    + gateways.map { ($0.id, InheritedCall(app: $0.app, slots: $0.slots, isGateway: true)) }
            ),
            configuration: configuration,
            seed: seed
        )
        core.committedBatch = batch
        feed(.tick)
    }

    // MARK: - What must always hold

    /// Memory agrees with the store, and everything that is due some day is on its way: a job is
    /// under way, waits for its app, has an alarm, or is far enough in the future for the index.
    private func checkMemory() {
        for resident in core.residents.values {
            #expect(resident.run == store.folds[resident.row], "memory and journal agree")
            for job in resident.run.jobs where !resident.queued.contains(job.number) {
                switch job.phase {
                case .calling:
                    let call = CallID(run: resident.row, job: job.number, generation: job.generation)
                    #expect(core.openCalls[call] != nil, "a job that calls has an open call")
                case .scheduled(let due):
                    let isArmed = resident.armed.map { $0 <= max(due, resident.heldUntil ?? due) } ?? false
                    #expect(isArmed || due > core.wakeReader.horizon, "a near job has an alarm")
                }
            }
        }
        for resident in core.residents.values where resident.stored != .unknown {
            #expect(resident.stored == .known(store.kept[resident.row]), "memory knows what is kept")
        }
        #expect(core.queue.held == expectedSlots(), "what is counted is what calls and runs hold")
        let calls = expectedCalls()
        for function in core.registry.functions.keys {
            #expect(core.queue.calls(of: function) == calls[function] ?? 0, "calls are counted by function")
        }
        #expect(core.residents.values.allSatisfy { !$0.isTouched && $0.openTurn.isEmpty })
        let bytes = core.residents.values.reduce(0) { $0 + $1.accountedBytes }
        #expect(core.residentBytes == bytes, "memory is accounted for")
    }

    /// Admissions of runs that have to be read before they can be called.
    private var admissions: [RunQueue.Admission] {
        core.postponed.values.joined().compactMap {
            if case .turn(let admission, _) = $0, !admission.lacksKeys, !admission.isRepeat { admission } else { nil }
        }
    }

    /// Counts by the open calls, and by those that a crash has orphaned: of a run that binds nothing only once
    /// it has been read.
    private func expectedCalls() -> [UUID16: Int] {
        var calls: [UUID16: Int] = [:]
        for slots in core.openCalls.values.filter(\.holdsSlots).map(\.slots) + admissions.map(\.slots) {
            calls[slots.function, default: 0] += 1
        }
        for fold in store.folds.values where fold.flow != nil || core.residents[fold.row] != nil {
            for job in fold.jobs where job.isCalling {
                let call = CallID(run: fold.row, job: job.number, generation: job.generation)
                if isCountedApart(call, of: fold) { calls[fold.start.function, default: 0] += 1 }
            }
        }
        return calls
    }

    /// Whether a job that calls takes up room besides the open calls: it was orphaned, or it is not known yet which
    /// of them is its own.
    private func isCountedApart(_ call: CallID, of run: Run) -> Bool {
        core.openCalls[call] == nil || run.flow != nil && core.inheritedCalls[run.row] != nil
    }

    /// Counts by the open calls, by calls that a crash has orphaned, and by runs that live.
    private func expectedSlots() -> [LimitKey: Int] {
        var slots: [LimitKey: Int] = [:]
        for key in core.openCalls.values.filter(\.holdsSlots).flatMap(\.slots.keys) + admissions.flatMap(\.slots.keys)
            + admissions.compactMap(\.runKey)
        {
            slots[key, default: 0] += 1
        }
        for fold in store.folds.values where !fold.isFinished {
            for job in fold.jobs where job.isCalling {
                let call = CallID(run: fold.row, job: job.number, generation: job.generation)
                guard isCountedApart(call, of: fold) else { continue }
                for key in fold.flow?.keys.calls ?? [] { slots[key.key, default: 0] += 1 }
            }
            if fold.startedAt != nil, let key = fold.flow?.keys.runs { slots[key.key, default: 0] += 1 }
        }
        return slots
    }
}
