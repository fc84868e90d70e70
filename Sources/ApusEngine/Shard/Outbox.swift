import ApusCore
import DequeModule

/// Messages to one other shard: numbered without gaps, kept until acknowledged, sent again when the
/// acknowledgement is late.
struct Outbox {
    /// The number of the next message; the first is 1.
    var next: UInt64 = 1
    private(set) var unacknowledged: Deque<Pending> = []

    struct Pending {
        var number: UInt64
        var message: Message
        /// `nil` for messages read from the store, which have to be sent in any case.
        var sentAt: Timestamp?
    }

    /// Takes in a message that was read from the store.
    mutating func restore(number: UInt64, _ message: Message) {
        unacknowledged.append(Pending(number: number, message: message, sentAt: nil))
        next = max(next, number + 1)
    }

    mutating func append(_ message: Message, at now: Timestamp) -> UInt64 {
        defer { next += 1 }
        unacknowledged.append(Pending(number: next, message: message, sentAt: now))
        return next
    }

    mutating func acknowledge(upTo number: UInt64) {
        while let first = unacknowledged.first, first.number <= number { unacknowledged.removeFirst() }
    }

    func resendAt(after pause: TimeSpan) -> Timestamp? {
        guard let first = unacknowledged.first else { return nil }
        return first.sentAt.map { $0 + pause } ?? Timestamp(milliseconds: 0)
    }

    /// The messages to send again now, at most 100 at a time.
    mutating func due(at now: Timestamp, after pause: TimeSpan) -> [Pending] {
        guard let due = resendAt(after: pause), due <= now else { return [] }
        for index in unacknowledged.indices.prefix(100) { unacknowledged[index].sentAt = now }
        return Array(unacknowledged.prefix(100))
    }
}
