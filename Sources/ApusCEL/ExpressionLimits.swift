/// What an expression may cost before it is refused or its evaluation ends with an error.
package struct ExpressionLimits: Hashable, Sendable {
    /// The longest source, in bytes of UTF-8.
    package var sourceLength: Int
    /// The deepest nesting of parentheses, brackets, arguments, unary and conditional operators.
    package var nestingDepth: Int
    /// The deepest tree; a chain such as `a + b + c` is as deep as it is long. `&&` and `||` chains are flat.
    package var treeDepth: Int
    /// The most steps of one evaluation: one for each part evaluated or element compared, and one for
    /// each ``bytesPerStep`` bytes that are searched, compared or built.
    package var steps: Int
    /// The most bytes of a text and the most elements of a list that an expression builds.
    package var valueSize: Int
    /// The most instructions of a regular expression.
    package var patternSize: Int

    /// How many bytes are searched, compared or built for the price of one step.
    package static let bytesPerStep = 256

    /// Makes limits.
    package init(
        sourceLength: Int = 8 << 10,
        nestingDepth: Int = 64,
        treeDepth: Int = 128,
        steps: Int = 100_000,
        valueSize: Int = 1 << 20,
        patternSize: Int = 2_000
    ) {
        self.sourceLength = sourceLength
        self.nestingDepth = nestingDepth
        self.treeDepth = treeDepth
        self.steps = steps
        self.valueSize = valueSize
        self.patternSize = patternSize
    }

    /// For expressions that people write.
    package static let `default` = ExpressionLimits()

    /// For the texts that ``Expression/bound(to:)`` makes, into which values of an event were written.
    package static let bound = ExpressionLimits(sourceLength: 256 << 10)
}
