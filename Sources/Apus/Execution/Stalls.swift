import Synchronization

/// The places at which a function was seen waiting for something that is no step; each is told of once.
final class Stalls: Sendable {
    private let places = Mutex<Set<String>>([])

    /// Whether this place is new. From the hundredth on none is.
    func isFirst(at place: String) -> Bool {
        places.withLock { $0.count < 100 && $0.insert(place).inserted }
    }
}
