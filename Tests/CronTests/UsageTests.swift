import ApusCron
import Testing

@Suite("Usage")
struct UsageTests {
    @Test("from an expression to the start of a run")
    func usage() throws {
        let schedule = try CronSchedule("TZ=Europe/Berlin 0 9 * * mon-fri")
        let jitter = try Jitter("30s")
        let now = utc("2024-03-29T12:00")
        #expect(schedule.words == "every weekday at 09:00, Europe/Berlin")

        // The clock changed on Sunday, so that Monday's run comes an hour earlier in UTC.
        let tick = try #require(schedule.next(after: now))
        #expect(utcText(tick) == "2024-04-01T07:00")
        let start = tick + jitter.offset(seed: 42, tick: tick)
        #expect((tick + 1_000..<tick + 30_000).contains(start))

        // After two days without a server: what was missed, and what comes.
        let missed = schedule.times(in: tick..<tick + 2 * 86_400_000, limit: 100)
        #expect(missed.map(utcText) == ["2024-04-01T07:00", "2024-04-02T07:00"])
        #expect(schedule.upcoming(from: tick, count: 3).count == 3)
        #expect(schedule.previous(before: tick).map(utcText) == "2024-03-29T08:00")
    }
}
