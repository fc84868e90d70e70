import Foundation
import Synchronization

/// Finds zones by their names and keeps what it found.
///
/// A zone is read once, from the system's TZif files or, where there are none, from the data that
/// Foundation carries. Changes of the system's data take effect when the process starts again.
package final class ZoneCatalog: Sendable {
    /// The catalog of the whole process.
    package static let system = ZoneCatalog(directories: [
        "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
    ])

    private let directories: [String]
    private let fallsBack: Bool
    // Only names that exist are kept, so that the cache stays within the size of the database.
    private let cache = Mutex<[String: Zone]>([:])
    private let known = Mutex<ZoneSuggestions?>(nil)

    /// The longest name that is looked for; the longest that exists has 32 bytes.
    private static let maximumNameLength = 64

    /// Makes a catalog.
    ///
    /// - Parameters:
    ///   - directories: Where TZif files are looked for, in this order.
    ///   - fallsBack: Whether Foundation is asked for zones that no directory has.
    package init(directories: [String], fallsBack: Bool = true) {
        self.directories = directories
        self.fallsBack = fallsBack
    }

    /// The zone with this name, in the same case; nil if there is none.
    ///
    /// The empty name and `Local` mean UTC, because servers run in UTC.
    package func zone(named name: String) -> Zone? {
        guard !["", "UTC", "Local"].contains(name) else { return .utc }
        guard ZoneCatalog.isSafe(name) else { return nil }
        if let known = cache.withLock({ $0[name] }) {
            return known
        }
        guard let zone = read(name) else { return nil }
        return cache.withLock { zones in
            // Another thread may have been first; everybody shares its table.
            if let first = zones[name] {
                return first
            }
            zones[name] = zone
            return zone
        }
    }

    /// The names of all zones in alphabetical order.
    package func names() -> [String] {
        suggestions().names
    }

    /// What finds similar names. The directory is listed when the first unknown name comes.
    func suggestions() -> ZoneSuggestions {
        if let known = known.withLock({ $0 }) {
            return known
        }
        let names =
            directories.lazy.map { ZoneCatalog.namesOfFiles(in: $0) }.first { !$0.isEmpty }
            ?? (fallsBack ? TimeZone.knownTimeZoneIdentifiers.sorted() : [])
        let suggestions = ZoneSuggestions(names: names)
        known.withLock { $0 = suggestions }
        return suggestions
    }

    private func read(_ name: String) -> Zone? {
        for directory in directories {
            guard let file = FileHandle(forReadingAtPath: "\(directory)/\(name)") else { continue }
            defer { try? file.close() }
            guard let data = try? file.read(upToCount: TZifFile.maximumSize + 1) else { continue }
            var reader = TZifFile(Array(data))
            if let zone = reader.zone(named: name) {
                return zone
            }
        }
        return fallsBack ? Zone(foundationName: name) : nil
    }

    /// Whether a name stays inside the directories and is no set of data of its own.
    private static func isSafe(_ name: String) -> Bool {
        guard name.utf8.count <= maximumNameLength else { return false }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let areSafe = parts.allSatisfy { part in
            // `right` counts leap seconds; no name of a zone has a dot, which the directories' lists have.
            part.first?.isLetter == true
                && part.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || isDigitOrSign($0)) }
        }
        return areSafe && parts.first != "right" && name != "localtime" && name != "posixrules"
    }

    private static func isDigitOrSign(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar) || scalar == "_" || scalar == "+" || scalar == "-"
    }

    private static func namesOfFiles(in directory: String) -> [String] {
        guard let paths = FileManager.default.enumerator(atPath: directory) else { return [] }
        var names: [String] = []
        // A copy of the database and a file that stands for no place are left out. The cap is far above its size.
        for case let path as String in paths where isSafe(path) && names.count < 4_000 {
            let isCopy = path.hasPrefix("posix/") || path == "Factory"
            if !isCopy, isCompiledZone("\(directory)/\(path)") {
                names.append(path)
            }
        }
        return names.sorted()
    }

    private static func isCompiledZone(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        return (try? file.read(upToCount: 4)).map { $0.elementsEqual("TZif".utf8) } ?? false
    }
}
