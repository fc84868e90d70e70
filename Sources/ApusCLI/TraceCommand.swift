import ApusCore
import ApusNode
import ArgumentParser
import NIOCore
import NIOPosix

/// `apus trace RUN`: what a run did, line by line.
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Print what a run did, and with --follow what it does."
    )

    @Argument(help: "The run's id.")
    var run: String

    @Flag(name: .shortAndLong, help: "Go on until the run has ended.")
    var follow = false

    @Option(name: .long, help: "The server.")
    var url = "http://127.0.0.1:8288"

    func run() async throws {
        try await failsWithOneLine { try await print() }
    }

    private func print() async throws {
        guard ULID(run) != nil else { throw PlainFailure("\"\(run)\" is not a run id (26 letters and digits).") }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let probe = AppProbe(loop: loop, userAgent: "Apus/\(ApusVersion.text)")
        var printed = 0
        var start: Int64?
        while true {
            let journal = try await read(probe)
            let lines = Array(journal.view["data"]?["timeline"]?.elements.map { $0 } ?? [])
            for line in lines.dropFirst(printed) {
                let at = line["at"]?.int ?? 0
                let begin = start ?? at
                start = begin
                Logs.write(Self.format(line, after: at - begin))
            }
            printed = lines.count
            let status = journal.view["data"]?["run"]?["status"]?.string ?? ""
            if status != "Running" || !follow { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func format(_ line: JSONView, after milliseconds: Int64) -> String {
        let seconds = "\(milliseconds / 1_000).\(String(milliseconds % 1_000 + 1_000).dropFirst())"
        let mark =
            switch line["state"]?.string {
            case "failed": "✗"
            case "waiting": "…"
            default: "✓"
            }
        let padding = String(repeating: " ", count: max(0, 8 - seconds.count))
        return "\(padding)\(seconds) s  \(mark) \(line["what"]?.string ?? "")\n"
    }

    private func read(_ probe: AppProbe) async throws -> RawJSON {
        let address: AppURL
        do {
            address = try AppURL("\(url)/v1/runs/\(run)/journal")
        } catch {
            throw PlainFailure("--url \(url) cannot be used: \(error)")
        }
        let request = AppRequest(method: "GET", url: address, headers: [], body: ByteBuffer())
        switch await probe.send(request, within: .seconds(10)) {
        case .failure(let failure):
            throw PlainFailure("There is no server at \(url): \(failure)")
        case .success(let response):
            let json = try? RawJSON(parsing: Array(response.body.readableBytesView))
            guard response.status == 200, let json else {
                throw PlainFailure(json?.view["error"]?.string ?? "\(url) answered \(response.status).")
            }
            return json
        }
    }
}
