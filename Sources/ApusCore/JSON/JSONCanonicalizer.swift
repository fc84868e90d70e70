/// Writes the canonical form of a valid text along its ``JSONTape``.
struct JSONCanonicalizer {
    private let tape: JSONTape
    private var position = 0
    private var nextObject = 0
    private var frames: [Frame] = []
    private var printed: [UInt8] = []

    /// An open container of the output.
    private enum Frame {
        case array
        case object(number: Int, nextMember: Int)
    }

    /// The canonical form of a text, or nil when the text has it already.
    ///
    /// - Throws: ``JSONError`` when the text is no JSON within the limits.
    static func canonical(_ text: RawSpan, limits: JSONLimits) throws(JSONError) -> [UInt8]? {
        guard text.byteCount <= limits.effectiveSize else { throw JSONError(.tooLarge, at: limits.effectiveSize) }
        var check = JSONScanner(depth: limits.depth, recording: false)
        try check.scan(text)
        if check.isCanonical {
            return nil
        }
        var scanner = JSONScanner(depth: limits.depth, recording: true)
        try scanner.scan(text)
        guard let tape = scanner.tape else { return nil }
        // No other form is longer than the text, so this capacity is enough.
        let capacity = text.byteCount + scanner.growth
        guard capacity <= limits.effectiveSize else { throw JSONError(.tooLarge, at: text.byteCount) }
        return [UInt8](capacity: capacity) { output in
            var writer = JSONCanonicalizer(tape: tape)
            writer.write(text, to: &output)
        }
    }

    private init(tape: JSONTape) {
        self.tape = tape
    }

    private mutating func write(_ text: RawSpan, to output: inout OutputSpan<UInt8>) {
        repeat {
            writeValue(text, to: &output)
            writeEnds(text, to: &output)
        } while !frames.isEmpty
    }

    /// Writes a scalar or the start of a container; the position is then behind what was read.
    private mutating func writeValue(_ text: RawSpan, to output: inout OutputSpan<UInt8>) {
        while true {
            skipWhitespace(text)
            let byte = text.byte(position)
            switch byte {
            case UInt8(ascii: "{"):
                output.append(byte)
                let object = tape.objects[nextObject]
                frames.append(.object(number: nextObject, nextMember: Int(object.firstMember)))
                guard object.memberCount > 0 else { return }
                writeNextKey(text, to: &output)
            case UInt8(ascii: "["):
                output.append(byte)
                frames.append(.array)
                position += 1
                skipWhitespace(text)
                if text.byte(position) == UInt8(ascii: "]") { return }
            case UInt8(ascii: "\""):
                position += 1
                position = writeString(from: position, text, to: &output)
                return
            default:
                writeBareWord(text, to: &output)
                return
            }
        }
    }

    /// After a value: writes the ends of containers up to the next comma.
    private mutating func writeEnds(_ text: RawSpan, to output: inout OutputSpan<UInt8>) {
        while let frame = frames.last {
            switch frame {
            case .array:
                skipWhitespace(text)
                let byte = text.byte(position)
                position += 1
                output.append(byte)
                if byte == UInt8(ascii: ",") { return }
            case .object(let number, let nextMember):
                let object = tape.objects[number]
                if nextMember < Int(object.firstMember) + Int(object.memberCount) {
                    output.append(UInt8(ascii: ","))
                    writeNextKey(text, to: &output)
                    return
                }
                output.append(UInt8(ascii: "}"))
                position = Int(object.end)
                nextObject = Int(object.nextObject)
            }
            frames.removeLast()
        }
    }

    /// Writes the key of the next member of the innermost object and goes to its value.
    private mutating func writeNextKey(_ text: RawSpan, to output: inout OutputSpan<UInt8>) {
        guard case .object(let number, let nextMember) = frames.last else { return }
        frames[frames.count - 1] = .object(number: number, nextMember: nextMember + 1)
        let member = tape.members[nextMember]
        _ = writeString(from: Int(member.keyStart), text, to: &output)
        output.append(UInt8(ascii: ":"))
        position = Int(member.valueStart)
        nextObject = Int(member.nextObject)
    }

