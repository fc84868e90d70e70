import ApusCore
import Testing

@Suite("Updates of metadata")
struct MetadataUpdateTests {
    @Test(
        "an update changes what is there",
        arguments: [
            ("merge", #"{"a":1,"b":2}"#, #"{"b":3,"c":4}"#, #"{"a":1,"b":3,"c":4}"#),
            ("set", #"{"a":1,"b":2}"#, #"{"b":3}"#, #"{"b":3}"#),
            ("delete", #"{"a":1,"b":2}"#, #"{"b":null}"#, #"{"a":1}"#),
            ("delete", #"{"a":1}"#, #"{"a":1}"#, nil),
            ("delete", #"{"a":1}"#, "{}", nil),
            ("add", #"{"a":1,"b":"x"}"#, #"{"a":2,"b":3,"c":0.5}"#, #"{"a":3,"b":3,"c":0.5}"#),
            ("add", #"{"a":9223372036854775807}"#, #"{"a":0.5}"#, #"{"a":9223372036854775807}"#),
            ("merge", nil, #"{"é":1,"a":{"b":[]}}"#, #"{"a":{"b":[]},"é":1}"#),
        ] as [(String, String?, String, String?)]
    )
    func applied(name: String, old: String?, values: String, expected: String?) throws {
        let text = #"{"kind":"userland.x","op":"\#(name)","values":\#(values)}"#
        let update = try MetadataUpdate(RawJSON(parsing: Array(text.utf8)).view)
        let result = update.applied(to: try old.map { try RawJSON(parsing: Array($0.utf8)) })
        if name == "add", expected == #"{"a":9223372036854775807}"# {
            // Beyond what a double holds: the sum is a double.
            #expect(result?.view["a"]?.double == 9223372036854775807.5)
        } else {
            #expect(result?.description == expected)
        }
    }

    @Test(
        "what is no update is refused with the reason",
        arguments: [
            ("7", "not an object"), ("{}", "kind"), (#"{"kind":"x"}"#, "userland."),
            (#"{"kind":"inngest.secret"}"#, "userland."), (#"{"kind":"userland.a","op":"burn"}"#, "burn"),
            (#"{"kind":"userland.a","op":"set","values":[]}"#, "values"),
        ]
    )
    func refused(text: String, reason: String) throws {
        let view = try RawJSON(parsing: Array(text.utf8)).view
        let problem = #expect(throws: MetadataProblem.self) { try MetadataUpdate(view) }
        #expect(problem?.description.contains(reason) == true)
    }

    @Test("kinds and values have limits")
    func limits() throws {
        let kind = "userland." + String(repeating: "k", count: MetadataUpdate.kindLimit)
        let view = try RawJSON(parsing: Array(#"{"kind":"\#(kind)"}"#.utf8)).view
        #expect(throws: MetadataProblem.self) { try MetadataUpdate(view) }
        let text = String(repeating: "x", count: MetadataUpdate.valuesLimit)
        let large = try RawJSON(parsing: Array(#"{"kind":"userland.a","values":{"a":"\#(text)"}}"#.utf8)).view
        guard case .tooLarge = #expect(throws: MetadataProblem.self, performing: { try MetadataUpdate(large) }) else {
            Issue.record("too large values are said to be so")
            return
        }
    }
}
