/// The form of a value that signatures are computed over: RFC 8785 to the letter.
///
/// It differs from ``RawJSON`` in integers only, which are rounded to the nearest double and printed
/// as such: `9007199254740993` becomes `9007199254740992`. Where no integer changes, the value's own
/// bytes are returned without a copy. Lone surrogates, for which the RFC has no form, stay escaped.
public func jcs(_ raw: RawJSON) -> [UInt8] {
    let text = raw.bytes.span.bytes
    var output: [UInt8] = []
    var copied = 0
    var offset = 0
    while offset < text.byteCount {
        let byte = text.byte(offset)
        if byte == UInt8(ascii: "\"") {
            offset = JSONText.endOfString(from: offset + 1, to: text.byteCount, in: text)
            continue
        }
        guard byte == UInt8(ascii: "-") || decimalDigit(byte) != nil else {
            offset += 1
            continue
        }
        let start = offset
        offset = JSONText.endOfValue(from: start, to: text.byteCount, in: text)
        // Integers of up to 15 digits are doubles.
        guard offset - start > 15 else { continue }
        let value = JSONNumber.double(text.extracting(start..<offset))
        var printed: [UInt8] = []
        if value.isFinite {
            JSONNumber.append(value, to: &printed)
        }
        if !printed.isEmpty, !raw.bytes[start..<offset].elementsEqual(printed) {
            output.append(contentsOf: raw.bytes[copied..<start])
            output.append(contentsOf: printed)
            copied = offset
        }
    }
    if copied == 0 {
        return raw.bytes
    }
    output.append(contentsOf: raw.bytes[copied...])
    return output
}
