import ApusCore
import Testing

@testable import ApusServer

@Suite("GraphQL documents")
struct GraphQLParserTests {
    private func complaint(_ text: String) -> String {
        do throws(GraphQLProblem) {
            _ = try GraphQLParser.document(text)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("operations, variables, arguments, aliases, fragments and directives are read")
    func everything() throws {
        let document = try GraphQLParser.document(
            """
            # a comment
            query Runs($id: ID!, $many: [String!]! = ["a", "b"], $on: Boolean = true) {
              first: run(runID: $id, filter: {from: "x\\u0041\\n", limit: -12, rate: 1.5e2, kind: DESC, no: null}) {
                ...Parts @include(if: $on)
                ... on Span { name }
                ... { status }
              }
            }
            fragment Parts on Run { id, __typename }
            """
        )
        let operation = try #require(document.operations.first)
        #expect(operation.name == "Runs" && operation.kind == .query)
        #expect(operation.variables.map(\.type.description) == ["ID!", "[String!]!", "Boolean"])
        #expect(operation.variables[1].standard == .list([.string("a"), .string("b")]))
        guard case .field(let field) = operation.selections[0] else {
            Issue.record("the first selection is a field")
            return
        }
        #expect(field.alias == "first" && field.name == "run" && field.position == .init(line: 3, column: 3))
        guard case .object(let members) = field.arguments[1].value else {
            Issue.record("the filter is an object")
            return
        }
        #expect(
            members.map(\.value) == [.string("xA\n"), .int(-12), .double(150), .enumeration("DESC"), .null]
        )
        #expect(field.selections.count == 3)
        #expect(document.fragments["Parts"]?.selections.count == 2)
    }

    @Test(
        "what is no document is explained with its place",
        arguments: [
            ("", "1:1: expected query, mutation or fragment, found the end"),
            ("{", "1:2: expected a field, found the end"),
            ("{ }", "1:3: expected a field, found \"}\""),
            ("{ run(id: ) }", "1:11: expected a value, found \")\""),
            ("{\n  run(id: $) {id}}", "2:12: expected a variable's name, found \")\""),
            ("{ a ? }", "1:5: \"?\" has no meaning here"),
            ("{ a(b: \"x) }", "1:8: the string does not end"),
            ("{ a(b: \"x\n\") }", "1:8: the string does not end on its line"),
            ("{ a(b: \"\\q\") }", "1:8: the string has an escape that is none"),
            ("{ a(b: \"\\ud800\") }", "1:8: the string has an escape that is none"),
            ("{ a(b: \"\"\"x\"\"\") }", "1:8: strings in three quotes are not supported"),
            ("{ a(b: 01) }", "1:8: this is no number"),
            ("{ a(b: 1.) }", "1:8: this is no number"),
            ("{ a(b: -) }", "1:8: this is no number"),
            ("{ a(b: 99999999999999999999) }", "1:8: this is no number"),
            ("{ a(b: 1, b: 2) }", "1:11: \"b\" is given twice"),
            ("{ a } extra", "1:7: expected query, mutation or fragment, found \"extra\""),
            ("fragment on on Run { id }", "1:1: expected a fragment's name, found \"on\""),
            ("{ ..a }", "1:3: \".\" has no meaning here"),
            ("query ($a String) { b }", "1:11: expected \":\", found \"String\""),
        ]
    )
    func errors(_ text: String, _ expected: String) {
        #expect(complaint(text) == expected)
    }

    @Test("a document may stand only so deep")
    func depth() {
        let deep = GraphQLParser.deepest
        #expect(complaint(String(repeating: "{a", count: deep) + String(repeating: "}", count: deep)) == "none")
        #expect(complaint(String(repeating: "{a", count: deep + 1)).contains("more than 32 levels deep"))
        let lists = String(repeating: "[", count: 10_000)
        #expect(complaint("{a(b: \(lists))}").contains("more than 32 levels deep"))
    }

    @Test("every text is read or refused, none crashes the parser")
    func mutations() {
        let valid = Array(
            "query A($i: ID! = \"x\") { r: run(runID: $i) { ...F @skip(if: false) } } fragment F on Run { id }".utf8)
        var random = SplitMix64(seed: 7)
        for _ in 0..<5_000 {
            var text = valid
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0x09..<0x7F, using: &random)
            }
            text.removeLast(Int.random(in: 0..<text.count, using: &random) / 3)
            _ = complaint(String(decoding: text, as: UTF8.self))
        }
    }
}

