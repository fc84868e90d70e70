/// What every store has to do, as checks that need no test framework.
///
/// ```swift
/// let harness = StoreConformance.Harness(
///     makeStore: { try MyStore(shardCount: $0) },
///     reopen: { store in
///         store.close()
///         return try MyStore(at: store.place)
///     }
/// )
/// for check in StoreConformance.checks { try check.run(harness) }
/// ```
package enum StoreConformance {
    /// How checks get stores.
    package struct Harness: Sendable {
        /// Makes an empty store with so many shards.
        package var makeStore: @Sendable (_ shardCount: Int) throws -> any Store
        /// Closes a store and opens what it left behind.
        package var reopen: @Sendable (any Store) throws -> any Store
        /// The shards that the store can have; checks use the largest that they need.
        package var shardCount: Int

        package init(
            shardCount: Int,
            makeStore: @escaping @Sendable (_ shardCount: Int) throws -> any Store,
            reopen: @escaping @Sendable (any Store) throws -> any Store
        ) {
            self.shardCount = shardCount
            self.makeStore = makeStore
            self.reopen = reopen
        }

        /// With the harness's number of shards.
        func emptyStore() throws -> any Store { try makeStore(shardCount) }
    }

    /// One promise of the contract.
    package struct Check: Sendable, CustomStringConvertible {
        /// A sentence that says what is promised.
        package var name: String
        private var body: @Sendable (Harness) throws -> Void

        /// - Parameter body: throws when the promise is broken.
        init(_ name: String, _ body: @escaping @Sendable (Harness) throws -> Void) {
            self.name = name
            self.body = body
        }

        package var description: String { name }

        /// - Throws: `ConformanceFailure` when the store breaks the promise, and whatever error the
        ///   store throws where it should not.
        package func run(_ harness: Harness) throws {
            try body(harness)
        }
    }

    /// Every promise.
    package static let checks: [Check] =
        ownership + atomicity + history + alarms + events + messages + registry + listeners + looks + schedules
        + eventSchedules + flow + search + pruning + afterwards + durability + model
}
