import ApusCore
import Testing

@Suite("The flow control of a function")
struct FlowControlTests {
    private static let step = #""steps":{"step":{"name":"step","runtime":{"url":"http://h"}}}"#

    private func source(_ fields: String) throws -> RawJSON {
        try RawJSON(parsing: #"{"id":"a-f","name":"n",\#(fields),\#(FlowControlTests.step)}"#)
    }

    private func decode(_ fields: String) throws -> FlowControl {
        try FunctionConfiguration.decode(source: source(fields)).flowControl
    }

    /// What is wrong, without the function's name, and after a check that the store would lose the option.
    private func problems(_ fields: String, _ code: RegistrationError.Code = .invalidFunctions) throws -> [String] {
        let error = try #require(throws: RegistrationError.self) { try decode(fields) }
        #expect(error.code == code)
        #expect(FunctionConfiguration.decode(stored: try source(fields))?.flowControl == FlowControl.none)
        let prefix = code == .invalidFunctions ? "function a-f: " : "function."
        return error.details.map { detail in
            #expect(detail.hasPrefix(prefix), "\(detail)")
            return String(detail.trimmingPrefix(prefix))
        }
    }

    // MARK: Concurrency

    @Test(
        "limits on calls in all of their forms",
        arguments: [
            ("5", [.init(limit: 5)]), ("0", []), ("-3", []), ("1e2", [.init(limit: 100)]),
            (#"{"limit":5}"#, [.init(limit: 5)]), (#"{"limit":5,"key":null}"#, [.init(limit: 5)]), ("{}", []),
            (#"{"key":"event.data.a"}"#, []),
            (
                #"{"limit":5,"key":"event.data.a","scope":"fn"}"#,
                [.init(limit: 5, key: "event.data.a", scope: .function)]
            ),
            (#"[{"limit":5,"scope":"Fn","hash":""}]"#, [.init(limit: 5)]), ("[]", []), ("null", []),
            (
                #"[{"limit":5,"key":"event.data.id","scope":"ACCOUNT"},{"limit":2}]"#,
                [.init(limit: 2), .init(limit: 5, key: "event.data.id", scope: .account)]
            ),
            (#"[{"Limit":1,"Key":"foo.bar","Scope":"eNv"}]"#, [.init(limit: 1, key: "foo.bar", scope: .environment)]),
            (#"[{"limit":-1,"key":"event.data.id"},{"limit":3}]"#, [.init(limit: 3)]),
            (#"[{"limit":0},{"limit":7,"key":""}]"#, [.init(limit: 7, key: "")]),
            (#""5""#, []), ("true", []), (#""""#, []),
            ("9223372036854775807", [.init(limit: 2_147_483_647)]),
        ] as [(String, [FlowControl.Concurrency])])
    func callLimits(text: String, expected: [FlowControl.Concurrency]) throws {
        #expect(try decode(#""concurrency":\#(text)"#) == FlowControl(concurrency: expected))
    }

    @Test("of two limits with the same key and scope the lower one stays")
    func repeatedLimits() throws {
        let same = #"{"limit":4,"key":"a"},{"limit":3,"key":"a"}"#
        #expect(try decode(#""concurrency":[\#(same)]"#).concurrency == [.init(limit: 3, key: "a")])
        #expect(try decode(#""concurrency":[{"limit":4},{"limit":4}]"#).concurrency == [.init(limit: 4)])
        let scopes = #"{"limit":4,"key":"a"},{"limit":4,"key":"a","scope":"env"}"#
        #expect(try decode(#""concurrency":[\#(scopes)]"#).concurrency.map(\.scope) == [.function, .environment])
        #expect(try decode(#""concurrency":[{"limit":4,"key":"a"},{"limit":4,"key":"b"}]"#).concurrency.count == 2)
    }

    @Test(
        "limits on runs beside those on calls",
        arguments: [
            (
                #"{"fn":[{"limit":2,"key":"event.data.a"}]}"#,
                FlowControl(runConcurrency: .init(limit: 2, key: "event.data.a"))
            ),
            (
                #"{"fn":[{"limit":2,"scope":"Fn","hash":""}],"step":[{"limit":9},{"limit":4,"key":"k","scope":"Env"}]}"#,
                FlowControl(
                    concurrency: [.init(limit: 4, key: "k", scope: .environment), .init(limit: 9)],
                    runConcurrency: .init(limit: 2)
                )
            ),
            (#"{"Step":[{"limit":1}],"Fn":null}"#, FlowControl(concurrency: [.init(limit: 1)])),
            (#"{"fn":[],"step":[]}"#, .none), (#"{"fn":null,"step":null}"#, .none),
            (#"{"step":[{"limit":0}],"fn":[{"limit":1}]}"#, FlowControl(runConcurrency: .init(limit: 1))),
        ] as [(String, FlowControl)])
    func runLimits(text: String, expected: FlowControl) throws {
        #expect(try decode(#""concurrency":\#(text)"#) == expected)
    }

    @Test(
        "limits that break a rule; the first is told",
        arguments: [
            (
                #"[{"limit":1},{"limit":2},{"limit":3,"scope":"env"}]"#,
                "There are more concurrency limits specified than the allowed max of: 2"
            ),
            (
                #"{"step":[{"limit":1},{"limit":2},{"limit":3}],"fn":[{"limit":0}]}"#,
                "There are more concurrency limits specified than the allowed max of: 2"
            ),
            (#"{"limit":1,"scope":"env"}"#, "A concurrency key must be specified for Env scoped limits"),
            (#"[{"limit":-1,"scope":"Env"}]"#, "A concurrency key must be specified for Env scoped limits"),
            (
                #"[{"limit":1},{"limit":1,"scope":"account","key":null}]"#,
                "A concurrency key must be specified for Account scoped limits"
            ),
            (#"{"limit":1,"key":"a","scope":"app"}"#, "app-scoped concurrency cannot be set by users"),
            (#"{"fn":[{"limit":1},{"limit":2}]}"#, "Only one function concurrency limit is allowed"),
            (#"{"fn":[{"limit":0}]}"#, "function concurrency limit must be > 0"),
            (#"{"fn":[{}]}"#, "function concurrency limit must be > 0"),
            (#"{"fn":[{"limit":1,"scope":"env"}]}"#, "invalid function concurrency scope: env"),
            (#"{"fn":[{"limit":1,"scope":"ACCOUNT","key":"a"}]}"#, "invalid function concurrency scope: account"),
            (#"{"fn":[{"limit":1,"scope":"app"}]}"#, "app-scoped function concurrency cannot be set by users"),
        ])
    func brokenConcurrency(text: String, expected: String) throws {
        #expect(try problems(#""concurrency":\#(text)"#) == ["concurrency: \(expected)"])
    }

    @Test(
        "limits of the wrong type",
        arguments: [
            ("1.5", ["concurrency must be an integer"]), ("[5]", ["concurrency[0] must be an object"]),
            (
                #"[{"limit":"5","key":7,"scope":1},{"limit":1.5}]"#,
                [
                    "concurrency[0].limit must be an integer", "concurrency[0].key must be a string",
                    "concurrency[0].scope must be a string", "concurrency[1].limit must be an integer",
                ]
            ),
            (#"{"limit":1,"scope":null}"#, ["concurrency.scope:  does not belong to ConcurrencyScope values"]),
            (#"[{"limit":1,"scope":""}]"#, ["concurrency[0].scope:  does not belong to ConcurrencyScope values"]),
            (
                #"{"step":[{"limit":1,"scope":"x"}]}"#,
                ["concurrency.step[0].scope: x does not belong to ConcurrencyScope values"]
            ),
            (
                #"{"fn":[{"limit":1,"scope":"function"}]}"#,
                ["concurrency.fn[0].scope: function does not belong to ConcurrencyScope values"]
            ),
            (
                #"{"fn":{"limit":1},"step":5}"#,
                ["concurrency.step must be an array", "concurrency.fn must be an array"]
            ),
        ])
    func concurrencyTypes(text: String, expected: [String]) throws {
        #expect(try problems(#""concurrency":\#(text)"#, .invalidRequest) == expected)
    }

    // MARK: Throttle

    @Test(
        "a throttle",
        arguments: [
            (
                #"{"limit":10,"period":"1m","burst":2,"key":"event.data.user"}"#,
                .init(limit: 10, period: .minutes(1), burst: 2, key: "event.data.user")
            ),
            (#"{"limit":0,"period":"1m"}"#, .init(limit: 1, period: .minutes(1))),
            (#"{"period":"90s"}"#, .init(limit: 1, period: .seconds(90))),
            (#"{"limit":null,"period":"1m","burst":null,"key":null}"#, .init(limit: 1, period: .minutes(1))),
            (#"{"Limit":3,"Period":"1w2d","Burst":1}"#, .init(limit: 3, period: .days(9), burst: 1)),
            (#"{"limit":3,"period":"2500ms","key":"!!"}"#, .init(limit: 3, period: .seconds(2), key: "!!")),
            (#"{"limit":3,"period":"999ms","key":""}"#, .init(limit: 3, period: .seconds(1), key: "")),
            (#"{"limit":3,"period":"0"}"#, .init(limit: 3, period: .seconds(1))),
            (#"{"limit":3,"period":"-5m"}"#, .init(limit: 3, period: .seconds(1))),
            (
                #"{"limit":4294967296,"period":"1d","burst":2147483648}"#,
                .init(limit: 2_147_483_647, period: .days(1), burst: 2_147_483_647)
            ),
            ("null", nil),
        ] as [(String, FlowControl.Throttle?)])
    func throttle(text: String, expected: FlowControl.Throttle?) throws {
        #expect(try decode(#""throttle":\#(text)"#) == FlowControl(throttle: expected))
    }

    @Test(
        "what is no throttle",
        arguments: [
            (#"{"limit":1}"#, [#"throttle.period: time: invalid duration """#]),
            ("{}", [#"throttle.period: time: invalid duration """#]),
            (#"{"limit":1,"period":"x"}"#, [#"throttle.period: time: invalid duration "x""#]),
            (#"{"limit":1,"period":"10"}"#, [#"throttle.period: time: missing unit in duration "10""#]),
            (
                #"{"limit":-1,"period":"1m","burst":-2}"#,
                ["throttle.limit must not be negative", "throttle.burst must not be negative"]
            ),
            (
                #"{"limit":"1","period":60,"burst":0.5,"key":[]}"#,
                [
                    "throttle.limit must be an integer", "throttle.burst must be an integer",
                    "throttle.key must be a string", "throttle.period must be a string",
                ]
            ),
            ("5", ["throttle must be an object"]), ("[]", ["throttle must be an object"]),
        ])
    func brokenThrottle(text: String, expected: [String]) throws {
        #expect(try problems(#""throttle":\#(text)"#, .invalidRequest) == expected)
    }

    // MARK: Rate limit and idempotency

    @Test(
        "a rate limit",
        arguments: [
            (
                #"{"limit":1,"period":"1h","key":"event.data.id"}"#,
                .init(limit: 1, period: .hours(1), key: "event.data.id")
            ),
            (#"{"Limit":2,"PERIOD":"1d"}"#, .init(limit: 2, period: .hours(24))),
            (#"{"limit":9,"period":"24h0m0s","key":null}"#, .init(limit: 9, period: .hours(24))),
            (#"{"limit":9,"period":"1.9s"}"#, .init(limit: 9, period: .seconds(1))),
            (#"{"limit":9,"period":"10ms"}"#, .init(limit: 9, period: .seconds(1))),
            (#"{"limit":9007199254740993,"period":"1s"}"#, .init(limit: 2_147_483_647, period: .seconds(1))),
            ("null", nil),
        ] as [(String, FlowControl.RateLimit?)])
    func rateLimit(text: String, expected: FlowControl.RateLimit?) throws {
        #expect(try decode(#""rateLimit":\#(text)"#) == FlowControl(rateLimit: expected))
    }

    @Test(
        "a rate limit that breaks a rule; the first is told",
        arguments: [
            ("{}", "limit must be greater than 0"), (#"{"limit":0,"period":"x"}"#, "limit must be greater than 0"),
            (#"{"limit":-1,"period":"1h"}"#, "limit must be greater than 0"),
            (#"{"limit":1}"#, "period must be specified"), (#"{"limit":1,"period":""}"#, "period must be specified"),
            (#"{"limit":1,"period":"x"}"#, #"failed to parse time duration: time: invalid duration "x""#),
            (#"{"limit":1,"period":"1y"}"#, #"failed to parse time duration: time: unknown unit "y" in duration "1y""#),
            (#"{"limit":1,"period":"24h1ns"}"#, "period must be less than 24h0m0s"),
            (#"{"limit":1,"period":"1w"}"#, "period must be less than 24h0m0s"),
        ])
    func brokenRateLimit(text: String, expected: String) throws {
        #expect(try problems(#""rateLimit":\#(text)"#) == ["rateLimit: \(expected)"])
    }

    @Test("a rate limit of the wrong type")
    func rateLimitTypes() throws {
        #expect(try problems(#""rateLimit":7"#, .invalidRequest) == ["rateLimit must be an object"])
        #expect(
            try problems(#""ratelimit":{"limit":true,"period":1,"key":2}"#, .invalidRequest) == [
                "rateLimit.limit must be an integer", "rateLimit.period must be a string",
                "rateLimit.key must be a string",
            ])
    }

    @Test(
        "an idempotency key is a rate limit of one in 24 hours and takes the place of another",
        arguments: [
            (#""idempotency":"event.data.id""#, "event.data.id"),
            (#""Idempotency":"a","rateLimit":{"limit":5,"period":"1m","key":"b"}"#, "a"),
            (#""idempotency":"a","rateLimit":{"limit":0}"#, "a"), (#""idempotency":"""#, ""),
        ])
    func idempotency(fields: String, key: String) throws {
        let limit = FlowControl.RateLimit(limit: 1, period: .hours(24), key: key, isIdempotency: true)
        #expect(try decode(fields) == FlowControl(rateLimit: limit))
    }

    @Test("no idempotency key")
    func noIdempotency() throws {
        #expect(try decode(#""idempotency":null"#) == .none)
        let rateLimit = FlowControl.RateLimit(limit: 5, period: .minutes(1))
        #expect(
            try decode(#""idempotency":null,"rateLimit":{"limit":5,"period":"1m"}"#)
                == FlowControl(rateLimit: rateLimit))
        #expect(try problems(#""idempotency":5"#, .invalidRequest) == ["idempotency must be a string"])
    }

    // MARK: Debounce

    @Test(
        "a debounce",
        arguments: [
            (
                #"{"key":"event.data.id","period":"30s","timeout":"5m"}"#,
                .init(period: .seconds(30), key: "event.data.id", timeout: .minutes(5))
            ),
            (#"{"period":"1s","key":"","timeout":"bogus"}"#, .init(period: .seconds(1))),
            (#"{"period":"7d","key":null,"timeout":null}"#, .init(period: .days(7))),
            (#"{"PERIOD":"1500ms","timeout":""}"#, .init(period: .milliseconds(1_500))),
            (#"{"period":"1m","timeout":"-1h"}"#, .init(period: .minutes(1), timeout: .seconds(1))),
            ("null", nil),
        ] as [(String, FlowControl.Debounce?)])
    func debounce(text: String, expected: FlowControl.Debounce?) throws {
        #expect(try decode(#""debounce":\#(text)"#) == FlowControl(debounce: expected))
    }

    @Test(
        "a debounce that breaks a rule",
        arguments: [
            (
                #"{"period":"x"}"#,
                [
                    #"The debounce period of 'x' is invalid: time: invalid duration "x""#,
                    "The debounce period of 'x' is less than the min of: 1s",
                ]
            ),
            (
                "{}",
                [
                    #"The debounce period of '' is invalid: time: invalid duration """#,
                    "The debounce period of '' is less than the min of: 1s",
                ]
            ),
            (#"{"period":"999ms"}"#, ["The debounce period of '999ms' is less than the min of: 1s"]),
            (#"{"period":"-1m"}"#, ["The debounce period of '-1m' is less than the min of: 1s"]),
            (#"{"period":"1w1ns"}"#, ["The debounce period of '1w1ns' is greater than the max of: 168h0m0s"]),
        ])
    func brokenDebounce(text: String, expected: [String]) throws {
        #expect(try problems(#""debounce":\#(text)"#) == expected.map { "debounce: \($0)" })
    }

    @Test("a debounce of the wrong type")
    func debounceTypes() throws {
        #expect(try problems(#""debounce":"x""#, .invalidRequest) == ["debounce must be an object"])
        #expect(
            try problems(#""debounce":{"period":30,"key":1,"timeout":{}}"#, .invalidRequest) == [
                "debounce.period must be a string", "debounce.key must be a string",
                "debounce.timeout must be a string",
            ])
    }

    // MARK: Batches

    @Test(
        "a batch",
        arguments: [
            (
                #"{"maxSize":10,"timeout":"10s","key":"event.data.user","if":"event.data.batch == true"}"#,
                .init(size: 10, timeout: .seconds(10), key: "event.data.user", condition: "event.data.batch == true")
            ),
            (#"{"maxSize":2,"timeout":"1s"}"#, .init(size: 2, timeout: .seconds(1))),
            (#"{"MaxSize":100000,"Timeout":"100h","If":null}"#, .init(size: 100_000, timeout: .hours(100))),
            (#"{"maxSize":9e15,"timeout":"1500ms"}"#, .init(size: 2_147_483_647, timeout: .milliseconds(1_500))),
            ("null", nil),
        ] as [(String, FlowControl.Batch?)])
    func batch(text: String, expected: FlowControl.Batch?) throws {
        #expect(try decode(#""batchEvents":\#(text)"#) == FlowControl(batch: expected))
    }

    @Test(
        "a batch that breaks a rule; the first is told",
        arguments: [
            (#"{"maxSize":1,"timeout":"x"}"#, #"failed to parse time duration: time: invalid duration "x""#),
            (#"{"maxSize":10}"#, #"failed to parse time duration: time: invalid duration """#),
            (#"{"maxSize":10,"timeout":""}"#, #"failed to parse time duration: time: invalid duration """#),
            ("{}", #"failed to parse time duration: time: invalid duration """#),
            (
                #"{"maxSize":10,"timeout":"1d"}"#,
                #"failed to parse time duration: time: unknown unit "d" in duration "1d""#
            ),
            (#"{"maxSize":1,"timeout":"0s"}"#, "batch size cannot be smaller than 2: 1"),
            (#"{"maxSize":-5,"timeout":"1s"}"#, "batch size cannot be smaller than 2: -5"),
            (#"{"timeout":"1s"}"#, "batch size cannot be smaller than 2: 0"),
            (#"{"maxSize":2,"timeout":"999ms"}"#, "batch timeout should be more than 1s"),
        ])
    func brokenBatch(text: String, expected: String) throws {
        #expect(try problems(#""batchEvents":\#(text)"#) == ["batchEvents: \(expected)"])
    }

    @Test("a batch of the wrong type")
    func batchTypes() throws {
        #expect(try problems(#""batchEvents":false"#, .invalidRequest) == ["batchEvents must be an object"])
        #expect(
            try problems(#""batchEvents":{"maxSize":"2","timeout":1,"key":true,"if":false}"#, .invalidRequest) == [
                "batchEvents.maxSize must be an integer", "batchEvents.timeout must be a string",
                "batchEvents.key must be a string", "batchEvents.if must be a string",
            ])
    }

    @Test(
        "what excludes a batch",
        arguments: [
            (#""cancel":[{"event":"a"}]"#, ["Batching and cancellation are mutually exclusive"]),
            (#""debounce":{"period":"1s"}"#, ["Batching and debouncing are mutually exclusive"]),
            (#""Singleton":{}"#, ["Batching and singletons are mutually exclusive"]),
            (#""priority":{"Run":"1"}"#, ["A function cannot specify Priority.Run and Batch together"]),
            (
                #""priority":{"run":"1"},"singleton":{"key":"a"},"debounce":{"period":"1s"},"cancel":[{"event":"a"}]"#,
                [
                    "Batching and cancellation are mutually exclusive",
                    "Batching and debouncing are mutually exclusive",
                    "Batching and singletons are mutually exclusive",
                    "A function cannot specify Priority.Run and Batch together",
                ]
            ),
        ])
    func batchAlone(fields: String, expected: [String]) throws {
        let fields = #""batchEvents":{"maxSize":2,"timeout":"1s"},\#(fields)"#
        let error = try #require(throws: RegistrationError.self) { try decode(fields) }
        #expect(error.details == expected.map { "function a-f: batchEvents: \($0)" })
        // What was acted on when the function was stored stays.
        let stored = try #require(FunctionConfiguration.decode(stored: try source(fields)))
        #expect(stored.flowControl.batch == nil)
        #expect(stored.cancellations.count == (fields.contains("cancel") ? 1 : 0))
        #expect((stored.flowControl.debounce != nil) == fields.contains("debounce"))
        #expect((stored.flowControl.singleton != nil) == fields.lowercased().contains("singleton"))
        #expect((stored.flowControl.priority != nil) == fields.contains("priority"))
    }

    @Test("what does not exclude a batch")
    func batchTogether() throws {
        let flow = try decode(
            #""batchEvents":{"maxSize":2,"timeout":"1s"},"cancel":[],"debounce":null,"singleton":null,"priority":{"run":null},"rateLimit":{"limit":1,"period":"1s"},"throttle":{"period":"1s"},"concurrency":1"#
        )
        #expect(
            flow
                == FlowControl(
                    concurrency: [.init(limit: 1)], throttle: .init(limit: 1, period: .seconds(1)),
                    rateLimit: .init(limit: 1, period: .seconds(1)), batch: .init(size: 2, timeout: .seconds(1))
                ))
    }

    @Test("a broken batch is told as well as what excludes it")
    func brokenBatchAlone() throws {
        #expect(
            try problems(#""batchEvents":{"maxSize":1,"timeout":"1s"},"debounce":{"period":"1ms"}"#) == [
                "debounce: The debounce period of '1ms' is less than the min of: 1s",
                "batchEvents: batch size cannot be smaller than 2: 1",
                "batchEvents: Batching and debouncing are mutually exclusive",
            ])
    }

    // MARK: Priority and singleton

    @Test(
        "a priority is an expression",
        arguments: [
            (#"{"run":"event.data.plan == 'pro' ? 120 : 0"}"#, "event.data.plan == 'pro' ? 120 : 0"),
            (#"{"Run":"foo"}"#, "foo"), (#"{"run":""}"#, ""), (#"{"run":null}"#, nil), ("{}", nil), ("null", nil),
            (#"{"event":"1"}"#, nil),
        ] as [(String, String?)])
    func priority(text: String, expected: String?) throws {
        #expect(try decode(#""priority":\#(text)"#) == FlowControl(priority: expected))
    }

    @Test(
        "a singleton skips unless it says that it cancels",
        arguments: [
            (#"{"mode":"skip","key":"event.data.user"}"#, .init(mode: .skip, key: "event.data.user")),
            ("{}", .init(mode: .skip)), (#"{"mode":null,"key":null}"#, .init(mode: .skip)),
            (#"{"Mode":"CANCEL"}"#, .init(mode: .cancel)), (#"{"mode":"cancel"}"#, .init(mode: .cancel)),
            (#"{"mode":"skip","key":"!!"}"#, .init(mode: .skip, key: "!!")), ("null", nil),
        ] as [(String, FlowControl.Singleton?)])
    func singleton(text: String, expected: FlowControl.Singleton?) throws {
        #expect(try decode(#""singleton":\#(text)"#) == FlowControl(singleton: expected))
    }

    @Test(
        "priorities and singletons of the wrong type",
        arguments: [
            (#""priority":5"#, ["priority must be an object"]),
            (#""priority":{"run":5}"#, ["priority.run must be a string"]),
            (#""singleton":"skip""#, ["singleton must be an object"]),
            (#""singleton":{"mode":"x"}"#, ["singleton.mode: x does not belong to SingletonMode values"]),
            (#""Singleton":{"mode":""}"#, ["singleton.mode:  does not belong to SingletonMode values"]),
            (
                #""singleton":{"mode":1,"key":2}"#,
                ["singleton.mode must be a string", "singleton.key must be a string"]
            ),
        ])
    func types(fields: String, expected: [String]) throws {
        #expect(try problems(fields, .invalidRequest) == expected)
    }

    // MARK: Whole functions

    @Test("without options nothing is limited")
    func none() throws {
        #expect(try decode(#""retries":1"#) == .none)
    }

    @Test("the options as TypeScript writes them")
    func typeScript() throws {
        let flow = try decode(
            #""concurrency":[{"limit":3,"key":"\"openai\"","scope":"account"},{"limit":1,"key":"event.data.id"}],"throttle":{"limit":2,"period":"90s"},"rateLimit":{"limit":1,"period":"4h","key":"event.data.c"},"debounce":{"period":"1m","timeout":"7d"},"priority":{"run":"120"},"singleton":{"key":"event.data.u","mode":"cancel"}"#
        )
        #expect(
            flow
                == FlowControl(
                    concurrency: [
                        .init(limit: 1, key: "event.data.id"), .init(limit: 3, key: #""openai""#, scope: .account),
                    ],
                    throttle: .init(limit: 2, period: .seconds(90)),
                    rateLimit: .init(limit: 1, period: .hours(4), key: "event.data.c"),
                    debounce: .init(period: .minutes(1), timeout: .days(7)),
                    priority: "120",
                    singleton: .init(mode: .cancel, key: "event.data.u")
                ))
    }

    @Test("the options as Go writes them")
    func go() throws {
        let flow = try decode(
            #""concurrency":{"fn":[{"limit":2,"key":"event.data.u","scope":"Fn","hash":""}],"step":[{"limit":5,"scope":"Fn","hash":""},{"limit":7,"key":"'x'","scope":"Env","hash":""}]},"throttle":{"burst":0,"limit":3,"period":"1w2d"},"rateLimit":{"limit":1,"period":"1m30s"},"debounce":{"period":"1m30s"},"Singleton":{"mode":"skip","key":"event.data.s"}"#
        )
        #expect(
            flow
                == FlowControl(
                    concurrency: [.init(limit: 5), .init(limit: 7, key: "'x'", scope: .environment)],
                    runConcurrency: .init(limit: 2, key: "event.data.u"),
                    throttle: .init(limit: 3, period: .days(9)),
                    rateLimit: .init(limit: 1, period: .seconds(90)),
                    debounce: .init(period: .seconds(90)),
                    singleton: .init(mode: .skip, key: "event.data.s")
                ))
    }

    @Test("the options as Python writes them")
    func python() throws {
        let flow = try Registration.decode(Array(WireExamples.pythonRegistration.utf8)).functions.map(\.flowControl)
        #expect(
            flow == [
                FlowControl(
                    concurrency: [.init(limit: 5, key: "event.data.u", scope: .environment), .init(limit: 9)],
                    throttle: .init(limit: 3, period: .minutes(2), burst: 1),
                    rateLimit: .init(limit: 1, period: .hours(24), key: "event.data.o", isIdempotency: true),
                    debounce: .init(period: .seconds(90), key: "event.data.k", timeout: .minutes(5)),
                    priority: "100",
                    singleton: .init(mode: .skip, key: "event.data.s")
                ),
                FlowControl(
                    batch: .init(size: 10, timeout: .minutes(1), key: "event.data.b", condition: "event.data.c")
                ),
                .none,
            ])
    }

    @Test("what is wrong is found in all functions and all options, and values of the wrong type come first")
    func allProblems() throws {
        func body(_ options: String...) -> [UInt8] {
            let functions = options.enumerated().map { index, options in
                #"{"id":"a-\#(index)","name":"n",\#(FlowControlTests.step),\#(options)}"#
            }
            return Array(#"{"appName":"a","url":"http://h","functions":[\#(functions.joined(separator: ","))]}"#.utf8)
        }
        let first = #""rateLimit":{"limit":1},"concurrency":{"limit":1,"scope":"env"}"#
        let second =
            #""cancel":[{"event":"x"}],"batchEvents":{"maxSize":2,"timeout":"1s"},"debounce":{"period":"8d"}"#
        let rules = try #require(throws: RegistrationError.self) { try Registration.decode(body(first, second)) }
        #expect(
            rules
                == RegistrationError(
                    .invalidFunctions,
                    details: [
                        "function a-0: concurrency: A concurrency key must be specified for Env scoped limits",
                        "function a-0: rateLimit: period must be specified",
                        "function a-1: debounce: The debounce period of '8d' is greater than the max of: 168h0m0s",
                        "function a-1: batchEvents: Batching and cancellation are mutually exclusive",
                        "function a-1: batchEvents: Batching and debouncing are mutually exclusive",
                    ]
                ))
        let types = try #require(throws: RegistrationError.self) {
            try Registration.decode(body(first, #""singleton":{"mode":"x"},"throttle":{"limit":1}"#))
        }
        #expect(
            types.message
                == #"Invalid request: functions[1].throttle.period: time: invalid duration ""; "#
                + "functions[1].singleton.mode: x does not belong to SingletonMode values"
        )
    }

    @Test("a stored function loses the options that are broken and keeps the others")
    func stored() throws {
        let function = try #require(
            FunctionConfiguration.decode(
                stored: try source(
                    #""concurrency":[{"limit":2},{"limit":1,"scope":"env"}],"throttle":{"limit":-1,"period":"1m"},"rateLimit":{"limit":1,"period":"2d"},"debounce":{"period":"10s","key":5},"priority":{"run":"1"},"singleton":{"mode":"cancel"}"#
                )
            )
        )
        #expect(function.flowControl == FlowControl(priority: "1", singleton: .init(mode: .cancel)))
    }
}
