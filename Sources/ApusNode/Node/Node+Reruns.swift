import ApusCore
import ApusEngine
import ApusStore

/// Repeating runs, and getting them going.
extension Node {
    /// What came of the wish to repeat a run.
    package enum Rerun: Hashable, Sendable {
        case started(ULID)
        case unknownRun
        case impossible(RerunProblem)
        case refused(RerunAnswer)
    }

    /// Starts a run that repeats another one.
    /// - Parameters:
    ///   - place: where it begins; `nil` for the failure of a run that failed or was cancelled, and the beginning
    ///     of any other.
    ///   - input: arguments for the step that it begins at, a JSON array.
    package func rerun(
        _ run: ULID, from place: RerunOrder.Place?, input: RawJSON? = nil, by actor: String
    ) async throws -> Rerun {
        let now = clock.now()
        let found = try await read {
            reader throws(StoreError) -> (row: RowID, order: Result<RerunOrder, RerunProblem>)? in
            guard let stored = try reader.run(id: run), let loaded = try reader.journal(ofRun: run) else { return nil }
            let order = Result { () throws(RerunProblem) in
                try RerunOrder(
                    repeating: loaded, from: place ?? Self.usualPlace(loaded.projection.status), input: input, at: now,
                    by: actor
                )
            }
            return (stored.row, order)
        }
        guard let (row, order) = found else { return .unknownRun }
        switch order {
        case .failure(let problem): return .impossible(problem)
        case .success(let order):
            switch try await start(order, on: home(of: row)) {
            case .started(let id): return .started(id)
            case let answer: return .refused(answer)
            }
        }
    }

    private static func usualPlace(_ status: RunStatus) -> RerunOrder.Place {
        switch status {
        case .failed, .cancelled: .failure
        case .running, .completed: .beginning
        }
    }

    /// Starts the run on the shard that decides about its function.
    func start(_ order: RerunOrder, on shard: ShardID) async throws(NodeError) -> RerunAnswer {
        var shard = shard
        // Limits may change hands in between.
        for _ in 0..<3 {
            guard case .rerun(let answer) = try await submit(.rerun(order), to: shard) else {
                throw .rejected("the order was not understood")
            }
            guard case .elsewhere(let home) = answer else { return answer }
            shard = home
        }
        throw .unavailable("the function's limits are changing")
    }

    /// Has a run wait no longer for a sleep, a retry or a start that lies ahead.
    /// - Returns: how many of these it was; `nil` when there is no such run.
    package func wake(_ run: ULID, by actor: String) async throws -> Int? {
        guard let run = try await read({ reader throws(StoreError) in try reader.run(id: run) }) else { return nil }
        guard !run.projection.status.isFinal else { return 0 }
        guard case .woken(let count) = try await submit(.wake(run: run.row, by: actor), to: home(of: run.row)) else {
            return 0
        }
        return count
    }
}
