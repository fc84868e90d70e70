/// When, in which order and how often the runs of a function start and are called: its options as they
/// were registered. Numbers are at most `Int32.max`; higher ones were registered as this one.
public struct FlowControl: Hashable, Sendable {
    /// Limits on calls in flight, at most 2, the smallest first, no two with the same key and scope.
    public var concurrency: [Concurrency]
    /// A limit on runs that have started and not ended, also while they sleep or wait.
    public var runConcurrency: RunConcurrency?
    /// Spreads starts over time; what is too much waits.
    public var throttle: Throttle?
    /// Drops events above a rate. An `idempotency` key is a rate limit of 1 in 24 hours and takes the
    /// place of a configured one.
    public var rateLimit: RateLimit?
    /// Waits until no more events come and starts one run with the last.
    public var debounce: Debounce?
    /// Collects events and starts one run with all of them.
    public var batch: Batch?
    /// An expression for the seconds by which a run goes ahead of others of its function.
    public var priority: String?
    /// Lets only one run live at a time.
    public var singleton: Singleton?

    /// Makes options; without any nothing is limited.
    public init(
        concurrency: [Concurrency] = [],
        runConcurrency: RunConcurrency? = nil,
        throttle: Throttle? = nil,
        rateLimit: RateLimit? = nil,
        debounce: Debounce? = nil,
        batch: Batch? = nil,
        priority: String? = nil,
        singleton: Singleton? = nil
    ) {
        self.concurrency = concurrency
        self.runConcurrency = runConcurrency
        self.throttle = throttle
        self.rateLimit = rateLimit
        self.debounce = debounce
        self.batch = batch
        self.priority = priority
        self.singleton = singleton
    }

    /// No options.
    public static let none = FlowControl()

    /// At most so many calls in flight, of all runs or of those with the same key.
    public struct Concurrency: Hashable, Sendable {
        /// The most calls, positive.
        public var limit: Int
        /// An expression over the first event; `nil` for one limit over all runs.
        public var key: String?
        /// Whose calls count together.
        public var scope: Scope

        /// Makes a limit.
        public init(limit: Int, key: String? = nil, scope: Scope = .function) {
            self.limit = limit
            self.key = key
            self.scope = scope
        }

        /// Whose calls count together.
        public enum Scope: UInt8, Hashable, Sendable, CaseIterable {
            /// Those of the function.
            case function = 0
            /// Those of all functions of the environment with the same key expression and value.
            case environment = 1
            /// The same for all environments of the account.
            case account = 2
        }
    }

    /// At most so many runs between their first call and their end.
    public struct RunConcurrency: Hashable, Sendable {
        /// The most runs, positive.
        public var limit: Int
        /// An expression over the first event; `nil` for one limit over all runs.
        public var key: String?

        /// Makes a limit.
        public init(limit: Int, key: String? = nil) {
            self.limit = limit
            self.key = key
        }
    }

    /// So many starts in a period, evenly spread, after as many at once as limit and burst together.
    public struct Throttle: Hashable, Sendable {
        /// Starts in a period, positive.
        public var limit: Int
        /// The period in whole seconds, at least one.
        public var period: TimeSpan
        /// Starts that may happen at once beyond the limit, not negative.
        public var burst: Int
        /// An expression over the first event; `nil` for one throttle over all runs.
        public var key: String?

        /// Makes a throttle.
        public init(limit: Int, period: TimeSpan, burst: Int = 0, key: String? = nil) {
            self.limit = limit
            self.period = period
            self.burst = burst
            self.key = key
        }
    }

    /// So many events in a period, evenly spread; the rest is dropped.
    public struct RateLimit: Hashable, Sendable {
        /// Events in a period, positive.
        public var limit: Int
        /// The period in whole seconds, at least one and at most a day.
        public var period: TimeSpan
        /// An expression over the event; `nil` for one limit over all events.
        public var key: String?
        /// Whether it was written as an `idempotency` key.
        public var isIdempotency: Bool

        /// Makes a rate limit.
        public init(limit: Int, period: TimeSpan, key: String? = nil, isIdempotency: Bool = false) {
            self.limit = limit
            self.period = period
            self.key = key
            self.isIdempotency = isIdempotency
        }
    }

    /// One run for a series of events, with the last of them.
    public struct Debounce: Hashable, Sendable {
        /// The silence that ends a series, 1 second to 7 days.
        public var period: TimeSpan
        /// An expression over the event; `nil` for one series over all events.
        public var key: String?
        /// The longest time from the first event of a series to its run, at least 1 second; `nil` for none.
        public var timeout: TimeSpan?

        /// Makes a debounce.
        public init(period: TimeSpan, key: String? = nil, timeout: TimeSpan? = nil) {
            self.period = period
            self.key = key
            self.timeout = timeout
        }
    }

    /// One run for several events.
    public struct Batch: Hashable, Sendable {
        /// The most events of a run, at least 2.
        public var size: Int
        /// The longest time from the first event to the run, at least 1 second.
        public var timeout: TimeSpan
        /// An expression over the event; `nil` for one batch over all events.
        public var key: String?
        /// A condition on the event; those for which it does not hold are not collected.
        public var condition: String?

        /// Makes a batch.
        public init(size: Int, timeout: TimeSpan, key: String? = nil, condition: String? = nil) {
            self.size = size
            self.timeout = timeout
            self.key = key
            self.condition = condition
        }
    }

    /// One living run for a key.
    public struct Singleton: Hashable, Sendable {
        /// What becomes of the second.
        public var mode: Mode
        /// An expression over the event; `nil` for one run of the function.
        public var key: String?

        /// Makes a singleton.
        public init(mode: Mode = .skip, key: String? = nil) {
            self.mode = mode
            self.key = key
        }

        /// What happens when a run of the key lives already.
        public enum Mode: String, Hashable, Sendable, CaseIterable {
            /// The new event starts nothing.
            case skip
            /// The living run is cancelled and the new one starts.
            case cancel
        }
    }
}
