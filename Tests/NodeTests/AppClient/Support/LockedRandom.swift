import Synchronization

/// Repeatable random numbers that a server's script may draw.
final class LockedRandom: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) {
        state = Mutex(seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    }

    /// From 0 to `limit - 1`.
    func next(_ limit: Int) -> Int {
        state.withLock {
            $0 = $0 &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int($0 >> 33) % limit
        }
    }
}
