import ApusCore
import Testing

@Suite("Stable hash")
struct StableHashTests {
    @Test("the values are stored, so they never change")
    func golden() {
        #expect(StableHash.of("") == 9_871_565_547_920_644_561)
        #expect(StableHash.of("a") == 16_934_927_717_224_012_046)
        #expect(StableHash.of("12345678") == 18_237_288_210_309_170_112)
        #expect(StableHash.of("The quick brown fox jumps over the lazy dog") == 15_851_786_333_732_297_553)
        var hash = StableHash(seed: 1)
        hash.combine(42)
        hash.combine("é")
        #expect(hash.value == 4_161_184_749_705_397_897)
    }

    @Test("a text hashes as its bytes")
    func text() {
        for text in ["", "a", "é😀", String(repeating: "xyz", count: 50)] {
            #expect(StableHash.of(text) == StableHash.of(Array(text.utf8)))
        }
    }

    @Test("the wide hash is the start of SHA-256")
    func wide() {
        #expect(StableHash.wide(Array("abc".utf8)) == 0xba78_16bf_8f01_cfea_4141_40de_5dae_2223)
    }

    @Test("short keys collide neither in value nor in their parts")
    func collisions() {
        var seen: Set<UInt64> = []
        for number in 0..<20_000 {
            seen.insert(StableHash.of("user-\(number)"))
        }
        #expect(seen.count == 20_000)
        let zeros = Set((0..<100).map { StableHash.of(Array(repeating: 0, count: $0)) })
        #expect(zeros.count == 100)
        var left = StableHash()
        left.combine("a")
        left.combine("bc")
        var right = StableHash()
        right.combine("ab")
        right.combine("c")
        #expect(left.value != right.value)
        #expect(StableHash(seed: 1).value != StableHash(seed: 2).value)
    }

    @Test("keys spread evenly over shards")
    func spread() {
        var shards = Array(repeating: 0, count: 64)
        for number in 0..<32_000 {
            shards[Int(StableHash.of("key-\(number)") % 64)] += 1
        }
        #expect(shards.allSatisfy { (400...600).contains($0) })
    }

    @Test("each bit of the input changes about half of the bits of the hash")
    func avalanche() {
        var random = SplitMix64(seed: 3)
        for length in [1, 7, 8, 9, 20] {
            var flips = 0
            for _ in 0..<200 {
                var bytes = (0..<length).map { _ in UInt8(random.below(256)) }
                let before = StableHash.of(bytes)
                bytes[Int(random.below(UInt64(length)))] ^= 1 << UInt8(random.below(8))
                flips += (before ^ StableHash.of(bytes)).nonzeroBitCount
            }
            #expect((28...36).contains(flips / 200))
        }
    }
}

@Suite("Random numbers")
struct SplitMix64Tests {
    @Test("a seed gives the sequence of the reference implementation")
    func reference() {
        var random = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(expected.map { _ in random.next() } == expected)
    }

    @Test("bounded numbers stay below their bound and reach all of it")
    func bounded() {
        var random = SplitMix64(seed: 1)
        let numbers = (0..<1_000).map { _ in random.below(7) }
        #expect(Set(numbers) == Set(0..<7))
        #expect(random.below(0) == 0 && random.below(1) == 0)
    }

    @Test("ids carry the time, clamped to what an id can hold")
    func ids() {
        var random = SplitMix64(seed: 1)
        #expect(random.nextULID(now: Timestamp(milliseconds: 17)).milliseconds == 17)
        #expect(random.nextULID(now: Timestamp(milliseconds: -1)).milliseconds == 0)
        #expect(random.nextULID(now: Timestamp(milliseconds: .max)).milliseconds == 281_474_976_710_655)
        var same = SplitMix64(seed: 5)
        var again = SplitMix64(seed: 5)
        #expect(same.nextULID(now: .epoch) == again.nextULID(now: .epoch))
        #expect(same.split() != same.split())
    }
}
