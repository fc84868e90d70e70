import ApusCore
import NIOCore
import Testing

@testable import ApusServer

@Suite("Broadcasts")
struct BroadcastTests {
    private let now = Timestamp(milliseconds: 1_750_000_000_000)
    private let topic = Topic.stream(of: "run")

    private func publish(_ text: String, on broadcast: Broadcast, to topic: Topic? = nil, after minutes: Int64 = 0) {
        broadcast.publish(ByteBuffer(string: text), to: topic ?? self.topic, at: now + .minutes(minutes))
    }

    private func text(_ subscription: Subscription) async -> String? {
        await subscription.next()?.map { String(buffer: $0) }.joined()
    }

    private func limited(_ change: (inout Broadcast.Limits) -> Void) -> Broadcast {
        var limits = Broadcast.Limits()
        change(&limits)
        return Broadcast(limits: limits)
    }

    @Test("reach everybody who listens to the topic, and nobody else")
    func reach() async throws {
        let broadcast = Broadcast()
        let one = try #require(broadcast.subscribe(to: [topic, topic], at: now))
        let two = try #require(broadcast.subscribe(to: [topic], at: now))
        let other = try #require(broadcast.subscribe(to: [.stream(of: "other")], at: now))
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
        let subscription = try #require(broadcast.subscribe(to: [topic], at: now))
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
        let late = try #require(broadcast.subscribe(to: [topic], at: now + .minutes(15)))
        #expect(await text(late) == "event: a\n\n")
        let tooLate = try #require(broadcast.subscribe(to: [topic], at: now + .minutes(16)))
        tooLate.end()
        #expect(await text(tooLate) == nil)
        #expect(broadcast.replayed == (0, 0))
    }

    @Test("that are too long are replayed from the beginning of an event")
    func cut() async throws {
        let broadcast = limited { $0.replayBytes = 20 }
        for part in ["data: 1", "\n\nda", "ta: 2\n\n", "data: 3\n\n"] { publish(part, on: broadcast) }
        let late = try #require(broadcast.subscribe(to: [topic], at: now))
        #expect(await text(late) == "data: 2\n\ndata: 3\n\n")
        #expect(broadcast.replayed == (1, 18))
    }

    @Test("of many topics are forgotten in the order of their last bytes")
    func forgotten() {
        let broadcast = limited { $0.allReplayBytes = 10 }
        for (index, name) in ["a", "b", "c"].enumerated() {
            publish("12345", on: broadcast, to: .stream(of: name), after: Int64(index))
        }
        #expect(broadcast.replayed == (2, 10))
        let first = broadcast.subscribe(to: [.stream(of: "a")], at: now + .minutes(2))
        first?.end()
        #expect(first != nil)
    }

    @Test("do not wait for who is too slow")
    func slow() async throws {
        let broadcast = limited { $0.waitingBytes = 4 }
        let subscription = try #require(broadcast.subscribe(to: [topic], at: now))
        publish("1234", on: broadcast)
        #expect(await text(subscription) == "1234")
        publish("123", on: broadcast)
        publish("45", on: broadcast)
        #expect(await text(subscription) == nil)
    }

    @Test("have a bounded number of listeners, who make room when they go")
    func bound() throws {
        let broadcast = limited { $0.subscriptions = 1 }
        do {
            let first = try #require(broadcast.subscribe(to: [topic], at: now))
            #expect(broadcast.subscribe(to: [topic], at: now) == nil)
            first.end()
        }
        #expect(broadcast.subscriptionCount == 0)
        #expect(broadcast.subscribe(to: [topic], at: now) != nil)
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
