import ApusCore
import Testing

@Suite("The body of POST /fn/register and of an in-band sync")
struct RegistrationTests {
    private func decode(_ body: String) throws -> Registration {
        try Registration.decode(Array(body.utf8))
    }

    private func error(_ body: String, inBand: Bool = false, limits: RegistrationLimits = .default) throws
        -> RegistrationError
    {
        try #require(throws: RegistrationError.self) {
            inBand
                ? try Registration.decodeInBand(Array(body.utf8), limits: limits)
                : try Registration.decode(Array(body.utf8), limits: limits)
        }
    }

    // MARK: Real bodies

    @Test("Python")
    func python() throws {
        let registration = try decode(WireExamples.pythonRegistration)
        #expect(registration.appName == "shop")
        #expect(registration.appVersion == "v7")
        #expect(registration.url == "http://localhost:5000/api/inngest")
        #expect(registration.framework == "flask")
        #expect(registration.sdkLanguage == "py")
        #expect(registration.sdkVersion == "v0.5.19")
        #expect(registration.functions.map(\.slug) == ["shop-full", "shop-batch", "shop-full-failure"])
        let full = registration.functions[0]
        #expect(full.name == "Full")
        #expect(full.retries == 3)
        #expect(full.stepURL == "http://localhost:5000/api/inngest?fnId=shop-full&stepId=step")
        #expect(full.triggers == [.event(name: "a/b", filter: .every), .cron(schedule: "0 * * * *", jitter: "5s")])
        #expect(
            full.cancellations == [
                .init(event: "a/c", condition: "event.data.id==async.data.id", period: .lasting(.hours(1)))
            ]
        )
        #expect(full.timeouts == .init(start: .seconds(10), finish: .days(1)))
        #expect(registration.functions[1].retries == nil)
        let handler = registration.functions[2]
        #expect(handler.triggers == [.event(name: "inngest/function.failed", filter: .functionID("shop-full"))])
        #expect(handler.retries == 0)
    }

    @Test("Go")
    func go() throws {
        let registration = try decode(WireExamples.goRegistration)
        #expect(registration.appName == "goshop")
        #expect(registration.sdkLanguage == "go")
        let function = try #require(registration.functions.first)
        #expect(function.slug == "goshop-full")
        #expect(function.stepURL == "http://localhost:5000/api/inngest?fnId=goshop-full&step=step")
        #expect(function.retries == 3)
        #expect(
            function.flowControl
                == FlowControl(throttle: .init(limit: 3, period: .minutes(2), key: "event.data.u"))
        )
        #expect(function.timeouts == .init(finish: .days(1)))
    }

    @Test("TypeScript")
    func typeScript() throws {
        let registration = try decode(WireExamples.typeScriptRegistration)
        #expect(registration.url == "http://localhost:3000/api/inngest")
        #expect(registration.functions.map(\.retries) == [nil, 1])
        #expect(registration.functions[0].stepURL == "http://localhost:3000/api/inngest?fnId=demo-main&stepId=step")
        #expect(registration.functions[0].flowControl == FlowControl(concurrency: [.init(limit: 4)]))
    }

    @Test("in-band bodies say the same in other words")
    func inBand() throws {
        let typeScript = try Registration.decodeInBand(Array(WireExamples.typeScriptInBand.utf8))
        #expect(typeScript.appName == "demo")
        #expect(typeScript.appVersion == "7")
        #expect(typeScript.sdkLanguage == "js")
        #expect(typeScript.sdkVersion == "v4.18.1")
        #expect(typeScript.functions.map(\.slug) == ["demo-main"])
        let python = try Registration.decodeInBand(Array(WireExamples.pythonInBand.utf8))
        #expect(python.sdkLanguage == "py")
        #expect(python.sdkVersion == "v0.5.19")
        #expect(python.url == "http://localhost:5000/api/inngest")
        #expect(python.functions.isEmpty)
    }

    @Test("an in-band body is recognised without a header")
    func looksInBand() {
        #expect(Registration.looksInBand(Array(WireExamples.typeScriptInBand.utf8)))
        #expect(!Registration.looksInBand(Array(#"{"message":"Successfully registered","modified":true}"#.utf8)))
        #expect(!Registration.looksInBand(Array(#"{"app_id":"x","functions":null}"#.utf8)))
        #expect(!Registration.looksInBand([]))
    }

    @Test(
        "a stored function decodes to the same value",
        arguments: [
            WireExamples.pythonRegistration, WireExamples.goRegistration, WireExamples.typeScriptRegistration,
        ])
    func source(body: String) throws {
        for function in try decode(body).functions {
            #expect(try FunctionConfiguration.decode(source: function.source) == function)
        }
    }

    // MARK: The app

    @Test("keys are accepted in any case, the exact one first, and null is absence")
    func keys() throws {
        let registration = try decode(
            #"{"APPNAME":"other","appName":"a","URL":"http://h","Functions":null,"SDK":null,"framework":null,"deployId":7}"#
        )
        #expect(registration.appName == "a")
        #expect(registration.functions.isEmpty)
        #expect(registration.sdkLanguage.isEmpty)
        #expect(registration.framework.isEmpty)
    }

    @Test(
        "the SDK's language ends at the first colon",
        arguments: [
            (#""js:v4.18.1""#, "js", "v4.18.1"), (#""js""#, "js", ""), (#"":v1""#, "", "v1"), (#""a:b:c""#, "a", "b:c"),
            (#""""#, "", ""),
        ])
    func sdk(text: String, language: String, version: String) throws {
        let registration = try decode(#"{"appName":"a","url":"http://h","sdk":\#(text)}"#)
        #expect(registration.sdkLanguage == language)
        #expect(registration.sdkVersion == version)
    }

    @Test(
        "bodies that cannot be used",
        arguments: [
            ("", "Invalid request: invalid JSON at byte 0: unexpected end of the text"),
            ("{", "Invalid request: invalid JSON at byte 1: unexpected end of the text"),
            ("[]", "Invalid request: the body must be a JSON object"),
            ("null", "Invalid request: the body must be a JSON object"),
            (#"{"url":"http://h"}"#, "App ID required"), (#"{"appName":"","url":"http://h"}"#, "App ID required"),
            (#"{"appName":null,"url":"http://h"}"#, "App ID required"),
            (#"{"appName":7,"url":"http://h"}"#, "Invalid request: appName must be a string"),
            (
                #"{"appName":[],"url":{},"sdk":1,"framework":2,"appVersion":3,"functions":{}}"#,
                "Invalid request: appName must be a string; url must be a string; sdk must be a string; "
                    + "framework must be a string; appVersion must be a string; functions must be an array"
            ),
            (#"{"appName":"a"}"#, "Invalid request: url must begin with http://, https://, ws:// or wss://"),
            (#"{"appName":"a","url":"http://u:p@h"}"#, "Invalid request: url must not contain a user name or password"),
            (#"{"appName":"a","url":"http://h","functions":[7]}"#, "Invalid request: functions[0] must be an object"),
        ])
    func invalid(body: String, message: String) throws {
        #expect(try error(body).message == message)
    }

    @Test("an in-band body without an app is refused")
    func inBandWithoutApp() throws {
        #expect(try error(#"{"appName":"a","url":"http://h","functions":[]}"#, inBand: true).code == .appIDRequired)
    }

    @Test("an error is the JSON that SDKs read")
    func errorBody() throws {
        let error = try error(#"{"url":"http://h"}"#)
        #expect(error.status == 400)
        #expect(error.body.description == #"{"data":null,"error":"App ID required","status":400}"#)
    }

    @Test("a body may have 8 MiB, an app 5000 functions")
    func limits() throws {
        #expect(RegistrationLimits.default == RegistrationLimits(bodyBytes: 8_388_608, functions: 5_000))
        let body = #"{"appName":"a","url":"http://h","functions":[]}"#
        #expect(
            try error(body, limits: RegistrationLimits(bodyBytes: 46)).message
                == "Invalid request: invalid JSON at byte 46: too large"
        )
        #expect(
            try error(WireExamples.pythonRegistration, limits: RegistrationLimits(functions: 2)).message
                == "Invalid request: functions has more than 2 entries"
        )
    }

    @Test("after fifty problems only their number follows")
    func manyProblems() throws {
        let functions = repeatElement("7", count: 1_000).joined(separator: ",")
        let error = try error(#"{"appName":"a","url":"http://h","functions":[\#(functions)]}"#)
        #expect(error.details.count == 51)
        #expect(error.details.last == "and 950 more")
    }

    // MARK: The checksum

    @Test("the checksum is the same when nothing that matters changed")
    func sameChecksum() throws {
        let checksum = try decode(WireExamples.typeScriptRegistration).checksum
        #expect(checksum.utf8.count == 64)
        #expect(checksum.allSatisfy { "0123456789abcdef".contains($0) })
        let same = [
            ("\"kind\":1", "\"kind\":2"), ("dpl_1", "dpl_2"), (#""appName""#, #""appname""#),
            (#""functions":["#, #""unknown":{"x":1},"functions":["#),
            (#""id":"demo-main","name""#, #""description":"d","id":"demo-main","name""#),
            ("localhost:3000", "127.0.0.1:3000"), (",", " , "),
        ]
        for (old, new) in same {
            let body = WireExamples.typeScriptRegistration.replacing(old, with: new)
            #expect(body != WireExamples.typeScriptRegistration)
            #expect(try decode(body).checksum == checksum, "\(old) → \(new)")
        }
    }

    @Test(
        "everything that matters changes the checksum",
        arguments: [
            (#""appName":"demo""#, #""appName":"demo2""#), ("express", "fastify"), ("js:v4.18.1", "js:v4.18.2"),
            (#""v":"0.1""#, #""v":"0.2""#),
            (#""deployType":"ping""#, #""deployType":"connect""#), (#""trust_probe":"v1""#, #""trust_probe":"v2""#),
            ("localhost:3000/api", "localhost:3001/api"), (#""name":"main","#, #""name":"Main","#),
            ("demo/start", "demo/begin"),
            (#""concurrency":4"#, #""concurrency":5"#), (#""concurrency":4"#, #""throttle":{"limit":1,"period":"1s"}"#),
            (#""attempts":1"#, #""attempts":2"#), (#""sdk""#, #""appVersion":"1","sdk""#),
            (#""id":"demo-main","name":"main""#, #""id":"demo-main","name":"main","retries":4"#),
        ])
    func differentChecksum(old: String, new: String) throws {
        let body = WireExamples.typeScriptRegistration.replacing(old, with: new)
        #expect(body != WireExamples.typeScriptRegistration)
        #expect(try decode(body).checksum != decode(WireExamples.typeScriptRegistration).checksum)
    }

    @Test("the order of functions matters")
    func order() throws {
        let body = try RawJSON(parsing: WireExamples.typeScriptRegistration)
        let functions = try #require(body.view["functions"]).elements.map(\.text)
        let reversed = "[" + functions.reversed().joined(separator: ",") + "]"
        let other = body.description.replacing("[" + functions.joined(separator: ",") + "]", with: reversed)
        #expect(try decode(other).checksum != decode(body.description).checksum)
    }
}
