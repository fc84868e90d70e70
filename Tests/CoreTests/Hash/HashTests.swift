import CApusHash
import Testing

@testable import ApusCore

/// The expected values are those of Python's `hashlib` and `hmac`, the first ones also of FIPS 180-4 and RFC 4231.
@Suite("Hashes")
struct HashTests {
    struct Example: CustomTestStringConvertible {
        let text: String
        let sha1: String
        let sha256: String
        var testDescription: String { "\(text.utf8.count) bytes" }
    }

    private static let examples = [
        Example(
            text: "", sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ),
        Example(
            text: "abc", sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        ),
        Example(
            text: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            sha1: "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            sha256: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        Example(
            text: String(repeating: "a", count: 1_000_000), sha1: "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            sha256: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test("the standard's examples", arguments: examples)
    func standard(example: Example) {
        #expect(SHA256.hash(Array(example.text.utf8)).text == example.sha256)
        var hash = SHA1()
        hash.add(example.text)
        #expect(text(hash) == example.sha1)
    }

    @Test("every length up to 300 bytes, read in pieces of every length up to 13")
    func lengths() {
        var all256 = SHA256()
        var all1 = SHA1()
        for count in 0...300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) }
            var sha256 = SHA256()
            var sha1 = SHA1()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(rest.startIndex % 13 + 1))
                sha256.add(piece)
                sha1.add(piece)
                rest = rest.dropFirst(piece.count)
            }
            #expect(sha256.digest == SHA256.hash(bytes))
            all256.add(sha256.digest.bytes)
            let words = sha1.words
            all1.add(BigEndian.bytes(high: words.0, low: words.1))
            all1.add(Array(BigEndian.bytes(high: UInt64(words.2), low: 0)[4..<8]))
        }
        #expect(all256.digest.text == "60d63ff40b5558727a9b786ac0be9300f7ca58fd9ddd3b2f3681b369018a87dc")
        #expect(text(all1) == "e570432b09ac39935ad256f819b381ba3900dbbd")
    }

    @Test(
        "the processor's own instructions give what plain code gives",
        .enabled(if: apus_sha256_has_instructions(), "this processor has none")
    )
    func instructions() {
        var random = SplitMix64(seed: 256)
        for round in 0..<500 {
            let count = round % 5
            let blocks = (0..<count * 64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let start = (0..<8).map { _ in UInt32(truncatingIfNeeded: random.next()) }
            var plain = start
            var own = start
            apus_sha256_blocks_portable(&plain, blocks, count)
            apus_sha256_blocks(&own, blocks, count)
            #expect(plain == own)
            #expect((plain == start) == (count == 0))
        }
    }

    @Test("a copy goes on by itself, and asking for the hash changes nothing")
    func copies() {
        var hash = SHA256()
        hash.add("ab")
        var copy = hash
        let before = hash.digest
        copy.add("d")
        hash.add("c")
        #expect(hash.digest == SHA256.hash(Array("abc".utf8)))
        #expect(copy.digest == SHA256.hash(Array("abd".utf8)))
        #expect(before == SHA256.hash(Array("ab".utf8)))
    }

    @Test("equal digests are those with the same 32 bytes")
    func comparison() {
        let digest = SHA256.hash([1, 2, 3])
        #expect(digest == digest.bytes)
        for index in 0..<32 {
            var bytes = digest.bytes
            bytes[index] ^= 0x80
            #expect(!(digest == bytes))
        }
        #expect(!(digest == Array(digest.bytes.dropLast())) && !(digest == digest.bytes + [0]) && !(digest == []))
    }

    @Test(
        "codes, with keys shorter than a block, of one, and longer",
        arguments: [
            (
                Array(repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                Array(repeating: 0xAA, count: 20), Array(repeating: 0xDD, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(1...25), Array(repeating: 0xCD, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                Array(repeating: UInt8(ascii: "k"), count: 64), Array("m".utf8),
                "3b7a8d453e76edb519238a515105a57508d0f169f480ebeee120a9e7803289fa"
            ),
            (
                Array(repeating: UInt8(ascii: "k"), count: 65), Array("m".utf8),
                "c2d7d4c2256ddb097409ec0c67e1d58fa1a007fc6932cac0d892a525d08af7cc"
            ),
            (
                Array(repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ] as [([UInt8], [UInt8], String)]
    )
    func codes(key: [UInt8], message: [UInt8], expected: String) {
        let keyed = HMAC(key: key)
        var mac = keyed
        mac.add(message)
        #expect(mac.code.text == expected)
        mac = keyed
        for byte in message { mac.add([byte]) }
        #expect(mac.code.text == expected)
    }

    private func text(_ hash: SHA1) -> String {
        let words = hash.words
        var text: [UInt8] = []
        Hexadecimal.append(words.0, digits: 16, to: &text)
        Hexadecimal.append(words.1, digits: 16, to: &text)
        Hexadecimal.append(UInt64(words.2), digits: 8, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
