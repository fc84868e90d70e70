import Synchronization

/// Suspended handlers, each of which waits for the next call of its run. Beyond the limit the oldest are unwound.
final class KeptHandlers: Sendable {
    fileprivate struct State {
        var passes: [String: (pass: Pass, number: Int)] = [:]
        /// The runs in the order in which their handlers came, with those that have gone since.
        var order: [(run: String, number: Int)] = []
        var next = 0
        var number = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = max(limit, 0)
    }

    /// Takes out the handler of a run.
    func take(_ run: String) -> Pass? {
        state.withLock { $0.passes.removeValue(forKey: run)?.pass }
    }

    /// Keeps a handler, in place of one that is there for the same run.
    func keep(_ pass: Pass, of run: String) {
        let gone = state.withLock { state -> [Pass] in
            var gone: [Pass] = []
            state.number += 1
            if let old = state.passes.updateValue((pass, state.number), forKey: run) { gone.append(old.pass) }
            state.order.append((run, state.number))
            while state.passes.count > limit, state.next < state.order.count {
                let oldest = state.order[state.next]
                state.next += 1
                if state.passes[oldest.run]?.number == oldest.number,
                    let old = state.passes.removeValue(forKey: oldest.run)
                {
                    gone.append(old.pass)
                }
            }
            state.tidy()
            return gone
        }
        for pass in gone { pass.unwind() }
    }

    /// How many there are.
    var count: Int { state.withLock { $0.passes.count } }

    /// Unwinds all of them.
    func removeAll() {
        let gone = state.withLock { state in
            defer { state.passes = [:] }
            return state.passes.values.map(\.pass)
        }
        for pass in gone { pass.unwind() }
    }

    deinit {
        removeAll()
    }
}

extension KeptHandlers.State {
    /// Drops what the order says of handlers that have gone, when that is most of it.
    fileprivate mutating func tidy() {
        guard order.count > 64, order.count > 2 * passes.count else { return }
        order = order[next...].filter { passes[$0.run]?.number == $0.number }
        next = 0
    }
}
