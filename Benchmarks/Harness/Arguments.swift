/// The command line.
struct Arguments {
    private(set) var seconds = 10.0
    private(set) var waits = 100_000
    private(set) var schedules = 100_000
    private(set) var wantsHelp = false
    private var names: Set<String> = []

    /// - Parameter known: the names of all scenarios.
    init(_ arguments: [String], known: [String]) throws(BenchmarkError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "-h", "--help":
                wantsHelp = true
            case "--seconds":
                guard let seconds = rest.popFirst().flatMap(Double.init), (0.1...600).contains(seconds) else {
                    throw BenchmarkError("--seconds must be a number between 0.1 and 600")
                }
                self.seconds = seconds
            case "--waits":
                guard let waits = rest.popFirst().flatMap(Int.init), (1_000...10_000_000).contains(waits) else {
                    throw BenchmarkError("--waits must be a number between 1000 and 10000000")
                }
                self.waits = waits
            case "--schedules":
                guard let count = rest.popFirst().flatMap(Int.init), (1_000...1_000_000).contains(count) else {
                    throw BenchmarkError("--schedules must be a number between 1000 and 1000000")
                }
                schedules = count
            case let name:
                guard known.contains(name) else {
                    throw BenchmarkError("there is no scenario \"\(name)\"; there are \(known.joined(separator: ", "))")
                }
                names.insert(name)
            }
        }
    }

    /// Whether a scenario is to run; without names all are.
    func selects(_ name: String) -> Bool {
        names.isEmpty || names.contains(name)
    }
}
