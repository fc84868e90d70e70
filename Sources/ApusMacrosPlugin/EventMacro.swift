import SwiftCompilerPlugin
import SwiftParser
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// `@Event`: the conformance and the name.
struct EventMacro: ExtensionMacro {
    static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        guard let structure = declaration.as(StructDeclSyntax.self) else {
            throw EventProblem.noStructure
        }
        let name = try name(in: node) ?? EventName.derived(from: structure.name.text)
        if let problem = EventName.problem(name) { throw problem }
        let access = structure.modifiers.first { ["public", "package"].contains($0.name.text) }
        let prefix = access.map { "\($0.name.text) " } ?? ""
        // What the type declares itself is not declared again.
        let conformance = protocols.isEmpty ? "" : ": Apus.Event"
        return [
            try ExtensionDeclSyntax(
                """
                extension \(type.trimmed)\(raw: conformance) {
                    \(raw: prefix)static let name = \(literal: name)
                }
                """)
        ]
    }

    private static func name(in node: AttributeSyntax) throws -> String? {
        guard case .argumentList(let arguments)? = node.arguments, let argument = arguments.first else { return nil }
        guard let literal = argument.expression.as(StringLiteralExprSyntax.self),
            let name = literal.representedLiteralValue
        else { throw EventProblem.noLiteral }
        return name
    }
}

/// What an event is called.
enum EventName {
    /// The name of a type as an event's: `UserSignedUp` is `user/signed-up`, `HTTPRequest` is `http/request`.
    static func derived(from type: String) -> String {
        var words: [String] = []
        let letters = Array(type)
        for (index, letter) in letters.enumerated() {
            let follows = index > 0 && (letters[index - 1].isLowercase || letters[index - 1].isNumber)
            let ends =
                index > 0 && index + 1 < letters.count && letters[index - 1].isUppercase
                && letters[index + 1].isLowercase
            if words.isEmpty || (letter.isUppercase && (follows || ends)) { words.append("") }
            words[words.count - 1] += letter.lowercased()
        }
        guard words.count > 1 else { return words.first ?? "" }
        return "\(words[0])/\(words.dropFirst().joined(separator: "-"))"
    }

    static func problem(_ name: String) -> EventProblem? {
        if name.isEmpty { return .empty }
        if name.hasPrefix("inngest/") { return .reserved }
        return nil
    }
}

enum EventProblem: String, Error, CustomStringConvertible {
    case noStructure = "@Event makes events of structures only"
    case noLiteral = "the name of an event must be written down as a string, without anything put into it"
    case empty = "an event must have a name"
    case reserved = "names that begin with inngest/ are the server's"

    var description: String { rawValue }
}

@main
struct ApusMacrosPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [EventMacro.self]
}