@Suite("GraphQL operations")
struct GraphQLPlanTests {
    private func plan(_ text: String, variables: String = "{}", name: String? = nil) throws -> GraphQLPlan {
        try GraphQLPlan(
            GraphQLParser.document(text), .apus, operationName: name,
            variables: try RawJSON(parsing: variables).view
        )
    }

    private func complaint(_ text: String, variables: String = "{}", name: String? = nil) throws -> String {
        do {
            _ = try plan(text, variables: variables, name: name)
            return "none"
        } catch let problem as GraphQLProblem {
            return problem.description
        }
    }

    @Test("variables, defaults and enumerations become checked values")
    func values() throws {
        let query = """
            query ($from: Time!, $field: RunsV2OrderByField, $states: [FunctionRunStatus!], $first: Int = 7, $x: Unknown) {
              runs(first: $first, filter: {from: $from, timeField: $field, status: $states, query: $x}) { totalCount }
            }
            """
        let field = try #require(
            plan(query, variables: #"{"from": "2026-01-01T00:00:00Z", "states": "FAILED"}"#).fields.first
        )
        #expect(field.arguments["first"]?.int == 7)
        #expect(field.arguments["filter"]?["timeField"]?.text == "QUEUED_AT")
        #expect(field.arguments["filter"]?["status"]?.elements == [.string("FAILED")])
        #expect(field.arguments["filter"]?["query"] == nil)
    }

    @Test("fragments and repeated fields are put together")
    func merging() throws {
        let query = """
            query ($yes: Boolean!) {
              run(runID: "a") { trace { ...S } trace { status } id @skip(if: $yes) output @include(if: $yes) }
            }
            fragment S on RunTraceSpan { name stepInfo { ... on SleepStepInfo { sleepUntil } __typename } }
            """
        let run = try #require(plan(query, variables: #"{"yes": true}"#).fields.first)
        let fields = try #require(run.selections["FunctionRunV2"])
        #expect(fields.map(\.key) == ["trace", "output"])
        let span = try #require(fields[0].selections["RunTraceSpan"])
        #expect(span.map(\.key) == ["name", "stepInfo", "status"])
        #expect(span[1].selections["SleepStepInfo"]?.map(\.key) == ["sleepUntil", "__typename"])
        #expect(span[1].selections["RunStepInfo"]?.map(\.key) == ["__typename"])
    }

