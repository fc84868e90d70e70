import ArgumentParser

/// What only `apus dev` can be told.
struct DevOptions: ParsableArguments {
    @Flag(name: .long, help: "Do not look for apps at the usual ports.")
    var noDiscovery = false

    @Flag(name: .long, help: "Do not ask registered apps for changes.")
    var noPoll = false

    @Flag(name: .long, help: "Keep nothing on disk; everything is lost at the end.")
    var inMemory = false

    static let settings: [Setting] = [
        Setting(name: "no-discovery", kind: .flag),
        Setting(name: "no-poll", kind: .flag),
        Setting(name: "in-memory", kind: .flag),
    ]
}
