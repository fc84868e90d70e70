import ApusCron
import Foundation
import Testing

/// Compares schedules with a model that looks at every minute and asks Foundation what the wall clock shows.
@Suite("Against a slow model")
struct ModelTests {
    struct Window: CustomTestStringConvertible {
        var zone: String
        /// The first day in UTC.
        var start: String
        var days = 3

        var testDescription: String { "\(zone) from \(start)" }
    }

    static let windows: [Window] = [
        .init(zone: "UTC", start: "2024-02-28"), .init(zone: "Europe/Berlin", start: "2024-03-30"),
        .init(zone: "Europe/Berlin", start: "2024-10-26"), .init(zone: "Europe/London", start: "2025-03-29"),
        .init(zone: "Europe/London", start: "2025-10-25"), .init(zone: "America/New_York", start: "2024-03-09"),
        .init(zone: "America/New_York", start: "2024-11-02"), .init(zone: "Australia/Lord_Howe", start: "2024-04-05"),
        .init(zone: "Australia/Lord_Howe", start: "2024-10-04"), .init(zone: "America/Sao_Paulo", start: "2018-11-03"),
        .init(zone: "America/Sao_Paulo", start: "2018-02-17"), .init(zone: "Asia/Kolkata", start: "2024-12-30"),
        .init(zone: "Africa/Casablanca", start: "2024-03-09"), .init(zone: "Africa/Casablanca", start: "2024-04-13"),
        .init(zone: "Pacific/Apia", start: "2011-12-29"), .init(zone: "America/Havana", start: "2024-11-02"),
        .init(zone: "Europe/Berlin", start: "2044-03-26"), .init(zone: "America/New_York", start: "2061-11-05"),
        .init(zone: "Europe/Lisbon", start: "2024-02-26", days: 40),
        .init(zone: "Europe/Dublin", start: "2023-10-22", days: 40),
    ]

    private struct Wall {
        var minute: Int
        var hour: Int
        var day: Int
        var month: Int
        var weekday: Int
    }

    @Test("every time in a window, and none besides", arguments: windows)
    func window(_ window: Window) throws {
        let start = utc(window.start)
        let end = start + Int64(window.days) * 86_400_000
        let walls = try walls(from: start, to: end, zone: window.zone)
        var random = SeededGenerator(seed: UInt64(bitPattern: start))
        for _ in 0..<iterations(8) {
            let expression = RandomExpression(busy: true, using: &random)
            let expected = walls.indices.filter { index in
                let wall = walls[index]
                return expression.matches(
                    minute: wall.minute, hour: wall.hour, day: wall.day, month: wall.month, weekday: wall.weekday
                )
            }.map { start + Int64($0) * 60_000 }
            let schedule: CronSchedule
            do {
                schedule = try CronSchedule("TZ=\(window.zone) \(expression.text)")
            } catch {
                #expect(error.kind == .neverFires && expected.isEmpty, "\(expression.text): \(error)")
                continue
            }
            check(schedule, expected, start..<end, using: &random)
        }
    }

    private func check(
        _ schedule: CronSchedule,
        _ expected: [Int64],
        _ range: Range<Int64>,
        using random: inout SeededGenerator
    ) {
        var found: [Int64] = []
        var next = range.lowerBound
        while next < range.upperBound {
            let page = schedule.times(in: next..<range.upperBound, limit: 500)
            found += page
            guard let last = page.last else { break }
            next = last + 1
        }
        #expect(found == expected, "\(schedule)")

        var backwards: [Int64] = []
        var last = range.upperBound
        while let time = schedule.previous(before: last), time >= range.lowerBound {
            backwards.append(time)
            last = time
        }
        #expect(backwards.reversed() == expected, "\(schedule)")

        for _ in 0..<5 {
            let instant = Int64.random(in: range, using: &random)
            let next = schedule.next(after: instant)
            let first = expected.first { $0 > instant }
            #expect(first == nil ? (next.map { $0 >= range.upperBound } ?? true) : next == first, "\(schedule)")
        }
    }

    /// What the wall clock shows at each minute. Foundation is asked every 15 minutes, of which all offsets
    /// in the windows are multiples.
    private func walls(from start: Int64, to end: Int64, zone: String) throws -> [Wall] {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: zone))
        var walls: [Wall] = []
        for instant in stride(from: start, to: end, by: 900_000) {
            let date = Date(timeIntervalSince1970: TimeInterval(instant / 1_000))
            let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday], from: date)
            let wall = Wall(
                minute: try #require(parts.minute),
                hour: try #require(parts.hour),
                day: try #require(parts.day),
                month: try #require(parts.month),
                weekday: try #require(parts.weekday) - 1
            )
            try #require(wall.minute % 15 == 0)
            for minute in 0..<15 {
                var later = wall
                later.minute += minute
                walls.append(later)
            }
        }
        return walls
    }

    @Test("rare expressions against a model of days")
    func rare() throws {
        let start = utc("2093-05-17")
        let days = 366 * 14
        var random = SeededGenerator(seed: 5)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let dates = (0..<days).map { day in
            let date = Date(timeIntervalSince1970: TimeInterval(start / 1_000 + Int64(day) * 86_400))
            let parts = calendar.dateComponents([.day, .month, .weekday], from: date)
            return (day: parts.day ?? 0, month: parts.month ?? 0, weekday: (parts.weekday ?? 0) - 1)
        }
        for _ in 0..<iterations(60) {
            let expression = RandomExpression(busy: false, using: &random)
            let time = Int64((expression.values[1].min() ?? 0) * 60 + (expression.values[0].min() ?? 0))
            let matching = dates.indices.filter {
                let date = dates[$0]
                return expression.matches(
                    minute: Int(time % 60), hour: Int(time / 60), day: date.day, month: date.month,
                    weekday: date.weekday
                )
            }
            guard let first = matching.first else {
                #expect(throws: CronError.self) { try CronSchedule(expression.text) }
                continue
            }
            let schedule = try CronSchedule(expression.text)
            #expect(
                schedule.next(after: start - 1) == start + Int64(first) * 86_400_000 + time * 60_000,
                "\(expression.text)"
            )
        }
    }
}
