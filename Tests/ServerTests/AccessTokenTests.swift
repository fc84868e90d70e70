import ApusCore
import ApusNode
import Testing

@testable import ApusServer

@Suite("Access tokens")
struct AccessTokenTests {
    private let now = Timestamp(milliseconds: 1_750_000_000_000)
    private let run = ULID(high: 1, low: 2)

    private func tokens(_ keys: [String]) throws -> AccessTokens {
        AccessTokens(keys: try SigningKeys(parsing: keys))
    }

    private func later(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds + seconds * 1_000) }

    @Test("open the result of one run, for an hour")
    func result() throws {
        let tokens = try tokens(["0011"])
        let token = tokens.make(for: run, at: now)
        #expect(tokens.opens(run, with: token, at: later(3_599)))
        #expect(!tokens.opens(run, with: token, at: later(3_600)))
        #expect(!tokens.opens(ULID(high: 1, low: 3), with: token, at: now))
        #expect(!tokens.opens(run, with: nil, at: now))
        #expect(!tokens.opens(run, with: token, at: later(-120)), "made ahead of the clock")
    }

    @Test("have the claims that SDKs know")
    func claims() throws {
        let parts = try tokens(["0011"]).make(for: run, at: now).split(separator: ".")
        let claims = try RawJSON(parsing: try #require(Base64Text.decodeForURL(parts[1]))).view
        #expect(claims["iss"]?.string == "api.inngest.com")
        #expect(claims["sub"]?.string == "run-claim")
        #expect(claims["RunID"]?.ulid == run)
        #expect(claims["exp"]?.int == 1_750_003_600)
        let stream = try tokens(["0011"]).makeForStream(of: run, at: now).split(separator: ".")
        let streamed = try RawJSON(parsing: try #require(Base64Text.decodeForURL(stream[1]))).view
        #expect(streamed["iss"]?.string == "rt.inngest.com")
        #expect(streamed["exp"]?.int == 1_750_000_960)
        #expect(streamed["publish"]?.bool == false)
        #expect(streamed["topics"]?[0]?["channel"]?.string == run.description)
        #expect(streamed["topics"]?[0]?["name"]?.string == "$stream")
        #expect(streamed["topics"]?[0]?["kind"]?.string == "run")
    }

    @Test("are worth nothing under another key, and live through a change of keys")
    func keys() throws {
        let token = try tokens(["0011"]).make(for: run, at: now)
        #expect(try tokens(["2233", "0011"]).opens(run, with: token, at: now))
        #expect(try !tokens(["2233"]).opens(run, with: token, at: now))
        #expect(!AccessTokens(keys: nil).opens(run, with: token, at: now))
    }

    @Test("of a server in development live through a restart")
    func development() {
        let token = AccessTokens(keys: nil).make(for: run, at: now)
        #expect(AccessTokens(keys: nil).opens(run, with: token, at: now))
    }

    @Test("cannot be made up")
    func forgery() throws {
        let tokens = try tokens(["0011"])
        let parts = tokens.make(for: run, at: now).split(separator: ".").map(String.init)
        let none = Base64Text.encodeForURL(Array(#"{"alg":"none"}"#.utf8))
        let claims = Base64Text.encodeForURL(
            Array(#"{"RunID":"\#(ULID(high: 1, low: 3))","exp":1750003600,"iss":"api.inngest.com"}"#.utf8))
        for text in [
            "", "..", "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", "\(parts[0]).\(claims).\(parts[2])",
            "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1]).\(parts[2]).",
            "\(parts[0]).\(parts[1]).\(parts[2])A", String(repeating: "A", count: 100_000),
        ] {
            #expect(!tokens.opens(run, with: text, at: now))
            #expect(!tokens.opens(ULID(high: 1, low: 3), with: text, at: now))
        }
    }

    @Test("of one kind are none of the other")
    func kinds() throws {
        let tokens = try tokens(["0011"])
        let (result, stream) = (tokens.make(for: run, at: now), tokens.makeForStream(of: run, at: now))
        #expect(tokens.topics(of: stream, at: now) == [.stream(of: run.description)])
        #expect(tokens.topics(of: result, at: now) == nil)
        #expect(tokens.topics(of: stream, at: later(960)) == nil)
        #expect(!tokens.opens(run, with: stream, at: now))
        #expect(tokens.mayPublish(stream, at: now) == false)
        #expect(tokens.mayPublish(result, at: now) == nil)
    }
}
