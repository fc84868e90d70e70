/// A part of a regular expression.
indirect enum PatternNode: Sendable {
    /// Nothing.
    case empty
    /// One character of a class.
    case character(CharacterClass)
    /// A place without characters.
    case assertion(PatternAssertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// At least `minimum` times; at most `maximum`, if there is one.
    case repetition(PatternNode, minimum: Int, maximum: Int?)
}

/// A condition on the place between two characters.
enum PatternAssertion: Sendable {
    case startOfText, endOfText, startOfLine, endOfLine, wordBoundary, noWordBoundary

    /// Whether the condition holds between two characters; nil stands for the text's ends.
    func holds(between previous: Unicode.Scalar?, and next: Unicode.Scalar?) -> Bool {
        switch self {
        case .startOfText: previous == nil
        case .endOfText: next == nil
        case .startOfLine: previous == nil || previous == "\n"
        case .endOfLine: next == nil || next == "\n"
        case .wordBoundary: CharacterClass.isWord(previous) != CharacterClass.isWord(next)
        case .noWordBoundary: CharacterClass.isWord(previous) == CharacterClass.isWord(next)
        }
    }
}

/// Why a text is no regular expression that is understood here.
struct PatternError: Error {
    var message: String
}
