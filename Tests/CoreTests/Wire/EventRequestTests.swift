import ApusCore
import Testing

@Suite("The body of POST /e/{key}")
struct EventRequestTests {
    private func decode(_ body: String, limits: EventLimits = .default) -> EventRequest {
        EventRequest.decode(Array(body.utf8), limits: limits)
    }

    private func event(_ body: String) throws -> IncomingEvent {
        let request = decode(body)
        #expect(request.failure == nil)
        #expect(request.events.count == 1)
        return try #require(request.events.first).event
    }

    // MARK: Fields

    @Test("an object is one event with all its fields")
    func fields() throws {
        let event = try event(
            #" {"name":"shop/order","data":{"b":1,"a":2},"id":"o-1","ts":1732170000000,"v":"2","user":{"u":1},"extra":[1]} "#
        )
        #expect(event.name == "shop/order")
        #expect(event.data.description == #"{"a":2,"b":1}"#)
        #expect(event.senderID == "o-1")
        #expect(event.timestamp == Timestamp(milliseconds: 1_732_170_000_000))
        #expect(event.version == "2")
        #expect(event.user.description == #"{"u":1}"#)
        #expect(event.meta == nil)
    }

    @Test(
        "keys are accepted in any case, also escaped",
        arguments: [
            #"{"NAME":"n","DATA":{"x":1},"ID":"i","TS":1732170000000,"V":"v","USER":{"u":1}}"#,
            #"{"Name":"n","Data":{"x":1},"Id":"i","Ts":1732170000000,"v":"v","User":{"u":1}}"#,
            #"{"\u006eame":"n","d\u0061ta":{"x":1},"\u0069\u0064":"i","\u0054S":1732170000000,"v":"v","user":{"u":1}}"#,
        ])
    func keyCase(body: String) throws {
        let event = try event(body)
        #expect(
            event
                == IncomingEvent(
                    name: "n", data: try RawJSON(parsing: #"{"x":1}"#), user: try RawJSON(parsing: #"{"u":1}"#),
                    senderID: "i", timestamp: Timestamp(milliseconds: 1_732_170_000_000), version: "v"
                )
        )
    }

    @Test(
        "null, nothing and emptiness are the same",
        arguments: [
            #"{"name":"n"}"#, #"{"name":"n","data":null,"id":null,"ts":null,"v":null,"user":null,"meta":null}"#,
            #"{"name":"n","data":{},"id":"","ts":0,"v":"","user":{},"meta":{}}"#, #"{"name":"n","ts":-0}"#,
            #"{"name":"n","meta":{"sessions":{}}}"#,
            #"{"name":"n","meta":{"sessions":null,"propagated_sessions":null}}"#,
        ])
    func absence(body: String) throws {
        #expect(try event(body) == IncomingEvent(name: "n"))
    }

    @Test("of a field that occurs twice the last counts")
    func duplicates() throws {
        #expect(try event(#"{"name":"a","Name":"b","data":{"x":1},"data":{"y":2}}"#).name == "b")
        #expect(try event(#"{"name":"a","data":{"x":1},"DATA":{"y":2}}"#).data.description == #"{"y":2}"#)
        #expect(decode(#"{"name":"a","data":{"x":},"data":{"y":2}}"#).failure != nil)
    }

