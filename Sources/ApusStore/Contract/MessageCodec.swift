import ApusCore
import ApusEngine

extension Invoker {
    /// The form in which a store keeps who waits for an event's run.
    package var encoded: [UInt8] {
        var writer = BinaryWriter()
        writer.invoker(self)
        return writer.bytes
    }

    /// - Throws: when the bytes are damaged.
    package init(decoding bytes: [UInt8]) throws(JournalDecodingError) {
        var reader = BinaryReader(bytes)
        self = try reader.invoker()
    }
}

/// The stored form of a message between shards: a format number, a kind byte, its fields.
/// Rows of every released format stay readable for ever.
package enum MessageCodec {
    /// Grows when the meaning of existing bytes changes; new kinds need no new number.
    package static let format: UInt8 = 1

    private enum Kind: UInt8 {
        case invoke = 1
        case resume = 2
        case matched = 3
        case displace = 4
        case offer = 5
        case cancel = 6
    }

    /// The bytes to store.
    package static func encode(_ message: Message) -> [UInt8] {
        var writer = BinaryWriter()
        writer.byte(format)
        switch message {
        case .invoke(let function, let event, let id, let receivedAt, let invoker):
            writer.byte(Kind.invoke.rawValue)
            writer.id(function.high, function.low)
            writer.event(event)
            writer.id(id.high, id.low)
            writer.signed(receivedAt.milliseconds)
            writer.invoker(invoker)
        case .resume(let run, let step, let outcome, let memo):
            writer.byte(Kind.resume.rawValue)
            writer.signed(run)
            writer.text(step.description)
            writer.byte(outcome.rawValue)
            writer.blob(memo.bytes)
        case .matched(let run, let listener, let event, let body):
            writer.byte(Kind.matched.rawValue)
            writer.signed(run)
            writer.unsigned(UInt64(listener))
            writer.signed(event)
            writer.blob(body.bytes)
        case .displace(let run, let listener):
            writer.byte(Kind.displace.rawValue)
            writer.signed(run)
            writer.unsigned(UInt64(listener))
        case .offer(let function, let event, let invoker):
            writer.byte(Kind.offer.rawValue)
            writer.id(function.high, function.low)
            writer.signed(event.row)
            writer.blob(event.body.bytes)
            writer.signed(event.startsAt.milliseconds)
            writer.flag(invoker != nil)
            if let invoker { writer.invoker(invoker) }
        case .cancel(let run, let cause):
            writer.byte(Kind.cancel.rawValue)
            writer.signed(run)
            writer.text(cause)
        }
        return writer.bytes
    }

    /// - Throws: when the bytes are damaged or of a newer format.
    package static func decode(_ bytes: [UInt8]) throws(JournalDecodingError) -> Message {
        var reader = BinaryReader(bytes)
        let found = try reader.byte()
        guard found == format else {
            throw JournalDecodingError(offset: 0, reason: "message format \(found), this program reads \(format)")
        }
        let kindByte = try reader.byte()
        switch Kind(rawValue: kindByte) {
        case .invoke:
            let function = try reader.id()
            let event = try reader.event()
            let id = try reader.id()
            return .invoke(
                function: UUID16(high: function.high, low: function.low),
                event: event,
                id: ULID(high: id.high, low: id.low),
                receivedAt: Timestamp(milliseconds: try reader.signed()),
                invoker: try reader.invoker()
            )
        case .resume:
            let run = try reader.signed()
            let step = try reader.step()
            let outcomeByte = try reader.byte()
            guard let outcome = StepResult.Outcome(rawValue: outcomeByte) else {
                throw JournalDecodingError(offset: reader.offset, reason: "unknown step outcome \(outcomeByte)")
            }
            return .resume(run: run, step: step, outcome: outcome, memo: try reader.json())
        case .matched:
            return .matched(
                run: try reader.signed(), listener: try reader.integer(ListenerNumber.self),
                event: try reader.signed(), body: try reader.json()
            )
        case .displace:
            return .displace(run: try reader.signed(), listener: try reader.integer(ListenerNumber.self))
        case .offer:
            let function = try reader.id()
            let row = try reader.signed()
            let body = try reader.json()
            let startsAt = Timestamp(milliseconds: try reader.signed())
            return .offer(
                function: UUID16(high: function.high, low: function.low),
                OfferedEvent(row: row, body: body, startsAt: startsAt),
                invoker: try reader.flag() ? try reader.invoker() : nil
            )
        case .cancel:
            return .cancel(run: try reader.signed(), cause: try reader.text())
        case nil:
            throw JournalDecodingError(offset: reader.offset, reason: "unknown message kind \(kindByte)")
        }
    }
}

extension BinaryWriter {
    fileprivate mutating func id(_ high: UInt64, _ low: UInt64) {
        fixed(high)
        fixed(low)
    }

    fileprivate mutating func invoker(_ invoker: Invoker) {
        unsigned(UInt64(invoker.shard))
        signed(invoker.run)
        id(invoker.runID.high, invoker.runID.low)
        text(invoker.step.description)
    }

    fileprivate mutating func event(_ event: IncomingEvent) {
        text(event.name)
        blob(event.data.bytes)
        blob(event.user.bytes)
        flag(event.senderID != nil)
        if let senderID = event.senderID { text(senderID) }
        flag(event.timestamp != nil)
        if let timestamp = event.timestamp { signed(timestamp.milliseconds) }
        flag(event.version != nil)
        if let version = event.version { text(version) }
        flag(event.meta != nil)
        if let meta = event.meta { blob(meta.bytes) }
    }
}

extension BinaryReader {
    fileprivate mutating func id() throws(JournalDecodingError) -> (high: UInt64, low: UInt64) {
        (try fixed(), try fixed())
    }

    /// Checked, because damage must not find its way into the bodies of calls.
    fileprivate mutating func json() throws(JournalDecodingError) -> RawJSON {
        let bytes = try blob()
        do {
            return try RawJSON(parsing: bytes, limits: JSONLimits(depth: .max, size: .max))
        } catch {
            throw JournalDecodingError(offset: offset, reason: error.description)
        }
    }

    fileprivate mutating func step() throws(JournalDecodingError) -> StepID {
        guard let step = StepID(try text()) else {
            throw JournalDecodingError(offset: offset, reason: "invalid step id")
        }
        return step
    }

    fileprivate mutating func event() throws(JournalDecodingError) -> IncomingEvent {
        IncomingEvent(
            name: try text(),
            data: try json(),
            user: try json(),
            senderID: try flag() ? try text() : nil,
            timestamp: try flag() ? Timestamp(milliseconds: try signed()) : nil,
            version: try flag() ? try text() : nil,
            meta: try flag() ? try json() : nil
        )
    }

    fileprivate mutating func invoker() throws(JournalDecodingError) -> Invoker {
        let shard = try integer(ShardID.self)
        let run = try signed()
        let runID = try id()
        return Invoker(shard: shard, run: run, runID: ULID(high: runID.high, low: runID.low), step: try step())
    }
}
