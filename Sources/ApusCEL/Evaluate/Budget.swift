/// The steps that an evaluation may still take.
struct Budget {
    private(set) var remaining: Int
    /// See ``ExpressionLimits/valueSize``.
    let valueSize: Int

    init(_ limits: ExpressionLimits) {
        remaining = limits.steps
        valueSize = limits.valueSize
    }

    /// Pays for some steps.
    @inline(__always)
    mutating func spend(_ steps: Int = 1) throws(EvaluationError) {
        remaining -= steps
        if remaining < 0 {
            throw .tooExpensive
        }
    }

    /// Pays for searching, comparing or copying some bytes.
    mutating func spend(bytes: Int) throws(EvaluationError) {
        try spend(bytes / ExpressionLimits.bytesPerStep)
    }

    /// Pays for a text or list of some size, which must be within the limit.
    mutating func build(_ size: Int) throws(EvaluationError) {
        guard size <= valueSize else { throw .tooExpensive }
        try spend(bytes: size)
    }
}
