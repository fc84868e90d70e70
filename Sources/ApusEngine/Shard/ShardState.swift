import ApusCore

/// What a shard reads from the store when it starts; everything else follows from inputs.
package struct ShardState: Sendable {
    package var registry: Registry
    package var rows: RowCounters
    /// The newest time that the shard has committed; its clock never goes back before it.
    package var time: Timestamp
    /// Messages to other shards that they have not acknowledged.
    package var unacknowledged: [(to: ShardID, number: UInt64, message: Message)]
    /// The next number for a message, by receiver.
    package var nextNumbers: [ShardID: UInt64]
    /// The newest message applied, by sender.
    package var applied: [ShardID: UInt64]

    package init(
        registry: Registry = Registry(),
        rows: RowCounters,
        time: Timestamp = Timestamp(milliseconds: 0),
        unacknowledged: [(to: ShardID, number: UInt64, message: Message)] = [],
        nextNumbers: [ShardID: UInt64] = [:],
        applied: [ShardID: UInt64] = [:]
    ) {
        self.registry = registry
        self.rows = rows
        self.time = time
        self.unacknowledged = unacknowledged
        self.nextNumbers = nextNumbers
        self.applied = applied
    }
}
