import ApusCore
import Testing

@testable import ApusEngine

// The words in which tests talk about flow control.

/// A function with options of flow control.
func limited(
    _ slug: String,
    on trigger: String,
    retries: Int? = nil,
    cancelledBy cancellations: [FunctionConfiguration.Cancellation] = [],
    timeouts: FunctionConfiguration.Timeouts = FunctionConfiguration.Timeouts(),
    _ flow: FlowControl
) -> FunctionConfiguration {
    var configuration = function(slug, retries: retries, cancelledBy: cancellations, timeouts: timeouts)
    configuration.triggers = [.event(name: trigger, filter: .every)]
    configuration.flowControl = flow
    return configuration
}

func calls(
    _ limit: Int, key: String? = nil, scope: FlowControl.Concurrency.Scope = .function
) -> FlowControl.Concurrency {
    FlowControl.Concurrency(limit: limit, key: key, scope: scope)
}

/// What may happen to a shard between two inputs without a run noticing.
enum Upset: CaseIterable {
    case none
    /// The process crashes; calls under way are lost and made again.
    case crash
    /// The shard is read again while its calls go on.
    case reload
    /// Idle runs have left memory.
    case eviction
}

extension CoreHarness {
    /// A shard to which something will happen.
    convenience init(_ upset: Upset, _ functions: [FunctionConfiguration], seed: UInt64 = 1) {
        self.init(seed: seed) { if upset == .eviction { $0.limits.residentBytes = 0 } }
        looksUpKeys = true
        register(functions)
    }

    func suffer(_ upset: Upset) {
        switch upset {
        case .none: break
        case .crash: restart()
        case .reload: restart(keepingCalls: true)
        case .eviction: feed(.tick)
        }
    }

    /// Lets apps answer every call at once for some time.
    func serve(for span: TimeSpan = .zero) {
        let end = now + span
        while true {
            while let call = calls.first { reply(call, with: .returned(nil)) }
            guard let wake = core.nextWake, wake <= end else { break }
            now = max(now, wake)
            feed(.tick)
        }
        now = max(now, end)
    }

    func pause(_ slug: String = "app-f", _ isPaused: Bool = true) throws {
        let function = try #require(core.registry.functions.values.first { $0.configuration.slug == slug })
        feed(.pause(function: function.id, isPaused))
    }

    // MARK: - What happened

    /// The seconds after the beginning at which the runs of a function were first called; -1 if they were not.
    func starts(of slug: String = "app-f") -> [Double] {
        runs(of: slug).map { run in
            run.startedAt.map { Double(($0 - CoreHarness.start).milliseconds) / 1_000 } ?? -1
        }
    }

    /// A member of the data of the event that each run of a function is about, of several the first, in the
    /// order in which the runs began.
    func subjects(of slug: String = "app-f", _ member: String = "n") -> [Int64] {
        runs(of: slug).compactMap { data(of: $0.start.events[0], member) }
    }

    func data(of event: RowID, _ member: String) -> Int64? {
        store.events.first { $0.row == event }?.body.view["data"]?[member]?.int
    }

    /// The member of the event's data for the run that each open call belongs to.
    func called(_ member: String = "n") -> [Int64] {
        calls.compactMap { call in store.folds[call.id.run].flatMap { data(of: $0.start.events[0], member) } }
    }

    /// What a rule did to an event.
    func outcome(_ event: ULID, of slug: String = "app-f") -> Outcome? {
        guard let row = store.events.first(where: { $0.id == event })?.row,
            let function = core.registry.functions.values.first(where: { $0.configuration.slug == slug })
        else { return nil }
        return store.outcomes[row]?[function.id]
    }

    /// What a run's calls waited for, as its journal has it.
    func obstacles(of run: Run) -> [Obstacle] {
        (store.turns[run.row] ?? []).flatMap(\.entries).compactMap {
            if case .waited(let obstacle, _) = $0 { obstacle } else { nil }
        }
    }

    /// Nothing waits, nothing is held, nothing is pending, neither in memory nor in the store.
    func expectNothingLeft(_ location: SourceLocation = #_sourceLocation) {
        #expect(store.kept.isEmpty, sourceLocation: location)
        #expect(store.pendings.isEmpty && core.pendings.count == 0, sourceLocation: location)
        #expect(core.queue.held.isEmpty, sourceLocation: location)
        #expect(core.queue.count == 0, sourceLocation: location)
        #expect(core.singletons.isEmpty, sourceLocation: location)
        #expect(store.unacknowledged.isEmpty, sourceLocation: location)
    }
}
