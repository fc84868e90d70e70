import ApusCore

/// A limit that tests lower for one function, so that they need not fill it.
package enum TestLimit: Hashable, Sendable {
    case steps
    case stateBytes
}

/// Limits of a run. Those that a test has set are remembered until the shard is read again.
extension ShardCore {
    func setTestLimit(_ limit: TestLimit, of function: UUID16, to value: Int?) {
        testLimits[function, default: [:]][limit] = value
    }

    /// Finished steps that the run may have.
    func mostSteps(of resident: Resident) -> Int {
        testLimits[resident.run.start.function]?[.steps] ?? configuration.limits.stepsPerRun
    }

    /// Bytes of results that the run may have.
    func mostStateBytes(of resident: Resident) -> Int {
        testLimits[resident.run.start.function]?[.stateBytes] ?? configuration.limits.runStateBytes
    }
}
