import ApusCore

/// JSON for people: a tree that can be folded, and the text.
struct PayloadPart {
    /// Bytes past which a value is loaded only when somebody asks.
    private static let large = 32_768
    /// Members or elements of one value that are shown.
    private static let children = 100
    private static let depth = 24

    /// - Parameters:
    ///   - link: where the raw text is.
    ///   - isWhole: whether it is shown however large it is.
    static func part(_ label: String, _ json: RawJSON, link: Link, isWhole: Bool = false) -> Part {
        let size = NumberText.size(json.bytes.count)
        guard isWhole || json.bytes.count <= large else {
            return base(label, size).with([
                "large": ["href": link.part, "fragment": link.with("as", "part").part, "size": .text(size)]
            ])
        }
        var budget = 5_000
        return base(label, size).with([
            "tree": node(json.view, name: nil, depth: 0, &budget),
            "raw": .text(PrettyJSON.text(json).visible(keepsLines: true)),
        ])
    }

    static func none(_ label: String, _ sentence: String) -> Part {
        base(label, "").with(["none": .text(sentence)])
    }

    private static func base(_ label: String, _ size: String) -> Part {
        ["label": .text(label), "size": .text(size), "tree": false, "raw": false, "large": false, "none": false]
    }

    private static func node(_ view: JSONView, name: String?, depth: Int, _ budget: inout Int) -> Part {
        budget -= 1
        let name: Part = .optional(name)
        let count = view.count
        guard count > 0, depth < Self.depth, budget > 0 else {
            return ["name": name, "branch": false, "leaf": leaf(view, isCut: count > 0)]
        }
        var children: [Part] = []
        let isObject = view.kind == .object
        if isObject {
            for member in view.members.prefix(Self.children) where budget > 0 {
                let key = String(decoding: member.key.slice, as: UTF8.self).visible()
                children.append(node(member.value, name: key, depth: depth + 1, &budget))
            }
        } else {
            for element in view.elements.prefix(Self.children) where budget > 0 {
                children.append(node(element, name: nil, depth: depth + 1, &budget))
            }
        }
        let left = count - children.count
        return [
            "name": name, "leaf": false,
            "branch": [
                "open": .flag(depth < 2 && count <= 30), "opening": isObject ? "{" : "[",
                "closing": isObject ? "}" : "]",
                "size": .text(NumberText.counted(count, isObject ? "key" : "item")), "children": .list(children),
                "more": left > 0 ? .text("… \(NumberText.grouped(left)) more") : false,
            ],
        ]
    }

    private static func leaf(_ view: JSONView, isCut: Bool) -> Part {
        let kind =
            switch view.kind {
            case .string: "string"
            case .number: "number"
            case .bool: "boolean"
            case .null: "null"
            default: "bracket"
            }
        let text = isCut ? (view.kind == .object ? "{…}" : "[…]") : String(decoding: view.slice, as: UTF8.self)
        return ["kind": .text(kind), "text": .text(text.visible())]
    }
}

/// JSON with a line for each value.
enum PrettyJSON {
    static func text(_ json: RawJSON) -> String {
        var text = ""
        write(json.view, indent: 0, to: &text)
        return text
    }

    private static func write(_ view: JSONView, indent: Int, to text: inout String) {
        let inner = String(repeating: "  ", count: min(indent + 1, 40))
        let outer = String(repeating: "  ", count: min(indent, 40))
        switch view.kind {
        case .object where view.count > 0:
            text += "{\n"
            var isFirst = true
            for member in view.members {
                if !isFirst { text += ",\n" }
                isFirst = false
                text += inner + String(decoding: member.key.slice, as: UTF8.self) + ": "
                write(member.value, indent: indent + 1, to: &text)
            }
            text += "\n\(outer)}"
        case .array where view.count > 0:
            text += "[\n"
            var isFirst = true
            for element in view.elements {
                if !isFirst { text += ",\n" }
                isFirst = false
                text += inner
                write(element, indent: indent + 1, to: &text)
            }
            text += "\n\(outer)]"
        default: text += String(decoding: view.slice, as: UTF8.self)
        }
    }
}