    @Test(
        "the server's own key in data is removed without a word",
        arguments: [
            (#"{"_inngest":{"fn_id":"x"},"a":1}"#, #"{"a":1}"#), (#"{"_inngest":1}"#, "{}"),
            (#"{"A":1,"_inngest":1}"#, #"{"A":1}"#),
            (#"{"z":{"_inngest":1},"A":2,"_inngest":3}"#, #"{"A":2,"z":{"_inngest":1}}"#),
            (#"{"_Inngest":1}"#, #"{"_Inngest":1}"#), (#"{"_inngest\u0000":1}"#, #"{"_inngest\u0000":1}"#),
        ])
    func internalKey(data: String, kept: String) throws {
        #expect(try event(#"{"name":"n","data":\#(data)}"#).data.description == kept)
    }

    @Test(
        "names are any text",
        arguments: [
            (#""é☃😀""#, "é☃😀"), (#""a\nb""#, "a\nb"), (#""\ud83d\ude00""#, "😀"), (#"" ""#, " "),
            (#""inngestx""#, "inngestx"),
            (#""my/inngest/x""#, "my/inngest/x"), (#""inngest""#, "inngest"),
        ])
    func names(text: String, name: String) throws {
        #expect(try event(#"{"name":\#(text)}"#).name == name)
    }

    // MARK: Errors, in the order in which they are looked for

    @Test(
        "a value of the wrong type is an error that names the field",
        arguments: [
            (#"{"name":7}"#, #"event field "name" must be a string"#),
            (#"{"name":["a"]}"#, #"event field "name" must be a string"#),
            (#"{"name":"n","data":[]}"#, #"event field "data" must be an object"#),
            (#"{"name":"n","data":"x"}"#, #"event field "data" must be an object"#),
            (#"{"name":"n","user":1}"#, #"event field "user" must be an object"#),
            (#"{"name":"n","id":1}"#, #"event field "id" must be a string"#),
            (#"{"name":"n","v":1}"#, #"event field "v" must be a string"#),
            (#"{"name":"n","meta":[]}"#, #"event field "meta" must be an object"#),
            (#"{"name":"n","ts":"1"}"#, #"event field "ts" must be an integer"#),
            (#"{"name":"n","ts":1.5}"#, #"event field "ts" must be an integer"#),
            (#"{"name":"n","ts":1732170000000.0}"#, #"event field "ts" must be an integer"#),
            (#"{"name":"n","ts":1e12}"#, #"event field "ts" must be an integer"#),
            (#"{"name":"n","ts":99999999999999999999}"#, #"event field "ts" must be an integer"#),
            (#"{"name":"n","ts":true}"#, #"event field "ts" must be an integer"#),
        ])
    func wrongTypes(body: String, message: String) {
        #expect(decode(body).failure?.message == message)
    }

    @Test(
        "the rules of the protocol, with its texts",
        arguments: [
            (#"{"name":"inngest/x"}"#, "event name is reserved for internal use: inngest/x"),
            (#"{"name":"INNgest/"}"#, "event name is reserved for internal use: INNgest/"),
            (#"{"name":""}"#, "event name is empty"), (#"{}"#, "event name is empty"),
            (#"{"name":null,"data":{}}"#, "event name is empty"),
            (#"{"name":"n","ts":315532799999}"#, "timestamp is before Jan 1, 1980"),
            (#"{"name":"n","ts":-1}"#, "timestamp is before Jan 1, 1980"),
            (#"{"name":"n","ts":1}"#, "timestamp is before Jan 1, 1980"),
            (#"{"name":"n","ts":-9223372036854775808}"#, "timestamp is before Jan 1, 1980"),
            (#"{"name":"n","ts":4102444800001}"#, "timestamp is after Jan 1, 2100"),
            (#"{"name":"n","ts":9223372036854775807}"#, "timestamp is after Jan 1, 2100"),
            (#"{"name":"","ts":1,"meta":{"sessions":{"":"x"}}}"#, "event name is empty"),
            (#"{"name":"n","ts":1,"meta":{"sessions":{"":"x"}}}"#, "timestamp is before Jan 1, 1980"),
            (#"{"name":"n","meta":{"sessions":{"":"x"}}}"#, "event session keys cannot be empty"),
            (#"{"name":"inngest/x","data":7}"#, #"event field "data" must be an object"#),
        ])
    func rules(body: String, message: String) {
        let request = decode(body)
        #expect(request.failure?.message == message)
        #expect(request.events.isEmpty)
    }

    @Test("the first and the last allowed times")
    func timeLimits() throws {
        #expect(try event(#"{"name":"n","ts":315532800000}"#).timestamp?.rfc3339 == "1980-01-01T00:00:00.000Z")
        #expect(try event(#"{"name":"n","ts":4102444800000}"#).timestamp?.rfc3339 == "2100-01-01T00:00:00.000Z")
    }

    @Test("a long reserved name is cut in the message")
    func longName() throws {
        let failure = try #require(decode(#"{"name":"inngest/\#(String(repeating: "x", count: 1 << 20))"}"#).failure)
        #expect(failure.message.utf8.count < 400)
    }

    @Test(
        "text that is not JSON is an error with its place in the whole body",
        arguments: [
            (#"{"name":"n""#, 11, "unexpected end of the text"),
            (#"{"name":"n"}x"#, 12, "unexpected data after the value"),
            (#"{"name":"n"} {}"#, 13, "unexpected data after the value"), ("{", 1, "unexpected end of the text"),
            (#"{"name"}"#, 7, "unexpected character"), (#"{"name":}"#, 8, "unexpected character"),
            (#"{name:1}"#, 1, "unexpected character"), (#"{"name":"n",}"#, 12, "unexpected character"),
            (#"{"name":"n" "id":"x"}"#, 12, "unexpected character"),
            (#"{"name":"n","ts":}"#, 17, "unexpected character"),
            (#"{"name":"n","data":{"a":01}}"#, 25, "malformed number"),
            (#"{"name":"n","x":tru}"#, 19, "unexpected character"),
            (#"{"name":"n","\x":1}"#, 13, "invalid escape in a string"),
            ("{\"name\":\"a\u{1}\"}", 10, "unescaped control character in a string"),
            (#"{"name":"n","data":{"a":[}}"#, 25, "unexpected character"),
            (#"{"name":"n","data":{"a":1"#, 25, "unexpected end of the text"),
        ])
    func syntax(body: String, offset: Int, problem: String) {
        let request = decode(body)
        #expect(request.failure?.message == "invalid JSON at byte \(offset): \(problem)")
        #expect(request.events.isEmpty)
    }

    @Test("bytes that are not UTF-8 are an error")
    func utf8() {
        let body = Array(#"{"name":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        #expect(EventRequest.decode(body).failure?.message == "invalid JSON at byte 9: invalid UTF-8 in a string")
    }

    @Test("data is nested at most 256 levels deep")
    func depth() {
        func nested(_ depth: Int) -> String {
            let inside = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
            return #"{"name":"n","data":{"a":\#(inside)}}"#
        }
        #expect(decode(nested(256)).failure == nil)
        #expect(decode(nested(257)).failure != nil)
        #expect(decode(nested(1_000_000)).failure != nil)
    }

    // MARK: Bodies

    @Test("a body without events is no failure", arguments: ["", "  \n", "[]", " [ ] ", "[] junk", "[]]"])
    func noEvents(body: String) {
        let request = decode(body)
        #expect(request.events.isEmpty)
        #expect(request.failure == nil)
    }

    @Test(
        "a body that is neither an object nor an array says so",
        arguments: ["null", "7", "\"x\"", "name=x", "\u{FEFF}{}", "]"])
    func notEvents(body: String) {
        #expect(
            decode(body).failure?.message == "Request body must contain an event object or an array of event objects"
        )
    }

    @Test("what follows an array is ignored")
    func afterArray() {
        let request = decode(#"[{"name":"a"}] {"name":"b"} junk"#)
        #expect(request.events.map(\.event.name) == ["a"])
        #expect(request.failure == nil)
    }

    @Test(
        "events before the first bad one are accepted, none after it",
        arguments: [
            (#"[{"name":"a"},{"name":"b"},{"name":""},{"name":"c"}]"#, "event name is empty"),
            (#"[{"name":"a"},{"name":"b"},null,{"name":"c"}]"#, "event name is empty"),
            (#"[{"name":"a"},{"name":"b"},[],{"name":"c"}]"#, "event 2 is not a JSON object"),
            (#"[{"name":"a"},{"name":"b"},"x"]"#, "event 2 is not a JSON object"),
            (#"[{"name":"a"},{"name":"b"},]"#, "event 2 is not a JSON object"),
            (
                #"[{"name":"a"},{"name":"b"},{"name":"c","data":{"x":1,}}]"#,
                "invalid JSON at byte 53: unexpected character"
            ),
            (#"[{"name":"a"},{"name":"b"}"#, "invalid JSON at byte 26: unexpected end of the text"),
            (#"[{"name":"a"},{"name":"b"},"#, "invalid JSON at byte 27: unexpected end of the text"),
            (#"[{"name":"a"},{"name":"b"}}"#, "invalid JSON at byte 26: unexpected character"),
            (#"[{"name":"a"} , {"name":"b"} {"name":"c"}]"#, "invalid JSON at byte 29: unexpected character"),
        ])
    func partialArrays(body: String, message: String) {
        let request = decode(body)
        #expect(request.events.map(\.event.name) == ["a", "b"])
        #expect(request.failure?.message == message)
    }

    // MARK: Limits

    @Test("an array holds up to 5000 events; the 5001st fails and the others stay")
    func count() {
        #expect(EventLimits.default.eventsPerRequest == 5_000)
        let limits = EventLimits(eventsPerRequest: 3)
        let event = #"{"name":"a"}"#
        #expect(decode("[\(event),\(event),\(event)]", limits: limits).failure == nil)
        let request = decode("[\(event),\(event),\(event),\(event)]", limits: limits)
        #expect(request.events.count == 3)
        #expect(request.failure?.message == "Cannot have more than 3 events in a batch")
    }

    @Test("an object counts to the end of the body, an element from brace to brace")
    func size() {
        #expect(EventLimits.default.eventBytes == 3_145_728)
        let limits = EventLimits(eventBytes: 13)
        #expect(decode(#"  {"name":"a"} "#, limits: limits).failure == nil)
        #expect(
            decode(#"{"name":"a"}  "#, limits: limits).failure?.message
                == "Event is over the max size: Max 13 bytes / Size 14 bytes"
        )
        #expect(decode(#"[ {"name":"a" } ,  {"name":"b"}  ]"#, limits: limits).failure == nil)
        let request = decode(#"[{"name":"a"},{"name":"bcd"}]"#, limits: limits)
        #expect(request.failure?.message == "Event is over the max size: Max 13 bytes / Size 14 bytes")
        #expect(request.events.count == 1)
    }

    // MARK: Ids

    @Test("internal ids follow from the seed and the position, counted from 1")
    func ids() throws {
        let seed = try #require(EventIDSeed("1700000000000,AAECAwQFBgcICQ=="))
        let body = Array(#"[{"name":"a"},{"name":"b","id":"mine"},{"name":""}]"#.utf8)
        let request = EventRequest.decode(body, seed: seed)
        #expect(
            request.events.map(\.internalID?.description) == [
                "01HF7YAT00000G40R40M30E20A", "01HF7YAT00000G40R40M30E20B",
            ]
        )
        #expect(EventRequest.decode(body).events.allSatisfy { $0.internalID == nil })
    }

    @Test("the stored body has all keys in order and the id that the sender will see")
    func storedBody() throws {
        let id = try #require(ULID("01HF7YAT00000G40R40M30E20A"))
        let stored = try event(#"{"name":"n"}"#).storedBody(internalID: id, receivedAt: Timestamp(milliseconds: 5))
        #expect(stored.description == #"{"data":{},"id":"01HF7YAT00000G40R40M30E20A","name":"n","ts":5,"user":{}}"#)
        let full = try event(#"{"name":"n","id":"i","v":"1","ts":1732170000000,"meta":{"sessions":{"a":1}}}"#)
        #expect(
            full.storedBody(internalID: id, receivedAt: .epoch).description
                == #"{"data":{},"id":"i","meta":{"sessions":{"a":"1"}},"name":"n","ts":1732170000000,"user":{},"v":"1"}"#
        )
    }
}
