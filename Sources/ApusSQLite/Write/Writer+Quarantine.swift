import ApusCore
import ApusStore

/// Inputs set aside, for people to look at.
extension Writer {
    /// Stores a report, and forgets the oldest when there are too many.
    func quarantine(_ report: QuarantineReport) throws {
        try transaction {
            let insert = try statement("INSERT INTO quarantine (at, input, reason) VALUES (?, ?, ?) RETURNING row")
            insert.bind(1, report.at.milliseconds)
            insert.bind(2, report.input)
            insert.bind(3, report.reason)
            guard try insert.step() else { return }
            let row = insert.int(0)
            while try insert.step() {}
            let forget = try statement("DELETE FROM quarantine WHERE row <= ?")
            forget.bind(1, row - Int64(configuration.quarantineReports))
            try forget.run()
        }
    }
}
