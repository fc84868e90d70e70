import ApusCore
import Testing

@Suite("ULID")
struct ULIDTests {
    @Test(
        "the text of an id",
        arguments: [
            (0, 0, "00000000000000000000000000"), (UInt64.max, UInt64.max, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
            (0, 1, "00000000000000000000000001"), (0, 1 << 63, "00000000000008000000000000"),
            (1, 0, "0000000000000G000000000000"), (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, nil),
        ] as [(UInt64, UInt64, String?)]
    )
    func text(high: UInt64, low: UInt64, expected: String?) throws {
        let id = ULID(high: high, low: low)
        #expect(id.description == slowText(high, low))
        if let expected {
            #expect(id.description == expected)
        }
        #expect(ULID(id.description) == id)
        #expect(ULID(id.description.lowercased()) == id)
        #expect(ULID(Substring(id.description)) == id)
    }

    /// 26 digits of base 32 by plain division.
    private func slowText(_ high: UInt64, _ low: UInt64) -> String {
        var rest = UInt128(high) << 64 | UInt128(low)
        var text = ""
        for _ in 0..<26 {
            text = String(Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")[Int(rest % 32)]) + text
            rest /= 32
        }
        return text
    }

    @Test("random ids survive the way through text and bytes, in their order")
    func roundTrip() throws {
        var random = SplitMix64(seed: 7)
        var last = ULID(high: 0, low: 0)
        for index in 0..<1_000 {
            let id = random.nextULID(now: Timestamp(milliseconds: Int64(index) * 1_000_003_777))
            #expect(id.description == slowText(id.high, id.low))
            #expect(ULID(id.description) == id && ULID(bytes: id.bytes) == id)
            #expect(last < id && last.description < id.description)
            var text: [UInt8] = []
            id.appendText(to: &text)
            #expect(String(decoding: text, as: UTF8.self) == id.description)
            last = id
        }
    }

    @Test("the time is in the first 48 bits")
    func time() throws {
        let id = try #require(ULID("01HF7YAT00000G40R40M30E209"))
        #expect(id.milliseconds == 1_700_000_000_000)
        #expect(id.timestamp == Timestamp(milliseconds: 1_700_000_000_000))
        #expect(ULID(milliseconds: 1_700_000_000_000, random: (1, 0x0203_0405_0607_0809)) == id)
        #expect(ULID(milliseconds: .max, random: (0, 0)).milliseconds == 281_474_976_710_655)
    }

    @Test(
        "other texts are no ids",
        arguments: [
            "", "01HF7YAT00000G40R40M30E20", "01HF7YAT00000G40R40M30E2099", "81HF7YAT00000G40R40M30E209",
            "01HF7YAT00000G40R40M30E2I9", "01HF7YAT00000G40R40M30E2L9", "01HF7YAT00000G40R40M30E2O9",
            "01HF7YAT00000G40R40M30E2U9", "01HF7YAT00000G40R40M30E2-9", "01HF7YAT00000G40R40M30E2é",
            "Z1HF7YAT00000G40R40M30E209",
            "01HF7YAT00000G40R40M30E2@9", "01HF7YAT00000G40R40M30E2[9", "01HF7YAT00000G40R40M30E2\u{0}9",
        ]
    )
    func malformed(text: String) {
        #expect(ULID(text) == nil)
    }

    @Test("only 16 bytes are an id")
    func bytes() {
        #expect(ULID(bytes: Array(repeating: 0, count: 15)) == nil)
        #expect(ULID(bytes: Array(repeating: 0, count: 17)) == nil)
        #expect(ULID(bytes: Array(0..<16))?.bytes == Array(0..<16))
    }
}

@Suite("Event id seed")
struct EventIDSeedTests {
    @Test(
        "the ids of the protocol's test vectors",
        arguments: [
            ("AAECAwQFBgcICQ==", 0, "01HF7YAT00000G40R40M30E209"),
            ("AAECAwQFBgcICQ==", 1, "01HF7YAT00000G40R40M30E20A"),
            ("AAECAwQFBgcICQ==", 2, "01HF7YAT00000G40R40M30E20B"),
            ("AAAAAAAA/////w==", 1, "01HF7YAT000000000000000000"),
        ] as [(String, UInt32, String)]
    )
    func vectors(entropy: String, offset: UInt32, expected: String) throws {
        let seed = try #require(EventIDSeed("1700000000000,\(entropy)"))
        #expect(seed.id(offset: offset).description == expected)
    }

    @Test(
        "a header in any other form is ignored",
        arguments: [
            "", ",", "1700000000000", "1700000000000,", ",AAECAwQFBgcICQ==", "1700000000000,AAECAwQFBgcICQ==,",
            "0,AAECAwQFBgcICQ==", "-1,AAECAwQFBgcICQ==", "+1,AAECAwQFBgcICQ==", "1.5,AAECAwQFBgcICQ==",
            " 1,AAECAwQFBgcICQ==",
            "281474976710656,AAECAwQFBgcICQ==", "99999999999999999999999999,AAECAwQFBgcICQ==", "x,AAECAwQFBgcICQ==",
            "1,AAECAwQFBgcICQ", "1,AAECAwQFBgcICQ=", "1,AAECAwQFBgcI", "1,AAECAwQFBgcICQo=", "1,AAECAwQFBgcICQoL",
            "1,AAECAwQFBgcICR==", "1,AAECAwQFBgcI_Q==", "1,AAECAwQFBgc=CQ==", "1,AAECAwQFBgcICQ== ",
        ]
    )
    func malformed(header: String) {
        #expect(EventIDSeed(header) == nil)
    }

    @Test("the largest time of an id is accepted")
    func largest() throws {
        let seed = try #require(EventIDSeed("281474976710655,++++++++++++/w=="))
        #expect(seed.id(offset: 0).milliseconds == 281_474_976_710_655)
        #expect(seed.id(offset: 0).bytes.suffix(4) == [0xFB, 0xEF, 0xBE, 0xFF])
    }
}
