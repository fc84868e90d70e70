import ApusCore
import Testing

@Suite("Signed bodies (JCS)")
struct JCSTests {
    @Test(
        "integers beyond 2^53 are rounded as doubles, others stay",
        arguments: [
            ("9007199254740993", "9007199254740992"), ("-9007199254740993", "-9007199254740992"),
            ("9007199254740991", "9007199254740991"), ("1234567890123456", "1234567890123456"),
            ("18446744073709551616", "18446744073709552000"), ("1000000000000000000000", "1e+21"),
            (
                "[1,12345678901234567890,\"12345678901234567890\",2]",
                "[1,12345678901234567000,\"12345678901234567890\",2]"
            ),
            (#"{"a":9007199254740993,"b":[9007199254740995]}"#, #"{"a":9007199254740992,"b":[9007199254740996]}"#),
            (#"["\"",9007199254740993]"#, #"["\"",9007199254740992]"#), ("{}", "{}"), ("-1.5e-300", "-1.5e-300"),
        ]
    )
    func integers(text: String, expected: String) throws {
        #expect(String(decoding: jcs(try RawJSON(parsing: text)), as: UTF8.self) == expected)
    }

    @Test("a value without such integers is returned as it is")
    func sharing() throws {
        let raw = try RawJSON(parsing: #"{"ts":1700000000000,"x":[0.1,"12345678901234567890"]}"#)
        #expect(jcs(raw).withUnsafeBytes { $0.baseAddress } == raw.bytes.withUnsafeBytes { $0.baseAddress })
    }

    @Test(
        "the signatures of the protocol's test vectors",
        arguments: [
            (
                #"{"url":"http://localhost:3000/api/inngest"}"#,
                "2421c71b9298697e00e0617a967da418c566ae7711f8f02a5483c636ea82d80c"
            ),
            (
                #"{"url":"http://localhost:3000/api/inngest", "n":1.0, "a":"\u20ac"}"#,
                "eae9e169eb39803b7e09fdb73527e405e9d35807e233bbd358a632ce69c053b7"
            ),
        ]
    )
    func signatures(text: String, expected: String) throws {
        let keys = try #require(try SigningKeys(parsing: ["abcdef0123456789"]))
        let body = jcs(try RawJSON(parsing: text))
        let signature = keys.signature(of: body, at: Timestamp(milliseconds: 1_700_000_000_000))
        #expect(signature == "t=1700000000&s=\(expected)")
    }
}
