import ApusCore

/// The order to repeat a run, with everything that the new run takes over.
package struct RerunOrder: Hashable, Sendable {
    /// Drawn when it is `nil`. The shard that starts the run may change its last bits.
    package var id: ULID?
    package var origin: RunOrigin
    package var function: UUID16
    package var events: [OfferedEvent]
    /// The results that hold for the new run, in the order in which they came.
    package var results: [StepResult]
    /// Of a run that is about an HTTP request to an endpoint.
    package var endpoint: EndpointTerms?
    package var actor: String
}

/// Why a run cannot be repeated in the way that somebody wants.
package enum RerunProblem: Error, Hashable, Sendable {
    /// Its journal has no such step.
    case unknownStep
    /// Several steps have this name.
    case ambiguousStep([StepID])
    /// It has not failed, so there is no failure to begin at.
    case hasNotFailed
    /// What it did is not stored any more.
    case isGone
}

/// What became of the order to repeat a run.
package enum RerunAnswer: Hashable, Sendable {
    case started(ULID)
    /// Another shard decides about the function's limits.
    case elsewhere(ShardID)
    /// The function is not registered any more.
    case unknownFunction
    case paused
    /// Another run lives for the same key of the function's singleton.
    case held(by: ULID?)
}

extension RerunOrder {
    /// Reads out of a run's journal what holds for a run that repeats it.
    ///
    /// - From a step on: results of what came up before that step, or beside it in the same reply. They cannot
    ///   depend on it.
    /// - From the failure on: all results but those of failed steps after which nothing more came up.
    /// - Parameters:
    ///   - step: the name or the id of the step that a start at a step means.
    ///   - now: when the new run is to start.
    package init(
        repeating loaded: LoadedRun, from place: Place, input: RawJSON? = nil, replay: ULID? = nil, at now: Timestamp,
        by actor: String
    ) throws(RerunProblem) {
        let history = StepHistory(loaded.turns)
        guard let start = history.start else { throw .unknownStep }
        let origin: RunOrigin
        switch place {
        case .beginning:
            results = []
            origin = RunOrigin(run: start.id, start: .beginning, replay: replay)
        case .failure:
            guard loaded.projection.status == .failed || loaded.projection.status == .cancelled else {
                throw .hasNotFailed
            }
            results = history.results(withoutFailureOf: loaded.projection.status)
            origin = RunOrigin(run: start.id, start: .failure, replay: replay)
        case .step(let reference):
            let step = try history.step(called: reference)
            results = history.results(before: step)
            origin = RunOrigin(run: start.id, start: .step(step), input: input.map { Payload($0) }, replay: replay)
        }
        self.origin = origin
        endpoint = history.endpoint
        function = start.function
        events = zip(start.events, loaded.events).map { OfferedEvent(row: $0, body: $1, startsAt: now) }
        self.actor = actor
    }

    /// Where somebody wants a repeated run to begin.
    package enum Place: Hashable, Sendable {
        case beginning
        case failure
        /// At the step with this name or id.
        case step(String)
    }
}

extension RerunProblem: CustomStringConvertible {
    /// For people.
    package var description: String {
        switch self {
        case .unknownStep: "the run has no step of this id or name"
        case .ambiguousStep(let steps):
            "several steps have this name; their ids are \(steps.map(\.description).joined(separator: ", "))"
        case .hasNotFailed: "the run has neither failed nor been cancelled; it can be repeated from its beginning"
        case .isGone: "what the run did is not stored any more"
        }
    }
}

extension RerunAnswer {
    /// Why nothing was started.
    package var reason: String {
        switch self {
        case .started, .elsewhere: ""
        case .unknownFunction: "the run's function is not registered any more"
        case .paused: "the run's function is paused"
        case .held(let holder):
            "the function is a singleton, and run \(holder?.description ?? "of the same key") has not ended"
        }
    }
}

/// When each step of a run came up and when it had its result, by the place in the journal.
private struct StepHistory {
    private(set) var start: RunStart?
    private(set) var endpoint: EndpointTerms?
    private var results: [(result: StepResult, at: Int)] = []
    private var finished: Set<StepID> = []
    private var firsts: [StepID: First] = [:]
    private var names: [String: [StepID]] = [:]

    private struct First {
        var at: Int
        var turn: Int
        /// The reply that told of the step had its result too.
        var isFinished: Bool
    }

    init(_ turns: [Turn]) {
        var place = 0
        for (number, turn) in turns.enumerated() {
            for entry in turn.entries {
                place += 1
                read(entry, at: place, turn: number)
            }
        }
    }

    private mutating func read(_ entry: JournalEntry, at place: Int, turn: Int) {
        switch entry {
        case .started(let start): self.start = start
        case .endpoint(let terms): endpoint = terms
        case .stepNamed(let step, let label): note(step, label.name, at: place, turn)
        case .scheduled(let job): if let step = job.step { note(step, nil, at: place, turn) }
        case .invoked(let wait): note(wait.step, nil, at: place, turn)
        case .listening(let listener): if let step = listener.step { note(step, nil, at: place, turn) }
        case .stepFinished(let result):
            note(result.step, result.label.name, at: place, turn, isFinished: true)
            // The first result of a step counts.
            if finished.insert(result.step).inserted { results.append((result, place)) }
        default: break
        }
    }

    private mutating func note(_ step: StepID, _ name: String?, at place: Int, _ turn: Int, isFinished: Bool = false) {
        if let name, !(names[name]?.contains(step) ?? false) { names[name, default: []].append(step) }
        if firsts[step] == nil { firsts[step] = First(at: place, turn: turn, isFinished: isFinished) }
    }

    func step(called reference: String) throws(RerunProblem) -> StepID {
        if let id = StepID(reference), firsts[id] != nil { return id }
        let found = names[reference] ?? []
        guard let step = found.first else { throw .unknownStep }
        guard found.count == 1 else { throw .ambiguousStep(found) }
        return step
    }

    func results(before step: StepID) -> [StepResult] {
        guard let begin = firsts[step] else { return [] }
        return results.filter { result, at in
            guard result.step != step, let first = firsts[result.step] else { return false }
            return at < begin.at || (first.turn <= begin.turn && !first.isFinished)
        }
        .map(\.result)
    }

    func results(withoutFailureOf status: RunStatus) -> [StepResult] {
        guard status == .failed else { return results.map(\.result) }
        let last = firsts.values.map(\.at).max() ?? 0
        return results.filter { $0.result.outcome != .failed || $0.at < last }.map(\.result)
    }
}
