import ApusCore
import ApusEngine
import ApusNode

/// Steps that a call reports while it goes on.
final class SimulatedReport {
    let record: CallRecord
    let steps: [ReportedStep]
    let checkpoint: Checkpoint?
    /// The server has said that it has them.
    var isStored = false

    /// What an app answers that was told that its call counts no more.
    static let replaced = "the call was replaced"

    init(_ steps: [ReportedStep], of request: CallRequest, record: CallRecord, in world: SimulatedWorld) {
        self.record = record
        self.steps = steps
        var ops = ReplyWriter()
        for step in steps { ops.ran(step.step, data: step.data) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("generation_id")
        writer.value(request.generation)
        writer.key("qi_id")
        writer.value(request.token)
        writer.key("run_id")
        writer.value(record.run)
        writer.key("steps")
        writer.raw((try? RawJSON(parsing: ops.finish())) ?? .null)
        writer.endObject()
        // As a node reads it.
        guard let body = try? CheckpointRequest(parsing: writer.bytes, limits: ReplyLimits()),
            let token = CallToken(text: body.call),
            let checkpoint = try? Checkpoint(
                run: body.run, row: token.row, job: token.job, generation: body.generation, ops: body.ops
            )
        else {
            world.report(.checkpoints, "the report \(String(decoding: writer.bytes, as: UTF8.self)) cannot be read")
            self.checkpoint = nil
            return
        }
        self.checkpoint = checkpoint
    }
}

/// Sends one report, as often as it takes or until the app gives up. Reports and their answers arrive late, twice,
/// in another order, or never.
final class ReportExchange {
    private let world: SimulatedWorld
    private let report: SimulatedReport
    private let patience: Int64
    private let done: (Outcome) -> Void
    private var triesLeft: Int
    /// Answers to earlier tries come too late.
    private var currentTry = 0
    private var isOver = false

    enum Outcome {
        case stored
        case stale
        case unanswered
    }

    init(
        _ report: SimulatedReport, _ reporting: Reporting, in world: SimulatedWorld, _ done: @escaping (Outcome) -> Void
    ) {
        self.world = world
        self.report = report
        self.done = done
        patience = reporting.patience
        triesLeft = reporting.tries
    }

    func send() {
        triesLeft -= 1
        currentTry += 1
        let thisTry = currentTry
        world.after(patience) { [self] in
            if thisTry == currentTry { tryAgain() }
        }
        let faults = world.scenario.faults
        if world.strikes(faults.reportLost) {
            world.coverage.count(.reportLost)
            world.note("a report of \(report.record.id) is lost")
        } else {
            travel(thisTry)
        }
        if world.strikes(faults.reportTwice) { travel(thisTry) }
    }

    private func travel(_ thisTry: Int) {
        let isSlow = world.strikes(world.scenario.faults.slowReport)
        world.after(isSlow ? world.random.anyDelay(upTo: 60_000) : world.random.between(0, 20)) { [self] in
            arrive(thisTry)
        }
    }

    private func arrive(_ thisTry: Int) {
        if isOver { world.coverage.count(.reportLate) }
        guard let checkpoint = report.checkpoint, let host = world.hosts[Int(report.record.shard)] else {
            return refused(thisTry)
        }
        if world.bug == .earlyReportAnswers {
            host.submit(.checkpoint(checkpoint))
            return answered(.stored, by: host, thisTry)
        }
        let input = Input.checkpoint(world.bug?.alter(checkpoint) ?? checkpoint)
        host.submit(input) { [self] result in
            guard host.isAlive else { return }
            switch result {
            case .success(.checkpoint(let answer)): answered(answer, by: host, thisTry)
            case .success(let answer): world.report(.checkpoints, "a report was answered with \(answer)")
            case .failure(let error):
                world.note("a report of \(report.record.id) is refused: \(error)")
                world.coverage.count(.reportRefused)
                refused(thisTry)
            }
        }
    }

    private func answered(_ answer: CheckpointAnswer, by host: SimulatedHost, _ thisTry: Int) {
        world.note("a report of \(report.record.id) with \(report.steps.map(\.step.userID)): \(answer)")
        world.rules.checkpoints.answered(report, answer, by: host, in: world)
        meddle(host)
        if world.strikes(world.scenario.faults.reportUnanswered) {
            world.coverage.count(.reportUnanswered)
            return
        }
        world.after(world.random.between(0, 20)) { [self] in
            guard !isOver, thisTry == currentTry else { return }
            switch answer {
            case .stored: finish(.stored)
            case .stale: finish(.stale)
            case .unknownRun, .tooLarge:
                world.report(.checkpoints, "a report of \(report.record.id) was answered with \(answer)")
            }
        }
    }

    /// What matters between a report and the answer of its call.
    private func meddle(_ host: SimulatedHost) {
        guard world.strikes(world.scenario.faults.troubleAfterReport) else { return }
        let pause = world.random.anyDelay(upTo: 5_000)
        let isCrash = world.random.chance(percent: 50)
        world.after(world.random.anyDelay(upTo: 200)) { [self] in
            guard host.isAlive else { return }
            world.coverage.count(.troubleAfterReport)
            if isCrash { world.crash(pause: pause) } else { world.store.takeOver(host.id) }
        }
    }

    private func refused(_ thisTry: Int) {
        world.after(100 + world.random.between(0, 1_000)) { [self] in
            if thisTry == currentTry { tryAgain() }
        }
    }

    private func tryAgain() {
        guard !isOver else { return }
        if triesLeft > 0 { send() } else { finish(.unanswered) }
    }

    private func finish(_ outcome: Outcome) {
        isOver = true
        done(outcome)
    }
}
