import ApusCore
import Testing

@Suite("A function of a registration")
struct FunctionTests {
    private static let step =
        #""steps":{"step":{"id":"step","name":"step","runtime":{"url":"http://h/x?fnId=a-f&stepId=step"}}}"#

    private func decode(_ fields: String, step: String = FunctionTests.step) throws -> FunctionConfiguration {
        try FunctionConfiguration.decode(source: RawJSON(parsing: "{\(fields),\(step)}"))
    }

    /// The details of the error, without the function's name.
    private func problems(_ fields: String, step: String = FunctionTests.step) throws -> [String] {
        let error = try #require(throws: RegistrationError.self) { try decode(fields, step: step) }
        #expect(error.code == .invalidFunctions)
        #expect(error.message.hasPrefix("At least one function is invalid: function "))
        return error.details.map { String($0.trimmingPrefix("function a-f: ")) }
    }

    // MARK: Names

    @Test(
        "a function needs a name; without an id the name makes one",
        arguments: [
            (#""id":"a-f","name":"Some name""#, "a-f"), (#""id":"","name":"Some name""#, "some-name"),
            (#""id":null,"name":"  Ünïcode & Co. 7!""#, "n-code-co-7"), (#""name":"F""#, "f"),
            (#""ID":"x","NAME":"F""#, "x"),
        ])
    func slugs(fields: String, slug: String) throws {
        #expect(try decode(fields).slug == slug)
    }

    @Test("names that cannot be used")
    func badNames() throws {
        #expect(try problems(#""id":"a-f""#) == ["name is empty"])
        #expect(try problems(#""id":"a-f","name":"""#) == ["name is empty"])
        #expect(
            try problems(#""name":"日本""#) == [
                "function function: id is empty, and the name has no letters to make one of"
            ])
        let id = String(repeating: "i", count: 255)
        #expect(try decode(#""id":"\#(id)","name":"n""#).slug == id)
        #expect(try problems(#""id":"\#(id)i","name":"n""#) == ["function \(id)i: id is longer than 255 bytes"])
    }

    @Test("two functions cannot have the same id")
    func duplicateSlug() throws {
        let function = #"{"id":"a-f","name":"n",\#(FunctionTests.step)}"#
        let body = #"{"appName":"a","url":"http://h","functions":[\#(function),\#(function)]}"#
        let error = try #require(throws: RegistrationError.self) { try Registration.decode(Array(body.utf8)) }
        #expect(
            error.message
                == "At least one function is invalid: function a-f: id is used by both functions[0] and functions[1]"
        )
    }

    // MARK: Retries

    @Test(
        "retries are the step's, else the function's, at most 20",
        arguments: [
            ("null", "", nil), (#"{"attempts":0}"#, "", 0), (#"{"attempts":20}"#, "", 20),
            (#"{"attempts":21}"#, "", 20),
            (#"{"attempts":9223372036854775807}"#, "", 20), (#"{"attempts":3}"#, #","retries":7"#, 3),
            ("null", #","retries":7"#, 7),
            (#"{"attempts":null}"#, #","retries":7"#, 7), ("{}", #","retries":0"#, 0), (#"{"Attempts":5}"#, "", 5),
            ("null", #","retries":null"#, nil),
        ] as [(String, String, Int?)])
    func retries(step: String, field: String, expected: Int?) throws {
        let steps = #""steps":{"step":{"name":"s","runtime":{"url":"http://h"},"retries":\#(step)}}"#
        #expect(try decode(#""id":"a-f","name":"n"\#(field)"#, step: steps).retries == expected)
    }

    @Test("retries cannot be negative")
    func negativeRetries() throws {
        #expect(try problems(#""id":"a-f","name":"n","retries":-1"#) == ["retries must not be negative"])
    }

    // MARK: The step

    @Test(
        "a function has exactly one step with a name and a URL",
        arguments: [
            (#""steps":{}"#, ["steps must have exactly one entry, not 0"]),
            (#""steps":null"#, ["steps must have exactly one entry, not 0"]),
            (#""x":1"#, ["steps must have exactly one entry, not 0"]),
            (#""steps":{"a":{},"b":{}}"#, ["steps must have exactly one entry, not 2"]),
            (#""steps":{"s":{"runtime":{"url":"http://h"}}}"#, ["the step's name is empty"]),
            (#""steps":{"s":{"name":"s"}}"#, ["the step's URL is missing"]),
            (#""steps":{"s":{"name":"s","runtime":{}}}"#, ["the step's URL is missing"]),
            (#""steps":{"s":{"name":"s","runtime":{"url":""}}}"#, ["the step's URL is missing"]),
            (
                #""steps":{"s":{"name":"s","runtime":{"url":"ftp://h"}}}"#,
                ["the step's URL must begin with http://, https://, ws:// or wss://"]
            ),
            (#""steps":{"s":{}}"#, ["the step's name is empty", "the step's URL is missing"]),
        ])
    func steps(field: String, expected: [String]) throws {
        #expect(try problems(#""id":"a-f","name":"n""#, step: field) == expected)
    }

    @Test("a step's URL may be one of a socket, and any name will do for the step")
    func socketStep() throws {
        let step = #""Steps":{"main":{"Name":"s","Runtime":{"Type":"ws","URL":"wss://h:443/x?deployId=1&b=2&a=1"}}}"#
        #expect(try decode(#""id":"a-f","name":"n""#, step: step).stepURL == "wss://h/x?a=1&b=2")
    }

    // MARK: Triggers

    @Test("a function may have no triggers", arguments: ["", #","triggers":null"#, #","triggers":[]"#])
    func noTriggers(field: String) throws {
        #expect(try decode(#""id":"a-f","name":"n"\#(field)"#).triggers.isEmpty)
    }

    private func triggerProblems(_ triggers: String) throws -> [String] {
        try problems(#""id":"a-f","name":"n","triggers":[\#(triggers)]"#)
    }

    @Test(
        "triggers that cannot be used",
        arguments: [
            ("{}", ["trigger 1: either event or cron must be set"]),
            (#"{"event":null,"cron":null}"#, ["trigger 1: either event or cron must be set"]),
            (#"{"event":"a"},{"event":"b","cron":"* * * * *"}"#, ["trigger 2: event and cron must not both be set"]),
            (#"{"event":""}"#, ["trigger 1: the event name is empty"]),
            (#"{"cron":""}"#, ["trigger 1: the schedule is empty"]),
            (#"{"event":"a"},{"event":"b"},{"event":"a"}"#, ["trigger 3: repeats trigger 1"]),
            (#"{"cron":"* * * * *"},{"cron":"* * * * *"}"#, ["trigger 2: repeats trigger 1"]),
            (
                #"{"cron":"* * * * *"},{"cron":"* * * * *","jitter":"5s"}"#,
                ["trigger 2: has the same schedule as trigger 1"]
            ),
            (
                #"{},{}"#,
                [
                    "trigger 1: either event or cron must be set", "trigger 2: repeats trigger 1",
                    "trigger 2: either event or cron must be set",
                ]
            ),
        ])
    func badTriggers(triggers: String, expected: [String]) throws {
        #expect(try triggerProblems(triggers) == expected)
    }

    @Test("the same event may start a function for different reasons")
    func sameEvent() throws {
        let filters =
            #"{"event":"a"},{"event":"a","expression":"event.data.function_id=='x'"},{"event":"a","expression":""}"#
        #expect(
            try decode(#""id":"a-f","name":"n","triggers":[\#(filters)]"#).triggers
                == [
                    .event(name: "a", filter: .every), .event(name: "a", filter: .functionID("x")),
                    .event(name: "a", filter: .every),
                ]
        )
    }

    @Test("names and schedules have at most 255 bytes")
    func triggerLengths() throws {
        let text = String(repeating: "é", count: 127) + "x"
        #expect(
            try decode(#""id":"a-f","name":"n","triggers":[{"event":"\#(text)"},{"cron":"\#(text)"}]"#).triggers.count
                == 2)
        #expect(
            try triggerProblems(#"{"event":"\#(text)x"}"#) == ["trigger 1: the event name is longer than 255 bytes"])
        #expect(try triggerProblems(#"{"cron":"\#(text)x"}"#) == ["trigger 1: the schedule is longer than 255 bytes"])
    }

    @Test("a function has at most 10 triggers")
    func triggerCount() throws {
        func triggers(_ count: Int) -> String {
            (0..<count).map { #"{"event":"e\#($0)"}"# }.joined(separator: ",")
        }
        #expect(try decode(#""id":"a-f","name":"n","triggers":[\#(triggers(10))]"#).triggers.count == 10)
        #expect(try triggerProblems(triggers(11)) == ["triggers has 11 entries, at most 10 are allowed"])
    }

    @Test("wildcards and the server's own events may be triggers")
    func triggerNames() throws {
        let triggers = try decode(
            #""id":"a-f","name":"n","Triggers":[{"Event":"shop/*"},{"event":"inngest/function.failed"}]"#
        ).triggers
        #expect(
            triggers == [
                .event(name: "shop/*", filter: .every), .event(name: "inngest/function.failed", filter: .every),
            ])
    }

    @Test(
        "the filter of failure handlers is understood in any spacing and with both quotes",
        arguments: [
            ("event.data.function_id == 'a-f'", "a-f"), (#"event.data.function_id=="a-f""#, "a-f"),
            (" event . data\t.function_id\n== 'it is' ", "it is"), ("event.data.function_id == ''", ""),
            (#"event.data.function_id == "it's""#, "it's"), ("event.data.function_id == 'é'", "é"),
            ("event.data.function_id == 'a-f' && true", nil), ("event.data.function_id == 'a-f", nil),
            (#"event.data.function_id == 'a-f""#, nil), (#"event.data.function_id == 'a\x2df'"#, nil),
            ("event.data.function_id != 'a-f'", nil), ("event.data.function_idx == 'a'", nil),
            ("event.data.function_id == a", nil),
            ("'a' == event.data.function_id", nil), ("event.data.function_id = = 'a'", nil),
            ("event.data.function_id ==", nil),
            ("true", nil), (" ", nil), ("Event.data.function_id == 'a'", nil),
        ] as [(String, String?)])
    func expressions(text: String, slug: String?) throws {
        let triggers = #""triggers":[{"event":"e","expression":\#(RawJSON.string(text))}]"#
        if let slug {
            #expect(
                try decode(#""id":"a-f","name":"n",\#(triggers)"#).triggers == [
                    .event(name: "e", filter: .functionID(slug))
                ])
        } else {
            #expect(
                try decode(#""id":"a-f","name":"n",\#(triggers)"#).triggers == [
                    .event(name: "e", filter: .expression(text))
                ])
        }
    }

    // MARK: Options

    @Test(
        "events that cancel a run",
        arguments: [
            (#"{"event":"a"}"#, .init(event: "a", period: .lasting(.days(365)))),
            (#"{"event":"a","if":"","timeout":""}"#, .init(event: "a", period: .lasting(.days(365)))),
            (#"{"event":"a","if":"x","timeout":"1d"}"#, .init(event: "a", condition: "x", period: .lasting(.days(1)))),
            (
                #"{"event":"a","timeout":"2030-01-01T00:00:00Z"}"#,
                .init(event: "a", period: .until(Timestamp(milliseconds: 1_893_456_000_000)))
            ),
        ] as [(String, FunctionConfiguration.Cancellation)])
    func cancellations(text: String, expected: FunctionConfiguration.Cancellation) throws {
        #expect(try decode(#""id":"a-f","name":"n","cancel":[\#(text)]"#).cancellations == [expected])
    }

    @Test(
        "events that cannot cancel a run",
        arguments: [
            (#"{"event":""}"#, ["cancel 1: the event name is empty"]),
            (#"{"event":"a"},{"event":"b","timeout":"soon"}"#, [#"cancel 2: timeout time: invalid duration "soon""#]),
            (
                Array(repeating: #"{"event":"a"}"#, count: 6).joined(separator: ","),
                ["This function exceeds the max number of cancellation events: 5"]
            ),
        ])
    func badCancellations(text: String, expected: [String]) throws {
        #expect(try problems(#""id":"a-f","name":"n","cancel":[\#(text)]"#) == expected)
    }

    @Test("a timeout that cannot be read is refused")
    func badTimeout() throws {
        #expect(
            try problems(#""id":"a-f","name":"n","timeouts":{"start":"soon","finish":"1h"}"#)
                == [#"timeouts.start: time: invalid duration "soon""#]
        )
    }

    @Test(
        "timeouts; one of nothing is as good as absent",
        arguments: [
            (#"{"start":"10s","finish":"1h"}"#, .init(start: .seconds(10), finish: .hours(1))),
            (#"{"start":""}"#, .init()), (#"{"finish":"0s"}"#, .init()), (#"{"start":"-5s"}"#, .init()),
            ("{}", .init()), ("null", .init()),
        ] as [(String, FunctionConfiguration.Timeouts)])
    func timeouts(text: String, expected: FunctionConfiguration.Timeouts) throws {
        #expect(try decode(#""id":"a-f","name":"n","timeouts":\#(text)"#).timeouts == expected)
    }

    @Test("the whole registered object is kept, also what is not known of it")
    func keepsSource() throws {
        let fields = #""id":"a-f","name":"n","checkpoint":{"batch_steps":1},"description":"x","concurrency":5"#
        #expect(try decode(fields).source == (try RawJSON(parsing: "{\(fields),\(FunctionTests.step)}")))
    }

    // MARK: Types

    @Test("wrong types are all found, and named by their place")
    func types() throws {
        let function =
            #"{"id":1,"name":2,"retries":"3","triggers":[7,{"event":1,"expression":2},{"cron":[]}],"steps":{"a b":{"name":3,"runtime":{"url":4},"retries":{"attempts":1.5}}}}"#
        let body =
            #"{"appName":"a","url":"http://h","functions":[{},\#(function),{"triggers":{},"steps":[],"name":"x"},{"steps":{"s":7}},{"steps":{"s":{"runtime":7,"retries":7}}}]}"#
        let error = try #require(throws: RegistrationError.self) { try Registration.decode(Array(body.utf8)) }
        #expect(error.code == .invalidRequest)
        #expect(
            error.details == [
                "functions[1].name must be a string", "functions[1].id must be a string",
                "functions[1].triggers[0] must be an object",
                "functions[1].triggers[1].event must be a string",
                "functions[1].triggers[1].expression must be a string",
                "functions[1].triggers[2].cron must be a string", "functions[1].steps.a b.name must be a string",
                "functions[1].steps.a b.runtime.url must be a string",
                "functions[1].steps.a b.retries.attempts must be an integer",
                "functions[1].retries must be an integer", "functions[2].triggers must be an array",
                "functions[2].steps must be an object", "functions[3].steps.s must be an object",
                "functions[4].steps.s.runtime must be an object", "functions[4].steps.s.retries must be an object",
            ]
        )
    }

    @Test("all functions that break a rule are named")
    func allProblems() throws {
        let body = #"{"appName":"a","url":"http://h","functions":[{"id":"a-x"},{"name":"Y"},{}]}"#
        let error = try #require(throws: RegistrationError.self) { try Registration.decode(Array(body.utf8)) }
        #expect(
            error.message
                == "At least one function is invalid: function a-x: name is empty; "
                + "function a-x: steps must have exactly one entry, not 0; function y: steps must have exactly one entry, not 0; "
                + "function functions[2]: name is empty; function functions[2]: steps must have exactly one entry, not 0"
        )
    }

    @Test("what a later release would refuse is read as absent from the store")
    func stored() throws {
        let source = try RawJSON(parsing: #"{"id":"a-f","name":"n","cancel":[{"event":"a","timeout":"soon"}]}"#)
        let function = try #require(FunctionConfiguration.decode(stored: source))
        #expect(function.slug == "a-f")
        #expect(function.cancellations == [.init(event: "a", period: .lasting(.days(365)))])
        #expect(FunctionConfiguration.decode(stored: .null) == nil)
    }

    @Test("a stored function that is no object any more is an error")
    func badSource() {
        #expect(throws: RegistrationError(.invalidRequest, details: ["function must be an object"])) {
            try FunctionConfiguration.decode(source: .null)
        }
    }
}
