/// A choice that goes by a name in requests and in what is shown.
package protocol NamedCase: CaseIterable {
    var name: String { get }
}

extension NamedCase {
    /// The case with a name; `nil` when there is none.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
