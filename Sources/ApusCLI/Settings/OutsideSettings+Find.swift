import Foundation

extension OutsideSettings {
    /// Looks up every setting that was not typed: first in the environment, then in the file.
    static func find(
        _ settings: [Setting],
        given arguments: [String],
        environment: [String: String],
        directory: String
    ) throws(PlainFailure) -> OutsideSettings {
        let file = try SettingsFile.find(given: arguments, environment: environment, directory: directory)
        var found = OutsideSettings()
        for setting in settings where !setting.isGiven(in: arguments) {
            if let variable = setting.variables.first(where: { environment[$0]?.isEmpty == false }),
                let text = environment[variable]
            {
                let values = setting.kind.isList ? text.split(separator: ",").map(trimmed) : [text]
                try found.add(setting, values, from: variable)
            } else if let file, let values = try file.values(of: setting) {
                try found.add(setting, values, from: file.path)
            }
        }
        return found
    }

    private static func trimmed(_ text: Substring) -> String {
        text.trimmingCharacters(in: .whitespaces)
    }
}
