import ApusCore
import ApusEngine
import ApusStore

/// Steps that apps report while a call goes on.
extension Node {
    /// Hands a checkpoint to the shard of its run.
    /// - Throws: ``CheckpointProblem`` for what no checkpoint can say.
    package func checkpoint(_ request: CheckpointRequest) async throws -> CheckpointAnswer {
        let bytes = request.ops.reduce(0) { $0 + ($1.data?.bytes.count ?? 0) }
        try intake.enter(bytes: bytes)
        defer { intake.leave(bytes: bytes) }
        let token = CallToken(text: request.call)
        let row: RowID
        if let token, Int(home(of: token.row)) < store.shardCount {
            row = token.row
        } else {
            // The sender does not say which call it is about.
            let id = request.run
            guard let run = try await read({ reader throws(StoreError) in try reader.run(id: id) }) else {
                return .unknownRun
            }
            row = run.row
        }
        let checkpoint = try Checkpoint(
            run: request.run, row: row, job: token?.job, generation: request.generation, ops: request.ops
        )
        guard case .checkpoint(let answer) = try await submit(.checkpoint(checkpoint), to: home(of: row)) else {
            throw NodeError.rejected("the checkpoint was not understood")
        }
        return answer
    }
}
