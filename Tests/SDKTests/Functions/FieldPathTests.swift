import Foundation
import Testing

@testable import Apus

@Suite("Key paths as expressions")
struct FieldPathTests {
    enum Plan: String, Codable, CaseIterable { case free, pro }
    enum Colour: String, Codable { case red }

    struct Address: Codable, Sendable {
        var city: String
        var zip: String?
    }

    struct Signup: Codable, Sendable {
        var userID: String
        var mail: String
        var isPaying: Bool
        var isTest: Bool
        var plan: Plan
        var team: UUID
        var at: Date
        var seats: UInt8
        var address: Address
        var tags: [String]
        var parent: [Signup]?
        var score: Double?

        enum CodingKeys: String, CodingKey {
            case userID = "user_id"
            case mail = "e-mail"
            case isPaying, isTest, plan, team, at, seats, address, tags, parent, score
        }

        var lower: String { mail.lowercased() }
        var isPro: Bool { plan == .pro }
        var both: String { userID + mail }
        var same: String { userID }
    }

    private func expression(_ path: PartialKeyPath<Signup>) throws -> String { try FieldPath.find(path).expression }

    @Test("they name the field of the JSON, whatever the property is called")
    func names() throws {
        #expect(try expression(\.userID) == ".user_id")
        #expect(try expression(\.mail) == "[\"e-mail\"]")
        #expect(try expression(\.address.city) == ".address.city")
        #expect(try expression(\.address.zip) == ".address.zip")
        #expect(try expression(\.same) == ".user_id")
    }

    @Test("fields of all kinds are told apart")
    func kinds() throws {
        #expect(try expression(\.isPaying) == ".isPaying")
        #expect(try expression(\.isTest) == ".isTest")
        #expect(try expression(\.plan) == ".plan")
        #expect(try expression(\.team) == ".team")
        #expect(try expression(\.at) == ".at")
        #expect(try expression(\.seats) == ".seats")
        #expect(try expression(\.score) == ".score")
    }

    @Test("what is not one field's value is refused")
    func refused() {
        for path in [\Signup.both, \.isPro, \.address, \.tags, \.self] as [PartialKeyPath<Signup>] {
            #expect(throws: ConfigurationError.self) { try expression(path) }
        }
    }

    @Test("a type that cannot be made up says what would help")
    func undecodable() {
        struct Painted: Codable { var colour: Colour; var name: String }
        let error = #expect(throws: ConfigurationError.self) { try FieldPath.find(\Painted.name) }
        #expect(error?.message.contains("CaseIterable") == true)
    }
}
