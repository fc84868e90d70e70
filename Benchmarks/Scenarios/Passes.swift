import Apus
import ApusCore
import Foundation

/// What the Swift SDK costs an app: a pass over a handler whose steps all have results, and a handler that is kept.
struct Passes: Scenario {
    let name = "sdk"
    let summary = "passes over handlers of the Swift SDK, and the memory of those that are kept"

    static let steps = 100
    private static let kept = 20_000

    func measure(_ setup: Setup) async throws -> [Figure] {
        let results = PassBenchmark.Results(of: Passes.steps)
        let seconds = setup.seconds / 40
        var passes: [Double] = []
        var reads: [Double] = []
        for _ in 0..<Setup.repetitions {
            passes.append(await Passes.microseconds(seconds) { await PassBenchmark.run(results, times: 256) })
            reads.append(await Passes.microseconds(seconds) { _ = PassBenchmark.read(results, times: 256) })
        }
        return [
            Figure("sdk: pass over 100 steps with results", passes, "µs", target: .below(50)),
            Figure("sdk: reading 100 results", reads, "µs"),
            try await memory(),
        ]
    }

    /// What one of 256 takes.
    private static func microseconds(_ seconds: Double, _ body: () async -> Void) async -> Double {
        let watch = Stopwatch()
        var count = 0.0
        while watch.seconds < seconds {
            await body()
            count += 256
        }
        return watch.nanoseconds / count / 1_000
    }

    private func memory() async throws -> Figure {
        let benchmark = PassBenchmark()
        await benchmark.suspend(1_000)
        let before = try Passes.residentBytes()
        await benchmark.suspend(Passes.kept)
        let after = try Passes.residentBytes()
        benchmark.end()
        return Figure(
            "sdk: a handler that is kept", [Double(after - before) / Double(Passes.kept) / 1_024], "KB",
            target: .below(4))
    }

    private static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
    }
}
