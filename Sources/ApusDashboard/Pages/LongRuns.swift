import ApusCore
import ApusEngine
import ApusStore
import Synchronization

/// The newest long runs that somebody has looked at, kept as they were read: their rows are asked for part by part,
/// and each part would read the whole history again. Only runs that have ended, because those change no more.
final class LongRuns: Sendable {
    private let kept = Mutex<[(id: ULID, run: RunBody.Loaded, bytes: Int)]>([])

    /// Steps from which on a run is kept, runs that are, and bytes of all their results.
    private static let (steps, most, bytes) = (WaterfallPart.pageRows, 4, 32 << 20)

    func find(_ id: ULID) -> RunBody.Loaded? {
        kept.withLock { kept in kept.first { $0.id == id }?.run }
    }

    func keep(_ run: RunBody.Loaded) {
        guard run.run.projection.status.isFinal, run.trace.steps.count > Self.steps else { return }
        let results = run.trace.steps.reduce(0) { $0 + ($1.result?.memo.json.bytes.count ?? 0) }
        // A step takes some hundred bytes besides, in the journal and in the timeline.
        let bytes = results + run.trace.steps.count * 1_000
        guard bytes <= Self.bytes else { return }
        kept.withLock { kept in
            kept.removeAll { $0.id == run.run.id }
            kept.append((run.run.id, run, bytes))
            while kept.count > Self.most || kept.reduce(0, { $0 + $1.bytes }) > Self.bytes { kept.removeFirst() }
        }
    }
}
