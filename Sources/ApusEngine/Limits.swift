import ApusCore

/// Bounds on a single run and on what a shard keeps in memory. Every one is configurable.
package struct Limits: Hashable, Sendable {
    /// Finished steps after which a run fails instead of being called again.
    package var stepsPerRun = 1_000
    /// Ops in one reply.
    package var opsPerReply = 1_000
    /// Bytes of step output that a run may hold.
    package var runStateBytes = 32 << 20
    /// Bytes of one step's output or input.
    package var stepOutputBytes = 4 << 20
    /// The longest sleep and the longest wait.
    package var longestWait = TimeSpan.days(366)
    /// Replies in a row that report nothing new before the attempt counts as failed.
    package var emptyReplies = 100
    /// Bytes of memos and events above which a call leaves them out and the SDK fetches them.
    package var inlineStateBytes = (4 << 20) - 1_024
    /// Bytes of a whole call's body above which also the events are left out.
    package var callBodyBytes = 4 << 20
    /// Calls in flight to one app.
    package var callsPerApp = 1_000
    /// Bytes of call bodies in flight to one app; one call is always allowed.
    package var callBytesPerApp = 256 << 20
    /// Bytes of folded runs that a shard keeps in memory when nothing is happening to them.
    package var residentBytes = 64 << 20
    /// Runs read from the store at the same time.
    package var concurrentLoads = 256
    /// Payloads larger than this live in a table of their own.
    package var inlinePayloadBytes = 2_048
    /// Messages to one other shard that are not acknowledged yet; past it intake stops.
    package var unacknowledgedMessages = 10_000
    /// Events that have not reached all those who wait for them; past it intake stops.
    package var pendingLooks = 10_000
    /// Debounces and batches that wait; past it intake stops.
    package var pendings = 1_000_000
    /// Keys that throttles and rate limits remember; past it intake stops.
    package var rateKeys = 5_000_000
    /// Bytes of events that start a batch before it is full or its time is up.
    package var batchBytes = 10 << 20
    /// Ticks of one schedule that are made up for after the server was down, the newest ones.
    package var missedTicks = 100
    /// Ticks of backfills that one decision starts.
    package var backfillTicks = 100
    /// Event schedules of all shards together.
    package var eventSchedules = 1_000_000
    /// Event names of which is remembered whether anything listens to them; past it all count as such.
    package var listenedNames = 100_000
    /// Events that a wait that looks back considers at most, the newest ones.
    package var lookBackEvents = 1_000
    /// Functions that are made because apps began runs of them, all apps together.
    package var endpoints = 5_000
    /// Sleeping runs whose wake-up times are read from the store at once.
    package var wakePage = 10_000

    package init() {}
}

/// How a shard behaves, as opposed to how much it may hold.
package struct EngineConfiguration: Hashable, Sendable {
    package var limits = Limits()
    /// Retries after the first attempt when a function does not say.
    package var defaultRetries = 4
    /// A fixed delay between attempts; `nil` means the protocol's growing delays with jitter.
    package var retryInterval: TimeSpan?
    /// How far ahead wake-up times are held in memory; later ones stay in the store's index.
    package var wakeHorizon = TimeSpan.minutes(10)
    /// How long an event id protects against a second run.
    package var idempotencyPeriod = TimeSpan.hours(24)
    /// How long to wait for an acknowledgement before messages to another shard are sent again.
    package var resendAfter = TimeSpan.seconds(2)
    /// How long an app may do a run's work in a request of its own without being heard of.
    package var endpointPatience = TimeSpan.minutes(10)

    package init() {}
}
