import ApusCore

/// A label with a value.
enum FactPart {
    static func time(_ label: String, _ time: Part) -> Part { fact(label, ["at": time]) }
    static func text(_ label: String, _ text: String) -> Part { fact(label, ["text": .text(text.visible())]) }
    static func code(_ label: String, _ code: String) -> Part { fact(label, ["code": .text(code.visible())]) }

    static func link(_ label: String, _ text: String, _ link: Link) -> Part {
        fact(label, ["link": ["href": link.part, "text": .text(text.visible())]])
    }

    private static func fact(_ label: String, _ value: [String: Part]) -> Part {
        let none: Part = ["label": .text(label), "at": false, "text": false, "code": false, "link": false]
        return none.with(value)
    }
}

/// Something that a person can do.
struct ActionPart {
    var label: String
    var title: String
    var consequence: String
    var action: Link
    var verb: String
    var isDangerous = false
    var fields: [(name: String, value: String)] = []
    var choices: [Part] = []
    var inputs: [Part] = []
    var texts: [Part] = []
    /// What has to be typed.
    var confirm: String?
    /// The same on the command line.
    var command: String?

    var part: Part {
        [
            "label": .text(label.visible()), "title": .text(title.visible()),
            "consequence": .text(consequence.visible()),
            "action": action.part, "verb": .text(verb), "danger": .flag(isDangerous),
            "fields": .list(fields.map { ["name": .text($0.name), "value": .text($0.value)] }),
            "choices": .list(choices), "inputs": .list(inputs), "texts": .list(texts), "confirm": .optional(confirm),
            "command": .optional(command),
        ]
    }

    static func field(_ label: String, _ name: String, _ value: String = "") -> Part {
        ["label": .text(label), "name": .text(name), "value": .text(value)]
    }

    static func choice(_ label: String, _ name: String, _ options: [(value: String, text: String)], _ chosen: String)
        -> Part
    {
        ["label": .text(label), "name": .text(name), "options": .list(Self.options(options, chosen))]
    }

    static func options(_ options: [(value: String, text: String)], _ chosen: String?) -> [Part] {
        options.map {
            ["value": .text($0.value), "text": .text($0.text.visible()), "selected": .flag($0.value == chosen)]
        }
    }
}
