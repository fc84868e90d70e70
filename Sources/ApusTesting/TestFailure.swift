/// Why a function could not be tested, or what it must never do; thrown by the test's `run`, so that any test framework
/// shows it.
public struct TestFailure: Error, Sendable, CustomStringConvertible {
    /// What happened, and where it is known, the line to add or to mend.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
