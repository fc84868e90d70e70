import ApusCore
import ApusEngine
import Testing

@Suite("The memory of recent events")
struct RecentEventsTests {
    private let now = CoreHarness.start
    private let since = CoreHarness.start - .hours(24)
    private let f = UUID16(high: 1, low: 1)
    private let g = UUID16(high: 1, low: 2)

    private func key(_ number: Int) -> EventKey { EventKey(high: 0, low: UInt64(number)) }

    @Test("what an event started is remembered, once each, in order")
    func remembers() {
        var recents = RecentEvents()
        #expect(!recents.remembers(key(1)))
        recents.record(key(1), at: now, functions: [f], since: since)
        recents.record(key(1), at: now, functions: [f, g], since: since)
        #expect(recents.remembers(key(1)))
        #expect(recents.functions(startedBy: key(1), since: since) == [f, g])
        #expect(recents.functions(startedBy: key(2), since: since).isEmpty)
    }

    @Test("an event that started nothing is remembered too")
    func nothingStarted() {
        var recents = RecentEvents()
        recents.record(key(1), at: now, functions: [], since: since)
        #expect(recents.remembers(key(1)))
    }

    @Test("a start counts until its time is over, whatever came after it")
    func expires() {
        var recents = RecentEvents()
        recents.record(key(1), at: now, functions: [f], since: since)
        let later = now + .hours(20)
        recents.record(key(1), at: later, functions: [f, g], since: later - .hours(24))
        #expect(recents.functions(startedBy: key(1), since: now - .milliseconds(1)) == [f, g])
        #expect(recents.functions(startedBy: key(1), since: now) == [g])
        #expect(recents.functions(startedBy: key(1), since: later).isEmpty)
    }

    @Test("when the young half is full, the old one is dropped")
    func halves() {
        var recents = RecentEvents(capacity: 3)
        for number in 1...3 { recents.record(key(number), at: now, functions: [f], since: since) }
        #expect(recents.turns == 0)
        recents.record(key(4), at: now, functions: [f], since: since)
        #expect(recents.turns == 1)
        #expect((1...4).allSatisfy { recents.remembers(key($0)) })
        for number in 5...7 { recents.record(key(number), at: now, functions: [f], since: since) }
        #expect(recents.turns == 2)
        #expect((1...3).allSatisfy { !recents.remembers(key($0)) })
        #expect((4...7).allSatisfy { recents.remembers(key($0)) })
    }

    @Test("what is recorded again moves to the young half with all it knows")
    func refreshed() {
        var recents = RecentEvents(capacity: 2)
        recents.record(key(1), at: now, functions: [f], since: since)
        recents.record(key(2), at: now, functions: [], since: since)
        recents.record(key(1), at: now, functions: [g], since: since)
        recents.record(key(3), at: now, functions: [], since: since)
        recents.record(key(4), at: now, functions: [], since: since)
        #expect(recents.turns == 2)
        #expect(recents.functions(startedBy: key(1), since: since) == [f, g])
        #expect(!recents.remembers(key(2)))
    }

    @Test("an answer from the store can be trusted for one turn")
    func trust() {
        var recents = RecentEvents(capacity: 1)
        #expect(recents.canTrust(askedAt: 0))
        #expect(!recents.canTrust(askedAt: PriorRuns.unasked.memory))
        recents.record(key(1), at: now, functions: [], since: since)
        recents.record(key(2), at: now, functions: [], since: since)
        #expect(recents.turns == 1)
        #expect(recents.canTrust(askedAt: 0))
        recents.record(key(3), at: now, functions: [], since: since)
        #expect(!recents.canTrust(askedAt: 0))
        #expect(recents.canTrust(askedAt: 1))
    }

    @Test("memory stays within twice its capacity")
    func bounded() {
        var recents = RecentEvents(capacity: 10)
        for number in 0..<1_000 { recents.record(key(number), at: now, functions: [f], since: since) }
        #expect((0..<1_000).filter { recents.remembers(key($0)) }.count <= 20)
    }
}
