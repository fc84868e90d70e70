import Testing

@testable import ApusNode

@Suite("Requests in line for their hosts")
struct HostLinesTests {
    private func leave(_ lines: inout HostLines<String, Int>, _ hosts: String...) -> [Int?] {
        hosts.map { lines.leave($0) }
    }

    @Test("so many go to a host at a time, the others in their order, and other hosts do not wait for them")
    func order() {
        var lines = HostLines<String, Int>(limit: 2)
        var mayGo: [Bool] = []
        for (item, host) in [(1, "a"), (2, "a"), (3, "a"), (4, "a"), (5, "b")] {
            mayGo.append(lines.enter(item, of: "f", to: host))
        }
        #expect(mayGo == [true, true, false, false, true])
        #expect(lines.underWay == 3)
        #expect(lines.waiting == 2)
        #expect(leave(&lines, "a", "a") == [3, 4])
        #expect(leave(&lines, "a", "a", "b") == [nil, nil, nil])
        #expect(lines.underWay == 0)
        #expect(lines.busiest(5).isEmpty)
    }

    @Test("owners take turns at a host")
    func turns() {
        var lines = HostLines<String, Int>(limit: 1)
        for (item, owner) in [(0, "f"), (1, "f"), (2, "f"), (3, "f"), (11, "g"), (12, "g"), (21, "h")] {
            _ = lines.enter(item, of: owner, to: "a")
        }
        #expect(leave(&lines, "a", "a", "a", "a") == [1, 11, 21, 2])
        let removed = lines.remove(of: "g", from: "a") { _ in true }
        #expect(removed == [12])
        #expect(leave(&lines, "a", "a") == [3, nil])
        #expect(lines.underWay == 0)
    }

    @Test("what is not wanted any more leaves the line")
    func remove() {
        var lines = HostLines<String, Int>(limit: 1)
        for item in 1...5 { _ = lines.enter(item, of: "f", to: "a") }
        let removed = lines.remove(of: "f", from: "a") { $0.isMultiple(of: 2) }
        #expect(removed == [2, 4])
        #expect(lines.waiting == 2)
        #expect(leave(&lines, "a") == [3])
        lines.removeWaiting()
        #expect(lines.waiting == 0)
        #expect(leave(&lines, "a") == [nil])
        #expect(lines.underWay == 0)
    }

    @Test("the busiest hosts come first")
    func busiest() {
        var lines = HostLines<String, Int>(limit: 1)
        for (host, count) in [("a", 1), ("b", 3), ("c", 2)] {
            for item in 0..<count { _ = lines.enter(item, of: "f", to: host) }
        }
        #expect(lines.busiest(2).map(\.host) == ["b", "c"])
        #expect(lines.busiest(2).map(\.waiting) == [2, 1])
    }
}
