import ApusCore
import Testing

@Suite("The body of POST /invoke/{slug}")
struct InvocationRequestTests {
    private func decode(_ body: String) throws -> IncomingEvent {
        try EventRequest.decodeInvocation(Array(body.utf8), function: "app-fn")
    }

    @Test("the event gets the server's name and routing")
    func invocation() throws {
        let event = try decode(
            #"{"name":"mine","data":{"A":1,"x":2,"_inngest":{"fn_id":"other"}},"id":"i","user":{"u":1}}"#)
        #expect(event.name == "inngest/function.invoked")
        #expect(event.senderID == "i")
        #expect(event.user.description == #"{"u":1}"#)
        let inngest =
            #"{"expire":0,"fn_id":"app-fn","gid":"","name":"","source_app_id":"","source_fn_id":"","source_fn_v":0}"#
        #expect(event.data.description == #"{"A":1,"_inngest":\#(inngest),"x":2}"#)
    }

    @Test(
        "no name is needed, and a reserved one is no error",
        arguments: ["{}", #"{"name":"inngest/x"}"#, #"{"name":""}"#])
    func names(body: String) throws {
        #expect(try decode(body).name == "inngest/function.invoked")
    }

    @Test(
        "a body that is not an event object cannot be read",
        arguments: [
            "", "[]", "null", "{", #"{"data":[]}"#, "{} x", "[{}]", #"{"name":7}"#,
        ])
    func unreadable(body: String) {
        let error = #expect(throws: InvocationError.self) { try decode(body) }
        #expect(error?.message == "Unable to read post data request")
    }

    @Test(
        "an event that breaks a rule is invalid",
        arguments: [
            #"{"ts":1}"#, #"{"ts":9999999999999}"#, #"{"meta":{"sessions":{"":"x"}}}"#,
        ])
    func invalid(body: String) {
        let error = #expect(throws: InvocationError.self) { try decode(body) }
        #expect(error?.message == "Invalid invocation event")
    }

    @Test(
        "the slug is decoded from the path",
        arguments: [
            ("app-fn", "app-fn"), ("my+app%2Dfn", "my app-fn"), ("%C3%A9", "é"), ("", ""), ("%", nil), ("%4", nil),
            ("%zz", nil),
            ("%ff", nil),
        ] as [(String, String?)])
    func slugs(segment: String, slug: String?) {
        let result = Result { () throws(InvocationError) in try EventRequest.decodeSlug(segment) }
        #expect(result == slug.map { .success($0) } ?? .failure(.undecodableSlug))
    }

    @Test("errors are the protocol's sentences")
    func errors() {
        #expect(InvocationError.undecodableSlug.message == "Unable to decode function slug")
    }
}
