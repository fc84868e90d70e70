import ApusCore
import DequeModule

/// Asking other shards, and doing what they ask, exactly once.
extension ShardCore {
    func send(_ message: Message, to receiver: ShardID) {
        let number = outboxes[receiver, default: Outbox()].append(message, at: now)
        decision.writes.append(.send(to: receiver, number: number, message))
        decision.effects.append(.send(to: receiver, number: number, message))
    }

    /// A message that was under way when the shard was last left, and will be applied some day.
    func restore(_ message: Message, to receiver: ShardID) {
        switch message {
        case .cancel(let run, let cause):
            if receiver == shard { displaced[run] = cause }
        case .offer(let function, let event, _):
            for key in event.possibleKeys {
                restoredOffers.record(key, at: now, functions: [function], since: Timestamp(milliseconds: 0))
            }
        case .invoke, .resume, .matched, .displace:
            break
        }
    }

    func forgetMessages(to receiver: ShardID, upTo number: UInt64) {
        outboxes[receiver]?.acknowledge(upTo: number)
        decision.writes.append(.forget(to: receiver, upTo: number))
    }

    func resendMessages() {
        for receiver in outboxes.keys.sorted() {
            let due = outboxes[receiver]?.due(at: now, after: configuration.resendAfter) ?? []
            for pending in due {
                decision.effects.append(.send(to: receiver, number: pending.number, pending.message))
            }
        }
    }

    /// Applies the next message of a sender. Repeats are acknowledged again; one that came too early
    /// is left alone, because the sender will repeat it after the ones before it.
    /// - Parameter runWasRead: the run that the message is for is in memory if it still lives.
    func receive(_ message: Message, number: UInt64, from sender: ShardID, runWasRead: Bool = false) {
        let last = applied[sender] ?? 0
        guard number == last + 1 else {
            if number <= last { decision.effects.append(.acknowledge(to: sender, upTo: last)) }
            return
        }
        if let run = message.run, residents[run] == nil, !runWasRead {
            // While the run is being read the sender may repeat itself.
            if postponed[run]?.contains(where: { $0.isMessage(number, from: sender) }) != true {
                load(run, for: .message(from: sender, number: number, message))
                decision.postponedUntilLoaded = run
            }
            return
        }
        apply(message)
        acknowledge(number, from: sender)
    }

    private func acknowledge(_ number: UInt64, from sender: ShardID) {
        applied[sender] = number
        decision.writes.append(.applied(from: sender, number: number))
        decision.effects.append(.acknowledge(to: sender, upTo: number))
    }

    /// Takes a message that can never be applied, because its sender would repeat it for ever.
    func refuse(_ message: Message, number: UInt64, from sender: ShardID) {
        switch message {
        case .invoke(_, _, _, _, let invoker):
            guard number == (applied[sender] ?? 0) + 1 else { return }
            answer(invoker, outcome: .failed, memo: InvokeMemo.refused)
            acknowledge(number, from: sender)
        case .resume(let run, let step, _, _):
            let error = Message.resume(run: run, step: step, outcome: .failed, memo: InvokeMemo.refused)
            receive(error, number: number, from: sender)
        case .offer(_, _, let invoker):
            guard number == (applied[sender] ?? 0) + 1 else { return }
            if let invoker { answer(invoker, outcome: .failed, memo: InvokeMemo.refused) }
            acknowledge(number, from: sender)
        case .matched, .displace, .cancel:
            guard number == (applied[sender] ?? 0) + 1 else { return }
            acknowledge(number, from: sender)
        }
    }

    private func apply(_ message: Message) {
        switch message {
        case .invoke(let function, let event, let id, let receivedAt, let invoker):
            guard let target = registry.functions[function] else {
                answer(invoker, outcome: .failed, memo: InvokeMemo.unknown(function.description))
                return
            }
            accept(event, id: id, receivedAt: receivedAt, invoking: target, invoker: invoker)
        case .resume(let run, let step, let outcome, let memo):
            guard let resident = residents[run] else { return }
            resume(resident, step: step, outcome: outcome, memo: memo)
        case .matched(let run, let number, let event, let body):
            guard let resident = residents[run] else { return }
            trigger(number, of: resident, by: event, body: body)
        case .displace(let run, let number):
            guard let resident = residents[run] else { return }
            displace(number, of: resident)
        case .offer(let function, let event, let invoker):
            guard let target = registry.functions[function] else {
                if let invoker { answer(invoker, outcome: .failed, memo: InvokeMemo.unknown(function.description)) }
                return
            }
            decide(event, for: target, invoker: invoker)
        case .cancel(let run, let cause):
            displaced[run] = nil
            guard let resident = residents[run] else { return }
            cancel(resident, because: cause)
        }
    }

    /// Gives a waiting step its result. A run that is not in memory gets it by a message to our own
    /// shard, which is as durable as the decision that made it.
    func answer(_ invoker: Invoker, outcome: StepResult.Outcome, memo: RawJSON) {
        if invoker.shard == shard, let resident = residents[invoker.run] {
            resume(resident, step: invoker.step, outcome: outcome, memo: memo)
        } else {
            send(.resume(run: invoker.run, step: invoker.step, outcome: outcome, memo: memo), to: invoker.shard)
        }
    }
}

extension OfferedEvent {
    /// Under which the event may arrive again: its body does not tell who gave it its id.
    fileprivate var possibleKeys: [EventKey] {
        guard let id = body.view["id"]?.string else { return [] }
        return [EventKey(senderID: id)] + (ULID(id).map { [EventKey(internalID: $0)] } ?? [])
    }
}
