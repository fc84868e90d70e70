import ApusCore
import ApusEngine

/// Orders to repeat runs, and the runs that they have started.
extension MemoryState {
    mutating func keep(_ replay: Replay) {
        replays[replay.id] = replay
        let ended = replays.values.filter { !$0.state.isOpen }.map(\.id).sorted()
        for id in ended.dropLast(Replay.kept) { replays[id] = nil }
    }

    mutating func updateReplay(_ id: ULID, _ change: (inout Replay) -> Void) -> Replay? {
        guard var replay = replays[id] else { return nil }
        change(&replay)
        replays[id] = replay
        return replay
    }

    func runs(repeating id: ULID) throws(StoreError) -> [StoredRun] {
        try stored(runs.rows.lazy.filter { runs[$0]?.row.origin == id }.prefix(MemoryState.page(.max)))
    }
}
