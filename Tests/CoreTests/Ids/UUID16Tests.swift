import ApusCore
import Testing

@Suite("UUID")
struct UUID16Tests {
    @Test("version 5 names things by SHA-1")
    func v5() {
        #expect(UUID16.v5(namespace: .oid, name: "shop").description == "a8fd5300-06f2-541e-8b69-ded0c0c7c233")
        let dns = UUID16(high: 0x6ba7_b810_9dad_11d1, low: 0x80b4_00c0_4fd4_30c8)
        // The example of RFC 9562, appendix A.4.
        #expect(
            UUID16.v5(namespace: dns, name: "www.example.com").description == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
    }

    @Test("version 4 is random but for its version and variant")
    func v4() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<100 {
            let text = Array(UUID16.v4(using: &random).description)
            #expect(text[14] == "4" && "89ab".contains(text[19]))
        }
        #expect(UUID16.v4(using: &random) != UUID16.v4(using: &random))
    }

    @Test("text is read in any case and written in lower case")
    func text() throws {
        let id = try #require(UUID16("A8FD5300-06f2-541E-8b69-DED0C0C7C233"))
        #expect(id.description == "a8fd5300-06f2-541e-8b69-ded0c0c7c233")
        #expect(UUID16(bytes: id.bytes) == id)
        #expect(UUID16(Substring(id.description)) == id)
        #expect(UUID16.zero < id)
        #expect(UUID16(bytes: [1, 2, 3]) == nil)
    }

    @Test(
        "other texts are no UUIDs",
        arguments: [
            "", "a8fd530006f2541e8b69ded0c0c7c233", "{a8fd5300-06f2-541e-8b69-ded0c0c7c233}",
            "a8fd5300-06f2-541e-8b69-ded0c0c7c23",
            "a8fd5300-06f2-541e-8b69-ded0c0c7c2333", "a8fd5300-06f2-541e-8b69_ded0c0c7c233",
            "g8fd5300-06f2-541e-8b69-ded0c0c7c233",
            "a8fd530-006f2-541e-8b69-ded0c0c7c233", "a8fd5300-06f2-541e-8b69-ded0c0c7c2é",
            "a8fd5300-06f2-541e-8b69-ded0c0c7c2@3", "a8fd5300-06f2-541e-8b69-ded0c0c7c2\u{11}3",
        ]
    )
    func malformed(text: String) {
        #expect(UUID16(text) == nil)
    }
}
