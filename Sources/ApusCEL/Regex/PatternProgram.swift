/// A regular expression as a program for many threads at once.
///
/// All threads read the text together, one character at a time, and no two are at the same instruction,
/// so that the time is at most the product of the sizes of text and program, whatever the pattern
/// (Thompson, "Regular Expression Search Algorithm", 1968). Which part matches is not known.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// Goes on behind a character of the class.
        case read(CharacterClass)
        /// Goes on if the condition holds here.
        case check(PatternAssertion)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case match
    }

    private(set) var instructions: [Instruction] = []
    private let limit: Int
    private var work = 0

    /// Compiles a pattern.
    ///
    /// - Throws: ``PatternError`` when the program would have more than `limit` instructions.
    init(_ node: PatternNode, limit: Int) throws(PatternError) {
        self.limit = limit
        try append(node)
        try append(.match)
    }

    private mutating func append(_ instruction: Instruction) throws(PatternError) {
        guard instructions.count < limit else { throw PatternError(message: "expression too large") }
        instructions.append(instruction)
    }

    private mutating func append(_ node: PatternNode) throws(PatternError) {
        // Repetitions of nothing add no instructions, but must end as well.
        work += 1
        guard work <= limit * 4 else { throw PatternError(message: "expression too large") }
        switch node {
        case .empty: break
        case .character(let characters): try append(.read(characters))
        case .assertion(let assertion): try append(.check(assertion))
        case .sequence(let nodes):
            for node in nodes {
                try append(node)
            }
        case .alternatives(let branches): try append(alternatives: branches)
        case .repetition(let node, let minimum, let maximum):
            for _ in 0..<minimum {
                try append(node)
            }
            if let maximum {
                try append(optional: node, count: maximum - minimum)
            } else {
                try append(loop: node)
            }
        }
    }

    private mutating func append(alternatives branches: [PatternNode]) throws(PatternError) {
        var jumps: [Int] = []
        for branch in branches.dropLast() {
            let split = instructions.count
            try append(.match)
            try append(branch)
            jumps.append(instructions.count)
            try append(.match)
            instructions[split] = .split(split + 1, instructions.count)
        }
        if let last = branches.last {
            try append(last)
        }
        for jump in jumps {
            instructions[jump] = .jump(instructions.count)
        }
    }

    private mutating func append(optional node: PatternNode, count: Int) throws(PatternError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(instructions.count)
            try append(.match)
            try append(node)
        }
        for split in splits {
            instructions[split] = .split(split + 1, instructions.count)
        }
    }

    private mutating func append(loop node: PatternNode) throws(PatternError) {
        let split = instructions.count
        try append(.match)
        try append(node)
        try append(.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
    }
}
