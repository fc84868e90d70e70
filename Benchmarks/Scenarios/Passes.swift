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
        [
            await pass(setup),
            try await memory(),
        ]
    }

    private func pass(_ setup: Setup) async -> Figure {
        let results = PassBenchmark.results(of: Passes.steps)
        var values: [Double] = []
        for _ in 0..<Setup.repetitions {
            let watch = Stopwatch()
            var count = 0.0
            while watch.seconds < setup.seconds / 40 {
                for _ in 0..<64 { await PassBenchmark.run(Passes.steps, results) }
                count += 64
            }
            values.append(watch.nanoseconds / count / 1_000)
        }
        return Figure("sdk: pass over 100 steps with results", values, "µs", target: .below(50))
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
