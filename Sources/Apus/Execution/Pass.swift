import ApusCore
import Logging
import Synchronization

/// One run of a handler, which goes as far as the results of its steps allow.
///
/// A pass has one rule for the order in which things happen, so that a new handler that is given a run's results does
/// exactly what the old one did: whenever nothing can run, the step that *finished* first, of those that the handler
/// waits for, gets its result, and the handler runs until nothing can run again. The order in which steps finished is
/// the server's; everything between is the handler's own code on a serial executor. A step that would be chosen by this
/// rule anyway returns at once, without suspending: nothing else can run, and no other result waits.
final class Pass: Sendable {
    fileprivate struct Waiting {
        let call: StepCall
        let continuation: UnsafeContinuation<StepSignal, Never>
        /// Where in the history its result is.
        var position: Int?
    }

    fileprivate struct State {
        var context: RunContext
        var history = History()
        /// Which results of the history nobody has asked for.
        var open: [Bool] = []
        /// Where the result is that is likely to be asked for next.
        var next = 0
        /// How many results came with earlier calls, what they were, and which of them nobody has asked for yet.
        var known = 0
        var digest = 0
        var openAmongKnown: Set<Int> = []
        /// How often each name was used.
        var counts: [StepName: Int] = [:]
        /// Steps without a result, in the order in which the handler reached them.
        var waiting: [Waiting] = []
        /// How many of them can be given their result.
        var ready = 0
        /// The only step to run, if the call asks for one.
        var target: StepID?
        /// Steps that the handler's own cancellation has ended.
        var abandoned: Set<StepID> = []
        /// A body that has ended.
        var outcome: BodyOutcome?
        var result: Result<RawJSON, any Error>?
        var lastStep: (name: String, line: SourceLine)?
        var isUnwinding = false
        var refusals = 0
    }

    /// What the handler has registered to undo.
    let compensations = Compensations()
    /// What results pass through.
    let middleware: [any Middleware]
    private let executor = PassExecutor()
    private let state: Mutex<State>
    private let task: Mutex<Task<Void, Never>?> = Mutex(nil)

    /// Starts a handler; it does nothing before ``settle()``.
    init(_ context: RunContext, handler: @escaping @Sendable (Pass) async throws -> RawJSON) {
        middleware = context.client.settings.middleware
        state = Mutex(State(context: context))
        let task = Task(executorPreference: executor) {
            var result: Result<RawJSON, any Error>
            do {
                result = .success(try await handler(self))
            } catch {
                result = .failure(error)
            }
            if Compensation.isDue(result, in: self) { result = await Compensation.run(after: result, in: self) }
            self.state.withLock { [result] in $0.result = result }
        }
        self.task.withLock { $0 = task }
    }

    /// What the newest call says of the run.
    var context: RunContext { state.withLock { $0.context } }
}

// MARK: - For steps

extension Pass {
    /// How a step call begins.
    enum Entrance {
        /// Its result is here.
        case memo(JSONView)
        /// It has to wait.
        case wait(StepCall)
        /// The handler is being unwound.
        case refused
        /// It is called where no step can be.
        case misplaced
    }

    /// Notes that the handler has reached a step.
    ///
    /// Here and below `@inline(never)` keeps what is only needed for a moment out of the frames of a handler that is kept.
    @inline(never)
    func enter(_ name: String, _ line: SourceLine, _ order: () throws -> StepOrder) rethrows -> Entrance {
        guard executor.isCurrent else { return .misplaced }
        let known = StepIDs.name(name)
        let found: Found = state.withLock { state in
            if state.isUnwinding { return .nothing }
            let index = state.count(known)
            let id = StepIDs.id(name, known, index: index)
            if let position = state.nextPosition(of: id), state.ready == 0, !state.hasTarget, executor.isQuiet {
                state.open[position] = false
                state.next = position + 1
                state.lastStep = (name, line)
                return .memo(state.history.entries[position].memo)
            }
            return .newStep(id, index: index)
        }
        switch found {
        case .nothing: return .refused
        case .memo(let memo): return .memo(memo)
        case .newStep(let id, let index):
            // Outside of the lock: the order is made by the user's own encoding.
            return .wait(StepCall(id: id, name: name, index: index, line: line, order: try order().racing))
        }
    }

    private enum Found {
        case memo(JSONView)
        case newStep(StepID, index: Int)
        /// The handler is being unwound, and asks for nothing any more.
        case nothing
    }

    /// Whether the server has a result of the first step of a name.
    func hasResult(of name: String) -> Bool {
        state.withLock { $0.history.position(of: StepIDs.name(name).first) != nil }
    }

