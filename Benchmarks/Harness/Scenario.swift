/// One thing to measure.
protocol Scenario: Sendable {
    /// How it is selected on the command line, and the first word of its figures.
    var name: String { get }
    /// One line for the help.
    var summary: String { get }

    func measure(_ setup: Setup) async throws -> [Figure]
}
