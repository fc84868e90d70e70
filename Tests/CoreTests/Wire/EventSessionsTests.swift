import ApusCore
import Testing

@Suite("The sessions of an event")
struct EventSessionsTests {
    private func decode(_ meta: String) -> EventRequest {
        EventRequest.decode(Array(#"{"name":"n","meta":\#(meta)}"#.utf8))
    }

    private func sessions(_ meta: String) -> String? {
        decode(meta).events.first?.event.meta?.view["sessions"]?.text
    }

    @Test(
        "ids are texts, numbers count as their text",
        arguments: [
            (#"{"sessions":{"b":"x","a":7}}"#, #"{"a":"7","b":"x"}"#),
            (#"{"sessions":{"a":12345678901234567890}}"#, #"{"a":"12345678901234567890"}"#),
            (#"{"sessions":{"a":"x","b":null}}"#, #"{"a":"x"}"#), (#"{"Sessions":{"a":"x"}}"#, #"{"a":"x"}"#),
            (#"{"sessions":{"a":"x"},"other":[1]}"#, #"{"a":"x"}"#),
        ])
    func values(meta: String, expected: String) {
        #expect(sessions(meta) == expected)
    }

    @Test(
        "inherited sessions fill up to five, in the order of their bytes, and give way",
        arguments: [
            (#"{"propagated_sessions":{"a":"1"}}"#, #"{"a":"1"}"#),
            (#"{"sessions":{"a":"own"},"propagated_sessions":{"a":"1","b":"2"}}"#, #"{"a":"own","b":"2"}"#),
            (#"{"sessions":{"a":null},"propagated_sessions":{"a":"1","b":"2"}}"#, #"{"b":"2"}"#),
            (#"{"sessions":null,"propagated_sessions":{"a":"1"}}"#, nil),
            (
                #"{"sessions":{"z":"0"},"propagated_sessions":{"f":"6","e":"5","d":"4","c":"3","b":"2","a":"1"}}"#,
                #"{"a":"1","b":"2","c":"3","d":"4","z":"0"}"#
            ),
            (
                #"{"sessions":{"a":"","b":"","c":"","d":"","e":"","f":""}}"#, nil
            ),
            (
                #"{"propagated_sessions":{"\ue000":"1","😀":"2","a":"3","b":"4","c":"5","d":"6"}}"#,
                #"{"a":"3","b":"4","c":"5","d":"6",""# + "\u{E000}" + #"":"1"}"#
            ),
        ] as [(String, String?)])
    func merging(meta: String, expected: String?) {
        #expect(sessions(meta) == expected)
    }

    @Test("keys that differ only in lone surrogates are one, those in two Unicode forms are two")
    func similarKeys() {
        #expect(sessions(#"{"sessions":{"\ud800":"1","\ud801":"2"}}"#) == "{\"\u{FFFD}\":\"2\"}")
        #expect(
            sessions("{\"sessions\":{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\"}}") == "{\"e\u{301}\":\"2\",\"\u{E9}\":\"1\"}")
    }

    @Test(
        "what breaks a rule fails the event",
        arguments: [
            (#"{"sessions":{"k":true}}"#, #"event session "k" must be a string, number, or null"#),
            (#"{"sessions":{"k":[]}}"#, #"event session "k" must be a string, number, or null"#),
            (#"{"sessions":{"k":{}}}"#, #"event session "k" must be a string, number, or null"#),
            (#"{"propagated_sessions":{"k":null}}"#, #"event session "k" must be a string or number"#),
            (#"{"propagated_sessions":{"k":false}}"#, #"event session "k" must be a string or number"#),
            (#"{"sessions":[]}"#, #"event field "meta.sessions" must be an object"#),
            (#"{"propagated_sessions":1}"#, #"event field "meta.propagated_sessions" must be an object"#),
            (#"{"sessions":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}}"#, "event sessions can include at most 5 entries"),
            (#"{"sessions":{"":"x"}}"#, "event session keys cannot be empty"),
            (#"{"sessions":{"k":""}}"#, #"event session "k" cannot have an empty ID"#),
        ])
    func errors(meta: String, message: String) {
        #expect(decode(meta).failure?.message == message)
    }

    @Test("keys have at most 128 bytes, ids 512")
    func lengths() {
        let key = String(repeating: "k", count: 128)
        let id = String(repeating: "i", count: 512)
        #expect(sessions(#"{"sessions":{"\#(key)":"\#(id)"}}"#) != nil)
        #expect(
            decode(#"{"sessions":{"\#(key)k":"x"}}"#).failure?.message
                == #"event session key "\#(key)k" exceeds 128 bytes"#
        )
        #expect(decode(#"{"sessions":{"k":"\#(id)i"}}"#).failure?.message == #"event session "k" exceeds 512 bytes"#)
    }
}
