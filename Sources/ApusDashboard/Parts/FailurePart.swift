import ApusCore

/// An error as the app sent it: its name and message first, then the app's own frames of the stack.
enum FailurePart {
    private static let messageLimit = 600

    static func part(_ label: String, at time: Part, _ error: JSONView?, cause: String) -> Part {
        let name = text(error?["name"]) ?? (cause.isEmpty ? "Error" : cause)
        let message = text(error?["message"]) ?? error?.string ?? ""
        let stack = Stack(text(error?["stack"]) ?? "")
        let nested = error?["cause"].flatMap { cause in
            cause.string ?? [text(cause["name"]), text(cause["message"])].compactMap(\.self).joined(separator: ": ")
        }
        let isLong = message.count > messageLimit
        return [
            "label": .text(label), "at": time, "name": .text(name.visible()),
            "message": message.isEmpty ? false : .text(String(message.prefix(messageLimit)).visible(keepsLines: true)),
            "rest": isLong ? .text(message.visible(keepsLines: true)) : false,
            "restSize": .text(NumberText.counted(message.count, "character")),
            "frames": stack.own.isEmpty ? false : .text(stack.own.visible(keepsLines: true)),
            "otherFrames": stack.others.isEmpty ? false : .text(stack.others.visible(keepsLines: true)),
            "otherFramesCount": .text(NumberText.counted(stack.otherCount, "further frame")),
            "cause": nested.map { $0.isEmpty ? false : .text("Caused by \($0.visible())") } ?? false,
        ]
    }

    /// `MailServerBusy: 451 …`, for a line of a list.
    static func line(_ error: JSONView?, cause: String) -> String {
        let name = text(error?["name"]) ?? cause
        let message = text(error?["message"]) ?? error?.string ?? ""
        let line = [name, message].filter { !$0.isEmpty }.joined(separator: ": ")
        return String(line.prefix(200)).visible()
    }

    private static func text(_ value: JSONView?) -> String? {
        guard let text = value?.string, !text.isEmpty else { return nil }
        return text
    }

    /// The frames of a stack, those of libraries apart.
    struct Stack {
        private(set) var own = ""
        private(set) var others = ""
        private(set) var otherCount = 0

        private static let libraries = [
            "site-packages", "dist-packages", "node_modules", "node:internal", "/usr/lib/", "/lib/python", "<frozen ",
            "/usr/local/go/", "/pkg/mod/",
        ]

        init(_ text: String) {
            var isOwn = true
            for line in text.split(separator: "\n", omittingEmptySubsequences: true).prefix(400) {
                let trimmed = line.drop { $0 == " " || $0 == "\t" }
                let begins = trimmed.hasPrefix("File \"") || trimmed.hasPrefix("at ")
                if begins {
                    isOwn = !Self.libraries.contains { trimmed.contains($0) }
                    if !isOwn { otherCount += 1 }
                } else if trimmed.count == line.count {
                    // What is not indented belongs to no frame.
                    isOwn = true
                }
                if isOwn { own += line + "\n" } else { others += line + "\n" }
            }
        }
    }
}
