import ApusCore

extension Program {
    /// Adds steps that follow on each other, so that a call has several of them to report.
    mutating func addSteps(from random: inout SplitMix64) {
        for number in 1...random.count(1...3) {
            let body = Body(
                id: "reported\(number)",
                outcome: random.pick([.succeeds, .succeeds, .succeeds, .succeeds, .fails(times: 1), .failsForEver]),
                isCaught: random.chance(percent: 90),
                padding: random.pick([0, 0, 0, 30, 3_000]),
                isPoison: random.chance(perMille: 20)
            )
            let statement =
                random.chance(percent: 40) ? Statement.repeated(random.count(2...4), [.run(body)]) : .run(body)
            statements.insert(statement, at: random.chance(percent: 60) ? 0 : statements.count)
        }
    }
}
