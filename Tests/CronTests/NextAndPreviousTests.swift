import ApusCron
import Testing

@Suite("Next and previous")
struct NextAndPreviousTests {
    static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata",
        "Africa/Casablanca", "Pacific/Apia", "Europe/London", "Africa/Monrovia", "America/Nuuk", "Asia/Gaza",
        "Antarctica/Troll", "Europe/Dublin", "Pacific/Chatham",
    ]

    @Test("each undoes the other, at any time from 1850 to 2650", arguments: zones)
    func inverse(zone: String) throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<iterations(150) {
            let expression = RandomExpression(busy: Bool.random(using: &random), using: &random)
            guard let schedule = try? CronSchedule("TZ=\(zone) \(expression.text)") else { continue }
            let instant = Int64.random(in: -3_786_912_000_000..<21_459_168_000_000, using: &random)
            if let next = schedule.next(after: instant) {
                #expect(next > instant)
                #expect(schedule.next(after: next - 1) == next)
                #expect(schedule.previous(before: next + 1) == next)
                if let before = schedule.previous(before: next) {
                    #expect(before <= instant, "\(schedule) at \(instant)")
                    #expect(schedule.next(after: before) == next, "\(schedule) at \(instant)")
                }
            } else {
                Issue.record("\(schedule) has no time after \(instant)")
            }
        }
    }

    @Test("an instant is not its own next or previous time")
    func strict() throws {
        let schedule = try CronSchedule("0 9 * * *")
        let nine = utc("2024-01-02T09:00")
        #expect(schedule.next(after: nine) == utc("2024-01-03T09:00"))
        #expect(schedule.next(after: nine - 1) == nine)
        #expect(schedule.previous(before: nine) == utc("2024-01-01T09:00"))
        #expect(schedule.previous(before: nine + 1) == nine)
    }

    @Test("29 February is found across 2100, which is no leap year")
    func leapDay() throws {
        let schedule = try CronSchedule("0 0 29 2 *")
        #expect(schedule.next(after: utc("2096-02-29")) == utc("2104-02-29"))
        #expect(schedule.previous(before: utc("2104-02-29")) == utc("2096-02-29"))
        #expect(schedule.next(after: utc("2096-02-28")) == utc("2096-02-29"))
    }

    @Test("time before the epoch")
    func beforeEpoch() throws {
        let schedule = try CronSchedule("*/7 * * * *")
        #expect(schedule.next(after: -1) == 0)
        #expect(schedule.next(after: -60_001) == 0)
        #expect(schedule.next(after: -240_001) == -240_000)
        #expect(schedule.previous(before: 0) == -240_000)
    }

    @Test("the ends of time")
    func ends() throws {
        let first: Int64 = -62_135_596_800_000
        let last: Int64 = 253_402_300_740_000
        for zone in ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"] {
            let schedule = try CronSchedule("TZ=\(zone) * * * * *")
            #expect(schedule.next(after: .max) == nil)
            #expect(schedule.next(after: last) == nil)
            #expect(schedule.next(after: last - 1) == last)
            #expect(schedule.previous(before: .min) == nil)
            #expect(schedule.previous(before: .max) == last)
            let earliest = try #require(schedule.next(after: .min))
            #expect((first..<first + 60_000).contains(earliest))
            #expect(schedule.next(after: .min + 1) == earliest)
            #expect(schedule.previous(before: earliest) == nil)
        }
    }

    @Test("several times at once")
    func several() throws {
        let schedule = try CronSchedule("0 */6 * * *")
        let start = utc("2024-01-01")
        #expect(schedule.upcoming(from: start, count: 2) == [utc("2024-01-01T06:00"), utc("2024-01-01T12:00")])
        #expect(schedule.upcoming(from: start, count: 0).isEmpty)
        #expect(schedule.upcoming(from: start, count: -1).isEmpty)
        #expect(schedule.upcoming(from: start, count: .max).count == CronSchedule.maximumCount)
        #expect(schedule.upcoming(from: .max, count: 3).isEmpty)

        let day = schedule.times(in: start..<utc("2024-01-02"), limit: 100)
        #expect(day.map(utcText) == ["2024-01-01T00:00", "2024-01-01T06:00", "2024-01-01T12:00", "2024-01-01T18:00"])
        #expect(schedule.times(in: start..<utc("2024-01-02"), limit: 3) == Array(day.prefix(3)))
        #expect(schedule.times(in: start..<start, limit: 3).isEmpty)
        #expect(schedule.times(in: start..<start + 1, limit: 3) == [start])
        #expect(schedule.times(in: (.min)..<(.max), limit: 1).count == 1)
    }
}
