/// A URL of this server, without the prefix.
struct Link: Sendable {
    private var path = ""
    private var query: [(name: String, value: String)] = []

    /// - Parameter parts: each stands between two slashes, whatever is in it.
    init(_ parts: String...) {
        path = parts.map { "/" + Self.encode($0) }.joined()
        if parts.isEmpty { path = "/" }
    }

    func with(_ name: String, _ value: String?) -> Link {
        var link = self
        link.query.removeAll { $0.name == name }
        if let value, !value.isEmpty { link.query.append((name, value)) }
        return link
    }

    func with(_ name: String, all values: [String]) -> Link {
        var link = self
        link.query.removeAll { $0.name == name }
        link.query += values.map { (name, $0) }
        return link
    }

    /// The same query at another path.
    func at(_ parts: String...) -> Link {
        var link = self
        link.path = parts.map { "/" + Self.encode($0) }.joined()
        return link
    }

    /// The same below another path.
    func under(_ part: String) -> Link {
        var link = self
        link.path = "/" + Self.encode(part) + path
        return link
    }

    var text: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }.joined(separator: "&")
    }

    var part: Part { .text(text) }

    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
