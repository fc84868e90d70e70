import ApusCore
import Synchronization

/// Says which runs have changed, to those who listen; costs next to nothing while nobody does.
///
/// A listener asks when it likes: between two of its questions each run is remembered once, and only so many.
package final class RunFeed: Sendable {
    /// What has happened since a listener last asked.
    package struct News: Hashable, Sendable {
        /// In the order in which they first changed.
        package var runs: [ULID] = []
        /// Whether more has changed than `runs` says.
        package var isIncomplete = false

        package init() {}

        package var isEmpty: Bool { runs.isEmpty && !isIncomplete }
    }

    private struct Listener {
        /// The only run that it wants to hear of.
        var wanted: ULID?
        var news = News()
        /// The runs of the news.
        var known: Set<ULID> = []

        mutating func hear(of run: ULID) {
            guard wanted.map({ $0 == run }) ?? true, !known.contains(run) else { return }
            guard news.runs.count < RunFeed.most else {
                news.isIncomplete = true
                return
            }
            news.runs.append(run)
            known.insert(run)
        }

        mutating func takeNews() -> News {
            defer { self = Listener(wanted: wanted) }
            return news
        }
    }

    private struct Listeners {
        var all: [Int: Listener] = [:]
        var next = 0
    }

    private let count = Atomic(0)
    private let listeners = Mutex(Listeners())
    /// Runs that are remembered for a listener.
    package static let most = 500
    /// Listeners at a time.
    package static let places = 200

    package init() {}

    package func publish(_ run: ULID) {
        guard count.load(ordering: .relaxed) > 0 else { return }
        listeners.withLock { listeners in
            for id in listeners.all.keys { listeners.all[id]?.hear(of: run) }
        }
    }

    /// Whether as many listen as may.
    package var isFull: Bool { count.load(ordering: .relaxed) >= Self.places }

    /// Begins to listen, to all runs or to one.
    /// - Returns: the listener's number; `nil` when too many listen already.
    package func listen(to run: ULID? = nil) -> Int? {
        listeners.withLock { listeners in
            guard listeners.all.count < Self.places else { return nil }
            listeners.next += 1
            listeners.all[listeners.next] = Listener(wanted: run)
            count.store(listeners.all.count, ordering: .relaxed)
            return listeners.next
        }
    }

    /// What has happened since the question before.
    package func news(for listener: Int) -> News {
        listeners.withLock { $0.all[listener]?.takeNews() ?? News() }
    }

    package func stop(_ listener: Int) {
        listeners.withLock { listeners in
            listeners.all[listener] = nil
            count.store(listeners.all.count, ordering: .relaxed)
        }
    }
}
