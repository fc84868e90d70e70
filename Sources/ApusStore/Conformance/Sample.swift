import ApusCore
import ApusEngine

/// Values to store.
enum Sample {
    static let app = AppRecord(
        id: .v5(namespace: .oid, name: "shop"), name: "shop", url: "http://127.0.0.1:3000/api/inngest",
        sdkLanguage: "swift", sdkVersion: "1.0.0", framework: "hummingbird", appVersion: "7",
        checksum: "5f3c", error: nil, syncedAt: Timestamp(milliseconds: 1_700_000_000_000)
    )

    static let function = function("confirm")

    /// A function of the sample app.
    static func function(_ name: String, version: Int = 1, isArchived: Bool = false) -> FunctionRecord {
        FunctionRecord(
            id: .v5(namespace: .oid, name: app.id.description + name), app: app.id,
            version: version, isArchived: isArchived, configuration: configuration(name)
        )
    }

    private static func configuration(_ name: String) -> FunctionConfiguration {
        let source = RawJSON(
            canonical: Array(
                """
                {"id":"shop-\(name)","name":"\(name)","steps":{"step":{"id":"step","name":"step",\
                "retries":{"attempts":3},"runtime":{"type":"http",\
                "url":"http://127.0.0.1:3000/api/inngest?fnId=shop-\(name)&stepId=step"}}},\
                "triggers":[{"event":"shop/order.placed"}]}
                """.utf8
            )
        )
        do {
            return try FunctionConfiguration.decode(source: source)
        } catch {
            preconditionFailure("the sample function is valid: \(error)")
        }
    }

    /// JSON of about this many bytes that compresses badly and holds more than ASCII.
    static func json(bytes count: Int, seed: UInt64 = 7) -> RawJSON {
        var random = SplitMix64(seed: seed)
        var text = Array("{\"data\":\"grüße 👋 ".utf8)
        while text.count < count - 2 { text.append(UInt8(ascii: "a") + UInt8(random.below(26))) }
        return RawJSON(canonical: text + Array("\"}".utf8))
    }

    /// A key that looks random and follows from the number.
    static func key(_ number: UInt64) -> EventKey {
        var random = SplitMix64(seed: number)
        return EventKey(high: random.next(), low: random.next())
    }

    /// A turn with every kind of entry; a large value under the given payload row.
    static func everyEntry(at now: Timestamp, run: RunStart, payload: Payload) -> Turn {
        let step = StepID.hashing("charge")
        let other = StepID("plain text, ünïcode") ?? step
        var job = Job(
            number: 3, key: .plan(step), kind: .target(step), due: now + .seconds(5), stackPosition: 2, isRace: true)
        job.attempt = 2
        job.generation = 7
        let keys: [JobKey] = [
            .start, .after(step), .afterFailure(step), .plan(other), .sleep(step), .deadline(step), .resumed(step),
            .timedOut(step), .joined(0xfeed_beef_0123_4567), .requested(9),
        ]
        let kinds: [Job.Kind] = [.discovery, .target(other), .sleep(step), .deadline(step)]
        let jobs = keys.enumerated().map { index, key in
            Job(
                number: JobNumber(10 + index), key: key, kind: kinds[index % kinds.count],
                due: now - .seconds(index), stackPosition: UInt32(index)
            )
        }
        var start = run
        start.invoker = Invoker(shard: 6, run: 1 << 41, runID: ULID(high: 1, low: .max), step: other)
        return Turn(
            at: now,
            entries: [.started(start), .scheduled(job)] + jobs.map(JournalEntry.scheduled) + [
                .called(job: 3, generation: 8),
                .answered(job: 3, version: nil),
                .answered(job: 4, version: -1),
                .attemptFailed(job: 5, retryAt: now + .minutes(1), error: json(bytes: 80)),
                .stepFinished(
                    StepResult(
                        step: step, outcome: .completed, memo: payload, label: StepLabel(name: "Charge 💳", kind: .run)
                    )
                ),
                .stepFinished(
                    StepResult(
                        step: other, outcome: .timedOut, memo: Payload(.null), label: StepLabel(name: "", kind: .legacy)
                    )
                ),
                .parallel(steps: [step, other], joint: 42),
                .planMode(true),
                .invoked(
                    InvokeWait(
                        step: step, deadlineJob: 11, event: ULID(high: 3, low: 4), functionSlug: "shop-ship",
                        isRace: true
                    )
                ),
                .stepNamed(other, StepLabel(name: "nap", kind: .sleep)),
                .listening(listener(11, .event(step, isRace: true), condition: "async.data.id == \"grüße\"")),
                .listening(listener(12, .signal(other, isRace: false, replaces: true), condition: nil)),
                .listening(listener(.max, .cancellation, condition: "false")),
                .displaced(12),
                .gateway(
                    GatewayCall(
                        job: 3, version: 2,
                        requests: [
                            GatewayCall.Request(
                                step: step, label: StepLabel(name: "ask", kind: .aiGateway), isRace: true,
                                host: "api.example.com", input: payload
                            ),
                            GatewayCall.Request(
                                step: other, label: StepLabel(name: "fetch", kind: .gateway), isRace: false,
                                host: "example.com:8080", input: Payload(.emptyObject)
                            ),
                        ]
                    )
                ),
                .expires(.start, at: now),
                .expires(.finish, at: nil),
                .finished(RunEnd(status: .failed, output: payload, cause: "invalid status code: 500")),
            ]
        )
    }

    private static func listener(
        _ number: ListenerNumber, _ purpose: Listener.Purpose, condition: String?
    ) -> Listener {
        Listener(
            number: number, purpose: purpose, name: "shop/paid 💳", condition: condition,
            since: Timestamp(milliseconds: -1), until: .distantFuture
        )
    }

    /// A message of each kind.
    static let messages: [Message] = [
        .invoke(
            function: function.id,
            event: IncomingEvent(
                name: "inngest/function.invoked", data: json(bytes: 60), user: .emptyObject, senderID: "sender 1",
                timestamp: Timestamp(milliseconds: -5), version: "2026-01", meta: .emptyObject
            ),
            id: ULID(high: 5, low: 6), receivedAt: Timestamp(milliseconds: 1_700_000_000_123),
            invoker: Invoker(shard: 2, run: 17, runID: ULID(high: 7, low: 8), step: .hashing("invoke"))
        ),
        .invoke(
            function: function.id, event: IncomingEvent(name: "bare"), id: ULID(high: 9, low: 10),
            receivedAt: Timestamp(milliseconds: 0),
            invoker: Invoker(shard: 0, run: -1, runID: ULID(high: 0, low: 0), step: .hashing("invoke", index: 2))
        ),
        .resume(run: 1 << 42, step: .hashing("invoke"), outcome: .failed, memo: json(bytes: 200)),
        .matched(run: 3 << 40, listener: .max, event: 1 << 41, body: json(bytes: 300)),
        .displace(run: 7, listener: 0),
    ]
}
