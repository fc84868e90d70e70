// Canonical text has no whitespace and sorted keys, so members are taken out and put in by copying
// bytes; nothing is decoded.

extension RawJSON {
    /// The object without one of its members; the value itself when there is nothing to remove.
    ///
    /// - Parameter isRemoved: has the last word, given the member's value.
    func removing(_ key: StaticString, where isRemoved: (JSONView) -> Bool = { _ in true }) -> RawJSON {
        guard case .found(let start, let value) = place(of: key), isRemoved(value) else { return self }
        var range = start..<value.range.upperBound
        // One of the commas around the member goes with it.
        if bytes[start - 1] == UInt8(ascii: ",") {
            range = start - 1..<range.upperBound
        } else if bytes[range.upperBound] == UInt8(ascii: ",") {
            range = start..<range.upperBound + 1
        }
        return replacing(range, with: [])
    }

    /// The object with a member set, at its canonical place; `{key: value}` for anything that is no object.
    ///
    /// - Parameter key: ASCII without quotes, backslashes and control characters.
    func setting(_ key: StaticString, to value: RawJSON) -> RawJSON {
        var member = Array("\"\(key)\":".utf8)
        member += value.bytes
        guard view.kind == .object else {
            return RawJSON(canonical: [UInt8(ascii: "{")] + member + [UInt8(ascii: "}")])
        }
        switch place(of: key) {
        case .found(let start, let old):
            return replacing(start..<old.range.upperBound, with: member)
        case .before(let start):
            return replacing(start..<start, with: member + [UInt8(ascii: ",")])
        case .atEnd:
            let end = bytes.count - 1
            return replacing(end..<end, with: end > 1 ? [UInt8(ascii: ",")] + member : member)
        }
    }

    private func replacing(_ range: Range<Int>, with member: [UInt8]) -> RawJSON {
        var edited: [UInt8] = []
        edited.reserveCapacity(bytes.count - range.count + member.count)
        edited += bytes[..<range.lowerBound]
        edited += member
        edited += bytes[range.upperBound...]
        return RawJSON(canonical: edited)
    }

    private enum Place {
        /// The member exists; its key starts here.
        case found(start: Int, value: JSONView)
        /// It belongs before the member whose key starts here.
        case before(start: Int)
        /// It belongs behind all members, or this is no object.
        case atEnd
    }

    private func place(of key: StaticString) -> Place {
        for member in view.members {
            if member.key.stringEquals(key) {
                return .found(start: member.key.range.lowerBound, value: member.value)
            }
            if !member.key.precedes(key) {
                return .before(start: member.key.range.lowerBound)
            }
        }
        return .atEnd
    }
}

extension JSONView {
    /// Whether this string comes before an ASCII text in canonical order; against ASCII the order by
    /// UTF-16 is the order by bytes of UTF-8.
    fileprivate func precedes(_ key: StaticString) -> Bool {
        let text = string ?? ""
        return key.withUTF8Buffer { text.utf8.lexicographicallyPrecedes($0) }
    }
}
