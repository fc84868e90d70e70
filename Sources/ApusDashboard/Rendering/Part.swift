import Mustache

/// What fills a template: text, a flag, a list, or an object whose keys are all there.
///
/// A missing value is `false`: a key that is not there would be looked for in the objects around.
indirect enum Part: Sendable {
    case text(String)
    case flag(Bool)
    case number(Double)
    case list([Part])
    case object([String: Part])

    /// A text, or `false`.
    static func optional(_ text: String?) -> Part {
        text.map(Part.text) ?? false
    }

    /// The object with further keys, which win.
    func with(_ more: [String: Part]) -> Part {
        guard case .object(let fields) = self else { return self }
        return .object(fields.merging(more) { _, new in new })
    }
}

extension Part: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self = .text(value) }
}

extension Part: ExpressibleByBooleanLiteral {
    init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension Part: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: Part...) { self = .list(elements) }
}

extension Part: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, Part)...) {
        self = .object(Dictionary(elements) { _, new in new })
    }
}

extension Part: MustacheCustomRepresentation {
    var representation: Any? {
        switch self {
        case .text(let text): text
        case .flag(let flag): flag
        case .number(let number): Self.short(number)
        case .list(let parts): parts
        case .object(let fields): Fields(values: fields)
        }
    }

    /// Places in drawings need two digits after the point.
    private static func short(_ number: Double) -> String {
        let hundredths = (number * 100).rounded()
        guard hundredths.magnitude < 1e12 else { return "0" }
        let whole = Int(hundredths)
        return whole % 100 == 0 ? "\(whole / 100)" : "\(Double(whole) / 100)"
    }

    struct Fields: MustacheParent {
        let values: [String: Part]

        func child(named name: String) -> Any? { values[name] }
    }
}
