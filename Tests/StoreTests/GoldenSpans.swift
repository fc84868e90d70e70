import ApusCore
import ApusEngine
import ApusStore

@testable import ApusSQLite

/// Spans of an app, metadata, deferred calls: what format 10 added.
enum GoldenSpans {
    static let run = GoldenReplays.run.id
    static let turn: Turn = {
        let step = StepID.hashing("charge")
        let values = GoldenValues.large
        let update = MetadataUpdate(kind: "userland.größer", operation: .add, values: .emptyObject)
        return Turn(
            at: GoldenValues.now + .seconds(4),
            entries: [
                .stepDescribed(StepDescription(step: step, type: "step.sendEvent", input: Payload(.emptyObject))),
                .deferred(Deferral(key: step, function: "shop-later", input: Payload(values), meta: .emptyObject)),
                .deferAborted(step),
                .annotated(Annotation(target: .attempt(step, 2), update: update)),
                .leftOut(step, reason: "größer"),
            ]
        )
    }()
    static let projection = RunProjection(
        status: .running, startedAt: nil, endedAt: nil, wakeAt: GoldenValues.now + .days(30), head: 6
    )
    static let spans: [AppSpan] = [1, UInt64.max].compactMap { id in
        let text =
            #"{"attempt":1,"attributes":{"a":[1]},"end":"3","id":"\#(String(id, radix: 16))","kind":3,"#
            + #""message":"no","name":"größer","parent":"ff","scope":"s","start":"2","status":2,"step":"plain"}"#
        return (try? RawJSON(parsing: Array(text.utf8))).flatMap(AppSpan.init(stored:))
    }

    static func write(to store: any Store) throws {
        let claimed = try store.claim(0)
        try store.commit(
            Batch(
                shard: 0, epoch: claimed.epoch, number: claimed.batch + 1, time: claimed.state.time,
                writes: [.turn(row: 6, run: 3, previous: 5, turn), .projection(run: 3, projection)]
            )
        )
        _ = try store.keep(spans, of: run)
    }
}
