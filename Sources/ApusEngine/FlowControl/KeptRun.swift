import ApusCore

/// A run that waits for its turn or takes up room: what a shard has to know of it before it begins, so that
/// neither is lost by a crash. Everything else of a run can be read when it is needed.
package struct KeptRun: Hashable, Sendable {
    package var run: RowID
    package var function: UUID16
    package var createdAt: Timestamp
    package var isStarted: Bool
    /// Calls under way.
    package var calls: Int
    /// Since when the run waits for its turn.
    package var waitsSince: Timestamp?
    package var flow: RunFlow?
    /// Of a singleton, because events that it keeps from starting say which run that was.
    package var id: ULID?

    package init(
        run: RowID, function: UUID16, createdAt: Timestamp, isStarted: Bool, calls: Int, waitsSince: Timestamp?,
        flow: RunFlow?, id: ULID? = nil
    ) {
        self.run = run
        self.function = function
        self.createdAt = createdAt
        self.isStarted = isStarted
        self.calls = calls
        self.waitsSince = waitsSince
        self.flow = flow
        self.id = id
    }
}

/// Very many kept runs in little memory: functions and keys, which repeat, are held once.
package struct KeptRuns: Sendable {
    private var functions: [UUID16] = []
    private var functionIndex: [UUID16: UInt32] = [:]
    private var flows: [RunFlow] = []
    private var flowIndex: [[UInt8]: UInt32] = [:]
    private var ids: [RowID: ULID] = [:]
    private var rows: [Row] = []

    private struct Row {
        var run: RowID
        var createdAt: Timestamp
        /// -1 for none.
        var waitsSince: Int64
        var calls: UInt32
        var function: UInt32
        /// One more than the index; 0 for none.
        var flow: UInt32
        var isStarted: Bool
    }

    package init() {}

    package init(_ runs: [KeptRun]) {
        for run in runs { append(run, encodedFlow: run.flow?.encoded) { _ in run.flow ?? .plain } }
    }

    package var count: Int { rows.count }

    /// - Parameter encodedFlow: decoded only when it is new.
    package mutating func append<Failure: Error>(
        _ run: KeptRun, encodedFlow: [UInt8]?, decode: ([UInt8]) throws(Failure) -> RunFlow
    ) throws(Failure) {
        var flow: UInt32 = 0
        if let encodedFlow {
            if let known = flowIndex[encodedFlow] {
                flow = known
            } else {
                flows.append(try decode(encodedFlow))
                flow = UInt32(flows.count)
                flowIndex[encodedFlow] = flow
            }
        }
        let function = functionIndex[run.function] ?? UInt32(functions.count)
        if function == functions.count {
            functions.append(run.function)
            functionIndex[run.function] = function
        }
        if let id = run.id { ids[run.run] = id }
        rows.append(
            Row(
                run: run.run, createdAt: run.createdAt, waitsSince: run.waitsSince?.milliseconds ?? -1,
                calls: UInt32(clamping: run.calls), function: function, flow: flow, isStarted: run.isStarted
            )
        )
    }
}

extension KeptRuns: Sequence {
    package func makeIterator() -> AnyIterator<KeptRun> {
        var index = 0
        return AnyIterator {
            guard index < rows.count else { return nil }
            defer { index += 1 }
            let row = rows[index]
            return KeptRun(
                run: row.run, function: functions[Int(row.function)], createdAt: row.createdAt,
                isStarted: row.isStarted, calls: Int(row.calls),
                waitsSince: row.waitsSince < 0 ? nil : Timestamp(milliseconds: row.waitsSince),
                flow: row.flow == 0 ? nil : flows[Int(row.flow) - 1], id: ids[row.run]
            )
        }
    }
}
