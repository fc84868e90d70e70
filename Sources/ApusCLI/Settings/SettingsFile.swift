import Foundation
import Yams

/// A file of settings in JSON or YAML, with the long names of the options as keys.
struct SettingsFile {
    let path: String
    private let entries: [String: Any]

    private static let names = ["apus", "inngest"].flatMap { name in
        ["json", "yaml", "yml"].map { "\(name).\($0)" }
    }
    /// Bytes; a file beyond it is no file of settings.
    private static let limit = 1 << 20

    /// - Throws: when the file cannot be read, or is not a mapping.
    init(path: String) throws(PlainFailure) {
        self.path = path
        let text: String
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= SettingsFile.limit else { throw PlainFailure("it is larger than 1 MB") }
            text = String(decoding: data, as: UTF8.self)
        } catch let error as PlainFailure {
            throw PlainFailure("\(path) cannot be read: \(error)")
        } catch {
            throw PlainFailure("\(path) cannot be read: \(error.localizedDescription)")
        }
        let root: Any?
        do {
            // Every JSON text is also YAML.
            root = try Yams.load(yaml: text)
        } catch {
            // The lines after these two show the place in the text.
            let reason = "\(error)".split(separator: "\n").prefix(2).joined(separator: " ")
            throw PlainFailure("\(path) is neither JSON nor YAML: \(reason)")
        }
        switch root {
        case nil: entries = [:]
        case let mapping as [String: Any]: entries = mapping
        default: throw PlainFailure("\(path) has to be a mapping from names of options to values.")
        }
    }

    /// The file that was named, or else the first one found in the working directory, in those above
    /// it, and in the user's own configuration.
    static func find(
        given arguments: [String], environment: [String: String], directory: String
    ) throws(PlainFailure) -> SettingsFile? {
        let config = Setting(name: "config")
        if let named = config.value(in: arguments) { return try SettingsFile(path: named) }
        if let variable = config.variables.first(where: { environment[$0]?.isEmpty == false }) {
            return try SettingsFile(path: environment[variable] ?? "")
        }
        for folder in folders(from: directory, home: environment["HOME"]) {
            for name in names {
                let path = (folder as NSString).appendingPathComponent(name)
                var isDirectory: ObjCBool = false
                if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
                    return try SettingsFile(path: path)
                }
            }
        }
        return nil
    }

    private static func folders(from directory: String, home: String?) -> [String] {
        var folders = [directory]
        while let last = folders.last, last != "/", !last.isEmpty {
            folders.append((last as NSString).deletingLastPathComponent)
        }
        if let home { folders += ["\(home)/.config/apus", "\(home)/.config/inngest"] }
        return folders
    }

    /// - Returns: `nil` when the file says nothing of it.
    func values(of setting: Setting) throws(PlainFailure) -> [String]? {
        guard let entry = setting.keys.lazy.compactMap({ entries[$0] }).first, !(entry is NSNull) else { return nil }
        if let list = entry as? [Any] {
            guard setting.kind.isList else {
                throw PlainFailure("\(path): \(setting.name) takes one value, no list.")
            }
            return try list.map { (item) throws(PlainFailure) in try text(item, of: setting) }
        }
        return [try text(entry, of: setting)]
    }

    private func text(_ value: Any, of setting: Setting) throws(PlainFailure) -> String {
        switch value {
        case let text as String: return text
        case _ where setting.kind == .secrets:
            throw PlainFailure("\(path): \(setting.name) has to stand in quotes, or digits of it get lost.")
        case let flag as Bool: return flag ? "true" : "false"
        case let number as Int: return String(number)
        case let number as Double: return String(number)
        default: throw PlainFailure("\(path): \(setting.name) has to be a text, a number, true or false.")
        }
    }
}
