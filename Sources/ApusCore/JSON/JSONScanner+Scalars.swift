/// Strings.
extension JSONScanner {
    /// Reads to behind the closing quote and answers whether there was an escape.
    mutating func readString(_ text: RawSpan) throws(JSONError) -> Bool {
        var hasEscape = false
        var offset = position
        while true {
            while offset + 8 <= text.byteCount {
                let word = text.word(offset)
                let mask = ByteMask.special(word) | word & ByteMask.tops
                if mask != 0 {
                    offset += ByteMask.firstIndex(mask)
                    break
                }
                offset += 8
            }
            guard offset < text.byteCount else { throw JSONError(.unterminatedString, at: offset) }
            let byte = text.byte(offset)
            if byte == UInt8(ascii: "\"") {
                position = offset + 1
                return hasEscape
            }
            if byte >= 0x80 {
                while offset < text.byteCount, text.byte(offset) >= 0x80 {
                    guard let length = UTF8Sequence.validLength(at: offset, in: text) else {
                        throw JSONError(.invalidUTF8, at: offset)
                    }
                    offset += length
                }
            } else if byte == UInt8(ascii: "\\") {
                hasEscape = true
                offset += try readEscape(at: offset, text)
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: offset)
            } else {
                offset += 1
            }
        }
    }

    private mutating func readEscape(at offset: Int, _ text: RawSpan) throws(JSONError) -> Int {
        guard let escape = JSONEscape(at: offset, in: text) else { throw JSONError(.invalidEscape, at: offset) }
        if !escape.isCanonical {
            isCanonical = false
        } else if JSONEscape.isSurrogate(escape.unit),
            text.byteIfPresent(offset + escape.length) == UInt8(ascii: "\\"),
            let next = JSONEscape(at: offset + escape.length, in: text),
            JSONEscape.scalar(high: escape.unit, low: next.unit) != nil
        {
            isCanonical = false
        }
        return escape.length
    }
}

/// Numbers.
extension JSONScanner {
    /// Reads a number and finds out whether its text is the canonical one.
    mutating func readNumber(_ text: RawSpan) throws(JSONError) {
        let start = position
        if text.byte(position) == UInt8(ascii: "-") {
            position += 1
        }
        let integerStart = position
        let integerDigits = try readDigits(text)
        let startsWithZero = text.byte(integerStart) == UInt8(ascii: "0")
        if startsWithZero, integerDigits > 1 {
            throw JSONError(.invalidNumber, at: integerStart + 1)
        }
        var fractionDigits = 0
        if text.byteIfPresent(position) == UInt8(ascii: ".") {
            position += 1
            fractionDigits = try readDigits(text)
        }
        var hasExponent = false
        if let byte = text.byteIfPresent(position), byte | 0x20 == UInt8(ascii: "e") {
            hasExponent = true
            position += 1
            if let sign = text.byteIfPresent(position), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                position += 1
            }
            _ = try readDigits(text)
        }

        if fractionDigits == 0, !hasExponent {
            if startsWithZero, integerStart > start {
                isCanonical = false
            }
            guard integerDigits > 308 else { return }
        }
        let number = text.extracting(start..<position)
        if JSONNumber.isPlainFraction(number) {
            return
        }
        let value = JSONNumber.double(number)
        guard value.isFinite else { throw JSONError(.numberOutOfRange, at: start) }
        if hasExponent || (isCanonical && fractionDigits > 0) {
            var printed: [UInt8] = []
            JSONNumber.append(value, to: &printed)
            isCanonical = isCanonical && number.withUnsafeBytes { $0.elementsEqual(printed) }
            // Only exponents can make the printed number longer than the text: 1e20.
            growth += max(0, printed.count - number.byteCount)
        }
    }

    private mutating func readDigits(_ text: RawSpan) throws(JSONError) -> Int {
        let start = position
        while position < text.byteCount, decimalDigit(text.byte(position)) != nil {
            position += 1
        }
        guard position > start else { throw JSONError(.invalidNumber, at: position) }
        return position - start
    }
}
