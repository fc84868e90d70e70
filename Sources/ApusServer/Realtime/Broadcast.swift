import ApusCore
import DequeModule
import NIOCore
import Synchronization

/// Passes on what is published to those who listen at that moment. Of streams the latest is replayed to those who come
/// later. Nothing is stored: a restart forgets everything.
package final class Broadcast: Sendable {
    package struct Limits: Sendable {
        /// Subscriptions at a time.
        package var subscriptions = 8_000
        /// Subscriptions to one topic at a time.
        package var subscriptionsOfTopic = 5_000
        /// Topics of one subscription.
        package var topics = 1_000
        /// Bytes that wait for one slow listener; past it the listener is cut off.
        package var waitingBytes = 4 << 20
        /// Bytes that wait for all listeners; past it the slowest are cut off.
        package var allWaitingBytes = 256 << 20
        /// Bytes of one topic that are kept for replay.
        package var replayBytes = 1 << 20
        /// Bytes of all topics that are kept for replay.
        package var allReplayBytes = 32 << 20
        /// How long they are kept after the last of them.
        package var replayTime = TimeSpan.minutes(15)

        package init() {}
    }

    /// Why somebody cannot listen.
    package enum Refusal: Error, Hashable, CustomStringConvertible {
        case full(limit: Int)
        case topicFull(Topic, limit: Int)
        case tooManyTopics(limit: Int)

        package var description: String {
            switch self {
            case .full(let limit): "\(limit) listen already, as many as may"
            case .topicFull(let topic, let limit):
                "\(limit) listen to the topic \(topic.name.excerpt()) of the channel \(topic.channel.excerpt()) already, "
                    + "as many as may"
            case .tooManyTopics(let limit): "one may listen to \(limit) topics at a time"
            }
        }
    }

    /// What goes on, for metrics.
    package struct Figures: Sendable {
        package var subscriptions = 0
        package var topics = 0
        /// Since the start.
        package var messages = 0
        /// Of them what waited for listeners that were cut off, each listener counted.
        package var dropped = 0
    }

    private struct State {
        var next = 0
        var subscriptions: [Int: Held] = [:]
        var listeners: [Topic: Set<Int>] = [:]
        var replays: [Topic: Replay] = [:]
        var replayBytes = 0
        var messages = 0
        var dropped = 0
    }

    /// Who holds a subscription listens; when it is let go of, it is over.
    private struct Held {
        weak var subscription: Subscription?
        var topics: Set<Topic> = []
    }

    private let limits: Limits
    private let waiting = WaitingBytes()
    private let state = Mutex(State())

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    // MARK: - Listening

    /// Begins to listen; nothing that is published from now on is missed.
    package func subscribe(to topics: [Topic], at now: Timestamp) throws(Refusal) -> Subscription {
        try state.withLock { state throws(Refusal) in
            guard state.subscriptions.count < limits.subscriptions else {
                throw .full(limit: limits.subscriptions)
            }
            state.next += 1
            let subscription = Subscription(number: state.next, limit: limits.waitingBytes)
            state.subscriptions[subscription.number] = Held(subscription: subscription)
            do throws(Refusal) {
                try add(Set(topics), to: subscription, at: now, in: &state)
            } catch {
                state.subscriptions[subscription.number] = nil
                throw error
            }
            subscription.whenGone { [weak self] in self?.unsubscribe($0) }
            return subscription
        }
    }

    /// Listens to more; what it listens to already stays as it is.
    package func add(_ topics: [Topic], to subscription: Subscription, at now: Timestamp) throws(Refusal) {
        try state.withLock { state throws(Refusal) in
            try add(Set(topics), to: subscription, at: now, in: &state)
        }
    }

    private func add(
        _ topics: Set<Topic>, to subscription: Subscription, at now: Timestamp, in state: inout State
    ) throws(Refusal) {
        let number = subscription.number
        guard let known = state.subscriptions[number]?.topics else { return }
        let new = topics.subtracting(known)
        guard known.count + new.count <= limits.topics else { throw .tooManyTopics(limit: limits.topics) }
        for topic in new where (state.listeners[topic]?.count ?? 0) >= limits.subscriptionsOfTopic {
            throw .topicFull(topic, limit: limits.subscriptionsOfTopic)
        }
        forgetReplays(before: now, in: &state)
        for topic in new {
            state.listeners[topic, default: []].insert(number)
            for piece in state.replays[topic]?.pieces ?? [] { subscription.replay(piece) }
        }
        state.subscriptions[number]?.topics.formUnion(new)
    }

    /// Listens to less.
    package func remove(_ topics: [Topic], from subscription: Subscription) {
        state.withLock { state in
            guard let known = state.subscriptions[subscription.number]?.topics else { return }
            let old = known.intersection(topics)
            state.subscriptions[subscription.number]?.topics.subtract(old)
            Self.forget(subscription.number, of: old, in: &state)
        }
    }

    private func unsubscribe(_ number: Int) {
        state.withLock { state in
            guard let held = state.subscriptions.removeValue(forKey: number) else { return }
            Self.forget(number, of: held.topics, in: &state)
        }
    }

    private static func forget(_ number: Int, of topics: Set<Topic>, in state: inout State) {
        for topic in topics {
            state.listeners[topic]?.remove(number)
            if state.listeners[topic]?.isEmpty == true { state.listeners[topic] = nil }
        }
    }

    // MARK: - Publishing

    /// Passes a piece on to all who listen to a topic. Raw bytes are kept for those who come later.
    package func publish(_ piece: Piece, to topic: Topic, at now: Timestamp) {
        guard piece.events.readableBytes > 0 else { return }
        let listeners = state.withLock { state in
            state.messages += 1
            if piece.isRaw { keep(piece, of: topic, at: now, in: &state) }
            return (state.listeners[topic] ?? []).compactMap { state.subscriptions[$0]?.subscription }
        }
        guard !listeners.isEmpty else { return }
        var piece = piece
        piece.hold = waiting.hold(piece.size)
        var dropped = 0
        for listener in listeners { dropped += listener.receive(piece) }
        if waiting.value > limits.allWaitingBytes { dropped += cutOffSlowest() }
        if dropped > 0 { state.withLock { [dropped] in $0.dropped += dropped } }
    }

    /// - Returns: how many pieces were dropped.
    private func cutOffSlowest() -> Int {
        let all = state.withLock { state in state.subscriptions.values.compactMap(\.subscription) }
        var excess = waiting.value - limits.allWaitingBytes
        var dropped = 0
        for (subscription, bytes) in all.map({ ($0, $0.heldBytes) }).sorted(by: { $0.1 > $1.1 }) {
            guard excess > 0 else { break }
            dropped += subscription.cutOff()
            // What others wait for too stays; then the next piece has more cut off.
            excess -= bytes
        }
        return dropped
    }

    package var figures: Figures {
        state.withLock {
            Figures(
                subscriptions: $0.subscriptions.count, topics: $0.listeners.count, messages: $0.messages,
                dropped: $0.dropped
            )
        }
    }

    // MARK: - Replay

    private func keep(_ piece: Piece, of topic: Topic, at now: Timestamp, in state: inout State) {
        forgetReplays(before: now, in: &state)
        var replay = state.replays[topic] ?? Replay(lastAt: now)
        state.replayBytes -= replay.bytes
        replay.lastAt = now
        replay.pieces.append(piece)
        replay.bytes += piece.events.readableBytes
        while replay.bytes > limits.replayBytes, let first = replay.pieces.popFirst() {
            replay.bytes -= first.events.readableBytes
            replay.isCut = !first.events.readableBytesView.suffix(2).elementsEqual("\n\n".utf8)
        }
        if replay.isCut { replay.beginAtEvent() }
        state.replays[topic] = replay
        state.replayBytes += replay.bytes
        while state.replayBytes > limits.allReplayBytes,
            let oldest = state.replays.min(by: { $0.value.lastAt < $1.value.lastAt })
        {
            state.replays[oldest.key] = nil
            state.replayBytes -= oldest.value.bytes
        }
    }

    private func forgetReplays(before now: Timestamp, in state: inout State) {
        for (topic, replay) in state.replays where replay.lastAt + limits.replayTime < now {
            state.replays[topic] = nil
            state.replayBytes -= replay.bytes
        }
    }

    /// Topics and bytes that are kept for replay.
    var replayed: (topics: Int, bytes: Int) { state.withLock { ($0.replays.count, $0.replayBytes) } }
}

/// The latest of a topic, cut where an event ends.
private struct Replay {
    var pieces: Deque<Piece> = []
    var bytes = 0
    var lastAt: Timestamp
    /// The beginning is missing, and what is there may begin in the middle of an event.
    var isCut = false

    /// Drops bytes up to the end of the first event that is there in part.
    mutating func beginAtEvent() {
        var newlines = 0
        while let first = pieces.popFirst() {
            let view = first.events.readableBytesView
            for (offset, byte) in view.enumerated() {
                newlines = byte == UInt8(ascii: "\n") ? newlines + 1 : 0
                guard newlines == 2 else { continue }
                bytes -= offset + 1
                let rest = view.dropFirst(offset + 1)
                if !rest.isEmpty { pieces.prepend(.raw(ByteBuffer(bytes: rest))) }
                isCut = false
                return
            }
            bytes -= view.count
        }
    }
}
