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
    }

    private struct Listeners {
        var news: [Int: News] = [:]
        var known: [Int: Set<ULID>] = [:]
        /// The only run that a listener wants to hear of.
        var wanted: [Int: ULID] = [:]
        var next = 0
    }

    private let count = Atomic(0)
    private let listeners = Mutex(Listeners())
    /// Runs that are remembered for a listener.
    private static let most = 500
    /// Listeners at a time.
    package static let places = 200

    init() {}

    func publish(_ run: ULID) {
        guard count.load(ordering: .relaxed) > 0 else { return }
        listeners.withLock { all in
            for id in all.news.keys where all.wanted[id].map({ $0 == run }) ?? true {
                guard all.known[id]?.contains(run) == false else { continue }
                if (all.news[id]?.runs.count ?? 0) < Self.most {
                    all.news[id]?.runs.append(run)
                    all.known[id]?.insert(run)
                } else {
                    all.news[id]?.isIncomplete = true
                }
            }
        }
    }

    /// Begins to listen, to all runs or to one.
    /// - Returns: the listener's number; `nil` when too many listen already.
    package func listen(to run: ULID? = nil) -> Int? {
        listeners.withLock { all in
            guard all.news.count < Self.places else { return nil }
            all.next += 1
            all.news[all.next] = News()
            all.known[all.next] = []
            all.wanted[all.next] = run
            count.store(all.news.count, ordering: .relaxed)
            return all.next
        }
    }

    /// What has happened since the question before.
    package func news(for listener: Int) -> News {
        listeners.withLock { all in
            guard let news = all.news[listener] else { return News() }
            all.news[listener] = News()
            all.known[listener] = []
            return news
        }
    }

    package func stop(_ listener: Int) {
        listeners.withLock { all in
            all.news[listener] = nil
            all.known[listener] = nil
            all.wanted[listener] = nil
            count.store(all.news.count, ordering: .relaxed)
        }
    }
}
