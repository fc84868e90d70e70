/// An option of a command that may also be set in the environment or in a file.
struct Setting: Sendable {
    enum Kind: Sendable {
        case value
        /// Commas separate the values of one variable.
        case list
        case flag
        /// A list of keys, which are never repeated in a message.
        case secrets

        var isList: Bool { self == .list || self == .secrets }
    }

    /// The long name of the option, which is also its key in a file.
    var name: String
    /// Another long name that means the same.
    var alias: String?
    var short: Character?
    var kind = Kind.value

    /// The keys that set it in a file, the strongest first.
    var keys: [String] { [name] + (alias.map { [$0] } ?? []) }

    /// The environment variables that set it, the strongest first.
    var variables: [String] {
        keys.flatMap { key in
            let suffix = key.uppercased().replacing("-", with: "_")
            return ["APUS_" + suffix, "INNGEST_" + suffix]
        }
    }

    /// Whether it is among the arguments that were typed.
    func isGiven(in arguments: [String]) -> Bool {
        arguments.contains { argument in
            if let short, argument == "-\(short)" { return true }
            return keys.contains { argument == "--\($0)" || argument.hasPrefix("--\($0)=") }
        }
    }

    /// What was typed for it by its name.
    func value(in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == "--\(name)", index + 1 < arguments.count { return arguments[index + 1] }
            if argument.hasPrefix("--\(name)=") { return String(argument.dropFirst(name.count + 3)) }
        }
        return nil
    }
}

/// A command whose options may be set outside of its command line.
protocol ConfigurableCommand {
    static var settings: [Setting] { get }
}

/// What was set outside of the command line, as arguments to put before those that were typed.
struct OutsideSettings {
    private(set) var arguments: [String] = []
    /// Names of options with where they were set.
    private var sources: [(option: String, source: String)] = []

    mutating func add(_ setting: Setting, _ values: [String], from source: String) throws(PlainFailure) {
        sources.append(("--" + setting.name, source))
        switch setting.kind {
        case .flag:
            switch values.first?.lowercased() {
            case "true", "1", "yes": arguments.append("--\(setting.name)")
            case "false", "0", "no", "": break
            default: throw PlainFailure("\(source): \(setting.name) has to be true or false.")
            }
        case .value, .list, .secrets:
            // Joined, so that a value that begins with a dash is no option.
            arguments += values.map { "--\(setting.name)=\($0)" }
        }
    }

    /// Says where a value comes from with which the parser was not content.
    func failure(_ message: String) -> PlainFailure {
        let text = message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message
        let first = text.split(separator: "\n").first.map(String.init) ?? text
        let guilty = sources.first { first.contains($0.option) }?.source
        let all = Set(sources.map(\.source)).sorted().joined(separator: ", ")
        return PlainFailure("\(guilty ?? all): \(first)")
    }
}
