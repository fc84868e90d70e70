import NIOCore

/// The unused connections of one client, by origin.
///
/// The newest is used first, so that those left over from a burst age out.
struct IdleConnections<Connection: AnyObject> {
    private struct Entry {
        let connection: Connection
        let until: NIODeadline
    }

    private let maxPerOrigin: Int
    private var stacks: [AppURL.Origin: [Entry]] = [:]
    /// How many connections are unused.
    private(set) var count = 0

    /// Nothing yet; keeps at most `maxPerOrigin` connections for one origin.
    init(maxPerOrigin: Int) {
        self.maxPerOrigin = maxPerOrigin
    }

    /// Whether nothing is kept, not even room for connections that have been taken.
    var isEmpty: Bool { stacks.isEmpty }

    /// Keeps a connection until a point in time; `false` when there is no room for it.
    mutating func push(_ connection: Connection, for origin: AppURL.Origin, until: NIODeadline) -> Bool {
        guard stacks[origin]?.count ?? 0 < maxPerOrigin else { return false }
        stacks[origin, default: []].append(Entry(connection: connection, until: until))
        count += 1
        return true
    }

    /// Takes the connection that was used last, and until when it was to be kept.
    mutating func popNewest(for origin: AppURL.Origin) -> (connection: Connection, until: NIODeadline)? {
        // The empty stack stays until the next sweep: taking and returning the only connection allocates nothing.
        guard let entry = stacks[origin]?.popLast() else { return nil }
        count -= 1
        return (entry.connection, entry.until)
    }

    /// Removes a connection that was closed; does nothing when it is not here.
    mutating func remove(_ connection: Connection, for origin: AppURL.Origin) {
        guard let index = stacks[origin]?.firstIndex(where: { $0.connection === connection }) else { return }
        stacks[origin]?.remove(at: index)
        count -= 1
    }

    /// Removes the connection that would be dropped first, of whatever origin.
    mutating func popOldest() -> Connection? {
        var oldest: (origin: AppURL.Origin, until: NIODeadline)?
        for (origin, stack) in stacks {
            if let first = stack.first, first.until < oldest?.until ?? .distantFuture { oldest = (origin, first.until) }
        }
        guard let oldest, let entry = stacks[oldest.origin]?.removeFirst() else { return nil }
        count -= 1
        return entry.connection
    }

    /// Removes all connections that were to be kept until `now` or less, and forgets origins without connections.
    mutating func popExpired(_ now: NIODeadline) -> [Connection] {
        var expired: [Connection] = []
        stacks = stacks.compactMapValues { stack in
            let kept = stack.filter { $0.until > now }
            if kept.count < stack.count {
                expired += stack.lazy.filter { $0.until <= now }.map(\.connection)
            }
            return kept.isEmpty ? nil : kept
        }
        count -= expired.count
        return expired
    }

    /// Removes everything.
    mutating func popAll() -> [Connection] {
        defer {
            stacks = [:]
            count = 0
        }
        return stacks.values.flatMap { $0.map(\.connection) }
    }
}
