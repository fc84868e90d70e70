import ApusCore
import NIOCore
import Synchronization
import Testing

@testable import ApusServer

@Suite("Broadcasts")
struct BroadcastTests {
    private let now = Timestamp(milliseconds: 1_750_000_000_000)
    private let topic = Topic.stream(of: "run")

    private func publish(_ text: String, on broadcast: Broadcast, to topic: Topic? = nil, after minutes: Int64 = 0) {
        broadcast.publish(.raw(ByteBuffer(string: text)), to: topic ?? self.topic, at: now + .minutes(minutes))
    }

    private func text(_ subscription: Subscription) async -> String? {
        await subscription.next()?.map { String(buffer: $0.events) }.joined()
    }

    private func limited(_ change: (inout Broadcast.Limits) -> Void) -> Broadcast {
        var limits = Broadcast.Limits()
        change(&limits)
        return Broadcast(limits: limits)
    }

    @Test("reach everybody who listens to the topic, and nobody else")
    func reach() async throws {
        let broadcast = Broadcast()
        let one = try broadcast.subscribe(to: [topic, topic], at: now)
        let two = try broadcast.subscribe(to: [topic], at: now)
        let other = try broadcast.subscribe(to: [.stream(of: "other")], at: now)
        publish("a", on: broadcast)
        publish("b", on: broadcast)
        #expect(await text(one) == "ab")
        #expect(await text(two) == "ab")
        other.end()
        #expect(await text(other) == nil)
    }

    @Test("wake who waits")
    func waking() async throws {
        let broadcast = Broadcast()
        let subscription = try broadcast.subscribe(to: [topic], at: now)
        async let heard = text(subscription)
        publish("a", on: broadcast)
        #expect(await heard == "a")
        async let poked = text(subscription)
        subscription.poke()
        #expect(await poked == "")
    }

    @Test("are replayed to who comes later, for a time")
    func replay() async throws {
        let broadcast = Broadcast()
        publish("event: a\n\n", on: broadcast)
        let late = try broadcast.subscribe(to: [topic], at: now + .minutes(15))
        #expect(await text(late) == "event: a\n\n")
        let tooLate = try broadcast.subscribe(to: [topic], at: now + .minutes(16))
        tooLate.end()
        #expect(await text(tooLate) == nil)
        #expect(broadcast.replayed == (0, 0))
    }

    @Test("that are too long are replayed from the beginning of an event")
    func cut() async throws {
        let broadcast = limited { $0.replayBytes = 20 }
        for part in ["data: 1", "\n\nda", "ta: 2\n\n", "data: 3\n\n"] { publish(part, on: broadcast) }
        let late = try broadcast.subscribe(to: [topic], at: now)
        #expect(await text(late) == "data: 2\n\ndata: 3\n\n")
        #expect(broadcast.replayed == (1, 18))
    }

    @Test("of many topics are forgotten in the order of their last bytes")
    func forgotten() async throws {
        let broadcast = limited { $0.allReplayBytes = 10 }
        for (index, name) in ["a", "b", "c"].enumerated() {
            publish("12345", on: broadcast, to: .stream(of: name), after: Int64(index))
        }
        #expect(broadcast.replayed == (2, 10))
        let first = try broadcast.subscribe(to: [.stream(of: "a")], at: now + .minutes(2))
        first.end()
        #expect(await text(first) == nil)
    }

    @Test("do not wait for who is too slow")
    func slow() async throws {
        // Each piece counts 64 bytes more than it has.
        let broadcast = limited { $0.waitingBytes = 2 * 64 + 4 }
        let subscription = try broadcast.subscribe(to: [topic], at: now)
        publish("123", on: broadcast)
        publish("4", on: broadcast)
        #expect(await text(subscription) == "1234")
        publish("123", on: broadcast)
        publish("45", on: broadcast)
        let isCutOff = Mutex(false)
        subscription.whenCutOff { isCutOff.withLock { $0 = true } }
        #expect(isCutOff.withLock { $0 })
        #expect(await text(subscription) == nil)
        #expect(broadcast.figures.messages == 4)
        #expect(broadcast.figures.dropped == 2)
    }

