/// Writes terms as source that parses back to the same terms.
struct Printer {
    private(set) var text = ""

    /// The source of a term.
    static func source(of term: Term) -> String {
        var printer = Printer()
        printer.write(term)
        return printer.text
    }

    private mutating func write(_ term: Term, atLeast precedence: Precedence = .conditional) {
        guard term.precedence >= precedence else {
            text += "("
            write(term)
            text += ")"
            return
        }
        switch term {
        case .literal(let literal, _): text += literal.source
        case .path(let path, _): text += path.description
        case .name(let name, _), .variable(let name, _, _): text += name
        case .select(let operand, let field):
            writeReceiver(operand)
            text += ".\(field)"
        case .hasPath(let path, _): text += "has(\(path))"
        case .has(let operand, let field, _):
            text += "has("
            writeReceiver(operand)
            text += ".\(field))"
        case .index(let operand, let index):
            writeReceiver(operand)
            text += "["
            write(index)
            text += "]"
        case .list(let elements, _):
            text += "["
            writeList(elements)
            text += "]"
        case .map(let entries, _): writeMap(entries)
        case .not(let operand, _):
            text += "!"
            write(operand, atLeast: .unary)
        case .negate(let operand, _):
            text += "-"
            // A minus before a number would become a part of it.
            operand.isNumber ? writeInParentheses(operand) : write(operand, atLeast: .unary)
        case .binary(let binary, let left, let right):
            write(left, atLeast: binary.precedence)
            text += " \(binary.rawValue) "
            write(right, atLeast: binary.precedence.tighter)
        case .and(let operands): writeChain(operands, " && ", atLeast: .relation)
        case .or(let operands): writeChain(operands, " || ", atLeast: .and)
        case .conditional(let condition, let then, let otherwise):
            write(condition, atLeast: .or)
            text += " ? "
            write(then, atLeast: .or)
            text += " : "
            write(otherwise)
        case .call(let call): write(call)
        case .macro(let macro):
            writeReceiver(macro.range)
            text += ".\(macro.kind.rawValue)(\(macro.variable), "
            writeList([macro.condition, macro.transform].compactMap { $0 })
            text += ")"
        }
    }

    private mutating func write(_ call: Term.Call) {
        if call.isMethod, let receiver = call.arguments.first {
            writeReceiver(receiver)
            text += "."
        }
        text += "\(call.name)("
        writeList(call.arguments.dropFirst(call.isMethod ? 1 : 0))
        text += ")"
    }

    private mutating func writeReceiver(_ term: Term) {
        term.isNumber ? writeInParentheses(term) : write(term, atLeast: .member)
    }

    private mutating func writeInParentheses(_ term: Term) {
        text += "("
        write(term)
        text += ")"
    }

    private mutating func writeChain(_ operands: Term.Operands, _ separator: String, atLeast precedence: Precedence) {
        for (index, operand) in operands.terms.enumerated() {
            text += index == 0 ? "" : separator
            write(operand, atLeast: precedence)
        }
    }

    private mutating func writeList(_ terms: some Sequence<Term>) {
        for (index, term) in terms.enumerated() {
            text += index == 0 ? "" : ", "
            write(term)
        }
    }

    private mutating func writeMap(_ entries: [Term.Entry]) {
        text += "{"
        for (index, entry) in entries.enumerated() {
            text += index == 0 ? "" : ", "
            write(entry.key)
            text += ": "
            write(entry.value)
        }
        text += "}"
    }
}

extension Term {
    /// Whether the term is a number literal.
    fileprivate var isNumber: Bool {
        switch self {
        case .literal(.int, _), .literal(.uint, _), .literal(.double, _): true
        default: false
        }
    }

    fileprivate var precedence: Precedence {
        switch self {
        case .conditional: .conditional
        case .or: .or
        case .and: .and
        case .binary(let binary, _, _): binary.precedence
        case .not, .negate: .unary
        default: .member
        }
    }
}

extension Precedence {
    /// The next level that binds tighter.
    fileprivate var tighter: Precedence { Precedence(rawValue: rawValue + 1) ?? .member }
}
