import ApusCore
import Foundation

/// The parts of times and durations.
enum TimeParts {
    /// A part of a time, in UTC or a zone, or of a duration, counted from 0 except the year and `getDate`.
    ///
    /// The parts of a duration are the whole of it in that unit.
    static func part(_ function: Function, of value: Value, zone: Value?) -> Outcome {
        switch value {
        case .timestamp(let time):
            guard let zone else { return .value(.int(part(function, of: CivilTime(time)))) }
            guard let name = zone.text else { return .failed(.noOverload(function.rawValue)) }
            guard let offset = offset(of: name, at: time) else { return .failed(.invalidConversion(to: "time zone")) }
            return .value(.int(part(function, of: CivilTime(time, offset: offset))))
        case .duration(let span) where zone == nil:
            switch function {
            case .getHours: return .value(.int(span.seconds / 3_600))
            case .getMinutes: return .value(.int(span.seconds / 60))
            case .getSeconds: return .value(.int(span.seconds))
            case .getMilliseconds: return .value(.int(span.milliseconds))
            default: return .failed(.noOverload(function.rawValue))
            }
        default:
            return .failed(.noOverload(function.rawValue))
        }
    }

    private static func part(_ function: Function, of time: CivilTime) -> Int64 {
        switch function {
        case .getFullYear: time.year
        case .getMonth: time.month - 1
        case .getDate: time.day
        case .getDayOfMonth: time.day - 1
        case .getDayOfWeek: time.dayOfWeek
        case .getDayOfYear: time.dayOfYear - 1
        case .getHours: time.hour
        case .getMinutes: time.minute
        case .getSeconds: time.second
        default: time.millisecond
        }
    }

    /// How many seconds a zone, `Europe/Berlin` or `+02:00`, is ahead of UTC.
    static func offset(of zone: String, at time: Timestamp) -> Int? {
        if let fixed = fixedOffset(zone) {
            return fixed
        }
        let isName = zone.utf8.allSatisfy { Lexer.isLetter($0) || Lexer.isDigit($0) || "/+-".utf8.contains($0) }
        guard isName, !zone.isEmpty, zone.utf8.count <= 64 else { return nil }
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1_000)
        return TimeZone(identifier: zone)?.secondsFromGMT(for: date)
    }

    /// The offset that `+02:00`, `-02:00` or `02:00` names.
    private static func fixedOffset(_ zone: String) -> Int? {
        var text = zone.utf8[...]
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative || text.first == UInt8(ascii: "+") {
            text.removeFirst()
        }
        let digits = Array(text)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":") else { return nil }
        var parts = [0, 0]
        for (index, byte) in digits.enumerated() where index != 2 {
            guard Lexer.isDigit(byte) else { return nil }
            parts[index / 3] = parts[index / 3] * 10 + Int(byte - UInt8(ascii: "0"))
        }
        guard parts[0] < 24, parts[1] < 60 else { return nil }
        return (parts[0] * 3_600 + parts[1] * 60) * (isNegative ? -1 : 1)
    }
}
