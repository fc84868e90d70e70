import ApusCore
import ApusEngine
import ApusNode

/// The apps and the way to them: calls arrive late or never, replies come back late, twice or never.
final class SimulatedApps {
    private unowned let world: SimulatedWorld
    private let functions: [UUID16: SimulatedFunction]
    private let plans: [UUID16: [StepID: Statement]]
    let log = CallLog()
    /// How many outages of each app are under way.
    var outages: [Int]

    init(world: SimulatedWorld) {
        self.world = world
        outages = Array(repeating: 0, count: world.scenario.apps)
        var functions: [UUID16: SimulatedFunction] = [:]
        for function in world.scenario.functions { functions[function.id] = function }
        self.functions = functions
        plans = functions.mapValues(\.program.waits)
    }

    func function(_ id: UUID16) -> SimulatedFunction? {
        functions[id]
    }

    func program(of function: UUID16) -> Program? {
        functions[function]?.program
    }

    /// What a step waits for.
    func wait(of function: UUID16, _ step: StepID) -> WaitPlan? {
        guard case .wait(let plan)? = plans[function]?[step] else { return nil }
        return plan
    }

    func signal(of function: UUID16, _ step: StepID) -> SignalPlan? {
        guard case .signal(let plan)? = plans[function]?[step] else { return nil }
        return plan
    }

    func probe(_ app: UUID16, from host: SimulatedHost) {
        world.coverage.count(.probe)
        let index = (0..<outages.count).first { SimulatedFunction.appID($0) == app }
        host.later(latency()) { [self] in
            host.submit(.probed(app: app, reachable: index.map { outages[$0] == 0 } ?? false))
        }
    }

    func receive(_ call: OutgoingCall, from host: SimulatedHost) {
        let faults = world.scenario.faults
        let record = CallRecord(call, from: host, calledAt: world.rules.ledger.called[call.id]?.time ?? world.elapsed)
        let isNew = log.record(record)
        world.rules.calls.began(record, isNew: isNew, by: host, in: world)
        world.note("call \(call.stepID.prefix(6)) job \(call.id.job) generation \(call.id.generation) of \(call.runID)")
        guard let request = CallRequest(call), let function = functions[request.function] else {
            world.report(.calls, "the app cannot read the call \(String(decoding: call.body, as: UTF8.self))")
            return
        }
        record.request = request
        world.rules.calls.check(request, in: world)
        if outages[function.app] > 0 || world.strikes(faults.unreachable) {
            world.coverage.count(.callUnreachable)
            end(record, host, .failed(.unreachable("connection refused")), isLost: true)
        } else if world.strikes(faults.hang) {
            world.coverage.count(.callHung)
            host.later(world.scenario.callTimeout) { [self] in
                end(record, host, .failed(.timedOut), isLost: true)
            }
            if world.random.chance(percent: 50) { execute(request, function, record) { _ in } }
        } else {
            world.after(latency()) { [self] in
                execute(request, function, record) { [self] reply in
                    sendBack(reply, record, host)
                }
            }
        }
    }

    private func latency() -> Int64 {
        world.strikes(world.scenario.faults.slowApp)
            ? world.random.anyDelay(upTo: 60_000) : world.random.between(0, 20)
    }

    // MARK: - Replies on their way

    private func sendBack(_ reply: RawReply, _ record: CallRecord, _ host: SimulatedHost) {
        let faults = world.scenario.faults
        let decoded = AppReply.decode(reply, now: world.now)
        if world.strikes(faults.replyLost) {
            world.coverage.count(.replyLost)
            world.note("the reply to job \(record.id.job) of \(record.run) is lost")
            let failure: AttemptFailure =
                world.random.chance(percent: 50) ? .unreachable("EOF") : .brokenReply("it broke off")
            end(record, host, .failed(failure), isLost: true)
            return
        }
        if world.strikes(faults.garbage) {
            world.coverage.count(.replyGarbage)
            end(record, host, .decode(garbage(record), now: world.now), isLost: true)
            return
        }
        end(record, host, decoded, isLost: false)
    }

    /// The first and only end of a call's connection.
    private func end(_ record: CallRecord, _ host: SimulatedHost, _ reply: AppReply, isLost: Bool) {
        world.after(latency()) { [self] in
            guard host.isAlive else {
                record.fate = .lost
                if !isLost, world.strikes(world.scenario.faults.strayReply) { stray(reply, record) }
                return
            }
            record.fate = isLost ? .lost : .answered
            world.rules.calls.ended(record, by: host)
            host.submit(.reply(world.bug?.replyTo(record, in: world) ?? record.id, reply))
            guard !isLost, world.strikes(world.scenario.faults.replyTwice) else { return }
            world.after(latency()) { [self] in stray(reply, record) }
        }
    }

    /// A reply that nobody waits for any more.
    private func stray(_ reply: AppReply, _ record: CallRecord) {
        guard let host = world.hosts[Int(record.shard)] else { return }
        world.coverage.count(.strayReply)
        world.note("a stray reply to job \(record.id.job) generation \(record.id.generation) of \(record.run)")
        host.submit(.reply(world.bug?.replyTo(record, in: world) ?? record.id, reply))
    }

    private func garbage(_ record: CallRecord) -> RawReply {
        let sdk = [(name: "X-Inngest-SDK", value: "simulated:v1"), (name: "X-Inngest-Req-Version", value: "2")]
        switch world.random.below(5) {
        case 0: return RawReply(status: 206, headers: sdk, body: Array("<html>".utf8))
        case 1: return RawReply(status: 206, headers: sdk, body: [])
        case 2: return RawReply(status: 200, body: Array("hello".utf8))
        case 3: return RawReply(status: 502, body: Array("bad gateway".utf8))
        default:
            var writer = ReplyWriter()
            writer.unknownOp()
            return RawReply(status: 206, headers: sdk, body: writer.finish())
        }
    }

    // MARK: - Work

    private func execute(
        _ request: CallRequest,
        _ function: SimulatedFunction,
        _ record: CallRecord,
        _ answer: @escaping (RawReply) -> Void
    ) {
        let sdk = SimulatedSDK(world: world, log: log, function: function, request: request, record: record)
        sdk.answer { [self] reply in
            world.after(latency()) { answer(reply) }
        }
    }
}

extension SimulatedFunction {
    /// The id that the server gives an app.
    static func appID(_ index: Int) -> UUID16 {
        .v5(namespace: .oid, name: "app\(index)")
    }

    /// The id that the server gives the function.
    var id: UUID16 {
        .v5(namespace: .oid, name: Self.appID(app).description + slug)
    }
}

extension Scenario {
    /// What an app says of itself; each version has one function more, which nothing starts, and may have
    /// other timeouts and limits.
    func registration(of app: Int, version: Int) -> Registration {
        let later = (1..<version).map { number in
            SimulatedFunction(
                app: app, slug: "app\(app)-later\(number)", event: nil, retries: nil,
                program: Program(statements: [], ending: .returns, version: 2)
            )
        }
        return Registration(
            appName: "app\(app)",
            url: "http://app\(app)/api/inngest",
            functions: (functions.filter { $0.app == app } + later).map { function in
                FunctionConfiguration(
                    slug: function.slug,
                    name: function.slug,
                    triggers: function.triggers(version: version),
                    stepURL: "http://app\(app)/api/inngest?fnId=\(function.slug)&stepId=step",
                    retries: function.retries,
                    cancellations: function.cancellations.map(\.registered),
                    timeouts: function.timeouts(version: version),
                    flowControl: function.flow(version: version)
                )
            },
            checksum: String(version)
        )
    }
}