    private mutating func skipWhitespace(_ text: RawSpan) {
        while text.byte(position) <= 0x20 {
            position += 1
        }
    }
}

// MARK: - Scalars

extension JSONCanonicalizer {
    /// Writes a number or literal.
    private mutating func writeBareWord(_ text: RawSpan, to output: inout OutputSpan<UInt8>) {
        let start = position
        var isInteger = true
        scan: while let byte = text.byteIfPresent(position) {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), ...0x20: break scan
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
            default: break
            }
            position += 1
        }
        let word = text.extracting(start..<position)
        let first = text.byte(start)
        if first >= UInt8(ascii: "a") || isInteger {
            let isNegativeZero = first == UInt8(ascii: "-") && text.byte(start + 1) == UInt8(ascii: "0")
            output.append(isNegativeZero ? word.extracting(1...) : word)
        } else if JSONNumber.isPlainFraction(word) {
            output.append(word)
        } else {
            printed.removeAll(keepingCapacity: true)
            JSONNumber.append(JSONNumber.double(word), to: &printed)
            output.append(printed.span.bytes)
        }
    }

    /// Writes a string whose contents start at an offset, and answers the offset behind its quote.
    private mutating func writeString(
        from start: Int,
        _ text: RawSpan,
        to output: inout OutputSpan<UInt8>
    ) -> Int {
        output.append(UInt8(ascii: "\""))
        var copied = start
        var offset = start
        while true {
            while offset + 8 <= text.byteCount {
                let word = text.word(offset)
                let mask = ByteMask.equal(word, UInt8(ascii: "\"")) | ByteMask.equal(word, UInt8(ascii: "\\"))
                if mask != 0 {
                    offset += ByteMask.firstIndex(mask)
                    break
                }
                offset += 8
            }
            let byte = text.byte(offset)
            if byte == UInt8(ascii: "\"") {
                output.append(text.extracting(copied..<offset))
                output.append(byte)
                return offset + 1
            }
            if byte == UInt8(ascii: "\\") {
                output.append(text.extracting(copied..<offset))
                offset += writeEscape(at: offset, text, to: &output)
                copied = offset
            } else {
                offset += 1
            }
        }
    }

    /// Writes what an escape, or a pair of them, stands for and answers the bytes read.
    private mutating func writeEscape(
        at offset: Int,
        _ text: RawSpan,
        to output: inout OutputSpan<UInt8>
    ) -> Int {
        guard let escape = JSONEscape(at: offset, in: text) else { return 1 }
        printed.removeAll(keepingCapacity: true)
        var length = escape.length
        if JSONEscape.isSurrogate(escape.unit) {
            if text.byteIfPresent(offset + 6) == UInt8(ascii: "\\"), let low = JSONEscape(at: offset + 6, in: text),
                let scalar = JSONEscape.scalar(high: escape.unit, low: low.unit)
            {
                printed.append(contentsOf: Character(scalar).utf8)
                length = 12
            } else {
                printed.append(contentsOf: "\\u".utf8)
                Hexadecimal.append(UInt64(escape.unit), digits: 4, to: &printed)
            }
        } else if escape.unit < 0x20 || escape.unit == 0x22 || escape.unit == 0x5C {
            JSONEscape.append(UInt8(truncatingIfNeeded: escape.unit), to: &printed)
        } else if let scalar = Unicode.Scalar(escape.unit) {
            printed.append(contentsOf: Character(scalar).utf8)
        }
        output.append(printed.span.bytes)
        return length
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes, for which there must be room.
    @inline(__always)
    fileprivate mutating func append(_ bytes: RawSpan) {
        precondition(bytes.byteCount <= freeCapacity, "the capacity was computed for the whole canonical form")
        withUnsafeMutableBufferPointer { buffer, count in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                    .copyMemory(from: source)
            }
            count += bytes.byteCount
        }
    }
}
