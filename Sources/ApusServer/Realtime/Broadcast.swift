import ApusCore
import DequeModule
import NIOCore
import Synchronization

/// Passes on what is published to those who listen at that moment, and replays the latest of it to those who come
/// later. Nothing is stored: a restart forgets everything.
package final class Broadcast: Sendable {
    package struct Limits: Sendable {
        /// Subscriptions at a time.
        package var subscriptions = 5_000
        /// Bytes that wait for one slow listener; past it the listener is cut off.
        package var waitingBytes = 1 << 20
        /// Bytes of one topic that are kept for replay.
        package var replayBytes = 1 << 20
        /// Bytes of all topics that are kept for replay.
        package var allReplayBytes = 32 << 20
        /// How long they are kept after the last of them.
        package var replayTime = TimeSpan.minutes(15)

        package init() {}
    }

    private struct State {
        var next = 0
        var subscriptions: [Int: Held] = [:]
        var listeners: [Topic: Set<Int>] = [:]
        var replays: [Topic: Replay] = [:]
        var replayBytes = 0
    }

    /// Who holds a subscription listens; when it is let go of, it is over.
    private struct Held {
        weak var subscription: Subscription?
    }

    private let limits: Limits
    private let state = Mutex(State())

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Begins to listen; nothing that is published from now on is missed.
    /// - Returns: `nil` when too many listen already.
    package func subscribe(to topics: [Topic], at now: Timestamp) -> Subscription? {
        state.withLock { state in
            guard state.subscriptions.count < limits.subscriptions else { return nil }
            state.next += 1
            let number = state.next
            let subscription = Subscription(limit: limits.waitingBytes)
            state.subscriptions[number] = Held(subscription: subscription)
            let unique = Set(topics)
            forgetReplays(before: now, in: &state)
            for topic in unique {
                state.listeners[topic, default: []].insert(number)
                for piece in state.replays[topic]?.pieces ?? [] { subscription.replay(piece) }
            }
            subscription.whenGone { [weak self] in self?.unsubscribe(number, from: unique) }
            return subscription
        }
    }

    private func unsubscribe(_ number: Int, from topics: Set<Topic>) {
        state.withLock { state in
            for topic in topics {
                state.listeners[topic]?.remove(number)
                if state.listeners[topic]?.isEmpty == true { state.listeners[topic] = nil }
            }
            state.subscriptions[number] = nil
        }
    }

    /// Passes bytes on to all who listen to a topic, and keeps them for those who come later.
    package func publish(_ bytes: ByteBuffer, to topic: Topic, at now: Timestamp) {
        guard bytes.readableBytes > 0 else { return }
        let listeners = state.withLock { state in
            keep(bytes, of: topic, at: now, in: &state)
            return (state.listeners[topic] ?? []).compactMap { state.subscriptions[$0]?.subscription }
        }
        for listener in listeners { listener.receive(bytes) }
    }

    // MARK: - Replay

    private func keep(_ bytes: ByteBuffer, of topic: Topic, at now: Timestamp, in state: inout State) {
        forgetReplays(before: now, in: &state)
        var replay = state.replays[topic] ?? Replay(lastAt: now)
        state.replayBytes -= replay.bytes
        replay.lastAt = now
        replay.pieces.append(bytes)
        replay.bytes += bytes.readableBytes
        while replay.bytes > limits.replayBytes, let first = replay.pieces.popFirst() {
            replay.bytes -= first.readableBytes
            replay.isCut = !first.readableBytesView.suffix(2).elementsEqual("\n\n".utf8)
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
    /// Those who listen.
    var subscriptionCount: Int { state.withLock { $0.subscriptions.count } }
}

/// The latest of a topic, cut where an event ends.
private struct Replay {
    var pieces: Deque<ByteBuffer> = []
    var bytes = 0
    var lastAt: Timestamp
    /// The beginning is missing, and what is there may begin in the middle of an event.
    var isCut = false

    /// Drops bytes up to the end of the first event that is there in part.
    mutating func beginAtEvent() {
        var newlines = 0
        while let first = pieces.popFirst() {
            let view = first.readableBytesView
            for (offset, byte) in view.enumerated() {
                newlines = byte == UInt8(ascii: "\n") ? newlines + 1 : 0
                guard newlines == 2 else { continue }
                let rest = first.getSlice(at: first.readerIndex + offset + 1, length: view.count - offset - 1)
                bytes -= offset + 1
                if let rest, rest.readableBytes > 0 { pieces.prepend(rest) }
                isCut = false
                return
            }
            bytes -= view.count
        }
    }
}
