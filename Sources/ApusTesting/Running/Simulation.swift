import Apus
import ApusCore
import Synchronization

/// One run, driven as a server would drive it.
struct Simulation {
    let plan: RunPlan
    let events: [RawJSON]
    let start: Timestamp
    let recorder: Recorder
    let client: Client
    let endpoint: Endpoint
    let isKept: Bool
    let maxAttempts: Int
    let runID: String

    private(set) var now: Timestamp
    var agenda = Agenda()
    /// Results, and their order.
    private var memos: [StepID: RawJSON] = [:]
    private var stack: [StepID] = []
    /// The results as of the end of the last call that was not for one step; a server makes the calls for steps that run side by
    /// side at that time.
    private var snapshot: (steps: RawJSON, stack: RawJSON) = (.emptyObject, .emptyArray)
    /// Steps that run side by side and are not done.
    private var pending: Set<StepID> = []
    private var racing: Set<StepID> = []
    private var planOnly = false
    var steps = StepList()
    private var end: RunRecord.End?

    init(_ plan: RunPlan, _ events: [RawJSON], _ start: Timestamp, isKept: Bool) throws(TestFailure) {
        let origin = plan.definition.client
        self.plan = plan
        self.events = events
        self.start = start
        self.isKept = isKept
        runID = Simulation.nextRunID()
        now = start
        maxAttempts = plan.definition.maxAttempts
        recorder = Recorder(plan.stubs, plan.settings)
        var settings = ClientSettings.development()
        settings.middleware = origin.settings.middleware
        settings.checkpoints = isKept ? .init(longestCall: .hours(24)) : .off
        settings.keptHandlers = 1
        settings.logger = recorder.log.logger
        client = Client(appID: origin.appID, settings: settings, transport: recorder, witness: recorder)
        endpoint = Endpoint(client, functions: [Served(definition: plan.definition)])
        guard endpoint.problems.isEmpty else {
            throw TestFailure(endpoint.problems.joined(separator: "\n"))
        }
    }

    private static let count = Mutex<Int64>(0)

    /// Of the form that a server's have.
    private static func nextRunID() -> String {
        let number = count.withLock { count in
            count += 1
            return String(count)
        }
        return "01J" + String(repeating: "0", count: max(0, 23 - number.count)) + number
    }

    private struct Served: Servable {
        let definition: FunctionDefinition
    }

    /// Runs to the end.
    mutating func run() async throws -> RunRecord {
        planCancellation()
        agenda.add(Job(kind: .discovery, due: now))
        defer { client.dropHandlers() }
        while end == nil {
            guard let job = agenda.next() else {
                throw TestFailure("the run has not ended and waits for nothing; its last step is \(lastStep)")
            }
            now = max(now, job.due)
            switch job.kind {
            case .result(let step, let memo, let outcome): save(step, memo, outcome)
            case .cancellation: end = .cancelled
            case .discovery, .step:
                guard let reply = await call(job) else {
                    throw TestFailure(
                        """
                        the run was stopped after \(plan.settings.timeLimit); its last step is \(lastStep). Does the \
                        function await something that never comes?
                        """)
                }
                if let failure = recorder.notes.withLock({ $0.failure }) { throw failure }
                try await take(reply, of: job)
            }
            if let failure = recorder.notes.withLock({ $0.failure }) { throw failure }
        }
        return record
    }

    private var lastStep: String { recorder.notes.withLock { $0.lastStep } ?? "none" }

    // MARK: - Calls

    private mutating func call(_ job: Job) async -> AppReply? {
        var target: StepID?
        if case .step(let step) = job.kind {
            target = step
        } else {
            // What a new handler does must not depend on an old one.
            if !isKept { client.dropHandlers() }
            takeSnapshot()
        }
        let request = AppRequest(
            method: "POST",
            target: "/api/inngest?fnId=\(plan.definition.slug)&stepId=\(target?.description ?? "step")",
            headers: [("Content-Type", "application/json")],
            body: body(job.attempt, planOnly: target != nil && planOnly)
        )
        let endpoint = endpoint
        let recorder = recorder
        let timeLimit = plan.settings.timeLimit
        let response = await TestTransport.$current.withValue(recorder) {
            await Deadline.limit(timeLimit) { await endpoint.handle(request) }
        }
        guard let response else { return nil }
        let reported = recorder.notes.withLock { notes in
            defer { notes.reported = [] }
            return notes.reported
        }
        for op in reported {
            ask(op)
            keep(op.id, .object(["data": op.data ?? .null]), .succeeded)
        }
        if !reported.isEmpty { takeSnapshot() }
        let reply = RawReply(status: response.status, headers: response.headers, body: response.body)
        return AppReply.decode(reply, now: now)
    }

