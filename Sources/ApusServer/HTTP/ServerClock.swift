import ApusCore
import ApusNode

/// The wall clock, for what the HTTP interface says of now. The engine has a clock of its own.
enum ServerClock {
    static func now() -> Timestamp { NodeClock.wall.now() }
}