    @Test("cut the slowest off when too much waits for all, and count what many wait for once")
    func slowest() async throws {
        let broadcast = limited { $0.allWaitingBytes = 1_000 }
        let other = Topic(channel: "c", name: "other")
        var many: [Subscription] = []
        for _ in 0..<100 { many.append(try broadcast.subscribe(to: [topic], at: now)) }
        let slow = try broadcast.subscribe(to: [other], at: now)
        publish(String(repeating: "a", count: 300), on: broadcast)
        publish(String(repeating: "b", count: 500), on: broadcast, to: other)
        #expect(broadcast.figures.dropped == 0)
        publish("c", on: broadcast)
        publish("d", on: broadcast)
        #expect(broadcast.figures.dropped == 1)
        #expect(await text(slow) == nil)
        for subscription in many { #expect(await text(subscription)?.count == 302) }
        // What has been taken is let go of with the next question.
        publish(String(repeating: "e", count: 900), on: broadcast)
        #expect(broadcast.figures.dropped == 1)
    }

    @Test("have a bounded number of listeners, who make room when they go")
    func bound() throws {
        let broadcast = limited { $0.subscriptions = 1 }
        do {
            let first = try broadcast.subscribe(to: [topic], at: now)
            #expect(throws: Broadcast.Refusal.full(limit: 1)) { _ = try broadcast.subscribe(to: [topic], at: now) }
            first.end()
        }
        #expect(broadcast.figures.subscriptions == 0)
        #expect(broadcast.figures.topics == 0)
        _ = try broadcast.subscribe(to: [topic], at: now)
    }

    @Test("have a bounded number of listeners to one topic, and who is refused takes no place")
    func boundOfTopic() throws {
        let broadcast = limited { $0.subscriptionsOfTopic = 1 }
        let other = Topic(channel: "c", name: "other")
        let first = try broadcast.subscribe(to: [topic], at: now)
        #expect(throws: Broadcast.Refusal.topicFull(topic, limit: 1)) {
            _ = try broadcast.subscribe(to: [other, topic], at: now)
        }
        let second = try broadcast.subscribe(to: [other], at: now)
        #expect(throws: Broadcast.Refusal.topicFull(topic, limit: 1)) {
            try broadcast.add([topic], to: second, at: now)
        }
        #expect(broadcast.figures.subscriptions == 2)
        broadcast.remove([topic], from: first)
        try broadcast.add([topic], to: second, at: now)
    }

    @Test("reach who has added a topic, once, until it is removed")
    func topics() async throws {
        let broadcast = limited { $0.topics = 2 }
        let more = Topic(channel: "c", name: "more")
        publish("old", on: broadcast, to: more)
        let subscription = try broadcast.subscribe(to: [topic], at: now)
        try broadcast.add([topic, more, more], to: subscription, at: now)
        publish("1", on: broadcast)
        publish("2", on: broadcast, to: more)
        #expect(await text(subscription) == "old12")
        #expect(throws: Broadcast.Refusal.tooManyTopics(limit: 2)) {
            try broadcast.add([Topic(channel: "c", name: "third")], to: subscription, at: now)
        }
        broadcast.remove([topic, Topic(channel: "c", name: "third")], from: subscription)
        publish("3", on: broadcast)
        publish("4", on: broadcast, to: more)
        #expect(await text(subscription) == "4")
        #expect(broadcast.figures.topics == 1)
    }

    @Test("keep no messages for who comes later")
    func messages() async throws {
        let broadcast = Broadcast()
        broadcast.publish(.message(Array("1".utf8)), to: topic, at: now)
        let subscription = try broadcast.subscribe(to: [topic], at: now)
        broadcast.publish(.message(Array("2".utf8)), to: topic, at: now)
        let piece = try #require(await subscription.next()?.first)
        #expect(String(buffer: piece.events) == "data: 2\n\n")
        #expect(String(buffer: piece.text) == "2")
    }

    @Test("between two events there is room for a sign of life, inside one there is none")
    func boundaries() {
        var stream = EventBoundary()
        #expect(stream.isBetweenEvents)
        for (piece, isBetween) in [("data: 1", false), ("\n", false), ("\n", true), ("a\n\n", true), ("b\n", false)] {
            stream.pass(ByteBuffer(string: piece))
            #expect(stream.isBetweenEvents == isBetween)
        }
    }
}
