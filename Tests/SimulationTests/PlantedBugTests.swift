import Testing

/// The rules are worth as much as the mistakes that they find.
@Suite("planted bugs")
struct PlantedBugTests {
    /// Worlds within which each mistake must be found.
    private static let patience: UInt64 = 200

    @Test("a planted bug is found", arguments: PlantedBug.allCases)
    func isFound(_ bug: PlantedBug) {
        for seed in 0..<Self.patience {
            guard let violation = SimulatedWorld(seed: seed, shards: bug.shards, bug: bug).run() else { continue }
            #expect(bug.brokenRules.contains(violation.rule), "\(violation)")
            return
        }
        Issue.record("\(bug) was not found in \(Self.patience) worlds")
    }
}
