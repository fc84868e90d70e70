import ApusEngine

extension RunMetadata.Entry {
    /// What is noted under one kind.
    func part(of run: String) -> Part {
        let attempt = target.attempt.map { " of attempt \($0 + 1)" } ?? ""
        return PayloadPart.part("Metadata\(attempt), \(kind)", values, link: Link("runs", run), isWhole: true)
    }
}
