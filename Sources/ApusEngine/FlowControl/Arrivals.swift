import ApusCore

/// What throttles and rate limits remember: a theoretical arrival for each key.
package struct Arrivals: Sendable {
    private var times: [LimitKey: Int64] = [:]
    private var forgetAt = Arrivals.fewKeys
    /// When keys can be forgotten again although there are not many more than before.
    private var forgetAgain = Timestamp.epoch

    private static let fewKeys = 1_024

    package init() {}

    package subscript(key: LimitKey) -> Int64? { times[key] }

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

    /// Takes back what was admitted for nothing.
    mutating func takeBack(_ arrival: Arrival, interval: Int64, now: Timestamp) {
        guard let time = times[arrival.key] else { return }
        times[arrival.key] = time - interval > now.nanoseconds ? time - interval : nil
    }

    /// When keys are next to be forgotten because there may be no more of them; `nil` while there may.
    /// - Parameter limit: the most keys.
    package func mustForget(atMost limit: Int) -> Timestamp? {
        times.count < limit ? nil : forgetAgain
    }

    /// Forgets keys whose time has passed, when there are so many more than before that it costs little, or
    /// as many as there may be.
    /// - Returns: whether anything was forgotten, so that the store can do the same.
    package mutating func forget(now: Timestamp, atMost limit: Int) -> Bool {
        guard times.count > forgetAt || mustForget(atMost: limit).map({ $0 <= now }) ?? false else { return false }
        let before = times.count
        times = times.filter { $0.value > now.nanoseconds }
        forgetAt = max(Arrivals.fewKeys, 2 * times.count)
        // Looking through very many keys is not for every tick.
        let next = times.values.min().map(Timestamp.init(nanosecondsRoundedUp:)) ?? now
        forgetAgain = max(next, now + .seconds(1))
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
