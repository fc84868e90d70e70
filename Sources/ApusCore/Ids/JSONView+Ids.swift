/// Ids in JSON, read without making a string first.
extension JSONView {
    /// The id that a string holds.
    public var ulid: ULID? {
        guard let contents else { return nil }
        return ULID(utf8: bytes.span.bytes.extracting(contents))
    }

    /// The id that a string holds.
    public var uuid: UUID16? {
        guard let contents else { return nil }
        return UUID16(utf8: bytes.span.bytes.extracting(contents))
    }

    /// The step id that a string, or a key of an object, holds.
    public var stepID: StepID? {
        guard let contents else { return nil }
        let text = bytes.span.bytes.extracting(contents)
        // An escape of one character takes up to six bytes; what is longer cannot fit decoded.
        guard text.byteCount <= 6 * StepID.limit else { return nil }
        return text.contains(UInt8(ascii: "\\")) ? string.flatMap { StepID($0) } : StepID(utf8: text)
    }
}
