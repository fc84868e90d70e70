import ApusCEL
import ApusCore
import Foundation
import Testing

@Suite("Expressions: limits")
struct LimitTests {
    private func expectLimit(_ source: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: ExpressionError.self, sourceLocation: sourceLocation) {
            try Expression(source, role: .keyUnchecked)
        }
        #expect(error?.code == .limit, sourceLocation: sourceLocation)
    }

    @Test("long sources are refused")
    func length() throws {
        let longest = "'" + String(repeating: "a", count: 8_190) + "'"
        _ = try Expression(longest, role: .condition)
        expectLimit("'" + longest)
    }

    @Test(
        "deep nesting is refused",
        arguments: [
            ("(", "1", ")"), ("[", "1", "]"), ("!", "true", ""), ("- ", "x", ""), ("int(", "1", ")"),
            ("{1: ", "1", "}"),
            ("event[", "1", "]"), ("true ? 1 : ", "2", ""), ("[1].all(x, ", "true", ")"),
        ]
    )
    func nesting(open: String, middle: String, close: String) throws {
        func source(_ depth: Int) -> String {
            String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)
        }
        let inner = try Expression(source(63), role: .keyUnchecked)
        _ = inner.holds(in: Scope(), now: .epoch)
        expectLimit(source(64))
        expectLimit(source(600))
    }

    @Test("long chains of logic are fine, of other operators up to 128")
    func chains() throws {
        let logic = Array(repeating: "a == 1", count: 700).joined(separator: " || ")
        _ = try Expression(logic, role: .keyUnchecked)
        let sum = try Expression(Array(repeating: "1", count: 120).joined(separator: " + "), role: .key)
        #expect(try sum.integer(in: Scope(), now: .epoch) == 120)
        expectLimit(Array(repeating: "1", count: 130).joined(separator: " + "))
        expectLimit("event()" + String(repeating: ".a", count: 130))
        expectLimit("event" + String(repeating: "[0]", count: 130))
        // A path is one part however long it is.
        _ = try Expression("event" + String(repeating: ".a", count: 3_000), role: .key)
    }

    @Test(
        "an evaluation that takes too long ends with an error",
        arguments: [
            "[1,1,1,1,1,1,1,1,1,1].map(a, [1,1,1,1,1,1,1,1,1,1].map(b, [1,1,1,1,1,1,1,1,1,1].map(c, "
                + "[1,1,1,1,1,1,1,1,1,1].map(d, [1,1,1,1,1,1,1,1,1,1].map(e, [1,1,1,1,1,1,1,1,1,1].map(f, 1))))))",
            "event.data.many.all(a, event.data.many.all(b, event.data.many.all(c, a == b || true)))",
            "event.data.many.all(x, event.data.many == event.data.many.map(y, y))",
            "event.data.many.all(x, event.data.long.contains('b') || true)",
            "event.data.many.all(x, event.data.zzz == 1 || true)",
            "event.data.many.all(x, event.data.many[999] == 1 || true)",
            "event.data.many.all(x, size(event.data.many + event.data.many) > 0)",
            "event.data.many.all(x, string(event.data.long) == 'a' || true)",
            "event.data.many.all(x, lowercase(event.data.long) == 'a' || true)",
            "event.data.many.all(x, (event.data.long + 1) == 'a' || true)",
            "event.data.many.all(x, event.data.long < event.data.long || true)",
            "event.data.many.all(x, event.data.long.matches('(a*)*b') || true)",
            "event.data.many.all(x, size(event.data.long) > 0)",
            "event.data.long + event.data.long + event.data.long + event.data.long + event.data.long + event.data.long",
        ]
    )
    func cost(source: String) throws {
        let many = "[" + (0..<1_000).map { "\($0)" }.joined(separator: ",") + "]"
        let long = String(repeating: "a", count: 200_000)
        let data = try RawJSON(parsing: "{\"long\":\"\(long)\",\"many\":\(many)}")
        let scope = Scope(event: EventValues(name: "e", id: "1", timestamp: .epoch, data: data))
        let clock = ContinuousClock()
        let start = clock.now
        let expression = try Expression(source, role: .keyUnchecked, limits: ExpressionLimits(steps: 10_000))
        #expect(throws: EvaluationError.tooExpensive) { try expression.value(in: scope, now: .epoch) }
        #expect(clock.now - start < .seconds(10))
    }

    /// Lists that hold one another twice, 2^100 elements in all.
    private static let doubled = "[1]" + String(repeating: ".map(a, [a, a])", count: 100)

    @Test("a value that is larger than memory takes no time")
    func doubled() throws {
        let limits = ExpressionLimits(steps: 10_000, valueSize: 10_000)
        let list = try Expression(LimitTests.doubled, role: .key, limits: limits)
        #expect(throws: EvaluationError.tooExpensive) { try list.keyText(in: Scope(), now: .epoch) }
        #expect(try list.value(in: Scope(), now: .epoch).json(limit: 10_000) == nil)
        for source in ["\(LimitTests.doubled) + ''", "\(LimitTests.doubled) == \(LimitTests.doubled)"] {
            let expression = try Expression(source, role: .key, limits: limits)
            #expect(throws: EvaluationError.tooExpensive) { try expression.value(in: Scope(), now: .epoch) }
        }
        let wait = try Expression("async.data.x == \(LimitTests.doubled)", role: .wait)
        let event = EventValues(name: "e", id: "1", timestamp: .epoch)
        #expect(throws: ExpressionError.self) { try wait.bound(to: event) }
        let texts = try Expression("event.data.many.map(x, event.data.long)", role: .key)
        let long = String(repeating: "a", count: 100_000)
        let data = try RawJSON(
            parsing: "{\"long\":\"\(long)\",\"many\":[\((0..<90).map(String.init).joined(separator: ","))]}")
        let scope = Scope(event: EventValues(name: "e", id: "1", timestamp: .epoch, data: data))
        #expect(throws: EvaluationError.tooExpensive) { try texts.keyText(in: scope, now: .epoch) }
    }

    // Unoptimized code needs several times as much.
    #if DEBUG
    private static let stackSize = 2 << 20
    #else
    private static let stackSize = 512 << 10
    #endif

    @Test("the deepest expressions fit the stack of a thread, 512 KiB in release")
    func stack() async throws {
        let deep = (0..<40).reduce("async.data.x") { source, _ in "[\(source) + 1].map(x, !x)" }
        let sources = [
            deep, String(repeating: "(", count: 63) + "1" + String(repeating: ")", count: 63),
            String(repeating: "[1].all(x, ", count: 63) + "async.data.x" + String(repeating: ")", count: 63),
            String(repeating: "true ? 1 : ", count: 63) + "2", LimitTests.doubled,
            Array(repeating: "async.data.x", count: 120).joined(separator: " + "),
            String(repeating: "!", count: 60) + "async.data.x" + String(repeating: "[0]", count: 60),
            "async.data.x == async.data.y",
        ]
        let nested = String(repeating: "[", count: 250) + "1" + String(repeating: "]", count: 250)
        let other = nested.replacing("1", with: "9007199254740993").replacing("]]", with: "],2]")
        let data = try RawJSON(parsing: "{\"x\":\(nested),\"y\":\(other)}")
        let event = EventValues(name: "e", id: "1", timestamp: .epoch, data: data)
        let done = await withCheckedContinuation { continuation in
            let thread = Thread {
                for source in sources {
                    guard let expression = try? Expression(source, role: .wait) else {
                        return continuation.resume(returning: source)
                    }
                    _ = expression.holds(in: Scope(event: event, async: event), now: .epoch)
                    _ = try? expression.keyText(in: Scope(event: event, async: event), now: .epoch)
                    _ = try? expression.bound(to: event)
                    _ = expression.policyViolations
                    _ = try? Expression(source, role: .condition)
                }
                continuation.resume(returning: "")
            }
            thread.stackSize = LimitTests.stackSize
            thread.start()
        }
        #expect(done.isEmpty, "\(done)")
    }

    @Test("a source can be evaluated within other limits")
    func limits() throws {
        let few = try Expression("1 + 1 + 1", role: .key, limits: ExpressionLimits(steps: 4))
        #expect(throws: EvaluationError.tooExpensive) { try few.value(in: Scope(), now: .epoch) }
        let enough = try Expression("1 + 1 + 1", role: .key, limits: ExpressionLimits(steps: 5))
        #expect(try enough.integer(in: Scope(), now: .epoch) == 3)
    }

    @Test("equal sources are equal, and only they")
    func hashing() throws {
        let first = try Expression("event.data.a == 1", role: .condition)
        #expect(try first == Expression("event.data.a == 1", role: .key))
        #expect(try first != Expression("event.data.a ==  1", role: .condition))
        #expect(try Expression("'\u{e9}'", role: .key) != Expression("'e\u{301}'", role: .key))
        #expect(Set([first, first]).count == 1)
        #expect(first.description == first.source)
    }

    @Test("errors have short sentences")
    func errors() {
        #expect(
            EvaluationError.divisionByZero.description
                == "invalid type comparison: division by zero: expression errored")
        #expect(
            EvaluationError.invalidTime("date").description
                == "expression did not return true or false: date() needs a valid time or duration")
        let all: [EvaluationError] = [
            .undeclared("a"), .noOverload("_+_"), .noSuchKey("k"), .indexOutOfRange, .overflow,
            .invalidConversion(to: "int"),
            .invalidPattern("("), .invalidKey, .tooExpensive, .notBoolean("string"), .notInteger("double"),
        ]
        #expect(Set(all.map(\.description)).count == all.count)
    }
}
