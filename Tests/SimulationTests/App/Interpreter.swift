import ApusCore

/// Runs a program as an SDK does: replays the finished steps, and finds the next ones.
struct Interpreter {
    private let memos: [StepID: RawJSON]
    /// The order in which steps finished, which decides races.
    private let positions: [StepID: Int]
    private let failsFast: Bool
    private var repeats: [String: Int] = [:]
    private var found: [FoundStep] = []

    /// A step that has no result yet.
    struct FoundStep {
        var id: StepID
        var userID: String
        var kind: Kind
        var isRace: Bool
        /// Its branch has lost a race.
        var isLoser = false

        enum Kind {
            case run(Body)
            case sleep(SleepLength)
            case invoke(function: String, timeout: String?)
            case wait(WaitPlan)
            case signal(SignalPlan)
        }
    }

    enum Outcome {
        case returned
        /// A step's error that nothing caught.
        case threw(RawJSON)
        /// The function waits for steps.
        case blocked
    }

    struct Result {
        var outcome: Outcome
        var found: [FoundStep]
    }

    static func run(_ program: Program, memos: [StepID: RawJSON], stack: [StepID]) -> Result {
        var interpreter = Interpreter(memos: memos, stack: stack, failsFast: program.failsFast)
        let flow = interpreter.flow(program.statements, isRace: false)
        let outcome: Outcome =
            switch flow {
            case .done: .returned
            case .threw(let error, _): .threw(error)
            case .blocked: .blocked
            }
        return Result(outcome: outcome, found: interpreter.found)
    }

    private init(memos: [StepID: RawJSON], stack: [StepID], failsFast: Bool) {
        self.memos = memos
        var positions: [StepID: Int] = [:]
        for (position, step) in stack.enumerated() { positions[step] = position }
        self.positions = positions
        self.failsFast = failsFast
    }

    /// How far statements got; `at` is the position of the last finished step that they needed.
    private enum Flow {
        case done(at: Int)
        case threw(RawJSON, at: Int)
        case blocked

        var settledAt: Int? {
            switch self {
            case .done(let at), .threw(_, let at): at
            case .blocked: nil
            }
        }
    }

    private mutating func flow(_ statements: [Statement], isRace: Bool) -> Flow {
        var at = -1
        for statement in statements {
            switch flow(statement, isRace: isRace) {
            case .done(let position): at = max(at, position)
            case .threw(let error, let position): return .threw(error, at: max(at, position))
            case .blocked: return .blocked
            }
        }
        return .done(at: at)
    }

    private mutating func flow(_ statement: Statement, isRace: Bool) -> Flow {
        switch statement {
        case .run(let body):
            return step(body.id, .run(body), isCaught: body.isCaught, isRace: isRace)
        case .sleep(let id, let length):
            return step(id, .sleep(length), isCaught: true, isRace: isRace)
        case .invoke(let id, let function, let timeout, let isCaught):
            return step(id, .invoke(function: function, timeout: timeout), isCaught: isCaught, isRace: isRace)
        case .wait(let plan):
            return step(plan.id, .wait(plan), isCaught: true, isRace: isRace)
        case .signal(let plan):
            return step(plan.id, .signal(plan), isCaught: true, isRace: isRace)
        case .repeated(let times, let statements):
            var at = -1
            for _ in 0..<times {
                switch flow(statements, isRace: isRace) {
                case .done(let position): at = max(at, position)
                case let other: return other
                }
            }
            return .done(at: at)
        case .parallel(let branches, isRace: true):
            return race(branches)
        case .parallel(let branches, isRace: false):
            // Steps inside of a race have opted out of joining, however deep they are.
            return join(branches, isRace: isRace)
        }
    }

    private mutating func step(_ userID: String, _ kind: FoundStep.Kind, isCaught: Bool, isRace: Bool) -> Flow {
        let index = repeats[userID, default: 0]
        repeats[userID] = index + 1
        let id = StepID.hashing(userID, index: index)
        guard let memo = memos[id] else {
            found.append(FoundStep(id: id, userID: userID, kind: kind, isRace: isRace))
            return .blocked
        }
        let at = positions[id] ?? -1
        if !isCaught, memo.view.kind == .object, let error = memo.view["error"] {
            return .threw(error.raw, at: at)
        }
        return .done(at: at)
    }

    private mutating func join(_ branches: [[Statement]], isRace: Bool) -> Flow {
        var at = -1
        var isBlocked = false
        var thrown: (error: RawJSON, at: Int)?
        for branch in branches {
            switch flow(branch, isRace: isRace) {
            case .done(let position): at = max(at, position)
            case .threw(let error, let position):
                at = max(at, position)
                if thrown.map({ position < $0.at }) ?? true { thrown = (error, position) }
            case .blocked: isBlocked = true
            }
        }
        if let thrown, failsFast { return .threw(thrown.error, at: thrown.at) }
        if isBlocked { return .blocked }
        if let thrown { return .threw(thrown.error, at: at) }
        return .done(at: at)
    }

    private mutating func race(_ branches: [[Statement]]) -> Flow {
        var winner: Flow?
        let begin = found.count
        for branch in branches {
            let result = flow(branch, isRace: true)
            guard let at = result.settledAt else { continue }
            if winner.flatMap(\.settledAt).map({ at < $0 }) ?? true { winner = result }
        }
        guard let winner else { return .blocked }
        for index in begin..<found.count { found[index].isLoser = true }
        return winner
    }
}
