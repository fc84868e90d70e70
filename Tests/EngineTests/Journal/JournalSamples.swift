import ApusCore
import Testing

@testable import ApusEngine

/// Journal entries of every kind, with every optional part present and absent.
enum JournalSamples {
    private static let run = ULID(high: 0x0197_7420_dc00_1234, low: 0x5678_9abc_def0_1234)
    private static let uuid = UUID16(high: 0x0123_4567_89ab_5def, low: 0x8123_4567_89ab_cdef)
    private static let plain = StepID("plain id") ?? .none
    private static let a = StepID.hashing("a")

    static let entries: [JournalEntry] =
        [
            .started(RunStart(id: run, function: uuid, functionSlug: "app-f", events: [1, 1 << 40])),
            .started(
                RunStart(
                    id: run, function: uuid, functionSlug: "", events: [],
                    invoker: Invoker(shard: 63, run: 63 << 40, runID: run, step: a)
                )
            ),
            .called(job: 0, generation: 1),
            .called(job: .max, generation: .max),
            .answered(job: 1, version: nil),
            .answered(job: 1, version: 2),
            .answered(job: 1, version: -1),
            .attemptFailed(job: 2, retryAt: CoreHarness.start + .seconds(15), error: json(#"{"message":"m"}"#)),
            .stepFinished(result(a, .completed, Payload(json(#"{"data":1}"#)), .run)),
            .stepFinished(result(plain, .failed, Payload(json("77"), row: 77), .legacy)),
            .stepFinished(result(.none, .timedOut, Payload(.null), .invoke)),
            .parallel(steps: [a, plain], joint: .max),
            .parallel(steps: [], joint: 0),
            .planMode(true),
            .planMode(false),
            .invoked(InvokeWait(step: a, deadlineJob: 3, event: run, functionSlug: "app-g", isRace: true)),
            .stepNamed(a, StepLabel(name: "größer 😀", kind: .sleep)),
            .finished(RunEnd(status: .completed, output: nil)),
            .finished(RunEnd(status: .failed, output: Payload(json(#""x""#)), cause: "invalid status code: 500")),
            .finished(RunEnd(status: .cancelled, output: Payload(json("-5"), row: -5))),
        ] + jobs.map(JournalEntry.scheduled) + [
            .listening(listener(3, .event(a, isRace: true), #"async.data.id == "größer""#)),
            .listening(listener(0, .signal(plain, isRace: false, replaces: true), nil)),
            .listening(listener(.max, .cancellation, "false")),
            .displaced(.max),
            .expires(.start, at: CoreHarness.start + .seconds(1)),
            .expires(.finish, at: nil),
            .keyed(.plain),
            .keyed(
                RunFlow(
                    priority: .seconds(-43_200),
                    keys: RunFlow.Keys(calls: [key("a"), key("größer")], runs: key(""), throttle: key("t")),
                    singleton: key("s")
                )
            ),
            .invokedBy(Invoker(shard: 0, run: 1, runID: run, step: plain)),
            .waited(Obstacle(.order), since: CoreHarness.start - .days(3)),
            .waited(Obstacle(.throttle, key: "größer"), since: CoreHarness.start),
            .origin(RunOrigin(run: run, start: .beginning, replay: run)),
            .origin(RunOrigin(run: run, start: .failure)),
            .origin(RunOrigin(run: run, start: .step(plain), input: Payload(.emptyObject))),
            .origin(RunOrigin(run: run, start: .step(a), input: Payload(json("7"), row: 7))),
            .woken(job: .max),
            .checkpointed(job: 300),
            .deferred(Deferral(key: a, function: "shop-größer", input: Payload(.emptyObject), meta: .emptyObject)),
            .deferred(Deferral(key: plain, function: "f", input: Payload(json("7"), row: 7))),
            .deferAborted(a),
            .annotated(annotation(.run, .merge)),
            .annotated(annotation(.step(a), .set)),
            .annotated(annotation(.attempt(plain, 20), .delete)),
            .annotated(annotation(.span(a, 0, id: "00f067aa0ba902b7"), .add)),
            .stepDescribed(StepDescription(step: a, type: "step.sendEvent")),
            .stepDescribed(StepDescription(step: plain, input: Payload(json("7"), row: 7))),
            .leftOut(plain, reason: "größer"),
            .gateway(
                GatewayCall(
                    job: 300, version: 2,
                    requests: [
                        GatewayCall.Request(
                            step: a, label: StepLabel(name: "größer", kind: .aiGateway), isRace: true,
                            host: "api.test:443", input: Payload(json(#"{"method":"POST"}"#))
                        ),
                        GatewayCall.Request(
                            step: plain, label: StepLabel(name: "", kind: .gateway), isRace: false, host: "",
                            input: Payload(json("7"), row: 7)
                        ),
                    ]
                )
            ),
            .gateway(GatewayCall(job: 0, version: nil, requests: [])),
            .endpoint(EndpointTerms(version: -1, retries: 20)),
            .endpoint(EndpointTerms(version: 2, retries: 0)),
            .hosted(job: .max, until: CoreHarness.start + .minutes(10)),
        ]

    private static func annotation(
        _ target: Annotation.Target, _ operation: MetadataUpdate.Operation
    ) -> Annotation {
        Annotation(
            target: target,
            update: MetadataUpdate(kind: "userland.größer", operation: operation, values: json(#"{"a":1}"#))
        )
    }

    private static func key(_ text: String) -> FlowKey {
        FlowKey(rule: .max, key: LimitKey(high: 1, low: .max), text: text)
    }

    private static func listener(
        _ number: ListenerNumber, _ purpose: Listener.Purpose, _ condition: String?
    ) -> Listener {
        Listener(
            number: number, purpose: purpose, name: "shop/order", condition: condition,
            since: CoreHarness.start - .seconds(1), until: CoreHarness.start + .days(366)
        )
    }

    private static func result(
        _ step: StepID, _ outcome: StepResult.Outcome, _ memo: Payload, _ kind: StepKind
    ) -> StepResult {
        StepResult(step: step, outcome: outcome, memo: memo, label: StepLabel(name: "name", kind: kind))
    }

    private static let jobs: [Job] = {
        let keys: [JobKey] = [
            .start, .after(a), .afterFailure(a), .plan(plain), .sleep(a), .deadline(a), .resumed(a), .timedOut(a),
            .joined(0x0123_4567_89ab_cdef), .requested(7),
        ]
        let kinds: [Job.Kind] = [.discovery, .target(a), .sleep(plain), .deadline(a)]
        return keys.enumerated().map { index, key in
            var job = Job(
                number: JobNumber(index), key: key, kind: kinds[index % kinds.count],
                due: CoreHarness.start + .seconds(index - 3), stackPosition: UInt32(index), isRace: index % 2 == 1
            )
            job.attempt = UInt16(index)
            job.generation = UInt32(index * 100)
            return job
        }
    }()

    /// A turn of all entries at the harness's start, in format 1.
    static let golden = """
        0180f086c2ee6501341200dc207497013412f0debc9a7856ef5dab8967452301efcdab8967452381056170702d66020280808080\
        80400001341200dc207497013412f0debc9a7856ef5dab8967452301efcdab89674523810000013f8080808080c01f341200dc20\
        7497013412f0debc9a78560086f7e437faa5a7fce15d1ddcb9eaeaea377667b803000103ffffffff0fffffffff0f040100040101\
        04040101010502b0ea010f7b226d657373616765223a226d227d060086f7e437faa5a7fce15d1ddcb9eaeaea377667b800000a7b\
        2264617461223a317d046e616d65000609706c61696e20696401019a01046e616d650306010200046e756c6c046e616d65020702\
        0086f7e437faa5a7fce15d1ddcb9eaeaea377667b809706c61696e206964ffffffffffffffff0700000000000000000008010800\
        090086f7e437faa5a7fce15d1ddcb9eaeaea377667b803341200dc207497013412f0debc9a7856056170702d67010a0086f7e437\
        faa5a7fce15d1ddcb9eaeaea377667b80d6772c3b6c39f657220f09f9880010b0100000b0201000322782218696e76616c696420\
        73746174757320636f64653a203530300b0301010900020000000000ef2e00000201010086f7e437faa5a7fce15d1ddcb9eaeaea\
        377667b8010086f7e437faa5a7fce15d1ddcb9eaeaea377667b801649f1f01010202020086f7e437faa5a7fce15d1ddcb9eaeaea\
        377667b80209706c61696e20696402c801cf0f020002030309706c61696e206964030086f7e437faa5a7fce15d1ddcb9eaeaea37\
        7667b803ac020003010204040086f7e437faa5a7fce15d1ddcb9eaeaea377667b800049003d00f04000205050086f7e437faa5a7\
        fce15d1ddcb9eaeaea377667b8010086f7e437faa5a7fce15d1ddcb9eaeaea377667b805f403a01f05010206060086f7e437faa5\
        a7fce15d1ddcb9eaeaea377667b80209706c61696e20696406d804f02e06000207070086f7e437faa5a7fce15d1ddcb9eaeaea37\
        7667b8030086f7e437faa5a7fce15d1ddcb9eaeaea377667b807bc05c03e0701020808efcdab89674523010008a006904e080002\
        090907010086f7e437faa5a7fce15d1ddcb9eaeaea377667b8098407e05d09010c03000086f7e437faa5a7fce15d1ddcb9eaeaea\
        377667b8010a73686f702f6f72646572011b6173796e632e646174612e6964203d3d20226772c3b6c39f657222cf0f80a0bccdeb\
        010c000109706c61696e20696400010a73686f702f6f7264657200cf0f80a0bccdeb010cffffffff0f020a73686f702f6f726465\
        72010566616c7365cf0f80a0bccdeb010dffffffff0f0e0001d00f0e01000f00000000000fffb7992902ffffffffffffffff0100\
        000000000000ffffffffffffffff0161ffffffffffffffff0100000000000000ffffffffffffffff086772c3b6c39f657201ffff\
        ffffffffffff0100000000000000ffffffffffffffff0001ffffffffffffffff0100000000000000ffffffffffffffff017401ff\
        ffffffffffffff0100000000000000ffffffffffffffff0173100002341200dc207497013412f0debc9a785609706c61696e2069\
        64110a00ffcf98f7011102086772c3b6c39f65720012341200dc207497013412f0debc9a7856000001341200dc207497013412f0\
        debc9a785612341200dc207497013412f0debc9a785601000012341200dc207497013412f0debc9a78560209706c61696e206964\
        0100027b7d0012341200dc207497013412f0debc9a7856020086f7e437faa5a7fce15d1ddcb9eaeaea377667b801010e0013ffff\
        ffff0f14ac021e0086f7e437faa5a7fce15d1ddcb9eaeaea377667b80d73686f702d6772c3b6c39f657200027b7d01027b7d1e09\
        706c61696e2069640166010e001f0086f7e437faa5a7fce15d1ddcb9eaeaea377667b8200011757365726c616e642e6772c3b6c3\
        9f657200077b2261223a317d20010086f7e437faa5a7fce15d1ddcb9eaeaea377667b811757365726c616e642e6772c3b6c39f65\
        7201077b2261223a317d200209706c61696e2069641411757365726c616e642e6772c3b6c39f657202077b2261223a317d200300\
        86f7e437faa5a7fce15d1ddcb9eaeaea377667b800103030663036376161306261393032623711757365726c616e642e6772c3b6\
        c39f657203077b2261223a317d210086f7e437faa5a7fce15d1ddcb9eaeaea377667b80e737465702e73656e644576656e740021\
        09706c61696e2069640001010e2209706c61696e206964086772c3b6c39f657215ac020104020086f7e437faa5a7fce15d1ddcb9\
        eaeaea377667b8086772c3b6c39f657206010c6170692e746573743a34343300117b226d6574686f64223a22504f5354227d0970\
        6c61696e20696400070000010e1500000028011428040029ffffffff0f809f49
        """
}
