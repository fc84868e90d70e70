/// Reads a compiled zone of the IANA database: TZif, RFC 9636, versions 1 to 4.
///
/// Every read is checked against the end of the file; a damaged file gives nil.
struct TZifFile {
    private let bytes: [UInt8]
    private var position = 0

    /// The largest file that is read; the largest zone has less than 4 KiB.
    static let maximumSize = 256 * 1_024

    private struct Header {
        var version: UInt8
        var hasLeapSeconds: Bool
        var times: Int
        var types: Int
        /// The bytes of everything else in the block.
        var rest: Int
    }

    /// Starts at the beginning of a file.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The zone in the file; nil if the file is damaged, is no TZif file or counts leap seconds.
    mutating func zone(named name: String) -> Zone? {
        guard bytes.count <= TZifFile.maximumSize, var header = readHeader(timeSize: 4) else { return nil }
        var timeSize = 4
        if header.version >= UInt8(ascii: "2") {
            // The first block holds the same in 32 bits, for old readers.
            position += header.times * 5 + header.types * 6 + header.rest
            guard let second = readHeader(timeSize: 8) else { return nil }
            header = second
            timeSize = 8
        }
        guard !header.hasLeapSeconds, header.types > 0,
            let (initial, changes) = readChanges(header, timeSize: timeSize)
        else { return nil }
        position += header.rest
        guard timeSize == 8, let rule = readFooter() else {
            return Zone(name: name, initialOffset: initial, changes: changes)
        }
        return Zone(name: name, initialOffset: initial, changes: changes, followedBy: rule)
    }

    private mutating func readHeader(timeSize: Int) -> Header? {
        guard let magic = read(4), magic.elementsEqual("TZif".utf8), let version = read(1)?.first, read(15) != nil,
            let utIndicators = readInteger(4), let standardIndicators = readInteger(4), let leaps = readInteger(4),
            let times = readInteger(4), let types = readInteger(4), let letters = readInteger(4)
        else { return nil }
        let counts = [utIndicators, standardIndicators, leaps, times, types, letters]
        guard counts.allSatisfy({ (0...Int64(TZifFile.maximumSize)).contains($0) }) else { return nil }
        return Header(
            version: version,
            hasLeapSeconds: leaps > 0,
            times: Int(times),
            types: Int(types),
            rest: Int(letters + leaps * Int64(timeSize + 4) + standardIndicators + utIndicators)
        )
    }

    /// The offset before the first change, and the changes.
    private mutating func readChanges(_ header: Header, timeSize: Int) -> (Int32, [Zone.Change])? {
        // A damaged header must not make room for more than the file holds.
        guard header.times * (timeSize + 1) + header.types * 6 <= bytes.count - position else { return nil }
        var seconds: [Int64] = []
        for _ in 0..<header.times {
            guard let second = readInteger(timeSize), seconds.last.map({ $0 < second }) ?? true,
                abs(second / 2) < 1 << 60
            else { return nil }
            seconds.append(second)
        }
        guard let indices = read(header.times) else { return nil }
        var offsets: [Int32] = []
        for _ in 0..<header.types {
            guard let offset = readInteger(4), read(2) != nil, abs(offset) < 86_400 * 2 else { return nil }
            offsets.append(Int32(offset))
        }
        guard indices.allSatisfy({ $0 < offsets.count }) else { return nil }
        return (offsets[0], zip(seconds, indices).map { Zone.Change(second: $0, offset: offsets[Int($1)]) })
    }

    private mutating func readFooter() -> PosixRule? {
        guard read(1)?.first == UInt8(ascii: "\n") else { return nil }
        let line = bytes[position...].prefix { $0 != UInt8(ascii: "\n") }
        guard line.endIndex < bytes.count else { return nil }
        return PosixRule(line)
    }

    private mutating func read(_ count: Int) -> ArraySlice<UInt8>? {
        guard position <= bytes.count, count <= bytes.count - position else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A signed number in network order.
    private mutating func readInteger(_ size: Int) -> Int64? {
        guard let digits = read(size), let first = digits.first else { return nil }
        return digits.reduce(first >= 0x80 ? -1 : 0) { $0 << 8 | Int64($1) }
    }
}

extension Zone {
    /// Makes a zone whose changes go on by a rule.
    convenience init(name: String, initialOffset: Int32, changes: [Change], followedBy rule: PosixRule) {
        // A zone without any change of its own has the rule's offset at all times.
        let last = changes.last?.second ?? 0
        let year = CivilDay(daysSinceEpoch: last.flooredDivision(by: 86_400).quotient).year
        let ruled = (year...year + 403).flatMap { rule.changes(in: $0) }.sorted { $0.second < $1.second }
        let initial = changes.isEmpty ? rule.offset : initialOffset
        let cycleStart = CivilDay(year: year + 2, month: 1, day: 1).daysSinceEpoch * 86_400
        self.init(
            name: name,
            initialOffset: initial,
            changes: changes + ruled.filter { $0.second > last },
            cycleStart: cycleStart
        )
    }
}
