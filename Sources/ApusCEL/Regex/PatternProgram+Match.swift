extension PatternProgram {
    /// How many instructions are run for the price of one step.
    private static let instructionsPerStep = 64

    /// Whether some part of a text matches.
    ///
    /// - Throws: ``EvaluationError/tooExpensive`` when the budget is exhausted.
    func matches(_ text: String, _ budget: inout Budget) throws(EvaluationError) -> Bool {
        var threads = Threads(count: instructions.count)
        var previous: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        var run = 0
        while true {
            // A match may start anywhere.
            threads.start(at: 0)
            if advance(&threads, between: previous, and: next, &run) {
                return true
            }
            guard let scalar = next else { return false }
            threads.consume(scalar, instructions)
            if run >= PatternProgram.instructionsPerStep {
                try budget.spend(run / PatternProgram.instructionsPerStep)
                run %= PatternProgram.instructionsPerStep
            }
            previous = scalar
            next = scalars.next()
        }
    }

    /// Runs all threads to the next character that they need; true when one has matched.
    private func advance(
        _ threads: inout Threads, between previous: Unicode.Scalar?, and next: Unicode.Scalar?, _ run: inout Int
    ) -> Bool {
        while let position = threads.takeStarted() {
            run += 1
            switch instructions[position] {
            case .read: threads.waiting.append(position)
            case .check(let assertion):
                if assertion.holds(between: previous, and: next) {
                    threads.start(at: position + 1)
                }
            case .split(let first, let second):
                threads.start(at: first)
                threads.start(at: second)
            case .jump(let target): threads.start(at: target)
            case .match: return true
            }
        }
        return false
    }

    /// The places at which threads are.
    private struct Threads {
        /// Threads that need a character.
        var waiting: [Int] = []
        /// Threads that have not been run at this place of the text.
        private var started: [Int] = []
        /// For each instruction, the last place of the text at which a thread came to it.
        private var visited: [Int]
        private var place = 1

        init(count: Int) {
            visited = Array(repeating: 0, count: count)
        }

        mutating func start(at position: Int) {
            guard visited[position] != place else { return }
            visited[position] = place
            started.append(position)
        }

        mutating func takeStarted() -> Int? {
            started.popLast()
        }

        /// Goes on behind a character with the threads that accept it.
        mutating func consume(_ scalar: Unicode.Scalar, _ instructions: [Instruction]) {
            place += 1
            let candidates = waiting
            waiting.removeAll(keepingCapacity: true)
            for position in candidates {
                if case .read(let characters) = instructions[position], characters.contains(scalar) {
                    start(at: position + 1)
                }
            }
        }
    }
}
