extension PatternParser {
    /// Reads what follows a backslash outside of a class.
    mutating func escape() throws(PatternError) -> PatternNode {
        switch next {
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.noWordBoundary)
        case "A": return assertion(.startOfText)
        case "z": return assertion(.endOfText)
        case "Q": return quoted()
        default: break
        }
        var characters = CharacterClass()
        try appendEscape(to: &characters)
        characters.ignoresCase = flags.ignoresCase
        return .character(characters)
    }

    private mutating func assertion(_ assertion: PatternAssertion) -> PatternNode {
        position += 1
        return .assertion(assertion)
    }

    /// Reads `Q…\E`, between which everything stands for itself.
    private mutating func quoted() -> PatternNode {
        position += 1
        var nodes: [PatternNode] = []
        while let scalar = next {
            position += 1
            if scalar == "\\", skip("E") {
                break
            }
            nodes.append(.character(CharacterClass(scalar, ignoresCase: flags.ignoresCase)))
        }
        return .sequence(nodes)
    }

    /// Reads what follows `[`.
    mutating func characterClass() throws(PatternError) -> CharacterClass {
        var characters = CharacterClass()
        characters.isNegated = skip("^")
        characters.ignoresCase = flags.ignoresCase
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            if scalar == "[", peek(1) == ":" {
                try appendNamedClass(to: &characters)
                continue
            }
            position += 1
            guard scalar != "\\" || isCharacterEscape else {
                try appendEscape(to: &characters)
                continue
            }
            let low = scalar == "\\" ? try escapedCharacter() : scalar
            guard next == "-", let end = peek(1), end != "]" else {
                characters.ranges.append(low.value...low.value)
                continue
            }
            position += 2
            let high = end == "\\" ? try escapedCharacter() : end
            guard low <= high else { throw PatternError(message: "invalid character class range") }
            characters.ranges.append(low.value...high.value)
        }
        guard skip("]") else { throw PatternError(message: "missing closing ]") }
        return characters
    }

    private mutating func appendNamedClass(to characters: inout CharacterClass) throws(PatternError) {
        position += 2
        let isNegated = skip("^")
        var name = ""
        while let scalar = next, scalar != ":", scalar != "]" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard let ranges = CharacterClass.named(name), skip(":"), skip("]") else {
            throw PatternError(message: "invalid character class range")
        }
        if isNegated {
            characters.negatedParts.append(ranges)
        } else {
            characters.ranges += ranges
        }
    }

    /// Whether what follows a backslash names one character rather than a class.
    private var isCharacterEscape: Bool {
        switch next {
        case "d", "D", "w", "W", "s", "S", "p", "P": false
        default: true
        }
    }

    /// Adds what follows a backslash: a class or a character.
    private mutating func appendEscape(to characters: inout CharacterClass) throws(PatternError) {
        guard !isCharacterEscape, let letter = next else {
            let scalar = try escapedCharacter()
            characters.ranges.append(scalar.value...scalar.value)
            return
        }
        position += 1
        switch letter {
        case "d": characters.ranges += CharacterClass.digits
        case "D": characters.negatedParts.append(CharacterClass.digits)
        case "w": characters.ranges += CharacterClass.words
        case "W": characters.negatedParts.append(CharacterClass.words)
        case "s": characters.ranges += CharacterClass.spaces
        case "S": characters.negatedParts.append(CharacterClass.spaces)
        default: characters.categories.append(try category(isNegated: letter == "P"))
        }
    }

    /// Reads `L`, `{Lu}` or `{^Lu}`.
    private mutating func category(isNegated: Bool) throws(PatternError) -> CharacterClass.Category {
        var name = ""
        var isNegated = isNegated
        if skip("{") {
            if skip("^") {
                isNegated.toggle()
            }
            while let scalar = next, scalar != "}", name.utf8.count < 3 {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard skip("}") else { throw PatternError(message: "unsupported character category") }
        } else if let scalar = next {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard CharacterClass.isCategory(name) else { throw PatternError(message: "unsupported character category") }
        return CharacterClass.Category(name: name, isNegated: isNegated)
    }

    /// Reads the character that follows a backslash names.
    private mutating func escapedCharacter() throws(PatternError) -> Unicode.Scalar {
        guard let letter = next else { throw PatternError(message: "trailing backslash at end of expression") }
        position += 1
        switch letter {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "v": return "\u{0B}"
        case "x": return try hexadecimalCharacter()
        case "0"..."7" where letter == "0" || (next.map { ("0"..."7").contains($0) } == true):
            var value = letter.value - 0x30
            for _ in 0..<2 {
                guard let digit = next, ("0"..."7").contains(digit) else { break }
                value = value * 8 + digit.value - 0x30
                position += 1
            }
            return Unicode.Scalar(value) ?? letter
        default:
            guard letter.isASCII, !CharacterClass.isWord(letter) || letter == "_" else {
                throw PatternError(message: "invalid escape sequence: \\\(letter)")
            }
            return letter
        }
    }

    private mutating func hexadecimalCharacter() throws(PatternError) -> Unicode.Scalar {
        let isBraced = skip("{")
        var value: UInt32 = 0
        var count = 0
        while count < (isBraced ? 6 : 2), let byte = next.flatMap({ UInt8(exactly: $0.value) }),
            let digit = Lexer.hexadecimalDigit(byte)
        {
            value = value * 16 + UInt32(digit)
            position += 1
            count += 1
        }
        guard count > 0, isBraced ? skip("}") : count == 2, let scalar = Unicode.Scalar(value) else {
            throw PatternError(message: "invalid escape sequence: \\x")
        }
        return scalar
    }
}
