import ApusCore
import ApusEngine

/// Makes up the functions of a world.
///
/// A function starts others only if they come later in the list, so that every chain ends.
struct ProgramGenerator {
    var random: SplitMix64
    private let apps: Int
    /// Whether functions have flow control.
    private let isLimited: Bool
    private(set) var eventNames: [String] = []
    private var nextStep = 0

    init(random: SplitMix64, apps: Int, isLimited: Bool) {
        self.random = random
        self.apps = apps
        self.isLimited = isLimited
    }

    /// Functions that events start, functions that these invoke or reach by an event, and failure handlers.
    mutating func functions() -> [SimulatedFunction] {
        var functions: [SimulatedFunction] = []
        let roots = random.count(1...3)
        let reached = random.count(1...2)
        for index in 0..<roots { functions.append(function("root\(index)", event: "event/\(index % 2)")) }
        for index in 0..<reached { functions.append(function("child\(index)", event: "chain/\(index)")) }
        eventNames = (0..<min(roots, 2)).map { "event/\($0)" }
        for index in functions.indices {
            // Only functions further down are started, and only children, so that chains end.
            let first = max(index + 1 - roots, 0)
            nextStep = 0
            functions[index].program = program(
                children: (first..<max(reached, first)).map { functions[roots + $0].slug },
                events: (first..<max(reached, first)).map { "chain/\($0)" },
                isRoot: index < roots
            )
        }
        for function in functions where random.chance(percent: 40) {
            functions.append(failureHandler(of: function))
        }
        return functions
    }

    private mutating func function(_ name: String, event: String) -> SimulatedFunction {
        let app = Int(random.below(UInt64(apps)))
        let flows = isLimited ? flows() : []
        let isCancellable = !flows.contains { $0.batch != nil }
        return SimulatedFunction(
            app: app,
            slug: "app\(app)-\(name)",
            event: random.chance(percent: 10) ? "event/*" : event,
            filter: random.chance(percent: 15) ? .condition(.drawFilter(from: &random)) : .every,
            retries: random.pick([nil, 0, 1, 3]),
            cancellations: isCancellable && random.chance(percent: 25)
                ? (0..<random.count(1...2)).map { _ in cancellation() } : [],
            timeouts: random.chance(percent: 20) ? (0..<2).map { _ in timeouts() } : [],
            flows: flows,
            program: Program(statements: [], ending: .returns, version: 2)
        )
    }

    private mutating func failureHandler(of function: SimulatedFunction) -> SimulatedFunction {
        SimulatedFunction(
            app: function.app,
            slug: "\(function.slug)-failure",
            event: LifecycleEvent.failedName,
            filter: .failureOf(function.slug),
            retries: 4,
            flows: isLimited ? waitingFlows() : [],
            program: Program(
                statements: random.chance(percent: 50) ? [.run(Body(id: "report"))] : [],
                ending: random.chance(percent: 20) ? .failsFinally : .returns,
                version: 2
            )
        )
    }

    private mutating func program(children: [String], events: [String], isRoot: Bool) -> Program {
        var program = Program(statements: [], ending: ending(), version: random.chance(percent: 25) ? 1 : 2)
        for _ in 0..<random.count(isRoot ? (isLimited ? 0...2 : 0...4) : 0...2) {
            program.statements.append(statement(depth: 0, children: children, events: events))
        }
        program.failsWithoutRetry = random.chance(percent: 70)
        program.failsFast = random.chance(percent: 30)
        program.reportsLosers = random.chance(percent: 50)
        program.repeatsKnownSteps = random.chance(percent: 10)
        program.emptyReplies = random.chance(percent: 10) ? random.count(1...2) : 0
        program.reportsLastFailure = random.chance(percent: 50)
        return program
    }

    private mutating func ending() -> Program.Ending {
        switch random.below(100) {
        case ..<60: .returns
        case ..<68: .returnsNothing
        case ..<75: .completesByOp
        case ..<76: .returnsPoison
        case ..<86: .fails(times: random.count(1...3), retryAfter: random.pick([nil, nil, 2, 60]))
        case ..<93: .failsFinally
        default: .failsForEver
        }
    }

    mutating func stepID() -> String {
        nextStep += 1
        return "step\(nextStep)"
    }

    private mutating func statement(depth: Int, children: [String], events: [String]) -> Statement {
        switch random.below(100) {
        case ..<36:
            return .run(body(events))
        case ..<46:
            return .sleep(id: stepID(), length())
        case ..<55 where !children.isEmpty:
            return .invoke(
                id: stepID(),
                function: random.chance(percent: 10) ? "app0-nobody" : random.pick(children),
                timeout: random.pick([nil, nil, "1s", "30s", "10m", "0s"]),
                isCaught: random.chance(percent: 70)
            )
        case ..<60:
            return .repeated(random.count(2...3), [.run(body(events))])
        case ..<62:
            return .repeated(random.count(2...3), [.wait(wait())])
        case ..<73:
            return .wait(wait())
        case ..<79:
            return .signal(signal())
        case ..<100 where depth < 2:
            let isRace = random.chance(percent: 35)
            let branches = (0..<random.count(2...(depth == 0 ? 4 : 2))).map { _ in
                (0..<random.count(1...2)).map { _ in
                    statement(depth: depth + 1, children: children, events: events)
                }
            }
            return .parallel(branches, isRace: isRace)
        default:
            return .run(body(events))
        }
    }

    private mutating func body(_ events: [String]) -> Body {
        var body = Body(id: stepID())
        switch random.below(100) {
        case ..<70: body.outcome = .succeeds
        case ..<85: body.outcome = .fails(times: random.count(1...3))
        case ..<93: body.outcome = .failsForEver
        default: body.outcome = .failsFinally
        }
        body.isCaught = random.chance(percent: 75)
        if random.chance(percent: 10) { body.retryAfter = random.pick([1, 30, 600]) }
        if !events.isEmpty, random.chance(percent: 10) { body.sends = random.pick(events) }
        if random.chance(percent: 20) { body.padding = random.pick([30, 3_000]) }
        if random.chance(perMille: 5) { body.isPoison = true }
        return body
    }

    mutating func length() -> SleepLength {
        switch random.below(10) {
        case ..<3: .milliseconds(random.between(0, 50))
        case ..<6: .milliseconds(random.between(50, 10_000))
        case ..<8: .milliseconds(random.anyDelay(upTo: 6 * 3_600_000))
        case 8: .until(random.between(-7_200_000, -1))
        default: .until(random.anyDelay(upTo: 3_600_000))
        }
    }
}
