import ApusStore
import ArgumentParser

/// Runs something and turns its failure into one line on standard error and a non-zero exit.
func failsWithOneLine(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as ExitCode {
        throw error
    } catch {
        Logs.writeError("apus: \(error)\n")
        throw ExitCode(1)
    }
}
