import ApusCore

/// Something that happens at a time of the test's clock.
struct Job {
    enum Kind {
        /// The function is called and goes as far as it can.
        case discovery
        /// It is called for one step.
        case step(StepID)
        /// A step gets its result.
        case result(StepID, RawJSON, TestStep.Outcome)
        /// The run ends.
        case cancellation
    }

    let kind: Kind
    let due: Timestamp
    /// How often it was tried before.
    var attempt = 0
}

/// What happens next, by time; of what happens at once the first that was added comes first.
struct Agenda {
    private var jobs: [(number: Int, job: Job)] = []
    private var number = 0

    var hasDiscovery: Bool {
        jobs.contains { entry in
            if case .discovery = entry.job.kind { true } else { false }
        }
    }

    mutating func add(_ job: Job) {
        number += 1
        var low = 0
        var high = jobs.count
        while low < high {
            let middle = (low + high) / 2
            if jobs[middle].job.due <= job.due { low = middle + 1 } else { high = middle }
        }
        jobs.insert((number, job), at: low)
    }

    mutating func next() -> Job? {
        jobs.isEmpty ? nil : jobs.removeFirst().job
    }
}

enum Backoff {
    private static let seconds: [Int64] = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200]

    /// How long the server waits after a failed attempt, without what it adds at random.
    static func pause(after attempt: Int) -> TimeSpan { .seconds(seconds[min(attempt, seconds.count - 1)]) }
}
