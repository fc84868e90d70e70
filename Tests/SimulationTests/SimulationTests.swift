import Foundation
import Synchronization
import Testing

/// Thousands of small worlds, each told by its seed alone.
///
/// `APUS_SIMULATION_SEEDS=17..<18` tells one again.
@Suite("simulation")
struct SimulationTests {
    /// Worlds that are lived through one after the other; different ones run in parallel.
    struct Chapter: CustomTestStringConvertible {
        var shards: Int
        var seeds: Range<UInt64>

        var testDescription: String { "\(shards) shards, seeds \(seeds)" }
    }

    private static let chapterLength: UInt64 = 250

    private static let seeds: Range<UInt64> = {
        let text = ProcessInfo.processInfo.environment["APUS_SIMULATION_SEEDS"] ?? "0..<1000"
        let bounds = text.split(separator: "..<").compactMap { UInt64($0) }
        precondition(bounds.count == 2 && bounds[0] < bounds[1], "APUS_SIMULATION_SEEDS is \(text), not from..<to")
        return bounds[0]..<bounds[1]
    }()

    static let chapters = stride(from: seeds.lowerBound, to: seeds.upperBound, by: Int(chapterLength)).flatMap {
        first in
        [1, 7].map { shards in
            Chapter(shards: shards, seeds: first..<min(first + chapterLength, seeds.upperBound))
        }
    }

    @Test("every rule holds in every world", arguments: chapters)
    func everyRuleHolds(in chapter: Chapter) {
        var coverage = Coverage()
        var failures = 0
        for seed in chapter.seeds where failures < 3 {
            let world = SimulatedWorld(seed: seed, shards: chapter.shards)
            let violation = world.run()
            coverage.add(world.coverage)
            guard let violation else { continue }
            failures += 1
            let told = SimulatedWorld(seed: seed, shards: chapter.shards, isRecording: true).run()
            Issue.record("\(told ?? violation)")
        }
        guard let whole = Self.story.withLock({ $0.add(coverage, failures: failures) }) else { return }
        #expect(whole.missing == [], "what the worlds are meant to meet never happened")
    }

    /// What happened in all chapters so far.
    private struct Story {
        var coverage = Coverage()
        var chaptersLeft = SimulationTests.chapters.count
        var failures = 0

        /// - Returns: everything, when the last chapter is told, all is well, and there were enough of them.
        mutating func add(_ other: Coverage, failures count: Int) -> Coverage? {
            coverage.add(other)
            chaptersLeft -= 1
            failures += count
            return chaptersLeft == 0 && failures == 0 && SimulationTests.seeds.count >= 1_000 ? coverage : nil
        }
    }

    private static let story = Mutex(Story())

    @Test("a seed always tells the same story", arguments: [1, 7])
    func sameStory(shards: Int) {
        for seed in UInt64(0)..<20 {
            let worlds = (0..<2).map { _ in SimulatedWorld(seed: seed, shards: shards) }
            let violations = worlds.map { $0.run() }
            #expect(violations.allSatisfy { $0 == nil })
            #expect(worlds[0].trace.hash == worlds[1].trace.hash, "seed \(seed), shards \(shards): two stories")
        }
    }
}
