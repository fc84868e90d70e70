import Mustache

/// The templates, ready to be filled.
struct Pages: Sendable {
    private let library: MustacheLibrary

    /// - Throws: what is wrong with a template.
    init() throws {
        MustacheContentTypes.register(ScalarEscaping(), named: "SCALARS")
        var library = MustacheLibrary()
        for (file, text) in EmbeddedTemplates.files {
            // Partials fall back to the library's own escaping unless they name another.
            try library.register("{{% CONTENT_TYPE: SCALARS}}" + text, named: String(file.dropLast(".mustache".count)))
        }
        self.library = library
    }

    func render(_ template: String, _ context: Part) -> String {
        library.render(context, withTemplate: template) ?? ""
    }
}
