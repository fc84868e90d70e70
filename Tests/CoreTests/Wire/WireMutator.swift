import ApusCore

/// Random damage to texts of JSON and random answers, all from one seed.
struct WireMutator {
    private var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    mutating func below(_ bound: Int) -> Int {
        Int(random.below(UInt64(bound)))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    private static let values = [
        "null", "true", "0", "-1", "1.5", "1e999", "99999999999999999999", "\"\"", "\"x\"", "\"inngest/x\"", "[]", "{}",
        "[null]", "{\"\":null}", "{\"error\":{}}", "\"\\ud800\"", "\"\\u0000\"", "\"{\\\"message\\\":1}\"", "[[[[[[",
        "}", "",
    ]
    private static let bytes = Array("{}[]\",:\\/u0e.-1 \n\t?&=%#@'".utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xFF]

    /// The text with some values replaced and some bytes changed, removed, added or repeated.
    mutating func mutate(_ text: [UInt8]) -> [UInt8] {
        var text = text
        for _ in 0..<below(3) {
            replaceValue(in: &text)
        }
        for _ in 0..<below(4) {
            damage(&text)
        }
        return text
    }

    /// Puts another value where one follows a colon, comma or bracket.
    private mutating func replaceValue(in text: inout [UInt8]) {
        let starts = text.indices.filter {
            [UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "[")].contains(text[$0])
        }
        guard !starts.isEmpty else { return }
        let start = pick(starts) + 1
        let end = text[start...].firstIndex { [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains($0) }
        text.replaceSubrange(start..<(end ?? text.endIndex), with: Array(pick(WireMutator.values).utf8))
    }

    private mutating func damage(_ text: inout [UInt8]) {
        let position = below(text.count + 1)
        switch below(5) {
        case 0 where position < text.count: text[position] = pick(WireMutator.bytes)
        case 1 where position < text.count: text.remove(at: position)
        case 2: text.insert(pick(WireMutator.bytes), at: position)
        case 3: text.removeLast(below(text.count + 1) / 4)
        default: text.insert(contentsOf: text[position...].prefix(below(64)), at: below(text.count + 1))
        }
    }

    /// An answer with a body that is one of `bodies`, often damaged.
    mutating func reply(bodies: [String]) -> RawReply {
        var headers: [(name: String, value: String)] = []
        let values: [(String, [String])] = [
            (
                "X-Inngest-SDK",
                ["inngest-js:v4.18.1", "inngest-js:v2.0.0", "inngest-js:v1.10.0-x", "go:v0.16.0", "", "é"]
            ),
            ("x-inngest-req-version", ["2", "1", "-1", "", "99999999999999999999", "x"]),
            ("X-INNGEST-NO-RETRY", ["true", "false", "yes", ""]),
            ("Retry-After", ["1", "0", "2030-01-01", "-", "9999999"]),
            ("Content-Type", ["text/html", ""]), ("", [""]),
        ]
        for (name, choices) in values where below(3) > 0 {
            headers.append((name: name, value: pick(choices)))
        }
        let status = pick([200, 201, 201, 206, 206, 206, 204, 301, 400, 404, 500, 503, 0, -1, Int.max])
        let body = Array(pick(bodies).utf8)
        return RawReply(status: status, headers: headers, body: below(4) == 0 ? body : mutate(body))
    }
}
