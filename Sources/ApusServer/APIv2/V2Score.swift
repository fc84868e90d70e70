import ApusCore
import ApusEngine

/// What somebody thinks of a run or of a step: metadata of the kind `inngest.score`.
struct V2Score {
    var name: String
    /// A number or a truth value.
    var value: RawJSON
    /// As the app calls the step; `nil` for the run.
    var step: String?
    var experiment: (id: String, variant: String)?

    private static let countLimit = 100
    private static let nameLimit = 256

    static func read(_ bytes: [UInt8]) throws -> [V2Score] {
        guard let view = (try? RawJSON(parsing: bytes))?.view, view.kind == .array else {
            throw V2Problem(.invalidRequest, "The body must be a JSON array of scores")
        }
        guard (1...countLimit).contains(view.count) else {
            throw V2Problem(.invalidRequest, "There must be 1 to \(countLimit) scores")
        }
        return try view.elements.enumerated().map { index, element in try V2Score(element, at: "score \(index)") }
    }

    private init(_ view: JSONView, at place: String) throws {
        let fields = try BodyFields(view, known: ["name", "value", "stepId", "experiment"], at: place)
        guard let name = try fields.string("name"), !name.isEmpty else {
            throw V2Problem(.missingField, "name of \(place) is required")
        }
        guard name.utf8.count <= Self.nameLimit else {
            throw V2Problem(.invalidField, "name of \(place) is longer than \(Self.nameLimit) bytes")
        }
        guard let value = fields["value"] else { throw V2Problem(.missingField, "value of \(place) is required") }
        guard value.kind == .number || value.kind == .bool else {
            throw V2Problem(.invalidField, "value of \(place) must be a number, true or false")
        }
        self.name = name
        self.value = value.raw
        step = try fields.string("stepId")
        if let step, step.isEmpty || step.utf8.count > StepID.limit {
            throw V2Problem(.invalidField, "stepId of \(place) must have 1 to \(StepID.limit) bytes")
        }
        guard let object = fields["experiment"] else { return }
        let experiment = try BodyFields(object, known: ["id", "variant"], at: "experiment of \(place)")
        guard let id = try experiment.string("id"), let variant = try experiment.string("variant"),
            id.utf8.count <= Self.nameLimit, variant.utf8.count <= Self.nameLimit
        else { throw V2Problem(.missingField, "experiment of \(place) needs an id and a variant") }
        self.experiment = (id, variant)
    }

    var annotations: [Annotation] {
        let target: Annotation.Target = step.map { .step(Self.id(of: $0)) } ?? .run
        var annotations = [Annotation(target: target, update: Self.update("inngest.score", name, value))]
        if let experiment {
            var writer = JSONWriter()
            writer.value(experiment.variant)
            let update = Self.update("inngest.experiment", experiment.id, writer.finish())
            annotations.append(Annotation(target: target, update: update))
        }
        return annotations
    }

    /// Traces give the hashed id, people the one in their code.
    private static func id(of step: String) -> StepID {
        let isHashed = step.utf8.count == 40 && step.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        return (isHashed ? StepID(step) : nil) ?? .hashing(step)
    }

    private static func update(_ kind: String, _ name: String, _ value: RawJSON) -> MetadataUpdate {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key(name)
            writer.raw(value)
        }
        return MetadataUpdate(kind: kind, operation: .merge, values: writer.finish())
    }

    func write(of run: ULID, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("runId", run)
            writer.member("name", name)
            writer.member("value", value)
            if let step { writer.member("stepId", step) }
            if let experiment {
                writer.key("experiment")
                writer.object { writer in
                    writer.member("id", experiment.id)
                    writer.member("variant", experiment.variant)
                }
            }
        }
    }
}
