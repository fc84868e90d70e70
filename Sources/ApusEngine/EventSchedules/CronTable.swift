import ApusCron

/// The expressions of very many schedules, each understood once.
struct CronTable {
    private var rows: [Row] = []
    private var numbers: [String: UInt32] = [:]
    private var free: [UInt32] = []

    private struct Row {
        var expression: String
        /// `nil` for what an earlier release has accepted and this one does not understand.
        var schedule: CronSchedule?
        var uses: Int
    }

    /// How many expressions differ.
    var count: Int { numbers.count }

    subscript(number: UInt32) -> CronSchedule? { rows[Int(number)].schedule }

    /// The number of an expression, for one more schedule.
    mutating func take(_ expression: String) -> UInt32 {
        if let number = numbers[expression] {
            rows[Int(number)].uses += 1
            return number
        }
        let row = Row(expression: expression, schedule: try? CronSchedule(expression), uses: 1)
        let number: UInt32
        if let reused = free.popLast() {
            rows[Int(reused)] = row
            number = reused
        } else {
            number = UInt32(rows.count)
            rows.append(row)
        }
        numbers[expression] = number
        return number
    }

    func contains(_ expression: String, as number: UInt32) -> Bool { numbers[expression] == number }

    /// A schedule does not need it any more.
    mutating func giveBack(_ number: UInt32) {
        let index = Int(number)
        rows[index].uses -= 1
        guard rows[index].uses == 0 else { return }
        numbers[rows[index].expression] = nil
        rows[index] = Row(expression: "", schedule: nil, uses: 0)
        free.append(number)
    }
}
