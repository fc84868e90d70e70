/// A set of characters: ranges and Unicode categories, perhaps negated.
struct CharacterClass: Sendable {
    /// A group of Unicode's general categories, such as `L` or `Lu`.
    struct Category: Sendable {
        var name: String
        var isNegated: Bool
    }

    var ranges: [ClosedRange<UInt32>] = []
    var categories: [Category] = []
    /// Classes such as `\D` inside of a class.
    var negatedParts: [[ClosedRange<UInt32>]] = []
    var isNegated = false
    var ignoresCase = false

    /// A class of one character.
    init(_ scalar: Unicode.Scalar, ignoresCase: Bool = false) {
        ranges = [scalar.value...scalar.value]
        self.ignoresCase = ignoresCase && scalar.properties.isCased
    }

    init(_ ranges: [ClosedRange<UInt32>] = [], isNegated: Bool = false) {
        self.ranges = ranges
        self.isNegated = isNegated
    }

    static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    static let words: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    static let spaces: [ClosedRange<UInt32>] = [0x09...0x0A, 0x0C...0x0D, 0x20...0x20]

    /// The ranges of a class like `[:alpha:]`.
    static func named(_ name: String) -> [ClosedRange<UInt32>]? {
        switch name {
        case "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
        case "alpha": [0x41...0x5A, 0x61...0x7A]
        case "ascii": [0...0x7F]
        case "blank": [0x09...0x09, 0x20...0x20]
        case "cntrl": [0...0x1F, 0x7F...0x7F]
        case "digit": digits
        case "graph": [0x21...0x7E]
        case "lower": [0x61...0x7A]
        case "print": [0x20...0x7E]
        case "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]
        case "space": [0x09...0x0D, 0x20...0x20]
        case "upper": [0x41...0x5A]
        case "word": words
        case "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66]
        default: nil
        }
    }

    /// Whether a character is one of `\w`; the ends of the text are not.
    static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return words.contains { $0.contains(scalar.value) }
    }

    /// Whether the class has a character.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        if isMember(scalar) {
            return !isNegated
        }
        guard ignoresCase else { return isNegated }
        let isFoldedMember =
            CharacterClass.only(scalar.properties.lowercaseMapping).map(isMember) == true
            || CharacterClass.only(scalar.properties.uppercaseMapping).map(isMember) == true
        return isFoldedMember != isNegated
    }

    private static func only(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }

    private func isMember(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) }
            || negatedParts.contains { part in !part.contains { $0.contains(scalar.value) } }
            || categories.contains { category in
                scalar.properties.generalCategory.code.hasPrefix(category.name) != category.isNegated
            }
    }

    /// Whether a name is that of a category or of a group of them.
    static func isCategory(_ name: String) -> Bool {
        ["L", "M", "N", "P", "S", "Z", "C"].contains { name == $0 }
            || [
                "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf",
                "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
            ].contains { name == $0 }
    }
}

extension Unicode.GeneralCategory {
    /// The two letters of the category.
    fileprivate var code: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
