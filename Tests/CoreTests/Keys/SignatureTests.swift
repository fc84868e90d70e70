import Testing

@testable import ApusCore

@Suite("Signatures")
struct SignatureTests {
    private static let time = Timestamp(milliseconds: 1_700_000_000_999)
    private let keys: SigningKeys

    init() throws {
        keys = try #require(try SigningKeys(parsing: [SigningKeyTests.text]))
    }

    /// The vectors of the protocol.
    @Test(
        "cover the canonical form and the seconds",
        arguments: [
            (
                #"{"url":"http://localhost:3000/api/inngest"}"#,
                "2421c71b9298697e00e0617a967da418c566ae7711f8f02a5483c636ea82d80c"
            ),
            (
                #"{"url":"http://localhost:3000/api/inngest", "n":1.0, "a":"\u20ac"}"#,
                "eae9e169eb39803b7e09fdb73527e405e9d35807e233bbd358a632ce69c053b7"
            ),
        ])
    func vectors(text: String, code: String) throws {
        let body = jcs(try RawJSON(parsing: text))
        #expect(keys.signature(of: body, at: Self.time) == "t=1700000000&s=\(code)")
    }

    @Test("cover the seconds alone when there is no body")
    func empty() {
        let code = "1575b0f63245c90aef404424fe2c7899b5adbe7579dc8069014e3d3d18d8297e"
        #expect(keys.signature(of: [], at: Self.time) == "t=1700000000&s=\(code)")
    }

    @Test("the prefix of the key makes no difference")
    func prefix() throws {
        let bare = try #require(try SigningKeys(parsing: ["abcdef0123456789"]))
        #expect(bare.signature(of: [1], at: Self.time) == keys.signature(of: [1], at: Self.time))
    }

    private static let body = Array(#"{"ok":true}"#.utf8)
    private static let signature = "t=1700000000&s=4061c75e0ac93efacfa250941e37393ea507adead1ba168fc0b2dce76006ee40"

    @Test("of answers cover their bytes, with or without the line feed that was added afterwards")
    func answers() {
        #expect(keys.verdict(on: Self.signature, of: Self.body, at: Self.time) == .valid)
        #expect(keys.verdict(on: Self.signature, of: Self.body + [10], at: Self.time) == .valid)
        #expect(keys.verdict(on: Self.signature, of: Self.body + [10, 10], at: Self.time) == .wrong)
        let withLine = keys.signature(of: Self.body + [10], at: Self.time)
        #expect(keys.verdict(on: withLine, of: Self.body + [10], at: Self.time) == .valid)
        #expect(keys.verdict(on: withLine, of: Self.body, at: Self.time) == .wrong)
    }

    @Test("every changed byte is noticed")
    func tampering() {
        for index in Self.body.indices {
            var body = Self.body
            body[index] ^= 1
            #expect(keys.verdict(on: Self.signature, of: body, at: Self.time) == .wrong)
        }
        #expect(keys.verdict(on: Self.signature, of: [], at: Self.time) == .wrong)
    }

    @Test("a signature of another moment is not one of this")
    func otherMoment() {
        let later = Self.signature.replacing("t=1700000000", with: "t=1700000001")
        #expect(keys.verdict(on: later, of: Self.body, at: Self.time) == .wrong)
    }

    @Test(
        "clocks may differ by 300 s either way",
        arguments: [(0, true), (300, true), (301, false), (-300, true), (-301, false), (100_000_000, false)])
    func skew(seconds: Int64, isValid: Bool) {
        let now = Timestamp(milliseconds: 1_700_000_000_000 + seconds * 1_000)
        #expect(keys.verdict(on: Self.signature, of: Self.body, at: now) == (isValid ? .valid : .outdated))
    }

    @Test(
        "what has another form is not looked at any further",
        arguments: [
            "", "t=1700000000", "s=4061&t=1700000000", "t=1700000000&s=", "t=&s=" + String(repeating: "0", count: 64),
            "t=1700000000&s=" + String(repeating: "F", count: 64), "t=-1&s=" + String(repeating: "0", count: 64),
            "t=1700000000&s=" + String(repeating: "0", count: 62), "t=1700000000&s=x&s=y",
            "t=99999999999999999999&s=" + String(repeating: "0", count: 64), signature + " ",
        ])
    func malformed(_ text: String) {
        #expect(keys.verdict(on: text, of: Self.body, at: Self.time) == .malformed)
    }

    @Test("none at all is told apart")
    func missing() {
        #expect(keys.verdict(on: nil, of: Self.body, at: Self.time) == .missing)
    }

    @Test("while a key is replaced the old one is accepted, and the new one signs")
    func rotation() throws {
        let both = try #require(try SigningKeys(parsing: ["0011", SigningKeyTests.text]))
        #expect(both.verdict(on: Self.signature, of: Self.body, at: Self.time) == .valid)
        #expect(both.signature(of: Self.body, at: Self.time) != Self.signature)
        let new = try #require(try SigningKeys(parsing: ["0011"]))
        #expect(new.verdict(on: Self.signature, of: Self.body, at: Self.time) == .wrong)
        #expect(new.signature(of: Self.body, at: Self.time) == both.signature(of: Self.body, at: Self.time))
    }
}
