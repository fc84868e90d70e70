import Foundation
import Testing

@Suite("simulation")
struct SimulationTests {
    @Test("the first worlds")
    func first() {
        let text = ProcessInfo.processInfo.environment["APUS_SIMULATION_SEEDS"] ?? "0..<100"
        let bounds = text.split(separator: "..<").compactMap { UInt64($0) }
        var rules: [Rule: Int] = [:]
        for shards in [1, 7] {
            for seed in bounds[0]..<bounds[1] {
                if let violation = SimulatedWorld(seed: seed, shards: shards).run() {
                    rules[violation.rule, default: 0] += 1
                    if rules[violation.rule]! > 1, bounds[1] - bounds[0] > 1 {
                        print(String("\(violation)".prefix(300)))
                        continue
                    }
                    let again = SimulatedWorld(seed: seed, shards: shards, isRecording: true).run()
                    print(again ?? violation)
                }
            }
        }
        print(rules)
    }
}
