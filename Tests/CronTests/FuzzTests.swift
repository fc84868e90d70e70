import ApusCron
import Testing

/// Random and damaged texts: each is a schedule or a precise error, and nothing crashes or hangs.
@Suite("Random texts")
struct FuzzTests {
    private func check(_ text: String) {
        do throws(CronError) {
            let schedule = try CronSchedule(text)
            #expect(text.utf8.count <= CronSchedule.maximumLength)
            #expect(!schedule.words.isEmpty)
            let next = schedule.next(after: 1_704_067_200_000)
            #expect(next.map { $0 > 1_704_067_200_000 && $0 % 60_000 == 0 } ?? false, "\(text)")
            for field in CronField.allCases {
                #expect(schedule.values(of: field).allSatisfy(field.range.contains))
            }
        } catch {
            #expect((1...CronSchedule.maximumLength + 1).contains(error.column))
            #expect(error.column <= text.unicodeScalars.count + 1 || error.kind == .tooLong)
            #expect(!error.problem.isEmpty && !error.advice.isEmpty)
            #expect(error.description.utf8.count < 1_500)
        }
        if let jitter = try? Jitter(text) {
            #expect(jitter.milliseconds == 0 || (Jitter.minimum...Jitter.maximum).contains(jitter.milliseconds))
        }
    }

    @Test("random bytes")
    func bytes() {
        var random = SeededGenerator(seed: 23)
        for _ in 0..<iterations(400) {
            let count = Int.random(in: 0..<40, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            check(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("random pieces of expressions")
    func pieces() {
        let pieces = [
            "*", "?", "/", "-", ",", " ", " ", " ", "0", "1", "5", "7", "59", "60", "+", "L", "W", "#", "mon", "JAN",
            "@",
            "@daily", "TZ=", "CRON_TZ=", "UTC", "Europe/Berlin", "\t", "\u{A0}", "é", "9223372036854775807", ".", "m",
            "s",
        ]
        var random = SeededGenerator(seed: 29)
        for _ in 0..<iterations(500) {
            let count = Int.random(in: 0..<24, using: &random)
            check((0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined())
        }
    }

    @Test("damaged expressions")
    func damaged() {
        var random = SeededGenerator(seed: 31)
        let alphabet = Array("*?/-,0123456789 +LW#@TZ=abc\t\0é".unicodeScalars)
        for _ in 0..<iterations(400) {
            let zone = ["", "TZ=Europe/Berlin ", "CRON_TZ=America/New_York ", "TZ=Local "].randomElement(using: &random)
            let expression = RandomExpression(busy: Bool.random(using: &random), using: &random)
            var scalars = Array(((zone ?? "") + expression.text).unicodeScalars)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<scalars.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: scalars.remove(at: index)
                case 1: scalars.insert(alphabet.randomElement(using: &random) ?? " ", at: index)
                default: scalars[index] = alphabet.randomElement(using: &random) ?? " "
                }
                if scalars.isEmpty { break }
            }
            check(String(String.UnicodeScalarView(scalars)))
        }
    }

    @Test("random expressions are understood as they were meant")
    func meaning() throws {
        var random = SeededGenerator(seed: 37)
        for _ in 0..<iterations(500) {
            let expression = RandomExpression(busy: Bool.random(using: &random), using: &random)
            do {
                let schedule = try CronSchedule(expression.text)
                for field in CronField.allCases {
                    #expect(Set(schedule.values(of: field)) == expression.values[field.rawValue], "\(expression.text)")
                }
            } catch {
                #expect(error.kind == .neverFires, "\(expression.text): \(error)")
            }
        }
    }
}
