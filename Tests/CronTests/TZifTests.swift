import ApusCron
import Foundation
import Testing

/// Compiled zones that are made up here: their rules, their limits and their damage.
@Suite("Compiled zones")
struct TZifTests {
    /// A file of version 2 with these changes of the offset and a rule.
    private static func file(
        changes: [(second: Int64, offset: Int32)] = [],
        initial: Int32 = 0,
        rule: String,
        leapSeconds: Int = 0
    ) -> [UInt8] {
        var bytes = header(version: "2", times: 0, types: 1, leapSeconds: 0) + [0, 0, 0, 0, 0, 0, 0]
        bytes += header(version: "2", times: changes.count, types: changes.count + 1, leapSeconds: leapSeconds)
        for change in changes {
            bytes += number(change.second, bytes: 8)
        }
        bytes += changes.indices.map { UInt8($0 + 1) }
        for offset in [initial] + changes.map(\.offset) {
            bytes += number(Int64(offset), bytes: 4) + [0, 0]
        }
        bytes += [0] + Array(repeating: 0, count: leapSeconds * 12)
        return bytes + Array("\n\(rule)\n".utf8)
    }

    private static func header(version: String, times: Int, types: Int, leapSeconds: Int) -> [UInt8] {
        var bytes = Array("TZif\(version)".utf8) + Array(repeating: 0, count: 15)
        for count in [0, 0, leapSeconds, times, types, 1] {
            bytes += number(Int64(count), bytes: 4)
        }
        return bytes
    }

    private static func number(_ value: Int64, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> Int64($0 * 8)) }
    }

    /// The zone in a file, read from a directory of its own.
    private func zone(_ bytes: [UInt8]) throws -> Zone? {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("zones-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(bytes).write(to: directory.appendingPathComponent("Made"))
        return ZoneCatalog(directories: [directory.path], fallsBack: false).zone(named: "Made")
    }

    /// The changes of the offset in the years 2024 and 2025.
    private func changes(_ zone: Zone?) throws -> [String] {
        let zone = try #require(zone)
        var changes: [String] = []
        var stretch = zone.stretch(containing: utc("2024-01-01") / 1_000)
        while stretch.end < utc("2026-01-01") / 1_000 {
            stretch = zone.stretch(containing: stretch.end)
            changes.append("\(utcText(stretch.start * 1_000)) \(stretch.offset)")
        }
        return changes
    }

    @Test(
        "rules",
        arguments: [
            ("UTC0", []), ("<+0545>-5:45", []), ("XYZ-1:02:03", []),
            (
                "CET-1CEST,M3.5.0,M10.5.0/3",
                [
                    "2024-03-31T01:00 7200", "2024-10-27T01:00 3600",
                    "2025-03-30T01:00 7200", "2025-10-26T01:00 3600",
                ]
            ),
            (
                "IST-1GMT0,M10.5.0,M3.5.0/1",
                [
                    "2024-03-31T01:00 3600", "2024-10-27T01:00 0",
                    "2025-03-30T01:00 3600", "2025-10-26T01:00 0",
                ]
            ),
            (
                "EET-2EEST,M3.4.4/50,M10.4.4/50",
                [
                    "2024-03-30T00:00 10800", "2024-10-25T23:00 7200",
                    "2025-03-29T00:00 10800", "2025-10-24T23:00 7200",
                ]
            ),
            (
                "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                [
                    "2024-03-31T01:00 -3600", "2024-10-27T01:00 -7200",
                    "2025-03-30T01:00 -3600", "2025-10-26T01:00 -7200",
                ]
            ),
            (
                "AAA3BBB,J60/0,J300/0",
                [
                    "2024-03-01T03:00 -7200", "2024-10-27T02:00 -10800",
                    "2025-03-01T03:00 -7200", "2025-10-27T02:00 -10800",
                ]
            ),
            (
                "AAA3BBB,59/0,300/0",
                [
                    "2024-02-29T03:00 -7200", "2024-10-27T02:00 -10800",
                    "2025-03-01T03:00 -7200", "2025-10-28T02:00 -10800",
                ]
            ),
            // Saving all the year round.
            ("XXX3EDT4,0/0,J365/23", []),
        ] as [(String, [String])]
    )
    func rules(rule: String, expected: [String]) throws {
        #expect(try changes(zone(TZifTests.file(rule: rule))) == expected)
    }

    @Test("the first offset holds before the first change, the rule after the last")
    func order() throws {
        let bytes = TZifTests.file(
            changes: [(utc("1990-06-01") / 1_000, 3_600), (utc("2024-06-01") / 1_000, 7_200)], initial: -1_234,
            rule: "CET-1CEST,M3.5.0,M10.5.0/3"
        )
        let zone = try #require(try zone(bytes))
        #expect(zone.stretch(containing: .min).offset == -1_234)
        #expect(zone.stretch(containing: utc("2024-05-31") / 1_000).offset == 3_600)
        #expect(
            try changes(zone) == [
                "2024-06-01T00:00 7200", "2024-10-27T01:00 3600", "2025-03-30T01:00 7200", "2025-10-26T01:00 3600",
            ]
        )
        for year in ["2037", "2424", "2425", "2426", "2427", "2824", "9998"] {
            #expect(zone.stretch(containing: utc("\(year)-01-15") / 1_000).offset == 3_600, "\(year)")
            #expect(zone.stretch(containing: utc("\(year)-07-15") / 1_000).offset == 7_200, "\(year)")
        }
    }

    @Test(
        "a rule that cannot be read leaves the last offset",
        arguments: ["", "C", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M1.1.0", "CET-99"]
    )
    func badRules(rule: String) throws {
        let bytes = TZifTests.file(changes: [(0, 3_600)], rule: rule)
        #expect(try zone(bytes)?.stretch(containing: utc("2050-07-01") / 1_000).offset == 3_600)
    }

    @Test("files that count leap seconds, are too large or are none are refused")
    func refused() throws {
        #expect(try zone(TZifTests.file(rule: "UTC0", leapSeconds: 2)) == nil)
        #expect(try zone([]) == nil)
        #expect(try zone(Array("Not a zone".utf8)) == nil)
        #expect(try zone(TZifTests.file(rule: "UTC0") + Array(repeating: 0, count: 300_000)) == nil)
        // Changes out of order.
        #expect(try zone(TZifTests.file(changes: [(10, 60), (10, 0)], rule: "UTC0")) == nil)
    }

    @Test("damaged files never crash")
    func damaged() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("zones-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let original = TZifTests.file(
            changes: (0..<20).map { (Int64($0) * 15_000_000, $0 % 2 == 0 ? 3_600 : 7_200) },
            rule: "CET-1CEST,M3.5.0,M10.5.0/3"
        )
        var random = SeededGenerator(seed: 43)
        for round in 0..<iterations(150) {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if round % 3 == 0 {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            }
            try Data(bytes).write(to: directory.appendingPathComponent("Made"))
            let catalog = ZoneCatalog(directories: [directory.path], fallsBack: false)
            guard let schedule = try? CronSchedule("TZ=Made 30 2 * * *", zones: catalog) else { continue }
            let start = utc("2024-01-01")
            if let next = schedule.next(after: start) {
                #expect(next > start)
                #expect(schedule.previous(before: next + 1) == next)
            }
        }
    }
}
