/// Reads one date text along one ``DateLayout``.
struct DateReader {
    private let bytes: [UInt8]
    private var position = 0

    // A form without a year means the year 0, without a day the first.
    private var year: Int64 = 0
    private var month: Int64 = 1
    private var day: Int64 = 1
    private var milliseconds: Int64 = 0
    private var offsetSeconds: Int64 = 0
    private var isUTC = false

    /// Starts at the beginning of a text.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The instant, if the whole text follows the layout and names a day that exists.
    mutating func read(_ layout: DateLayout) -> Timestamp? {
        for field in layout {
            guard read(field) else { return nil }
        }
        guard position == bytes.count, day >= 1, day <= CivilDate.days(inMonth: month, of: year) else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        // A name such as UTC or a Z outranks an offset that stands beside it.
        let offset = isUTC ? 0 : offsetSeconds
        return Timestamp(milliseconds: days * 86_400_000 + milliseconds - offset * 1_000)
    }

    private mutating func read(_ field: DateField) -> Bool {
        switch field {
        case .text(let text):
            return text.withUTF8Buffer { skip($0) }
        case .year:
            return store(digits(4...4), in: \.year)
        case .shortYear:
            return store(digits(2...2).map { $0 >= 69 ? $0 + 1900 : $0 + 2000 }, in: \.year)
        case .month:
            return store(digits(2...2).flatMap { (1...12).contains($0) ? $0 : nil }, in: \.month)
        case .monthName:
            return store(name(of: DateReader.months, length: 3).map { Int64($0) + 1 }, in: \.month)
        case .day:
            return store(digits(2...2), in: \.day)
        case .looseDay:
            return store(digits(1...2), in: \.day)
        case .shortWeekday:
            return name(of: DateReader.weekdays, length: 3) != nil
        case .longWeekday:
            return name(of: DateReader.weekdays, length: nil) != nil
        case .hourAndMinute:
            return readHourAndMinute()
        case .time:
            return readHourAndMinute() && readSeconds()
        case .colonOffset:
            return readOffset(colon: true)
        case .plainOffset:
            return readOffset(colon: false)
        case .zoneName:
            return readZoneName()
        }
    }

    private mutating func store(_ value: Int64?, in path: WritableKeyPath<DateReader, Int64>) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }
}

// MARK: - Text and numbers

extension DateReader {
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skip(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in text {
            if byte == UInt8(ascii: " ") {
                guard position == bytes.count || next == byte else { return false }
                while skip(byte) {}
            } else {
                guard skip(byte) else { return false }
            }
        }
        return true
    }

    private mutating func digits(_ counts: ClosedRange<Int>) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while count < counts.upperBound, let digit = next.flatMap(decimalDigit) {
            value = value * 10 + Int64(digit)
            count += 1
            position += 1
        }
        return count >= counts.lowerBound ? value : nil
    }

    /// The index of the name that comes next in any case, either whole or only its first letters.
    private mutating func name(of names: [StaticString], length: Int?) -> Int? {
        for (index, name) in names.enumerated() {
            let count = length ?? name.utf8CodeUnitCount
            guard position + count <= bytes.count else { continue }
            let matches = name.withUTF8Buffer { letters in
                (0..<count).allSatisfy { bytes[position + $0] | 0x20 == letters[$0] }
            }
            if matches {
                position += count
                return index
            }
        }
        return nil
    }

    private static let months: [StaticString] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private static let weekdays: [StaticString] = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    ]
}

// MARK: - Times and zones

extension DateReader {
    private mutating func readHourAndMinute() -> Bool {
        guard let hour = digits(1...2), hour < 24, skip(UInt8(ascii: ":")) else { return false }
        guard let minute = digits(2...2), minute < 60 else { return false }
        milliseconds += hour * 3_600_000 + minute * 60_000
        return true
    }

    private mutating func readSeconds() -> Bool {
        guard skip(UInt8(ascii: ":")), let second = digits(2...2), second < 60 else { return false }
        milliseconds += second * 1_000
        guard next == UInt8(ascii: ".") || next == UInt8(ascii: ",") else { return true }
        position += 1
        guard next.flatMap(decimalDigit) != nil else { return false }
        var unit: Int64 = 100
        while let digit = next.flatMap(decimalDigit) {
            milliseconds += Int64(digit) * unit
            unit /= 10
            position += 1
        }
        return true
    }

    private mutating func readOffset(colon: Bool) -> Bool {
        if colon, skip(UInt8(ascii: "Z")) {
            isUTC = true
            return true
        }
        let negative = next == UInt8(ascii: "-")
        guard skip(UInt8(ascii: "+")) || skip(UInt8(ascii: "-")) else { return false }
        // 24 hours and 60 minutes are written by some senders and harmless.
        guard let hours = digits(2...2), hours <= 24, !colon || skip(UInt8(ascii: ":")) else { return false }
        guard let minutes = digits(2...2), minutes <= 60 else { return false }
        offsetSeconds = (hours * 3_600 + minutes * 60) * (negative ? -1 : 1)
        return true
    }

    /// Accepts what looks like an abbreviation of a zone: three letters, four or five that end in T,
    /// a few odd ones, `GMT` with hours, or bare hours.
    private mutating func readZoneName() -> Bool {
        let rest = bytes[position...]
        if rest.starts(with: "UTC".utf8) {
            isUTC = true
            position += 3
            return true
        }
        if rest.starts(with: "ChST".utf8) || rest.starts(with: "MeST".utf8) || rest.starts(with: "WITA".utf8) {
            position += 4
            return true
        }
        if rest.starts(with: "GMT".utf8) {
            position += 3
            _ = readHours()
            return true
        }
        if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") {
            return readHours()
        }
        let letters = rest.prefix { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        guard letters.count == 3 || ((4...5).contains(letters.count) && letters.last == UInt8(ascii: "T")) else {
            return false
        }
        position += letters.count
        return true
    }

    private mutating func readHours() -> Bool {
        let start = position
        guard skip(UInt8(ascii: "+")) || skip(UInt8(ascii: "-")) else { return false }
        var hours: Int64 = 0
        var count = 0
        while let digit = next.flatMap(decimalDigit) {
            hours = min(hours * 10 + Int64(digit), 24)
            count += 1
            position += 1
        }
        guard count > 0, hours < 24 else {
            position = start
            return false
        }
        return true
    }
}
