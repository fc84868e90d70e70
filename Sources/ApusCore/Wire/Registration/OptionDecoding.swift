/// Why an option cannot be used, a sentence for each reason.
struct BrokenOption: Error {
    let reasons: [String]

    init(_ reasons: String...) {
        self.reasons = reasons
    }
}

/// Reads an option of its fields, notes values of the wrong type and throws the rule that is broken.
typealias OptionReader<Option> =
    (RegistrationFields, inout RegistrationProblems) throws(BrokenOption) -> Option?

extension FunctionDecoder {
    /// An option that is an object; nil when it is absent, or when anything is wrong in it.
    func option<Option>(
        _ name: String,
        of fields: RegistrationFields,
        known: [String],
        function: String,
        _ problems: inout RegistrationProblems,
        _ read: OptionReader<Option>
    ) -> Option? {
        guard let object = fields.container(name, .object, &problems) else { return nil }
        let fields = RegistrationFields(object, path: fields.path(of: name), known: known)
        return whole(name, of: fields, function: function, &problems, read)
    }

    /// What is read of an option's fields, with the broken rule noted; nil when anything is wrong.
    func whole<Option>(
        _ name: String,
        of fields: RegistrationFields,
        function: String,
        _ problems: inout RegistrationProblems,
        _ read: OptionReader<Option>
    ) -> Option? {
        let before = problems.count
        do throws(BrokenOption) {
            let option = try read(fields, &problems)
            return problems.count == before ? option : nil
        } catch {
            for reason in error.reasons {
                problems.rule(function: function, "\(name): \(reason)")
            }
            return nil
        }
    }
}

extension RegistrationFields {
    /// The number of an option, 0 when absent. One beyond 32 bits means the highest of those, so that the sums
    /// and products that are made of it fit.
    func amount(_ name: String, _ problems: inout RegistrationProblems) -> Int {
        Int(Int32(clamping: integer(name, &problems) ?? 0))
    }
}
