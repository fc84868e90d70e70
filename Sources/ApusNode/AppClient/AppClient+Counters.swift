extension AppClient {
    /// What a client is doing and has done.
    package struct Counters: Hashable, Sendable {
        /// Calls whose `done` has not been called.
        package var inFlight: Int
        /// Those of them that wait for a connection.
        package var waiting: Int
        /// Connections that are open or being opened, probes included.
        package var connections: Int
        /// Those of them that are kept for later.
        package var idle: Int
        /// Connections that calls have opened or tried to open, since the start.
        package var opened: Int
        /// Requests that were sent on a connection that had been used before, since the start.
        package var reused: Int
    }
}
