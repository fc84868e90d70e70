import Apus
import ApusTesting
import Foundation
import Testing

@testable import NightlyReportExample

@Suite("Example: nightly report")
struct ReportTests {
    @Test("the report is about the day of its tick, also when the database is down for hours")
    func report() async throws {
        var settings = TestSettings.bothWays
        settings.start = Date(timeIntervalSince1970: 1_800_000_000)
        let test = FunctionTest(Report(apus: Client(appID: "test"), database: FixedDatabase()).function, settings)
        test.fail(step: "count-orders", with: Down(), times: 8)
        let run = try await test.runScheduled()
        #expect(run.output == "42 orders on 2027-01-15")
        #expect(run.duration > .hours(1))
        #expect(try run.sent.map { try $0.decode(ReportMailed.self).orders } == [42])
    }

    private struct Down: Error {}
}
