import ApusCore
import Foundation
import NIOCore

/// A request to which each copy brings a fresh `x-inngest-event-id-seed`, as SDKs make them: the time
/// and ten random bytes.
struct SeededRequest: Sendable {
    private let template: ByteBuffer
    private let timeIndex: Int
    private let entropyIndex: Int
    private var random = SplitMix64(seed: 1)

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    init(target: String, body: [UInt8]) {
        let seed = "0000000000000,AAAAAAAAAAAAAA=="
        template = HTTPMessage.post(target, headers: [("x-inngest-event-id-seed", seed)], body: body)
        let end = template.withUnsafeReadableBytes { RawText.end(of: "x-inngest-event-id-seed: ", in: $0) }
        timeIndex = template.readerIndex + (end ?? 0)
        entropyIndex = timeIndex + 14
    }

    mutating func next() -> ByteBuffer {
        var request = template
        var time = UInt64(Date().timeIntervalSince1970 * 1_000)
        for digit in (0..<13).reversed() {
            request.setInteger(UInt8(ascii: "0") + UInt8(time % 10), at: timeIndex + digit)
            time /= 10
        }
        // The last of the 14 characters carries no bits of the ten bytes but two; it stays `A`.
        var bits = random.next()
        for index in 0..<13 {
            if index == 10 { bits = random.next() }
            request.setInteger(Self.alphabet[Int(bits & 63)], at: entropyIndex + index)
            bits >>= 6
        }
        return request
    }
}
