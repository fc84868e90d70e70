import ApusCore

/// What the `runs` table says of a run, so that a million waiting runs can be found and listed
/// without folding one journal. Written in the same batch as the entries it is derived from; the
/// simulation asserts that it always agrees with the fold.
package struct RunProjection: Hashable, Sendable {
    package var status: RunStatus
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// The earliest time at which the run needs attention, see ``Run/alarm(at:)``; `nil` when something else
    /// has to happen first, and once it has ended.
    package var wakeAt: Timestamp?
    /// The run's newest journal row.
    package var head: RowID

    package init(
        status: RunStatus,
        startedAt: Timestamp?,
        endedAt: Timestamp?,
        wakeAt: Timestamp?,
        head: RowID
    ) {
        self.status = status
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.wakeAt = wakeAt
        self.head = head
    }

    /// - Parameter now: when the newest turn was made.
    package init(of run: Run, head: RowID, at now: Timestamp) {
        self.init(
            status: run.status,
            startedAt: run.startedAt,
            endedAt: run.endedAt,
            wakeAt: run.isFinished ? nil : run.alarm(at: now),
            head: head
        )
    }
}
