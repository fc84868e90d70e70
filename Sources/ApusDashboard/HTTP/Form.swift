import ApusCore

/// The fields of a posted form.
struct Form: Sendable {
    private(set) var fields: [(name: String, value: String)] = []

    init(_ body: [UInt8]) {
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { continue }
            fields.append((Self.decode(name), parts.count > 1 ? Self.decode(parts[1]) : ""))
        }
    }

    subscript(_ name: String) -> String {
        // Browsers end lines with CR LF.
        (fields.first { $0.name == name }?.value ?? "").replacing("\r\n", with: "\n")
    }

    func values(_ name: String) -> [String] {
        fields.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
    }

    /// What cannot be undone is typed out before it is done.
    func checkConfirmation() throws(PageProblem) {
        guard !self["confirmation"].isEmpty, self["confirm"] == self["confirmation"] else {
            throw PageProblem(
                400, "Nothing has been done",
                "To confirm, \(self["confirmation"].excerpt()) has to be typed as it is written.")
        }
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
