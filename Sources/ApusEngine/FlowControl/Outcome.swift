import ApusCore

/// What became of an event that a function listens to and that did not simply start a run of its own: kept
/// with the event, one for each function.
package struct Outcome: Hashable, Sendable {
    package var event: RowID
    package var function: UUID16
    package var rule: FlowRule
    package var at: Timestamp
    /// The key's value for people; empty where the rule has none.
    package var key: String
    /// The run that the event went into, or the one that stood in its way.
    package var run: ULID?
    /// Whether the event has gone, or goes, into that run; else it started nothing.
    package var isTaken: Bool

    package init(
        event: RowID, function: UUID16, rule: FlowRule, at: Timestamp, key: String = "", run: ULID? = nil,
        isTaken: Bool = false
    ) {
        self.event = event
        self.function = function
        self.rule = rule
        self.at = at
        self.key = key
        self.run = run
        self.isTaken = isTaken
    }
}
