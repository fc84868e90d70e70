import ApusCron
import Foundation
import Testing

/// The tables of zones: read from compiled files, made by rules, or asked from Foundation.
@Suite("Zones")
struct ZoneTests {
    /// A catalog without files, which must ask Foundation.
    private static let bare = ZoneCatalog(directories: ["/nonexistent"])

    private func offset(_ zone: Zone, _ milliseconds: Int64) -> Int64 {
        zone.stretch(containing: milliseconds / 1_000).offset
    }

    /// Zones whose rules are settled; the others may change with every edition of the database.
    private static let settled = [
        "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
        "Asia/Tokyo", "Pacific/Chatham",
    ]

    private static let changing = [
        "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "America/Havana", "Antarctica/Troll",
        "Asia/Jerusalem", "America/Santiago",
    ]

    @Test("offsets agree with Foundation's, also far in the future", arguments: settled + changing)
    func agreement(name: String) throws {
        let zone = try #require(ZoneCatalog.system.zone(named: name))
        let foundation = try #require(TimeZone(identifier: name))
        let end = utc(ZoneTests.settled.contains(name) ? "2600-01-01" : "2022-01-01") / 1_000
        var random = SeededGenerator(seed: 41)
        for _ in 0..<iterations(400) {
            let second = Int64.random(in: 63_072_000..<end, using: &random)
            let expected = foundation.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second)))
            #expect(zone.stretch(containing: second).offset == Int64(expected), "\(second)")
        }
    }

    @Test("a table made from Foundation is the same as the file", arguments: ["Europe/Berlin", "Australia/Lord_Howe"])
    func foundation(name: String) throws {
        let asked = try #require(ZoneTests.bare.zone(named: name))
        let read = try #require(ZoneCatalog.system.zone(named: name))
        var second: Int64 = 63_072_000
        for _ in 0..<3_000 {
            let stretch = asked.stretch(containing: second)
            #expect(stretch.offset == read.stretch(containing: second).offset)
            guard stretch.end < .max else { break }
            #expect(stretch.end == read.stretch(containing: second).end)
            second = stretch.end
        }
        #expect(second > 40_000_000_000)
        #expect(try CronSchedule("TZ=\(name) 30 2 * * *", zones: ZoneTests.bare).zoneName == name)
    }

    @Test("without files, the names are Foundation's")
    func bareNames() throws {
        #expect(ZoneTests.bare.zone(named: "Asia/Tokyo")?.stretch(containing: 0).offset == 32_400)
        #expect(ZoneTests.bare.zone(named: "EST")?.stretch(containing: 0).offset == -18_000)
        for name in ["Nowhere/None", "PST", "GMT+2", "GMT-02:00", "UTC+2", "europe/berlin", "right/UTC"] {
            #expect(ZoneTests.bare.zone(named: name) == nil, "\(name)")
        }
        let error = #expect(throws: CronError.self) {
            try CronSchedule("TZ=europe/berlin 0 9 * * *", zones: ZoneTests.bare)
        }
        #expect(error?.advice == "did you mean `Europe/Berlin`?")
        let empty = ZoneCatalog(directories: [], fallsBack: false)
        #expect(empty.zone(named: "Europe/Berlin") == nil && empty.zone(named: "UTC") != nil)
        #expect(empty.names().isEmpty)
    }

    @Test(
        "every zone of the system is read",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"))
    )
    func all() throws {
        let names = ZoneCatalog.system.names()
        #expect(names.count > 200)
        #expect(!names.contains { $0.contains(".") || $0.hasPrefix("right") || $0.hasPrefix("posix") })
        for name in names {
            let zone = try #require(ZoneCatalog.system.zone(named: name), "\(name)")
            #expect(abs(offset(zone, utc("2024-01-01"))) <= 14 * 3_600)
            #expect(zone.name == name)
        }
    }

    @Test("stretches follow each other without gaps, also where the tables repeat")
    func continuity() throws {
        for name in ["America/New_York", "Africa/Casablanca", "Pacific/Apia"] {
            let zone = try #require(ZoneCatalog.system.zone(named: name))
            var stretch = zone.stretch(containing: .min)
            #expect(stretch.start == .min)
            var count = 0
            while stretch.end < 40_000_000_000 {
                let next = zone.stretch(containing: stretch.end)
                #expect(next.start == stretch.end && next.offset != stretch.offset)
                #expect(zone.stretch(containing: next.start - 1) == stretch)
                stretch = next
                count += 1
            }
            #expect(count > 20)
        }
    }

    @Test("a zone is kept, whoever asks first")
    func cache() async throws {
        let catalog = ZoneCatalog(directories: ["/usr/share/zoneinfo"])
        let zones = await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { catalog.zone(named: "America/New_York") }
            }
            return await group.reduce(into: [ObjectIdentifier?]()) { $0.append($1.map(ObjectIdentifier.init)) }
        }
        #expect(Set(zones).count == 1 && !zones.contains(nil))
        let first = try #require(ZoneCatalog.system.zone(named: "Europe/Berlin"))
        #expect(ZoneCatalog.system.zone(named: "Europe/Berlin") === first)
        #expect(ZoneCatalog.system.zone(named: "Local") === ZoneCatalog.system.zone(named: ""))
    }
}
