import DequeModule

/// The calls in line for a connection, first come, first served.
///
/// A call that ends in line is skipped when its turn comes, so that ending one takes no search; the line is tidied
/// when such calls outnumber the others, so it never holds more than about twice the live ones.
struct WaitingCalls {
    private var line: Deque<AppCall> = []
    /// How many calls really wait.
    private(set) var count = 0

    /// How long the line is, with the calls that have ended in it.
    var lineLength: Int { line.count }

    /// Who is next.
    var first: AppCall? {
        mutating get {
            while let call = line.first {
                if !call.hasEnded { return call }
                line.removeFirst()
            }
            return nil
        }
    }

    /// Puts a call at the end of the line.
    mutating func append(_ call: AppCall) {
        line.append(call)
        count += 1
    }

    /// Takes the next call out of the line.
    mutating func popFirst() -> AppCall? {
        guard let call = first else { return nil }
        line.removeFirst()
        count -= 1
        return call
    }

    /// A call ended while it was in line.
    mutating func callEnded() {
        count -= 1
        if line.count > 2 * count + 32 { line.removeAll(where: \.hasEnded) }
    }
}
