/// The query of a URL as a list of parameters.
package struct QueryString {
    /// A parameter, decoded to bytes.
    struct Item {
        var name: [UInt8]
        var value: [UInt8]

        /// Whether the parameter has this name.
        func isNamed(_ name: StaticString) -> Bool {
            name.withUTF8Buffer { self.name.elementsEqual($0) }
        }
    }

    /// The parameters.
    var items: [Item]

    /// Splits a query, without its `?`. Nothing in it is an error: a name without `=` has an empty value.
    package init(_ text: Substring) {
        items = text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            return Item(
                name: PercentEncoding.decode(name).bytes,
                value: PercentEncoding.decode(pair.dropFirst(name.count + 1)).bytes
            )
        }
    }

    /// The first value of a parameter, as text.
    package func first(_ name: StaticString) -> String? {
        items.first { $0.isNamed(name) }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// Sorts the parameters by the bytes of their names; those with the same name keep their order.
    mutating func sort() {
        items = items.enumerated()
            .sorted { left, right in
                left.element.name == right.element.name
                    ? left.offset < right.offset
                    : left.element.name.lexicographicallyPrecedes(right.element.name)
            }
            .map(\.element)
    }

    /// The query as text, `a=1&b=2`.
    static func encode(_ items: some Sequence<Item>) -> String {
        var text: [UInt8] = []
        for item in items {
            if !text.isEmpty {
                text.append(UInt8(ascii: "&"))
            }
            PercentEncoding.append(item.name, to: &text)
            text.append(UInt8(ascii: "="))
            PercentEncoding.append(item.value, to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
