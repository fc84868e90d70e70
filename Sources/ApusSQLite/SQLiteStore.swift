import ApusCore
import ApusEngine
import ApusStore
import GRDB
import Synchronization

/// A store in one SQLite file.
///
/// A commit returns when the disk has the batch (`synchronous = FULL`, checked when the file is
/// opened). After a failure whose outcome is unknown the file is closed and opened again by
/// `lastBatch` or `claim`, because a failed sync must not be repeated on the same handle; until then
/// nothing is written.
package final class SQLiteStore: Store {
    /// Where a store is.
    package enum Place: Hashable, Sendable {
        /// In a directory, which is made when there is none and which no other process may use.
        case directory(String)
        /// In a private directory that is removed when the store is closed; nothing is waited for.
        case temporary
    }

    /// Where the store was opened.
    package let place: Place
    package let shardCount: Int
    private let directory: DataDirectory
    private let configuration: Mutex<SQLiteConfiguration>
    private let state: Mutex<State>
    /// Held while the file is closed, and opened again, so that this happens once for each failure.
    private let recovery = Mutex(())

    private enum State {
        case open(OpenFile)
        /// Still good for reading, perhaps; `nil` when it could not be opened again.
        case broken(OpenFile?, StoreError)
        case closed
    }

    /// Opens a store, or makes one.
    /// - Throws: `.unavailable` when another process uses the directory or the disk refuses;
    ///   `.unreadable` when the file is damaged, another program's, or of a newer release.
    package init(_ place: Place, configuration: SQLiteConfiguration = SQLiteConfiguration()) throws(StoreError) {
        switch place {
        case .directory(let path): directory = try DataDirectory(path: path)
        case .temporary: directory = try DataDirectory.temporary()
        }
        let file = try OpenFile(directory, configuration)
        do {
            shardCount = try file.write { writer in
                Int(try Statement.int("SELECT count(*) FROM shards", on: writer.connection))
            }
        } catch {
            throw StoreError(error)
        }
        self.place = place
        self.configuration = Mutex(configuration)
        state = Mutex(.open(file))
    }

    package var summary: String {
        switch place {
        case .directory: "SQLite, \(directory.databasePath)"
        case .temporary: "SQLite, thrown away at the end"
        }
    }

    package func claim(_ shard: ShardID) throws(StoreError) -> ClaimedShard {
        try recover()
        return try write { try $0.claim(shard) }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        try write { try $0.commit(batch) }
    }

    package func lastBatch(of shard: ShardID, epoch: UInt64) throws(StoreError) -> UInt64 {
        try recover()
        return try write { try $0.lastBatch(of: shard, epoch: epoch) }
    }

    package func quarantine(_ report: QuarantineReport) throws(StoreError) {
        try write { try $0.quarantine(report) }
    }

    package func keep(_ cancellation: BulkCancellation) throws(StoreError) {
        try write { try $0.keep(cancellation) }
    }

    package func forgetCancellation(_ id: ULID) throws(StoreError) -> Bool {
        try write { try $0.forgetCancellation(id) }
    }

    package func keep(_ replay: Replay) throws(StoreError) {
        try write { try $0.keep(replay) }
    }

    package func updateReplay(_ id: ULID, _ change: (inout Replay) -> Void) throws(StoreError) -> Replay? {
        try write { try $0.updateReplay(id, change) }
    }

    package func keep(_ spans: [AppSpan], of run: ULID) throws(StoreError) -> Int? {
        try write { try $0.keep(spans, of: run) }
    }

    package func reset() throws(StoreError) {
        try write { try $0.reset() }
    }

    package var reader: any StoreReader { SQLiteReader(store: self) }

    package func removeOldestFinishedRuns(
        untilSmallerThan bytes: Int64, atMost count: Int
    ) throws(StoreError) -> Int {
        var pruning = Pruning(limit: bytes, count: count)
        while try pruning.advance(self) {}
        try write { try $0.removeOldCounts() }
        while try write({ try $0.shrinkFile(to: bytes) }) {}
        return pruning.removedRuns
    }

    package func close() {
        // Not while the file is being opened again.
        recovery.withLock { _ in
            let state = state.withLock { state in
                defer { state = .closed }
                return state
            }
            switch state {
            case .open(let file): file.close(isSound: true)
            case .broken(let file, _): file?.close(isSound: false)
            case .closed: return
            }
            directory.close()
        }
    }

    deinit {
        close()
    }

    // MARK: - Beyond the contract

    /// Bytes appended to the write-ahead log since the file was opened, for benchmarks.
    package var walBytesWritten: Int64 {
        get throws(StoreError) { try write { $0.logBytesWritten() } }
    }

    /// `PRAGMA synchronous` of the connection that writes; 2 is FULL.
    package var synchronousLevel: Int64 {
        get throws(StoreError) { try write { try Durability.level(of: $0.connection) } }
    }

    /// Bounds the database file, as `SQLiteConfiguration.maximumBytes` does.
    package func limitFile(to bytes: Int64?) throws(StoreError) {
        configuration.withLock { $0.maximumBytes = bytes }
        // A file that has to be opened again first gets the bound then.
        guard state.withLock({ if case .open = $0 { true } else { false } }) else { return }
        try write { try $0.limitFile(to: bytes) }
    }

    /// The directory with the store's files, and nothing else.
    package var directoryPath: String { directory.path }

    // MARK: - Connections

    /// Looks at the committed state. Also while commits fail, until the file is opened again.
    /// - Throws: `.unavailable` also when the body takes longer than the time limit.
    func read<Result>(_ body: (ReadSession) throws -> Result) throws(StoreError) -> Result {
        let file = try state.withLock { state throws(StoreError) in
            switch state {
            case .open(let file), .broken(let file?, _): return file
            case .broken(nil, let error): throw error
            case .closed: throw .unavailable("the store is closed")
            }
        }
        let configuration = configuration.withLock { $0 }
        do {
            return try file.read { database in
                let deadline = Deadline(try database.handle, after: configuration.queryTimeLimit)
                defer { withExtendedLifetime(deadline) {} }
                return try body(ReadSession(database, shardCount: shardCount, configuration))
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs on the connection that writes, one caller at a time; a failure of the file stops all later
    /// writing until it is opened again.
    func write<Result>(_ body: (Writer) throws -> Result) throws(StoreError) -> Result {
        let file = try state.withLock { state throws(StoreError) in
            switch state {
            case .open(let file): return file
            case .broken(_, let error): throw error
            case .closed: throw .unavailable("the store is closed")
            }
        }
        do {
            return try file.write(body)
        } catch {
            if let failure = SQLiteFailure(error), failure.breaksConnection {
                give(up: file, because: failure.storeError)
            }
            throw StoreError(error)
        }
    }

    private func give(up file: OpenFile, because error: StoreError) {
        state.withLock { state in
            guard case .open(let current) = state, current === file else { return }
            state = .broken(file, error)
        }
    }

    /// Closes and opens the file when something failed since it was opened.
    private func recover() throws(StoreError) {
        try recovery.withLock { _ throws(StoreError) in
            let broken = state.withLock { state -> (file: OpenFile?, error: StoreError)? in
                guard case .broken(let file, let error) = state else { return nil }
                state = .broken(nil, error)
                return (file, error)
            }
            guard let broken else { return }
            broken.file?.close(isSound: false)
            let file = try OpenFile(directory, configuration.withLock { $0 })
            state.withLock { $0 = .open(file) }
        }
    }
}
