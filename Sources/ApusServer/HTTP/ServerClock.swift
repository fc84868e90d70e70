import ApusCore
import ApusNode

/// The wall clock, for what the HTTP interface says of now. The engine has a clock of its own.
package enum ServerClock {
    package static func now() -> Timestamp { NodeClock.wall.now() }
}
