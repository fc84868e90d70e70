import ApusCore
import ApusEngine
import ApusStore

/// The world as a shard sees it: a clock, a store that answers later, a place for effects.
///
/// A node implements it with an event loop, threads and sockets; the simulation with a virtual
/// clock and a queue. Every callback comes back on the shard's own executor, one at a time.
package protocol ShardHost: AnyObject {
    var now: Timestamp { get }
    /// A seed for what the shard draws at random.
    func randomSeed() -> UInt64
    /// Asks for `Shard.tick()` at this time; replaces what was asked for before.
    func wake(at time: Timestamp?)
    /// Runs something later, for example another try at a store that is down.
    func after(_ delay: TimeSpan, _ body: @escaping () -> Void)

    func claim(_ done: @escaping (Result<ClaimedShard, StoreError>) -> Void)
    func commit(_ batch: Batch, _ done: @escaping (Result<Void, StoreError>) -> Void)
    func lastBatch(epoch: UInt64, _ done: @escaping (Result<UInt64, StoreError>) -> Void)
    func quarantine(_ report: QuarantineReport)
    func functionsStarted(
        by keys: [EventKey],
        since: Timestamp,
        _ done: @escaping (Result<[EventKey: [UUID16]], StoreError>) -> Void
    )
    func readRun(_ row: RowID, _ done: @escaping (Result<LoadedRun?, StoreError>) -> Void)
    func readWakes(
        after: Wake?,
        upTo: Timestamp,
        limit: Int,
        _ done: @escaping (Result<WakePage, StoreError>) -> Void
    )

    func readListeners(
        _ questions: [ListenerQuestion],
        _ done: @escaping (Result<[ListenerPage], StoreError>) -> Void
    )
    /// The newest events of a name since a time, newest first.
    func readEvents(
        named name: String,
        since: Timestamp,
        limit: Int,
        _ done: @escaping (Result<[StoredEvent], StoreError>) -> Void
    )

    /// The events in these rows.
    func readEvents(_ rows: [RowID], _ done: @escaping (Result<[StoredEvent], StoreError>) -> Void)

    /// The events of these schedules, in this order until they have so many bytes.
    func readTemplates(
        _ schedules: [UUID16], atMost bytes: Int, _ done: @escaping (Result<TemplatePage, StoreError>) -> Void
    )

    /// Carries out an effect whose decision is durable. Reads come back through the shard itself and
    /// are never passed here.
    func perform(_ effect: Effect)
    /// The shard can or can no longer take new events, and why.
    func report(_ condition: ShardCondition)
}

package enum ShardCondition: Hashable, Sendable {
    /// Reading its state from the store.
    case starting
    case running
    /// The store does not answer; nothing is lost, nothing new is taken.
    case stalled(String)
    /// For good.
    case stopped
}

/// Why an input was not carried out.
package enum ShardError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The shard takes nothing new at the moment; the sender should try again.
    case unavailable(String)
    /// The input can never be made durable; it was set aside.
    case quarantined(String)

    package var description: String {
        switch self {
        case .unavailable(let reason): "try again later: \(reason)"
        case .quarantined(let reason): "the input was set aside because it cannot be stored: \(reason)"
        }
    }
}
