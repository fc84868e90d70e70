/// Runs pieces of work over and over for as long as a figure needs.
enum Repetition {
    /// Nanoseconds that one call of a body takes, once for each repetition.
    ///
    /// - Parameters:
    ///   - seconds: the length of one repetition.
    ///   - body: gives back something that depends on all its work.
    static func nanoseconds<Result>(seconds: Double, _ body: () throws -> Result) rethrows -> [Double] {
        let batch = 64
        for _ in 0..<batch { keep(try body()) }
        return try (0..<Setup.repetitions).map { _ in
            let watch = Stopwatch()
            var count = 0
            while watch.seconds < seconds {
                for _ in 0..<batch { keep(try body()) }
                count += batch
            }
            return watch.nanoseconds / Double(count)
        }
    }

    /// Keeps the optimiser from leaving out work whose result nobody reads.
    @inline(never)
    @_optimize(none)
    private static func keep<Result>(_ result: Result) {}
}
