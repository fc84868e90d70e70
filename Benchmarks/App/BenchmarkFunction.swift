import ApusCore

/// The functions that the benchmarks run most: each a number of steps in a row.
enum BenchmarkFunction: Int, CaseIterable, Sendable {
    case withoutSteps = 0
    case oneStep = 1
    case tenSteps = 10

    static let appName = "bench"
    static let mostSteps = 10

    var steps: Int { rawValue }
    var slug: String { "bench-\(steps)" }
    var event: String { "bench/steps-\(steps)" }

    /// The ids of the steps in their order, as SDKs make them of the steps' names.
    static let stepIDs = (0..<mostSteps).map { StepID.hashing(stepName($0)) }

    static func stepName(_ index: Int) -> String { "step-\(index)" }

    /// What a step gives back, about 200 bytes of canonical JSON.
    static func output(ofStep index: Int) -> String {
        let text = "Lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam nonumy eirmod tempor"
        return "{\"amount\":\(1_000 + index),\"currency\":\"EUR\",\"items\":[1,2,3],\"note\":\"\(text)\","
            + "\"reference\":\"4f5e1c2a-9b1d-4a57\",\"state\":\"paid\"}"
    }
}

/// The function whose only step waits for an event with the id of the run's own.
enum WaitingFunction {
    static let slug = "bench-wait"
    static let event = "bench/wait"
    static let answer = "bench/answer"
}

/// A function without steps, of which one call at a time goes for each key.
enum LimitedFunction {
    static let slug = "bench-0-limited"
    static let event = "bench/limited"
    static let key = "event.data.key"
}
