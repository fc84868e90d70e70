#if canImport(Glibc)
import Glibc
#endif

/// How the process treats memory that it no longer needs.
enum Memory {
    /// Gives large blocks back to the system as soon as they are free. Left to itself glibc learns to
    /// keep blocks of up to 32 MB, and one burst of large requests would be held for ever.
    static func returnLargeBlocks() {
        #if canImport(Glibc)
        // Swift's module of glibc leaves out malloc.h, so the function is found by its name.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let mallopt = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        _ = mallopt(mmapThreshold, 128 << 10)
        _ = mallopt(arenaMaximum, 2)
        #endif
    }

    /// `M_MMAP_THRESHOLD` and `M_ARENA_MAX`.
    private static let mmapThreshold: Int32 = -3
    private static let arenaMaximum: Int32 = -8
}
