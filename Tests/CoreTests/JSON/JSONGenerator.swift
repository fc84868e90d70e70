import ApusCore

/// Random JSON values and random ways of writing them, all from one seed.
struct JSONGenerator {
    private var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    mutating func below(_ bound: Int) -> Int {
        Int(random.below(UInt64(bound)))
    }

    private mutating func oneIn(_ chances: Int) -> Bool {
        below(chances) == 0
    }

    // MARK: Values

    /// A value with at most `depth` levels of containers.
    mutating func value(depth: Int) -> JSONModel {
        switch below(depth > 0 ? 10 : 6) {
        case 0: .null
        case 1: .bool(oneIn(2))
        case 2: number()
        case 3: .integer(integer())
        case 4, 5: .string(units())
        case 6, 7: .array((0..<below(5)).map { _ in value(depth: depth - 1) })
        default: .object((0..<below(7)).map { _ in JSONModel.Member(key: units(), value: value(depth: depth - 1)) })
        }
    }

    private mutating func integer() -> String {
        switch below(4) {
        case 0: return String(below(10))
        case 1: return String(Int64(bitPattern: random.next()))
        case 2: return String(Int64(bitPattern: random.next()) >> Int64(below(60)))
        default:
            let digits = (0..<below(300)).map { _ in String(below(10)) }.joined()
            return (oneIn(2) ? "-" : "") + String(1 + below(9)) + digits
        }
    }

    private mutating func number() -> JSONModel {
        var value = Double(bitPattern: random.next())
        switch below(4) {
        case 0: value = Double(below(2_000_000) - 1_000_000) / 1000
        case 1: value = Double(below(1_000_000)) / 1e9
        case 2: value = Double(below(1_000_000)) * 1e17
        default: break
        }
        guard value.isFinite else { return .integer("0") }
        let text = RawJSON.double(value).description
        return text.contains { ".e".contains($0) } ? .double(value) : .integer(text)
    }

    private mutating func units() -> [UInt16] {
        let count = oneIn(8) ? below(60) : below(5)
        return (0..<count).flatMap { _ in unit() }
    }

    private mutating func unit() -> [UInt16] {
        switch below(12) {
        case 0: [UInt16(below(0x20))]
        case 1: Array("\"\\/\u{7F}".utf16.dropFirst(below(4)).prefix(1))
        case 2: [UInt16(0x80 + below(0x780))]
        case 3: [UInt16(0xE000 + below(0x2000))]
        case 4: [0xD83D, UInt16(0xDE00 + below(0x40))]
        case 5: [UInt16(0xD800 + below(0x800))]
        default: [UInt16(0x61 + below(4))]
        }
    }

    // MARK: Texts

    /// One of the many texts of a value, with whitespace and needless escapes.
    mutating func write(_ value: JSONModel) -> [UInt8] {
        var text: [UInt8] = []
        write(value, messy: below(4), to: &text)
        return text
    }

    /// - Parameter messy: 0 for no whitespace, more for less of it.
    private mutating func write(_ value: JSONModel, messy: Int, to text: inout [UInt8]) {
        space(messy, &text)
        switch value {
        case .string(let units): write(units, to: &text)
        case .double(let value): text += Array((oneIn(2) ? value.description : RawJSON.double(value).description).utf8)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                write(element, messy: messy, to: &text)
            }
            if elements.isEmpty { space(messy, &text) }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                space(messy, &text)
                write(member.key, to: &text)
                space(messy, &text)
                text.append(UInt8(ascii: ":"))
                write(member.value, messy: messy, to: &text)
            }
            if members.isEmpty { space(messy, &text) }
            text.append(UInt8(ascii: "}"))
        default: text += Array(value.text.utf8)
        }
        space(messy, &text)
    }

    private mutating func space(_ messy: Int, _ text: inout [UInt8]) {
        guard messy > 0, oneIn(messy) else { return }
        text += Array(" \t\r\n".utf8).dropFirst(below(4))
    }

    private mutating func write(_ units: [UInt16], to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        var index = 0
        while index < units.count {
            let unit = units[index]
            let pair = Array(units[index...].prefix(2))
            if unit & 0xFC00 == 0xD800, let both = String(validating: pair, as: UTF16.self), !oneIn(4) {
                text += Array(both.utf8)
                index += 1
            } else if unit < 0x20 || unit == 0x22 || unit == 0x5C || unit & 0xF800 == 0xD800 || oneIn(6) {
                let digits = String(unit, radix: 16, uppercase: oneIn(2))
                text += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            } else {
                text += Array(String(decoding: [unit], as: UTF16.self).utf8)
            }
            index += 1
        }
        text.append(UInt8(ascii: "\""))
    }

    /// The text with a few bytes changed, removed, added or repeated.
    mutating func mutate(_ text: [UInt8]) -> [UInt8] {
        let spice = Array("{}[]\",:\\u0e.-1\u{1}\u{80}".utf8)
        var text = text
        for _ in 0...below(3) {
            let position = below(text.count + 1)
            switch below(5) {
            case 0 where position < text.count: text[position] = UInt8(below(256))
            case 1 where position < text.count: text.remove(at: position)
            case 2: text.insert(spice[below(spice.count)], at: position)
            case 3: text.removeLast(text.count - position)
            default: text.insert(contentsOf: text[position...].prefix(below(8)), at: below(text.count + 1))
            }
        }
        return text
    }
}
