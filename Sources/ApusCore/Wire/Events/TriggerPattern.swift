/// Wildcards in trigger names: a name matches itself, and for every `/` or `.` in it the part
/// before that character followed by the character and `*`. `*` elsewhere never matches.
package enum TriggerPattern {
    package static func patterns(matching name: String) -> [String] {
        var patterns = [name]
        let text = name.utf8
        for index in text.indices where text[index] == UInt8(ascii: "/") || text[index] == UInt8(ascii: ".") {
            patterns.append(name[...index] + "*")
        }
        return patterns
    }
}
