/// The pattern of `matches`, compiled once. Copies share the program.
final class CompiledPattern: Hashable, Sendable {
    /// The pattern as written.
    let source: String
    /// The program; nil when the pattern is not valid.
    let program: PatternProgram?
    /// Why there is no program.
    let problem: String

    /// Compiles a pattern to at most `limit` instructions.
    init(_ source: String, limit: Int) {
        self.source = source
        do {
            program = try PatternProgram(try PatternParser.parse(source), limit: limit)
            problem = ""
        } catch {
            program = nil
            problem = error.message
        }
    }

    static func == (left: CompiledPattern, right: CompiledPattern) -> Bool {
        left.source.isSame(as: right.source)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(source)
    }
}
