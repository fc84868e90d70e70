/// What a JSON text may cost before it is refused.
public struct JSONLimits: Hashable, Sendable {
    /// The deepest nesting of objects and arrays; a scalar has depth 0.
    public var depth: Int
    /// The most bytes of the text and of its canonical form; at most 2 GiB - 1 whatever is set.
    public var size: Int

    /// Makes limits.
    public init(depth: Int = 256, size: Int = 64 << 20) {
        self.depth = depth
        self.size = size
    }

    /// 256 levels and 64 MiB.
    public static let `default` = JSONLimits()

    /// Offsets are kept in 32 bits.
    var effectiveSize: Int { min(size, Int(Int32.max)) }
}