    @Test(
        "what the schema does not allow is explained",
        arguments: [
            ("{ nothing }", "{}", "1:3: Cannot query field \"nothing\" on type \"Query\"."),
            ("{ functions { id app { color } } }", "{}", "1:24: Cannot query field \"color\" on type \"App\"."),
            ("{ functions(a: 1) { id } }", "{}", "1:13: Unknown argument \"a\" on field \"Query.functions\"."),
            ("{ run { id } }", "{}", "1:3: the argument \"runID\" of \"run\" is required"),
            (
                "{ run(runID: null) { id } }", "{}",
                "1:7: the argument \"runID\" of \"run\" must not be null: it is a String!"
            ),
            ("{ run(runID: 3) { id } }", "{}", "1:7: the argument \"runID\" of \"run\" must be a String"),
            ("{ run(runID: $r) { id } }", "{}", "1:7: the variable \"$r\" is not defined by the operation"),
            ("query ($r: String!) { run(runID: $r) { id } }", "{}", "1:8: the variable \"$r\" is required"),
            (
                "query ($r: String!) { run(runID: $r) { id } }", #"{"r": [1]}"#,
                "1:8: the variable \"$r\" must be a String"
            ),
            (
                "{ runs(filter: {from: \"x\", statuus: []}) { totalCount } }", "{}",
                "1:8: the argument \"filter\" of \"runs\" has the unknown field \"statuus\": it is a RunsFilterV2"
            ),
            (
                "{ runs(filter: {from: \"x\", timeField: AT}) { totalCount } }", "{}",
                "1:8: the argument \"filter\" of \"runs\".timeField must be one of ENDED_AT, QUEUED_AT, STARTED_AT"
            ),
            ("{ functions }", "{}", "1:3: \"Query.functions\" is a [Function!] and needs a selection of its fields"),
            ("{ functions { id { x } } }", "{}", "1:15: \"Function.id\" is a UUID! and has no fields to select"),
            ("{ functions { ...F } }", "{}", "1:15: there is no fragment \"F\""),
            ("{ functions { ... on Thing { id } } }", "{}", "1:15: there is no type \"Thing\""),
            ("{ functions { id @unless(if: true) } }", "{}", "1:18: there is no directive \"@unless\""),
            ("{ functions { id @skip } }", "{}", "1:18: \"@skip\" needs the Boolean argument \"if\""),
            ("{ functions { x: id x: name } }", "{}", "1:21: \"x\" stands for two different fields"),
            (
                "{ functions { ...F } } fragment F on Function { ...F }", "{}",
                "fragments stand too deep in each other, or in themselves"
            ),
            (
                "query A { functions { id } } query B { functions { id } }", "{}",
                "operationName must say which of the operations is meant"
            ),
            ("subscription { x }", "{}", "1:1: there are no operations of the kind subscription"),
        ]
    )
    func refusals(_ text: String, _ variables: String, _ expected: String) throws {
        #expect(try complaint(text, variables: variables) == expected)
    }

    @Test("fragments that multiply are refused before they are carried out")
    func multiplication() throws {
        var text = "{ functions { ...F0 } } fragment F12 on Function { id }"
        for level in 0..<12 { text += " fragment F\(level) on Function { ...F\(level + 1) ...F\(level + 1) }" }
        #expect(try complaint(text) == "the operation selects more than 2000 fields")
    }

    @Test("an operation may ask for so many things")
    func questions() throws {
        func text(_ count: Int) -> String { "{" + (0..<count).map { " f\($0): functions { id }" }.joined() + " }" }
        #expect(try plan(text(GraphQLPlan.mostQuestions)).fields.count == 50)
        #expect(try complaint(text(GraphQLPlan.mostQuestions + 1)).hasSuffix("asks for more than 50 things"))
    }

    @Test("the operation is chosen by its name")
    func names() throws {
        let text = "query A { a: functions { id } } query B { b: functions { id } }"
        #expect(try plan(text, name: "B").fields.map(\.key) == ["b"])
        #expect(try complaint(text, name: "C") == "the document has no operation \"C\"")
    }

    @Test("an answer has aliases, nulls with their errors and types")
    func execution() async throws {
        struct Root: GraphQLObject {
            let type = "Query"
            func value(of field: GraphQLPlan.Field) async throws -> GraphQLValue {
                guard field.name == "functions" else { throw GraphQLFieldError("no such run") }
                return .objects([GraphQLRecord("Function", ["name": .string("n")])])
            }
        }
        let plan = try plan(#"{ f: functions { __typename name url } run(runID: "a") { id } }"#)
        let answer = String(decoding: await GraphQLExecution.answer(plan, on: Root()), as: UTF8.self)
        #expect(
            answer
                == #"{"data":{"f":[{"__typename":"Function","name":"n","url":null}],"run":null},"#
                + #""errors":[{"message":"no such run","locations":[{"line":1,"column":40}],"path":["run"]}]}"#
        )
    }
}
