import ApusCore
import ApusEngine

/// A run that is to start later, because its event is of a time that has not come.
package struct ScheduledStart: Hashable, Sendable {
    /// When, and where the run is stored.
    package var wake: Wake
    package var run: ULID
    package var functionSlug: String
    package var event: ULID
    package var eventName: String

    package init(wake: Wake, run: ULID, functionSlug: String, event: ULID, eventName: String) {
        self.wake = wake
        self.run = run
        self.functionSlug = functionSlug
        self.event = event
        self.eventName = eventName
    }
}
