import Testing

@testable import ApusCore

@Suite("Signing keys")
struct SigningKeyTests {
    static let text = "signkey-prod-abcdef0123456789"
    static let hash = "eb9bfb0760ae28afdd80e2a5354756b4b5c3bcfa0afc5e96b4ae7b36c8faa380"

    @Test(
        "hexadecimal digits in pairs, with or without a prefix",
        arguments: [
            "abcdef0123456789", text, "signkey-test-ab", "signkey-branch-ABCD", "signkey-a_1-00", "ab",
            String(repeating: "f", count: SigningKey.digitLimit),
        ])
    func wellFormed(_ text: String) throws {
        _ = try SigningKey(parsing: text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "abc", "xyz1", "signkey-prod-", "signkey-prod-abc", "signkey--ab", "signkey-pr od-ab", "signkey-prod",
            "signkey-prod-ab-cd", "signkey-prod-signkey-prod-ab", " ab", "ab\n", "ｆｆ",
            String(repeating: "f", count: SigningKey.digitLimit + 2),
        ])
    func malformed(_ text: String) {
        #expect(throws: KeyError.signingKeyForm) { try SigningKey(parsing: text) }
    }

    @Test("the hash is that of the bytes that the digits stand for")
    func hashing() throws {
        #expect(try SigningKey(parsing: Self.text).hashText == Self.hash)
        #expect(try SigningKey(parsing: "abcdef0123456789").hashText == Self.hash)
    }

    @Test("neither printing nor dumping shows the key or its whole hash")
    func secrecy() throws {
        let key = try SigningKey(parsing: Self.text)
        var dumped = ""
        dump(key, to: &dumped)
        for printed in ["\(key)", String(reflecting: key), dumped] {
            #expect(!printed.contains("abcdef0123456789"))
            #expect(!printed.contains(Self.hash))
        }
        #expect(!"\(KeyError.signingKeyForm)".contains("abcdef"))
    }

    @Test("a derived key depends on the key and on the purpose")
    func derived() throws {
        let key = try SigningKey(parsing: Self.text).derived(for: "one")
        let code = key.code(of: "text")
        #expect(key.isCode(code, of: "text"))
        #expect(!key.isCode(code, of: "texT"))
        #expect(!key.isCode(code.dropLast(2), of: "text"))
        #expect(try SigningKey(parsing: Self.text).derived(for: "two").code(of: "text") != code)
        #expect(try SigningKey(parsing: "ab").derived(for: "one").code(of: "text") != code)
    }
}

@Suite("What clients name keys by")
struct KeyTokenTests {
    private let keys = try? SigningKeys(parsing: ["signkey-prod-abcdef0123456789", "0011"])

    @Test(
        "the key or its hash, each with any prefix or none",
        arguments: [
            "abcdef0123456789", "signkey-prod-abcdef0123456789", "signkey-x-abcdef0123456789", SigningKeyTests.hash,
            "signkey-prod-" + SigningKeyTests.hash, "signkey-branch-" + SigningKeyTests.hash, "0011",
        ])
    func known(_ token: String) {
        #expect(keys?.key(named: token) != nil)
    }

    @Test(
        "nothing else",
        arguments: [
            "", "undefined", "abcdef01234567", "abcdef012345678900", "signkey-prod-", "1100",
            String(SigningKeyTests.hash.dropLast(2)), SigningKeyTests.hash + "00", "0011 ", "001",
        ])
    func unknown(_ token: String) {
        #expect(keys?.key(named: token) == nil)
    }

    @Test("without a key there is no ring, and there may be so many")
    func count() throws {
        #expect(try SigningKeys(parsing: []) == nil)
        let many = Array(repeating: "ab", count: SigningKeys.limit)
        #expect(try SigningKeys(parsing: many)?.all.count == SigningKeys.limit)
        #expect(throws: KeyError.tooMany(limit: SigningKeys.limit)) { try SigningKeys(parsing: many + ["ab"]) }
    }
}

@Suite("Event keys")
struct EventKeyTests {
    @Test("match letter by letter")
    func matching() throws {
        let keys = try #require(try EventKeys(["one", "TWO=+"]))
        #expect(keys.contains("one") && keys.contains("TWO=+"))
        for other in ["", "On", "One", "one ", "two=+", "oneTWO=+"] { #expect(!keys.contains(other)) }
    }

    @Test("can stand in a URL's path", arguments: ["", "a b", "a/b", "a?b", "a#b", "a%62", "schlüssel", "a\n"])
    func malformed(_ text: String) {
        #expect(throws: KeyError.eventKeyForm) { try EventKeys(["good", text]) }
    }

    @Test("there may be so many, so long")
    func limits() throws {
        #expect(try EventKeys([]) == nil)
        #expect(throws: KeyError.self) { try EventKeys([String(repeating: "a", count: EventKeys.lengthLimit + 1)]) }
        #expect(throws: KeyError.tooMany(limit: EventKeys.limit)) {
            try EventKeys(Array(repeating: "a", count: EventKeys.limit + 1))
        }
    }
}