    /// Waits for what becomes of a step.
    @inline(never)
    func wait(for call: StepCall) async -> StepSignal {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let signal: StepSignal? = state.withLock { state in
                    if state.isUnwinding { return .unwind }
                    if Task.isCancelled {
                        state.abandoned.insert(call.id)
                        return .cancel
                    }
                    let position = state.openPosition(of: call.id)
                    state.waiting.append(Waiting(call: call, continuation: continuation, position: position))
                    state.ready += position == nil ? 0 : 1
                    return nil
                }
                if let signal { continuation.resume(returning: signal) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> UnsafeContinuation<StepSignal, Never>? in
                guard !state.isUnwinding, let waiting = state.leave(call.id) else { return nil }
                state.abandoned.insert(call.id)
                return waiting.continuation
            }
            continuation?.resume(returning: .cancel)
        }
    }

    /// Hands over what became of a body, and waits for what becomes of the step.
    func report(_ outcome: BodyOutcome, of call: StepCall) async -> StepSignal {
        state.withLock { $0.outcome = outcome }
        return await wait(for: call)
    }

    /// Answers a step call of a handler that is being unwound.
    ///
    /// It throws, so that the handler comes to its end. One that catches that again and again, as a loop around `try?`
    /// does, is stopped where it is: its memory is lost, but it does no more.
    @inline(never)
    func refuse() async throws(RunUnwound) -> Never {
        let refusals = state.withLock { state in
            state.refusals += 1
            return state.refusals
        }
        if refusals > Pass.refusalLimit {
            let line = state.withLock { $0.lastStep }
            context.logger.error(
                "a handler that should end keeps calling steps; it is stopped where it is",
                metadata: ["step": "\(line?.name ?? "")", "line": "\(line.map { "\($0.line)" } ?? "")"]
            )
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
        throw RunUnwound()
    }

    private static var refusalLimit: Int { 1_000 }
}

// MARK: - For who drives the pass

extension Pass {
    /// Where a pass stands when nothing can run.
    enum Standing {
        /// The handler has ended.
        case finished(Result<RawJSON, any Error>)
        /// The step that the call asks for has been reached.
        case target(StepCall)
        /// These steps have no result yet.
        case waiting([StepCall])
    }

    private enum Move {
        case stop(Standing)
        case resume(UnsafeContinuation<StepSignal, Never>, JSONView)
        case look([StepCall])
        case stall
    }

    /// Gives the handler a call's results. On a handler that has been kept it may only be called if ``continues(_:)``.
    func take(_ history: History, context: RunContext, target: StepID?) {
        state.withLock { state in
            state.context = context
            state.target = target
            state.history = history
            state.next = 0
            state.counts.reserveCapacity(history.entries.count + 1)
            state.open = history.entries.indices.map { $0 >= state.known || state.openAmongKnown.contains($0) }
            state.ready = 0
            for index in state.waiting.indices {
                state.waiting[index].position = state.openPosition(of: state.waiting[index].call.id)
                state.ready += state.waiting[index].position == nil ? 0 : 1
            }
        }
    }

    /// Whether a call's results begin with those that this handler has had.
    func continues(_ history: History) -> Bool {
        state.withLock { $0.known <= history.entries.count && $0.digest == history.digest(ofFirst: $0.known) }
    }

    /// Lets go of the results: what is kept of a handler between two calls is the handler.
    func park() {
        state.withLock { state in
            state.known = state.history.entries.count
            state.digest = state.history.digest(ofFirst: state.known)
            state.openAmongKnown = Set(state.open.indices.filter { state.open[$0] })
            state.history = History()
            state.open = []
            state.target = nil
        }
    }

    /// Runs the handler until only the outside can make it go on.
    func settle() async -> Standing {
        var hasLooked = false
        while true {
            executor.drain()
            switch nextMove() {
            case .stop(let standing):
                return standing
            case .resume(let continuation, let memo):
                hasLooked = false
                continuation.resume(returning: .memo(memo))
            case .look(let calls):
                // Something that is no step may be about to come back, from an actor for example, if the handler has made
                // tasks besides its own.
                if hasLooked || executor.hasOneTask { return .waiting(calls) }
                await Task.yield()
                hasLooked = executor.isQuiet
            case .stall:
                await stall()
            }
        }
    }

    private func nextMove() -> Move {
        state.withLock { state in
            if let result = state.result { return .stop(.finished(result)) }
            if let target = state.target, let found = state.waiting.first(where: { $0.call.id == target }) {
                return .stop(.target(found.call))
            }
            if state.ready > 0 {
                let next = state.waiting.min { ($0.position ?? .max) < ($1.position ?? .max) }
                if let next, let position = next.position {
                    _ = state.leave(next.call.id)
                    state.open[position] = false
                    state.lastStep = (next.call.name, next.call.line)
                    return .resume(next.continuation, state.history.entries[position].memo)
                }
            }
            return state.waiting.isEmpty ? .stall : .look(state.waiting.map(\.call))
        }
    }

