import ApusCore
import ApusEngine
import Testing

@testable import ApusNode

@Suite("Who waits for the end of a run")
struct RunEndsTests {
    private let ends = RunEnds()
    private let run = ULID(high: 1, low: 1)
    private let outcome = RunOutcome(
        end: RunEnd(status: .completed, output: nil), startedAt: Timestamp(milliseconds: 1),
        endedAt: Timestamp(milliseconds: 2)
    )

    @Test("is woken by it, all at once")
    func woken() async throws {
        let (one, two) = (try #require(ends.enter(run)), try #require(ends.enter(run)))
        async let first = ends.wait(one)
        async let second = ends.wait(two)
        ends.publish(run, outcome)
        let found = await [first, second]
        #expect(found == [outcome, outcome])
    }

    @Test("does not miss an end that comes before the wait")
    func early() async throws {
        let place = try #require(ends.enter(run))
        ends.publish(run, outcome)
        #expect(await ends.wait(place) == outcome)
        ends.leave(place)
    }

    @Test("may give up, also before having begun")
    func givingUp() async throws {
        let place = try #require(ends.enter(run))
        ends.stopWaiting(place)
        #expect(await ends.wait(place) == nil)
        async let waiting = ends.wait(place)
        ends.stopWaiting(place)
        #expect(await waiting == nil)
    }

    @Test("is not woken by the end of another run")
    func others() async throws {
        let place = try #require(ends.enter(run))
        ends.publish(ULID(high: 2, low: 2), outcome)
        let isOver = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                _ = await ends.wait(place)
                return true
            }
            group.addTask { false }
            let first = await group.next() ?? true
            ends.stopWaiting(place)
            return first
        }
        #expect(!isOver)
    }

    @Test("finds a place, as long as there are any")
    func places() throws {
        let taken = (0..<RunEnds.places).compactMap { _ in ends.enter(run) }
        #expect(taken.count == RunEnds.places)
        #expect(ends.enter(run) == nil)
        ends.leave(try #require(taken.first))
        #expect(ends.enter(run) != nil)
    }

    @Test("knows the newest runs that live")
    func living() async throws {
        #expect(ends.enter(ifLiving: run) == nil)
        ends.began(run)
        ends.began(run)
        let place = try #require(ends.enter(ifLiving: run))
        ends.publish(run, outcome)
        #expect(await ends.wait(place) == outcome)
        #expect(ends.enter(ifLiving: run) == nil)

        let newer = (0..<RunEnds.remembered).map { ULID(high: 2, low: UInt64($0)) }
        for run in newer { ends.began(run) }
        ends.began(run)
        #expect(ends.enter(ifLiving: newer[0]) == nil)
        #expect(ends.enter(ifLiving: newer[1]) != nil && ends.enter(ifLiving: run) != nil)
    }

    @Test("lets nobody wait any more when it is over")
    func over() async throws {
        let place = try #require(ends.enter(run))
        async let waiting = ends.wait(place)
        ends.stopAllWaiting()
        #expect(await waiting == nil)
        let late = try #require(ends.enter(run))
        #expect(await ends.wait(late) == nil)
    }
}