    private mutating func takeSnapshot() {
        snapshot = (
            .object(stack.map { ($0.description, memos[$0] ?? .null) }),
            .array(stack.map { .string($0.description) })
        )
    }

    private func body(_ attempt: Int, planOnly: Bool) -> [UInt8] {
        RawJSON.object([
            "ctx": .object([
                "attempt": .int(Int64(attempt)), "disable_immediate_execution": .bool(planOnly), "env": .string(""),
                "fn_id": .string("00000000-0000-4000-8000-000000000001"), "generation_id": .int(1),
                "max_attempts": .int(Int64(maxAttempts)), "qi_id": .string("dGVzdDo6ZGVmYXVsdA=="),
                "request_id": .string(runID), "run_id": .string(runID),
                "stack": .object(["current": .int(0), "stack": snapshot.stack]), "step_id": .string("step"),
                "use_api": .bool(false),
            ]),
            "defers": .emptyObject, "event": events[0], "events": .array(events), "steps": snapshot.steps,
            "use_api": .bool(false), "version": .int(2),
        ]).bytes
    }

    // MARK: - Answers

    private mutating func take(_ reply: AppReply, of job: Job) async throws {
        switch reply {
        case .returned(let result):
            end = .completed(result ?? .null)
        case .failed(let failure):
            if job.attempt + 1 < maxAttempts, !failure.isFinal {
                retry(job, failure.retryAfter)
            } else {
                end = .failed(failure.body)
            }
        case .ops(let list):
            guard list.ops.count <= ReplyLimits.default.opsPerReply else {
                throw TestFailure(
                    "the function asks for more than 1,000 steps at once, which fails the run on a server")
            }
            try await take(list, of: job)
        }
    }

    private mutating func take(_ list: AppReply.OpList, of job: Job) async throws {
        let ops = list.ops.filter { $0.kind != .runComplete && memos[$0.id] == nil }
        if ops.count > 1, ops.contains(where: \.kind.isAsynchronous) {
            let joined = ops.filter { !$0.isRace }.map(\.id)
            if !joined.isEmpty { pending = Set(joined) }
            planOnly = true
        }
        for op in ops {
            if op.isRace { racing.insert(op.id) }
            let isNew = ask(op)
            guard steps.count <= plan.settings.stepLimit else {
                throw TestFailure(
                    "the run was stopped after \(plan.settings.stepLimit) steps; its last step is \(lastStep)")
            }
            switch op.kind {
            case .stepRun: save(op.id, .object(["data": op.data ?? .null]), .succeeded)
            case .stepError where job.attempt + 1 < maxAttempts && !list.isFinal: retry(job, list.retryAfter)
            case .stepError, .stepFailed: save(op.id, .object(["error": op.error ?? .emptyObject]), .failed)
            case .stepPlanned where isNew: agenda.add(Job(kind: .step(op.id), due: now))
            case _ where isNew: try await arrange(op)
            default: break
            }
        }
        if let last = list.ops.first(where: { $0.kind == .runComplete }) { end = .completed(last.data ?? .null) }
        if list.ops.isEmpty { discover() }
    }

    private mutating func retry(_ job: Job, _ time: Timestamp?) {
        let due = time ?? now + Backoff.pause(after: job.attempt)
        agenda.add(Job(kind: job.kind, due: due, attempt: job.attempt + 1))
    }

    private mutating func discover() {
        if !agenda.hasDiscovery { agenda.add(Job(kind: .discovery, due: now)) }
    }

    /// Notes that a step was asked for.
    /// - Returns: whether it is new.
    @discardableResult
    private mutating func ask(_ op: Op) -> Bool {
        let line = recorder.notes.withLock { $0.lines[op.id] }
        return steps.add(op, line: line, at: now - start)
    }

    private mutating func keep(_ step: StepID, _ memo: RawJSON, _ outcome: TestStep.Outcome) {
        guard memos.updateValue(memo, forKey: step) == nil else { return }
        stack.append(step)
        pending.remove(step)
        let attempts = recorder.notes.withLock { $0.attempts[step] }
        steps.end(step, memo, outcome, attempts: attempts, at: now - start)
    }

    /// Gives a step its result; the function goes on when it was the last of those side by side, or in a race.
    private mutating func save(_ step: StepID, _ memo: RawJSON, _ outcome: TestStep.Outcome) {
        keep(step, memo, outcome)
        guard pending.isEmpty || racing.contains(step) else { return }
        planOnly = false
        discover()
    }

    // MARK: - The end

    private var record: RunRecord {
        let notes = recorder.notes.withLock { $0 }
        return RunRecord(
            end: end ?? .cancelled, steps: steps.all, duration: now - start, sent: notes.sent + steps.sentByOthers,
            signals: notes.signals, logged: recorder.log.all
        )
    }
}
