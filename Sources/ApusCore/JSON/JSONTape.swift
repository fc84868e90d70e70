/// Where the members of every object of a text are, in the order in which they are to be written.
///
/// Objects are numbered in the order in which they start. The tape is linear in the text and sorts
/// each object once, so that no text, however it is nested, costs more than n log n.
struct JSONTape {
    /// A member of an object.
    struct Member {
        /// The contents of the key, without quotes.
        var keyStart: Int32
        var keyEnd: Int32
        var keyHasEscape: Bool
        /// Where the value starts, possibly with whitespace.
        var valueStart: Int32
        /// The number of the first object that starts at or after the value.
        var nextObject: Int32
    }

    /// A finished object.
    struct Object {
        /// Its members' place in ``JSONTape/members``.
        var firstMember: Int32 = 0
        var memberCount: Int32 = 0
        /// The offset behind its closing brace.
        var end: Int32 = 0
        /// The number of the first object that starts behind it.
        var nextObject: Int32 = 0
    }

    /// An object that has not ended.
    struct Open {
        var object: Int32 = 0
        var firstPending: Int32 = 0
    }

    /// All objects by number.
    private(set) var objects: [Object] = []
    /// The members of all finished objects, each object's together, sorted and without duplicates.
    private(set) var members: [Member] = []

    private var pending: [Member] = []

    /// Starts an empty tape with room for a usual event.
    init() {
        objects.reserveCapacity(16)
        members.reserveCapacity(64)
        pending.reserveCapacity(32)
    }

    /// Numbers a new object.
    mutating func open() -> Open {
        objects.append(Object())
        return Open(object: Int32(truncatingIfNeeded: objects.count - 1), firstPending: Int32(pending.count))
    }

    /// Adds a member to the innermost open object.
    mutating func add(keyStart: Int, keyEnd: Int, hasEscape: Bool, valueStart: Int) {
        pending.append(
            Member(
                keyStart: Int32(truncatingIfNeeded: keyStart),
                keyEnd: Int32(truncatingIfNeeded: keyEnd),
                keyHasEscape: hasEscape,
                valueStart: Int32(truncatingIfNeeded: valueStart),
                nextObject: Int32(truncatingIfNeeded: objects.count)
            )
        )
    }

    /// Finishes an object, the innermost open one.
    mutating func close(_ open: Open, isSorted: Bool, end: Int, in text: RawSpan) {
        let first = members.count
        let own = Int(open.firstPending)..<pending.count
        if isSorted {
            members.append(contentsOf: pending[own])
        } else {
            appendSorted(own, in: text)
        }
        pending.removeLast(own.count)
        objects[Int(open.object)] = Object(
            firstMember: Int32(truncatingIfNeeded: first),
            memberCount: Int32(truncatingIfNeeded: members.count - first),
            end: Int32(truncatingIfNeeded: end),
            nextObject: Int32(truncatingIfNeeded: objects.count)
        )
    }

    /// Finishes an object without members.
    mutating func closeEmpty(_ open: Open, end: Int) {
        objects[Int(open.object)] = Object(
            firstMember: Int32(truncatingIfNeeded: members.count),
            end: Int32(truncatingIfNeeded: end),
            nextObject: Int32(truncatingIfNeeded: objects.count)
        )
    }

    private mutating func appendSorted(_ own: Range<Int>, in text: RawSpan) {
        pending.withUnsafeMutableBufferPointer { pending in
            var members = UnsafeMutableBufferPointer(rebasing: pending[own])
            // Equal keys stay in the order of the text, so that the last of them can be taken.
            members.sort { left, right in
                let order = JSONTape.compare(left, right, in: text)
                return order != 0 ? order < 0 : left.keyStart < right.keyStart
            }
        }
        for index in own {
            if index + 1 < own.upperBound, JSONTape.compare(pending[index], pending[index + 1], in: text) == 0 {
                continue
            }
            members.append(pending[index])
        }
    }

    private static func compare(_ left: Member, _ right: Member, in text: RawSpan) -> Int {
        let leftKey = text.extracting(Int(left.keyStart)..<Int(left.keyEnd))
        let rightKey = text.extracting(Int(right.keyStart)..<Int(right.keyEnd))
        return left.keyHasEscape || right.keyHasEscape
            ? UTF16Order.compareEscaped(leftKey, rightKey) : UTF16Order.compare(leftKey, rightKey)
    }
}
