import ApusCore
import NIOCore
import Testing

@testable import ApusNode

@Suite("Signed calls and answers")
struct AppSigningTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let keys: SigningKeys

    init() throws {
        keys = try #require(try SigningKeys(parsing: ["abcdef0123456789"]))
    }

    private func response(_ status: Int, _ signature: String?, _ body: String = #"{"ok":true}"#) -> AppResponse {
        AppResponse(
            status: status, headers: AppHeaders(signature.map { [("x-inngest-signature", $0)] } ?? []),
            body: ByteBuffer(string: body))
    }

    @Test("the body that is sent is the one that is signed, whatever integers it has")
    func request() throws {
        let url = try AppURL("http://localhost:3000/api")
        let body = Array(#"{"a":9007199254740993,"b":1}"#.utf8)
        let signed = AppSigning(keys: keys).sign(AppRequest(url: url), body: body, at: Self.now)
        let sent = Array(signed.body.readableBytesView)
        #expect(String(decoding: sent, as: UTF8.self) == #"{"a":9007199254740992,"b":1}"#)
        #expect(signed.headers.map(\.name) == ["X-Inngest-Signature"])
        #expect(signed.headers.first?.value == keys.signature(of: sent, at: Self.now))
    }

    @Test("nothing is signed as nothing")
    func emptyRequest() throws {
        let request = AppRequest(method: "GET", url: try AppURL("http://localhost:3000/api"))
        let signed = AppSigning(keys: keys).sign(request, body: [], at: Self.now)
        #expect(signed.body.readableBytes == 0)
        #expect(signed.headers.first?.value == keys.signature(of: [], at: Self.now))
    }

    @Test("an answer's signature is looked at when it is there")
    func present() {
        let signing = AppSigning(keys: keys)
        let good = keys.signature(of: Array(#"{"ok":true}"#.utf8), at: Self.now)
        #expect(signing.flaw(of: response(200, good), isRequired: true, at: Self.now) == nil)
        #expect(signing.flaw(of: response(200, nil), isRequired: false, at: Self.now) == nil)
        for bad in [response(200, good, "{}"), response(206, "nonsense"), response(500, "")] {
            #expect(signing.flaw(of: bad, isRequired: false, at: Self.now) != nil)
        }
        let later = Timestamp(milliseconds: Self.now.milliseconds + 301_000)
        #expect(signing.flaw(of: response(200, good), isRequired: false, at: later)?.contains("clocks") == true)
    }

    @Test("where one is required, its absence is a flaw")
    func required() {
        let signing = AppSigning(keys: keys, requiresSignedReplies: true)
        #expect(signing.flaw(of: response(200, nil), isRequired: true, at: Self.now)?.contains("no signature") == true)
    }

    @Test("a streamed answer has none that counts")
    func streamed() {
        let signing = AppSigning(keys: keys)
        #expect(signing.flaw(of: response(201, "nonsense"), isRequired: false, at: Self.now) == nil)
        #expect(signing.flaw(of: response(201, "nonsense"), isRequired: true, at: Self.now)?.contains("stream") == true)
    }

    @Test("signing a call is quick")
    func cost() throws {
        let url = try AppURL("http://localhost:3000/api")
        let signing = AppSigning(keys: keys)
        for size in [1_000, 10_000, 64 << 10] {
            let body = Array("{\"data\":\"\(String(repeating: "x", count: size - 11))\"}".utf8)
            let rounds = 200
            let time = ContinuousClock().measure {
                for _ in 0..<rounds { _ = signing.sign(AppRequest(url: url), body: body, at: Self.now) }
            }
            print("signing \(body.count) bytes takes \(time / rounds)")
        }
    }
}
