import ApusCore
import Testing

@testable import ApusEngine

@Suite("Expressions in the options of a function")
struct ExpressionCheckTests {
    private func accept(_ options: String...) throws {
        let functions = options.enumerated().map { index, options in
            #"{"id":"a-\#(index)","name":"n","steps":{"s":{"name":"s","runtime":{"url":"http://h"}}},\#(options)}"#
        }
        let body = #"{"appName":"a","url":"http://h","functions":[\#(functions.joined(separator: ","))]}"#
        _ = try Registration.accept(Array(body.utf8))
    }

    @Test(
        "expressions that can be used",
        arguments: [
            #""rateLimit":{"limit":1,"period":"1h","key":"event.data.a + event.data.b"}"#,
            #""idempotency":"event.data.id""#, #""debounce":{"period":"1m","key":"event.data.id"}"#,
            #""debounce":{"period":"1m","key":""}"#,
            #""batchEvents":{"maxSize":2,"timeout":"1s","key":"event.data.k","if":"event.data.batch == true"}"#,
            #""priority":{"run":"event.data.plan == 'pro' ? 120 : 0"}"#, #""priority":{}"#,
            #""concurrency":{"fn":[{"limit":1,"key":"event.data.a"}],"step":[{"limit":1,"key":"event.data.b"}]}"#,
        ])
    func accepted(options: String) throws {
        try accept(options)
    }

    @Test(
        "names are not checked where only the syntax is, and nothing is in keys of throttles and singletons",
        arguments: [
            #""concurrency":[{"limit":1,"key":"foo.bar"}]"#, #""concurrency":{"fn":[{"limit":1,"key":"foo.bar"}]}"#,
            #""priority":{"run":"foo"}"#, #""throttle":{"limit":1,"period":"1m","key":"!!"}"#,
            #""throttle":{"limit":1,"period":"1m","key":""}"#, #""singleton":{"mode":"skip","key":"!!"}"#,
        ])
    func unchecked(options: String) throws {
        try accept(options)
    }

    @Test(
        "expressions that cannot be used",
        arguments: [
            (
                #""rateLimit":{"limit":1,"period":"1h","key":"foo"}"#, "rateLimit: key is invalid",
                "undeclared reference"
            ),
            (#""rateLimit":{"limit":1,"period":"1h","key":""}"#, "rateLimit: key is invalid", "1:1: Syntax error"),
            (#""idempotency":"event.data.(""#, "idempotency: key is invalid", "1:12: Syntax error"),
            (#""idempotency":"""#, "idempotency: key is invalid", "1:1: Syntax error"),
            (
                #""debounce":{"period":"1m","key":"foo"}"#, "debounce: Debounce expression is invalid",
                "undeclared reference"
            ),
            (
                #""batchEvents":{"maxSize":2,"timeout":"1s","key":"foo"}"#,
                "batchEvents: batch key expression is invalid", "undeclared reference"
            ),
            (
                #""batchEvents":{"maxSize":2,"timeout":"1s","if":"foo == 1"}"#,
                "batchEvents: conditional batch expression is invalid", "undeclared reference"
            ),
            (
                #""batchEvents":{"maxSize":2,"timeout":"1s","if":"event.data.a && 'b'"}"#,
                "batchEvents: conditional batch expression is invalid", "expected type 'bool'"
            ),
            (#""priority":{"run":""}"#, "priority: Priority.Run expression is invalid", "1:1: Syntax error"),
            (#""priority":{"run":"1 +"}"#, "priority: Priority.Run expression is invalid", "Syntax error"),
            (
                #""concurrency":[{"limit":9},{"limit":1,"key":"event.data."}]"#,
                "concurrency: Invalid concurrency key 'event.data.'", "Syntax error"
            ),
            (#""concurrency":{"limit":1,"key":""}"#, "concurrency: Invalid concurrency key ''", "Syntax error"),
            (
                #""concurrency":{"fn":[{"limit":1,"key":"!!"}]}"#,
                "concurrency: invalid function concurrency key '!!'", "Syntax error"
            ),
        ])
    func refused(options: String, complaint: String, reason: String) throws {
        let error = try #require(throws: RegistrationError.self) { try accept(options) }
        #expect(error.code == .invalidFunctions)
        #expect(error.details.count == 1)
        let detail = try #require(error.details.first)
        #expect(
            detail.hasPrefix("function a-0: \(complaint): error compiling expression: ERROR: <input>:"), "\(detail)")
        #expect(detail.contains(reason), "\(detail)")
    }

    @Test("all of them are told, in all functions")
    func all() throws {
        let first =
            #""concurrency":[{"limit":1,"key":"!!"},{"limit":2,"key":"("}],"priority":{"run":""},"idempotency":"foo""#
        let second = #""batchEvents":{"maxSize":2,"timeout":"1s","key":"foo","if":"bar"}"#
        let error = try #require(throws: RegistrationError.self) { try accept(first, second) }
        #expect(
            error.details.map { $0.prefix { $0 != "<" } }
                == [
                    "function a-0: concurrency: Invalid concurrency key '!!'",
                    "function a-0: concurrency: Invalid concurrency key '('",
                    "function a-0: idempotency: key is invalid",
                    "function a-0: priority: Priority.Run expression is invalid",
                    "function a-1: batchEvents: batch key expression is invalid",
                    "function a-1: batchEvents: conditional batch expression is invalid",
                ].map { "\($0): error compiling expression: ERROR: " }
        )
    }

    @Test("a long key is not repeated as a whole")
    func longKey() throws {
        let key = String(repeating: "a", count: 10_000)
        let error = try #require(throws: RegistrationError.self) {
            try accept(#""concurrency":{"limit":1,"key":"\#(key)"}"#)
        }
        #expect(error.message.contains("Invalid concurrency key 'aaa"))
        #expect(error.message.utf8.count < 1_000)
    }
}
