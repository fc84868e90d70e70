import Apus
import Foundation

/// A CSV file that is to be imported.
struct ImportFile: Codable, Sendable {
    var path: String
    /// Where the numbers go.
    var database: String
}

/// What came of it.
struct ImportResult: Codable, Sendable {
    var rows: Int
    var sum: Int
}

/// Rows that go into the database in one step, so that a step is neither so long that repeating it hurts nor so short that
/// its commit does.
private let rowsPerStep = 100

/// Reads a file of `name,amount` lines into a database, step by step.
func importFunction(_ apus: Client, pause: Duration) -> Function<ImportFile, ImportResult> {
    apus.function("import-file", input: ImportFile.self, .retries(2)) { file, step in
        let count = try await step.run("count") {
            let count = try lines(of: file.path).count
            guard count > 0 else { throw NonRetriableError("\(file.path) has no rows") }
            return count
        }
        var sum = 0
        for start in stride(from: 0, to: count, by: rowsPerStep) {
            sum += try await step.run("rows") {
                try await Task.sleep(for: pause)
                let part = try lines(of: file.path)[start..<min(start + rowsPerStep, count)]
                return try Database(path: file.database).insert(part, from: file.path, at: start)
            }
        }
        return ImportResult(rows: count, sum: sum)
    }
}

private func lines(of path: String) throws -> [Substring] {
    let url = URL(fileURLWithPath: path)
    guard let text = try? String(contentsOf: url, encoding: .utf8) else {
        throw NonRetriableError("\(path) cannot be read")
    }
    return text.split(separator: "\n")
}

/// Stands for a database: a directory with a file for each part of an import. A part is written as a whole and under the same name
/// each time, so that a step that is repeated after a crash does no harm.
struct Database {
    let path: String

    func insert(_ rows: ArraySlice<Substring>, from file: String, at start: Int) throws -> Int {
        let amounts = try rows.map { row in
            guard let amount = row.split(separator: ",").last.flatMap({ Int($0) }) else {
                throw NonRetriableError("\(file): there is no amount in \"\(row)\"")
            }
            return amount
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let name = "\(URL(fileURLWithPath: file).lastPathComponent).\(start)"
        let text = amounts.map(String.init).joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path).appendingPathComponent(name), options: .atomic)
        return amounts.reduce(0, +)
    }
}
