import ApusCore
import Testing

@testable import ApusEngine

@Suite("Reading alarms from the store's index")
struct WakeReaderTests {
    private let start = CoreHarness.start

    private func reader(page: Int = 3) -> WakeReader { WakeReader(span: .minutes(10), page: page) }

    private func begins(_ reader: inout WakeReader, at now: Timestamp, earliest: Timestamp? = nil) -> Bool {
        reader.begin(at: now, earliest: earliest) != nil
    }

    private func wakes(_ seconds: Int...) -> [Wake] {
        seconds.map { Wake(at: start + .seconds($0), run: RowID($0)) }
    }

    @Test("the first stretch is read at once, from the beginning to the horizon")
    func first() throws {
        var reader = reader()
        #expect(reader.nextRead == .epoch)
        let begun = reader.begin(at: start, earliest: nil)
        let read = try #require(begun)
        #expect(read.after == nil)
        #expect(read.upTo == start + .minutes(10))
        #expect(read.limit == 3)
        #expect(reader.horizon == start + .minutes(10))
    }

    @Test("when the clock leaps past the horizon, alarms behind it are kept in memory")
    func leap() {
        var reader = reader()
        _ = reader.begin(at: start, earliest: nil)
        #expect(reader.isNear(start + .minutes(10), now: start))
        #expect(!reader.isNear(start + .minutes(11), now: start))
        #expect(reader.isNear(start + .minutes(62), now: start + .minutes(60)))
    }

    @Test("one stretch is read at a time")
    func oneAtATime() {
        var reader = reader()
        _ = reader.begin(at: start, earliest: nil)
        #expect(reader.nextRead == nil)
        #expect(!begins(&reader, at: start + .hours(1)))
    }

    @Test("the next stretch begins where the last one ended, half a span before the horizon is reached")
    func next() throws {
        var reader = reader()
        _ = reader.begin(at: start, earliest: nil)
        reader.receive(WakePage(wakes: wakes(1), upTo: start + .minutes(10), isFull: false))
        #expect(reader.nextRead == start + .minutes(5))
        #expect(!begins(&reader, at: start + .milliseconds(299_999)))
        let begun = reader.begin(at: start + .minutes(5), earliest: start)
        let read = try #require(begun)
        #expect(read.after == Wake(at: start + .minutes(10), run: .max))
        #expect(read.upTo == start + .minutes(15))
    }

    @Test("a full page is followed by the rest of its stretch, once its own alarms are over")
    func pages() throws {
        var reader = reader()
        _ = reader.begin(at: start, earliest: nil)
        reader.receive(WakePage(wakes: wakes(1, 2, 3), upTo: start + .minutes(10), isFull: true))
        #expect(reader.nextRead == nil)
        #expect(!begins(&reader, at: start, earliest: start + .seconds(3)))
        let begun = reader.begin(at: start, earliest: start + .seconds(4))
        let read = try #require(begun)
        #expect(read.after == wakes(3).first)
        #expect(read.upTo == start + .minutes(10), "the horizon stays where it is")
        reader.receive(WakePage(wakes: [], upTo: start + .minutes(10), isFull: false))
        #expect(reader.nextRead == start + .minutes(5))
    }

    @Test("the horizon never moves back")
    func clockStepsBack() throws {
        var reader = reader()
        _ = reader.begin(at: start, earliest: nil)
        reader.receive(WakePage(wakes: [], upTo: start + .minutes(10), isFull: false))
        #expect(!begins(&reader, at: start - .hours(1)))
        #expect(reader.horizon == start + .minutes(10))
    }

    @Test("many sleeping runs wake in order, a page at a time")
    func manySleepers() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x")) {
            $0.limits.residentBytes = 0
            $0.limits.wakePage = 3
            $0.limits.concurrentLoads = 2
        }
        for minute in [31, 12, 45, 30, 31, 12, 44, 11, 90, 12, 12, 12, 31] {
            engine.send("demo/x")
            try engine.answer(sleep("\(minute)", "\(minute)m"))
        }
        engine.restart()
        var woken: [Int] = []
        for minute in 1...90 {
            engine.advance(to: start + .minutes(minute))
            for call in engine.calls {
                #expect(call.stack == ids("\(minute)"))
                woken.append(minute)
                engine.reply(call, with: .returned(nil))
            }
        }
        #expect(woken == [11, 12, 12, 12, 12, 12, 30, 31, 31, 31, 44, 45, 90])
    }

    @Test("an idle shard reads its index now and then, and nothing else")
    func idleShard() {
        let engine = CoreHarness()
        engine.advance(by: .hours(1))
        #expect((6...13).contains(engine.wakeReads))
    }
}