    /// Runs the body of a waiting step to its end; the handler's own executor stays free for the handler.
    /// - Returns: `nil` when the step has gone away in the meantime.
    func runBody(of call: StepCall) async -> BodyOutcome? {
        guard let waiting = state.withLock({ $0.leave(call.id) }) else { return nil }
        let bodyExecutor = BodyExecutor()
        waiting.continuation.resume(returning: .run(on: bodyExecutor))
        executor.drain()
        bodyExecutor.runBeginning()
        while true {
            executor.drain()
            let (outcome, isOver) = state.withLock { state in
                defer { state.outcome = nil }
                return (state.outcome, state.result != nil)
            }
            if let outcome { return outcome }
            if isOver { return nil }
            await executor.waitForJob()
        }
    }

    /// Adds a result that the server has taken while the call went on.
    func append(_ memo: RawJSON, of call: StepCall) {
        state.withLock { state in
            state.history.append(call.id, memo.view)
            // What has a result already keeps it.
            if state.open.count < state.history.entries.count { state.open.append(true) }
            for index in state.waiting.indices where state.waiting[index].call.id == call.id {
                state.ready -= state.waiting[index].position == nil ? 0 : 1
                state.waiting[index].position = state.openPosition(of: call.id)
                state.ready += state.waiting[index].position == nil ? 0 : 1
            }
        }
    }

    /// What the handler returns, if it ends with the results that it has and without waiting for anything else.
    var resultAtOnce: RawJSON? {
        while true {
            executor.drain()
            switch nextMove() {
            case .stop(.finished(.success(let result))): return result
            case .resume(let continuation, let memo): continuation.resume(returning: .memo(memo))
            case .stop, .look, .stall: return nil
            }
        }
    }

    /// The results that nobody has asked for: the handler is not the one that produced them.
    var unused: [StepID] {
        state.withLock { state in
            zip(state.history.entries, state.open).filter { $1 && !state.abandoned.contains($0.id) }.map(\.0.id)
        }
    }

    /// Whether the handler's own cancellation has ended a step.
    func hasAbandoned(_ id: StepID) -> Bool { state.withLock { $0.abandoned.contains(id) } }

    /// The step whose result the handler has got last.
    var lastStep: (name: String, line: SourceLine)? { state.withLock { $0.lastStep } }
    /// The same as a text.
    var lastPlace: String { lastStep.map { "\($0.name), \($0.line)" } ?? "its beginning" }

    /// Cancels the handler's task, and with it the body that it runs.
    func cancel() {
        task.withLock { $0 }?.cancel()
    }

    /// Ends the handler: its task is cancelled, and every step that it waits for or calls throws ``RunUnwound``.
    func unwind() {
        let waiting = state.withLock { state in
            state.isUnwinding = true
            defer { state.waiting = [] }
            return state.result == nil ? state.waiting : []
        }
        task.withLock { $0 }?.cancel()
        executor.setFree()
        for waiting in waiting { waiting.continuation.resume(returning: .unwind) }
    }

    private func stall() async {
        let context = context
        let last = lastStep
        let place = lastPlace
        let warning = Task.detached {
            try await Task.sleep(for: .milliseconds(250))
            guard context.stalls.isFirst(at: last?.line.description ?? "") else { return }
            context.logger.warning(
                """
                the function awaits something outside of its steps, which runs again with every call: move it into a \
                step.run
                """,
                metadata: ["after": "\(place)"]
            )
        }
        await executor.waitForJob()
        warning.cancel()
    }
}

extension Pass.State {
    /// Counts a use of a name.
    /// - Returns: how many there were before.
    fileprivate mutating func count(_ name: StepName) -> Int {
        let count: (inout Int) -> Int = { count in
            count += 1
            return count
        }
        return count(&counts[name, default: -1])
    }

    /// Whether the handler waits for the step that the call asks for.
    fileprivate var hasTarget: Bool { target != nil && waiting.contains { $0.call.id == target } }

    /// Where the result of a step is that nobody has got yet.
    fileprivate func openPosition(of id: StepID) -> Int? {
        history.position(of: id).flatMap { open[$0] ? $0 : nil }
    }

    /// The same; a look at the result that follows the last one spares the search.
    fileprivate func nextPosition(of id: StepID) -> Int? {
        if next < open.count, open[next], history.entries[next].id == id { return next }
        return openPosition(of: id)
    }

    /// Takes a step out of those that wait.
    fileprivate mutating func leave(_ id: StepID) -> Pass.Waiting? {
        guard let index = waiting.firstIndex(where: { $0.call.id == id }) else { return nil }
        let found = waiting.remove(at: index)
        ready -= found.position == nil ? 0 : 1
        return found
    }
}
