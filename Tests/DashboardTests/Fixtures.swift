import ApusCore
import Foundation

@testable import ApusDashboard

/// The contexts that were written with the templates, with values that want to break them.
enum Fixtures {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    static let sources = tests.appending(path: "../../Sources/ApusDashboard")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: tests.appending(path: "Fixtures").path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }()

    static func load(_ name: String) throws -> RawJSON {
        let data = try Data(contentsOf: tests.appending(path: "Fixtures/\(name).json"))
        return try RawJSON(parsing: Array(data))
    }

    /// `page-case` fills the template `page`.
    static func template(of name: String) -> String {
        let templates = EmbeddedTemplates.files
        if templates["\(name).mustache"] != nil { return name }
        return String(name.split(separator: "-").first ?? "")
    }

    static func part(_ view: JSONView, _ change: (String) -> String = { $0 }) -> Part {
        switch view.kind {
        case .object:
            .object(
                Dictionary(uniqueKeysWithValues: view.members.map { ($0.key.string ?? "", part($0.value, change)) }))
        case .array: .list(view.elements.map { part($0, change) })
        case .string: .text(change(view.string ?? ""))
        case .number: .number(view.double ?? 0)
        case .bool: .flag(view.bool ?? false)
        case .null: false
        }
    }
}
