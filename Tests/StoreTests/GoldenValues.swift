import ApusCore
import ApusEngine
import ApusStore

/// What the golden files of format 1 hold. Frozen: a later format gets files and values of its own,
/// and these stay readable for ever.
enum GoldenValues {
    static let now = Timestamp(milliseconds: 1_760_000_000_000)
    static let runID = ULID(high: 0x0199_c7a2_3b00_8a51, low: 0x1122_3344_5566_7788)
    static let eventID = ULID(high: 0x0199_c7a2_3aff_0001, low: 0x99aa_bbcc_ddee_ff00)
    static let functionID = UUID16(high: 0x6ba7_b812_9dad_51d1, low: 0x80b4_00c0_4fd4_30c8)
    static let appID = UUID16(high: 0x0123_4567_89ab_5def, low: 0x8123_4567_89ab_cdef)
    static let key = EventKey(high: 0xdead_beef_0000_0001, low: 0xffff_ffff_ffff_fffe)
    static let step = StepID.hashing("charge")
    static let otherStep = StepID.hashing("ship", index: 3)
    static let textStep = StepID("a step, ünïcode") ?? step

    static func json(_ text: String) -> RawJSON { RawJSON(canonical: Array(text.utf8)) }

    /// Every kind of entry, job and key, with their fields at odd values.
    static let turns: [Turn] = [
        Turn(
            at: now,
            entries: [
                .started(
                    RunStart(
                        id: runID, function: functionID, functionSlug: "shop-confirm", events: [1, 1 << 40 + 1, -3],
                        invoker: Invoker(shard: 63, run: 1 << 41 + 5, runID: eventID, step: textStep)
                    )
                ),
                .scheduled(job(0, .start, .discovery)),
                .called(job: 0, generation: 1),
            ]
        ),
        Turn(
            at: now + .milliseconds(250),
            entries: [
                .answered(job: 0, version: 2),
                .parallel(steps: [step, otherStep, textStep], joint: 0xfedc_ba98_7654_3210),
                .planMode(true),
                .scheduled(job(1, .plan(step), .target(step), attempt: 2, generation: 3, isRace: true)),
                .scheduled(job(2, .sleep(otherStep), .sleep(otherStep), due: now + .days(366))),
                .scheduled(job(3, .deadline(textStep), .deadline(textStep), due: now - .seconds(1))),
                .scheduled(job(4, .after(step), .discovery)),
                .scheduled(job(5, .afterFailure(step), .discovery)),
                .scheduled(job(6, .resumed(otherStep), .discovery)),
                .scheduled(job(7, .timedOut(otherStep), .discovery)),
                .scheduled(job(8, .joined(0x0123_4567_89ab_cdef), .discovery)),
                .scheduled(job(.max, .requested(.max), .discovery)),
                .invoked(
                    InvokeWait(
                        step: otherStep, deadlineJob: 3, event: eventID, functionSlug: "shop-ship", isRace: false
                    )
                ),
                .stepNamed(textStep, StepLabel(name: "Wait for 🕊️", kind: .invoke)),
            ]
        ),
        Turn(
            at: Timestamp(milliseconds: -1),
            entries: [
                .answered(job: 1, version: nil),
                .answered(job: 2, version: -1),
                .attemptFailed(
                    job: 1, retryAt: now, error: json(#"{"error":"boom","message":"boom","name":"Error"}"#)
                ),
                .stepFinished(
                    StepResult(
                        step: step, outcome: .completed, memo: Payload(json(#"{"data":{"paid":true}}"#)),
                        label: StepLabel(name: "Charge", kind: .run)
                    )
                ),
                .stepFinished(
                    StepResult(
                        step: otherStep, outcome: .failed, memo: Payload(large, row: 1 << 40 + 9),
                        label: StepLabel(name: "", kind: .legacy)
                    )
                ),
                .stepFinished(
                    StepResult(
                        step: textStep, outcome: .timedOut, memo: Payload(.null),
                        label: StepLabel(name: "nap", kind: .sleep)
                    )
                ),
                .planMode(false),
            ]
        ),
        Turn(at: now, entries: [.finished(RunEnd(status: .completed, output: nil))]),
        Turn(at: now, entries: [.finished(RunEnd(status: .cancelled, output: Payload(.null)))]),
        Turn(
            at: now,
            entries: [
                .finished(RunEnd(status: .failed, output: Payload(large, row: 7), cause: "invalid status code: 500"))
            ]
        ),
    ]

    /// What stands under the payload rows of the turns.
    static let large = json("{\"data\":\"" + String(repeating: "0123456789", count: 220) + "\"}")

    static let messages: [Message] = [
        .invoke(
            function: functionID,
            event: IncomingEvent(
                name: "inngest/function.invoked", data: json(#"{"amount":12}"#), user: json(#"{"id":"u1"}"#),
                senderID: "order-17", timestamp: Timestamp(milliseconds: -86_400_000), version: "2026-01-01",
                meta: json(#"{"sessions":{}}"#)
            ),
            id: eventID, receivedAt: now, invoker: Invoker(shard: 6, run: 41, runID: runID, step: step)
        ),
        .invoke(
            function: functionID, event: IncomingEvent(name: "bare"), id: eventID, receivedAt: now,
            invoker: Invoker(shard: 0, run: -1, runID: runID, step: textStep)
        ),
        .resume(run: 1 << 42, step: otherStep, outcome: .timedOut, memo: json(#"{"error":{"message":"late"}}"#)),
    ]

    private static func job(
        _ number: JobNumber, _ key: JobKey, _ kind: Job.Kind, due: Timestamp = now, attempt: UInt16 = 0,
        generation: UInt32 = 0, isRace: Bool = false
    ) -> Job {
        var job = Job(number: number, key: key, kind: kind, due: due, stackPosition: number % 7, isRace: isRace)
        job.attempt = attempt
        job.generation = generation
        return job
    }
}
