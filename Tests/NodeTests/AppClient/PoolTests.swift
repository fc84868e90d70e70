import NIOCore
import Testing

@testable import ApusNode

private final class Thing {}

@Suite("Idle connections")
struct IdleConnectionsTests {
    private let a = AppURL.Origin(scheme: .http, host: "a", port: 80)
    private let b = AppURL.Origin(scheme: .http, host: "b", port: 80)

    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test("the newest is used first, for its own origin only")
    func newestFirst() {
        var idle = IdleConnections<Thing>(maxPerOrigin: 4)
        let things = (0..<3).map { _ in Thing() }
        let pushed = things.map { idle.push($0, for: a, until: at(10)) }
        #expect(pushed == [true, true, true])
        #expect(idle.count == 3)
        #expect(idle.popNewest(for: b) == nil)
        #expect(idle.popNewest(for: a)?.connection === things[2])
        idle.remove(things[1], for: a)
        #expect(idle.popNewest(for: a)?.connection === things[0])
        #expect(idle.popNewest(for: a) == nil)
        #expect(idle.count == 0)
    }

    @Test("each origin has room for the limit")
    func limit() {
        var idle = IdleConnections<Thing>(maxPerOrigin: 2)
        let pushed = [a, a, a, b].map { idle.push(Thing(), for: $0, until: at(1)) }
        #expect(pushed == [true, true, false, true])
        #expect(idle.count == 3)
        var none = IdleConnections<Thing>(maxPerOrigin: 0)
        let isPushed = none.push(Thing(), for: a, until: at(1))
        #expect(!isPushed)
    }

    @Test("the expired leave, and an origin without connections is forgotten")
    func expiry() {
        var idle = IdleConnections<Thing>(maxPerOrigin: 4)
        let old = Thing()
        let new = Thing()
        _ = idle.push(old, for: a, until: at(1))
        _ = idle.push(new, for: a, until: at(3))
        _ = idle.push(Thing(), for: b, until: at(2))
        #expect(idle.popExpired(at(1)).map(ObjectIdentifier.init) == [ObjectIdentifier(old)])
        #expect(idle.popExpired(at(2)).count == 1)
        #expect(!idle.isEmpty)
        #expect(idle.popNewest(for: a)?.connection === new)
        #expect(!idle.isEmpty)
        #expect(idle.popExpired(at(2)).isEmpty)
        #expect(idle.isEmpty)
    }

    @Test("the one that would expire first makes room")
    func oldest() {
        var idle = IdleConnections<Thing>(maxPerOrigin: 4)
        let first = Thing()
        _ = idle.push(Thing(), for: a, until: at(2))
        _ = idle.push(first, for: b, until: at(1))
        #expect(idle.popOldest() === first)
        #expect(idle.popOldest() != nil)
        #expect(idle.popOldest() == nil)
        #expect(idle.count == 0)
    }
}

@Suite("Deadlines")
struct DeadlineQueueTests {
    @Test("come out in order, each when it is due", arguments: 0..<8)
    func order(seed: UInt64) {
        var random = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        var queue = DeadlineQueue()
        var times: [Int64] = []
        for number in 0..<200 as Range<UInt64> {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let time = Int64(random >> 33) % 100
            times.append(time)
            queue.insert(AppCallID(number: number), at: .uptimeNanoseconds(0) + .seconds(time))
        }
        if seed % 2 == 1 {
            queue.compact { $0.number % 3 == 0 }
            times = times.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
        }
        var popped: [Int64] = []
        for now in 0..<100 as Range<Int64> {
            while let id = queue.popDue(.uptimeNanoseconds(0) + .seconds(now)) {
                _ = id
                popped.append(now)
            }
        }
        #expect(popped == times.sorted())
        #expect(queue.count == 0)
        #expect(queue.earliest == nil)
    }
}

@Suite("Waiting calls")
struct WaitingCallsTests {
    private func call(_ number: UInt64) throws -> AppCall {
        AppCall(id: AppCallID(number: number), request: AppRequest(url: try AppURL("http://a/"))) { _ in }
    }

    @Test("first come, first served; those that ended are skipped")
    func order() throws {
        var waiting = WaitingCalls()
        let calls = try (0..<4).map { try call($0) }
        for call in calls { waiting.append(call) }
        for index in [0, 2] {
            calls[index].phase = .ended
            waiting.callEnded()
        }
        #expect(waiting.count == 2)
        #expect(waiting.first === calls[1])
        #expect(waiting.popFirst() === calls[1])
        #expect(waiting.popFirst() === calls[3])
        #expect(waiting.popFirst() == nil)
        #expect(waiting.count == 0)
    }

    @Test("the line does not grow when calls end behind one that stays")
    func bounded() throws {
        var waiting = WaitingCalls()
        let first = try call(0)
        waiting.append(first)
        for number in 1..<10_000 as Range<UInt64> {
            let next = try call(number)
            waiting.append(next)
            next.phase = .ended
            waiting.callEnded()
            #expect(waiting.lineLength < 40)
        }
        #expect(waiting.popFirst() === first)
    }
}

@Suite("Keep-Alive")
struct KeepAliveTests {
    @Test(
        "the announced time less a margin",
        arguments: [
            ("timeout=5", 4000), ("Timeout=5, max=100", 4000), ("max=100,timeout = 30", 29000), ("timeout=1", 500),
            ("timeout=0", 0), ("timeout=4294967295", 4_294_967_294_000),
        ] as [(String, Int64)]
    )
    func timeout(value: String, milliseconds: Int64) {
        #expect(KeepAlive.timeout(in: ["keep-alive": value]) == .milliseconds(milliseconds))
    }

    @Test(
        "nothing usable is nothing", arguments: ["", "max=5", "timeout", "timeout=", "timeout=-1", "timeout=x", ",,=,"])
    func nothing(value: String) {
        #expect(KeepAlive.timeout(in: ["keep-alive": value]) == nil)
    }
}
