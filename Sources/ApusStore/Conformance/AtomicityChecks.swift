import ApusCore
import ApusEngine

/// All of a batch or nothing.
extension StoreConformance {
    static let atomicity = [
        Check("a batch with one refused write changes nothing") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let run = owner.started(event)
            try owner.commit([.event(event)] + run.writes)
            for (fault, write) in try faults(owner, event: event, run: run) {
                let new = try owner.event("shop/never.stored", key: Sample.key(1), body: #"{"data":{}}"#)
                let next = owner.started(new)
                let refused =
                    [.event(new)] + next.writes + [
                        .function(Sample.function("never")), .send(to: 0, number: 1, Sample.messages[0]),
                        .applied(from: 0, number: 1), write,
                    ]
                try expectError(.rejected, "a batch with \(fault)") { () throws(StoreError) in
                    try owner.commit(refused)
                }
                let reader = store.reader
                try expect(try reader.event(id: new.id) == nil, "the event of a refused batch is stored")
                try expect(try reader.run(next.row.row) == nil, "the run of a refused batch is stored")
                try expect(try reader.run(id: next.row.id) == nil, "the run of a refused batch is found")
                try expectEqual(
                    try reader.events(named: "shop/never.stored", before: nil, since: nil, limit: 10), [],
                    "the list of refused events"
                )
            }
            try expectEqual(try store.lastBatch(of: 0, epoch: owner.epoch), owner.batch, "the last batch")
            // The names and functions of refused batches must not be remembered either.
            let later = try owner.event("shop/never.stored")
            try owner.commit([.event(later)])
            try expectEqual(try store.reader.event(id: later.id)?.name, "shop/never.stored", "the event's name")
            let orphan = owner.run(of: later, function: Sample.function("never"))
            try expectError(.rejected, "a run of a refused function") { () throws(StoreError) in
                try owner.commit([.run(orphan)])
            }
            let claimed = try store.claim(0)
            try expect(claimed.state.unacknowledged.isEmpty, "a message of a refused batch is stored")
            try expect(claimed.state.nextNumbers.isEmpty, "a refused batch has used up a number")
            try expect(claimed.state.applied.isEmpty, "a refused batch has applied a message")
        },
        Check("a stale batch changes nothing") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let former = try Owner(store)
            _ = try store.claim(0)
            let event = try former.event()
            try expectError(.stale, "a commit") { () throws(StoreError) in try former.commit([.event(event)]) }
            try expect(try store.reader.event(id: event.id) == nil, "the event of a stale batch is stored")
        },
        Check("a refused batch can be repeated without the culprit") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let event = try owner.event()
            try expectError(.rejected, "a batch with a repeated event") { () throws(StoreError) in
                try owner.commit([.event(event), .event(event)])
            }
            try owner.commit([.event(event)])
            try expectEqual(try store.lastBatch(of: 0, epoch: owner.epoch), 1, "the last batch")
            try expectEqual(try store.reader.event(id: event.id)?.row, event.row, "the event's row")
        },
        Check("inputs set aside are kept, newest first") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let reports = (0..<20).map { number in
                QuarantineReport(
                    at: Timestamp(milliseconds: Int64(number)), input: "reply",
                    reason: "number \(number), \u{0} and 🕊️"
                )
            }
            for report in reports { try store.quarantine(report) }
            try expectEqual(try store.reader.quarantined(limit: 3), reports.suffix(3).reversed(), "the reports")
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            try expectEqual(try reopened.reader.quarantined(limit: 100), reports.reversed(), "the reports")
        },
    ]

    /// Writes that no store may accept.
    private static func faults(
        _ owner: Owner, event: EventRow, run: StartedRun
    ) throws -> [(fault: String, write: Write)] {
        var sameID = owner.run(of: event)
        sameID.id = run.row.id
        var orphan = owner.run(of: event)
        orphan.event = event.row + 1_000
        return [
            ("an event that exists", .event(event)),
            ("a run that exists", .run(run.row)),
            ("a run whose id exists", .run(sameID)),
            ("a run of an unknown function", .run(owner.run(of: event, function: Sample.function("unknown")))),
            ("a run of an unknown event", .run(orphan)),
            ("a turn that exists", .turn(row: run.projection.head, run: run.row.row, previous: 0, run.turns[0])),
            ("a projection of an unknown run", .projection(run: run.row.row + 1_000, run.projection)),
            ("a message that exists", .send(to: 0, number: 1, Sample.messages[2])),
        ]
    }
}
