import ApusCore
import ApusEngine

/// Backfills, and the ticks of those that are under way.
extension MemoryState {
    mutating func insert(_ backfill: OpenBackfill) {
        backfills[backfill.order.id] = backfill.order
        backfillTicks[backfill.order.id] = TickList.encode(backfill.ticks)
    }

    mutating func update(_ order: Backfill) {
        guard backfills[order.id] != nil else { return }
        backfills[order.id] = order
        guard order.state != .running else { return }
        backfillTicks[order.id] = nil
        let ended = backfills.values.filter { $0.state != .running }.map(\.id).sorted()
        for id in ended.dropLast(Backfill.kept) { backfills[id] = nil }
    }

    /// Oldest first.
    func openBackfills() throws(StoreError) -> [OpenBackfill] {
        var found: [OpenBackfill] = []
        for (id, bytes) in backfillTicks.sorted(by: { $0.key < $1.key }) {
            guard let order = backfills[id] else { continue }
            do {
                found.append(OpenBackfill(order, ticks: try TickList.decode(bytes)))
            } catch {
                throw .unreadable("backfill \(id): \(error)")
            }
        }
        return found
    }
}
