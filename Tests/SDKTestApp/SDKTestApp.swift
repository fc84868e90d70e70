import Apus
import ApusHummingbird
import ApusTesting
import Foundation
import Hummingbird
import Logging

/// An app with functions of every kind, which the end-to-end tests start, kill and start again.
///
/// `PORT` is where it listens, `APP_ID` what it is called, `JOURNAL` the file in which it notes each body that runs;
/// the rest is the SDK's own environment. `SDKTestApp replay FILE` replays a run's history instead, and fails when the
/// functions do something else.
@main
struct SDKTestApp {
    static func main() async throws {
        let environment = Environment()
        var settings = ClientSettings()
        settings.logger.logLevel = .debug
        if environment.get("CHECKPOINTS") == "off" { settings.checkpoints = .off }
        if environment.get("KEPT_HANDLERS") == "0" { settings.keptHandlers = 0 }
        let apus = Client(appID: appID, settings: settings)
        let journal = Journal(path: environment.get("JOURNAL") ?? "/dev/null")
        let functions = Functions(apus: apus, journal: journal, variant: environment.get("VARIANT") ?? "")

        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "replay", let path = arguments.last {
            let journal = try Data(contentsOf: URL(fileURLWithPath: path))
            let report = try await JournalReplay(anyOf: functions.all, journal: journal).check()
            print(report)
            exit(report.isSame ? 0 : 1)
        }

        let router = Router()
        router.apus(apus, functions: functions.all)
        router.post("/echo") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            return "{\"echo\":\(String(buffer: body))}"
        }
        let port = environment.get("PORT").flatMap { Int($0) } ?? 3_000
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "app")
        )
        try await app.runService()
    }
}
