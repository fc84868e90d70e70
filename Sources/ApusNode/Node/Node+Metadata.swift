import ApusCore
import ApusEngine
import ApusStore

/// What is noted with runs.
extension Node {
    /// Notes something with a run, which may have ended.
    package func annotate(_ run: ULID, _ annotations: [Annotation]) async throws -> AnnotationAnswer {
        let bytes = annotations.reduce(0) { $0 + $1.byteCount }
        try intake.enter(bytes: bytes)
        defer { intake.leave(bytes: bytes) }
        guard let found = try await read({ reader throws(StoreError) in try reader.run(id: run) }) else {
            return .unknownRun
        }
        let input = Input.annotate(row: found.row, run: run, annotations)
        guard case .annotated(let answer) = try await submit(input, to: home(of: found.row)) else {
            throw NodeError.rejected("the metadata was not understood")
        }
        return answer
    }
}
