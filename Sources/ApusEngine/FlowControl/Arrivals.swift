import ApusCore

/// What throttles and rate limits remember: a theoretical arrival for each key.
package struct Arrivals: Sendable {
    private var times: [LimitKey: Int64] = [:]
    private var forgetAt = 1_024

    package init() {}

    package internal(set) subscript(key: LimitKey) -> Int64? {
        get { times[key] }
        set { times[key] = newValue }
    }

    package var count: Int { times.count }

    /// Admits one, and gives what has to be stored of that.
    package mutating func admit(_ key: LimitKey, by clock: RateClock, now: Timestamp) -> Arrival {
        let time = clock.arrival(after: times[key], admittedAt: now.nanoseconds)
        times[key] = time
        return Arrival(key: key, time: time)
    }

    package mutating func restore(_ arrival: Arrival) {
        times[arrival.key] = arrival.time
    }

    /// Forgets keys whose time has passed, when there are so many more than before that it costs little.
    /// - Returns: whether anything was forgotten, so that the store can do the same.
    package mutating func forget(now: Timestamp) -> Bool {
        guard times.count > forgetAt else { return false }
        let before = times.count
        times = times.filter { $0.value > now.nanoseconds }
        forgetAt = max(1_024, 2 * times.count)
        return times.count < before
    }
}

/// What is stored of a throttle's or rate limit's key.
package struct Arrival: Hashable, Sendable {
    package var key: LimitKey
    /// The theoretical arrival, in nanoseconds since 1970; afterwards it can be forgotten.
    package var time: Int64

    package init(key: LimitKey, time: Int64) {
        self.key = key
        self.time = time
    }
}

/// What a call in flight counts for.
package struct CallSlots: Hashable, Sendable {
    package var function: UUID16
    package var keys: [LimitKey]

    package init(function: UUID16, keys: [LimitKey] = []) {
        self.function = function
        self.keys = keys
    }

    /// What a call of the run counts for: what it was given when it was scheduled.
    init(of run: Run) {
        self.init(function: run.start.function, keys: run.flow?.keys.calls.map(\.key) ?? [])
    }
}
