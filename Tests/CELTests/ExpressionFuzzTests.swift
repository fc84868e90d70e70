import ApusCore
import Testing

@testable import ApusCEL

/// Random expressions over random events. `APUS_FUZZ_ITERATIONS` asks for more than the usual few thousand.
@Suite("Expressions: random expressions")
struct ExpressionFuzzTests {
    private struct Events {
        var event: EventValues
        var async: EventValues
        var model: ModelEvaluator

        init(_ generator: inout ExpressionGenerator) throws {
            let (eventData, asyncData) = (generator.object(), generator.object())
            let user = generator.object()
            func values(_ data: String) throws -> EventValues {
                EventValues(
                    name: "ab", id: "1", timestamp: Timestamp(milliseconds: 2), data: try RawJSON(parsing: data),
                    user: try RawJSON(parsing: user))
            }
            func tree(_ data: String) throws -> ModelValue {
                let json = try RawJSON(parsing: #"{"data":\#(data),"id":"1","name":"ab","ts":2,"user":\#(user)}"#)
                return ModelValue(json.view)
            }
            event = try values(eventData)
            async = try values(asyncData)
            model = ModelEvaluator(event: try tree(eventData), async: try tree(asyncData))
        }
    }

    @Test("an evaluation over bytes gives what one over decoded values gives")
    func model() throws {
        var generator = ExpressionGenerator(seed: 1)
        var values = 0
        for _ in 0..<FuzzRandom.iterations(700) {
            let source = generator.expression()
            let expression = try Expression(source, role: .keyUnchecked)
            let events = try Events(&generator)
            let scope = Scope(event: events.event, async: events.async)
            for _ in 0..<2 {
                let expected: String
                switch try? events.model.evaluate(expression.storage.term) {
                case .value(let value):
                    expected = value.shown
                    values += 1
                case .missing: expected = "false"
                case .failed, nil: expected = "ERR"
                }
                #expect(try result(of: source, in: scope) == expected, "\(source)")
            }
        }
        // Most expressions have a value, or the test would say little.
        #expect(values > FuzzRandom.iterations(700) / 2)
    }

    @Test("a printed expression is parsed to the same")
    func roundTrip() throws {
        var generator = ExpressionGenerator(seed: 2, usesEverything: true)
        for _ in 0..<FuzzRandom.iterations(1_500) {
            let source = generator.expression(depth: 5)
            guard let expression = try? Expression(source, role: .keyUnchecked) else { continue }
            let printed = Printer.source(of: expression.storage.term)
            let again = try Expression(printed, role: .bound)
            #expect(again.storage.term == expression.storage.term, "\(source) as \(printed)")
            #expect(Printer.source(of: again.storage.term) == printed)
        }
    }

    @Test("a bound expression holds for the same events")
    func bound() throws {
        var generator = ExpressionGenerator(seed: 3)
        var matched = 0
        for _ in 0..<FuzzRandom.iterations(700) {
            let source = generator.expression()
            let expression = try Expression(source, role: .wait)
            var events = try Events(&generator)
            events.model.bindsMissing = true
            let bound = try expression.bound(to: events.event)
            #expect(
                !bound.storage.term.contains {
                    switch $0 {
                    case .path(let path, _), .hasPath(let path, _): path.variable == .event
                    default: false
                    }
                })
            let verdict = bound.holds(in: Scope(async: events.async), now: .epoch)
            var expected = false
            if case .value(.bool(true)) = try? events.model.evaluate(expression.storage.term) {
                expected = true
            }
            #expect((verdict == .matched) == expected, "\(source) bound as \(bound.source)")
            matched += expected ? 1 : 0
            if let constant = bound.constant {
                #expect(constant == expected)
            }
        }
        #expect(matched > FuzzRandom.iterations(700) / 50)
    }

    @Test("an event for which a condition holds has the hashes of its equalities")
    func equalities() throws {
        var generator = ExpressionGenerator(seed: 4)
        var found = 0
        for _ in 0..<FuzzRandom.iterations(700) {
            let events = try Events(&generator)
            let field = generator.random.pick(["a", "b", "c"])
            let source = "event.data.\(field) == async.data.\(field) && (\(generator.expression(depth: 2)))"
            for event in [events.event, events.async] {
                let bound = try Expression(source, role: .wait).bound(to: event)
                guard bound.holds(in: Scope(async: events.async), now: .epoch) == .matched else { continue }
                for key in bound.equalities() {
                    #expect(EqualityKey.hash(of: key.path, in: events.async) == key.hash, "\(bound.source)")
                    found += 1
                }
            }
        }
        #expect(found > FuzzRandom.iterations(700) / 100)
    }

    @Test("damaged sources and random bytes neither crash nor hang")
    func damage() throws {
        var generator = ExpressionGenerator(seed: 5, usesEverything: true)
        let events = try Events(&generator)
        let scope = Scope(event: events.event, async: events.async)
        for _ in 0..<FuzzRandom.iterations(1_500) {
            var bytes = Array(generator.expression(depth: 5).utf8.prefix(2_000))
            for _ in 0..<generator.random.below(4) {
                let place = generator.random.below(bytes.count + 1)
                switch generator.random.below(4) {
                case 0: bytes.insert(UInt8(truncatingIfNeeded: generator.random.next()), at: place)
                case 1: bytes.insert(contentsOf: generator.random.pick(ExpressionFuzzTests.pieces).utf8, at: place)
                case 2: bytes.removeSubrange(place..<min(place + generator.random.below(5), bytes.count))
                default:
                    bytes.insert(
                        contentsOf: bytes[place..<min(place + generator.random.below(20), bytes.count)], at: place)
                }
            }
            let source = String(decoding: bytes, as: UTF8.self)
            guard let expression = try? Expression(source, role: generator.random.pick(Expression.Role.allCases)) else {
                continue
            }
            _ = expression.holds(in: scope, now: exampleNow)
            _ = try? expression.keyText(in: scope, now: exampleNow)
            _ = try? expression.bound(to: events.event)
            _ = expression.equalities()
        }
    }

    @Test("random patterns neither crash nor hang")
    func patterns() throws {
        var random = FuzzRandom(seed: 6)
        let pieces = [
            "a", "b", ".", "*", "+", "?", "{2}", "{1,3}", "(", ")", "(?:", "(?i)", "[", "]", "^", "$", "|", "\\d", "\\",
            "[^a]", "\\pL", "-", "é",
        ]
        for _ in 0..<FuzzRandom.iterations(1_500) {
            let pattern = (0..<random.below(12)).map { _ in random.pick(pieces) }.joined()
            var budget = Budget(.default)
            _ = try? CompiledPattern(pattern, limit: 200).program?.matches("aabbé1 ab\n", &budget)
        }
    }

    private static let pieces = [
        "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "'", "\"", "\"\"\"", "\\", "\\u", "!", "-", "&&", "||", "==",
        "in", "has(", "//",
        "\n", "0x", "1e", "9", "u", "r'", "b'", ".all(x, ", "event", "null", "\u{0}", "é", "((((((((((", "!!!!!!!!!!",
        "[[[[[[[[[[",
    ]
}
