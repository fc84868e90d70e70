import Testing

@testable import ApusNode

@Suite("Requests in line for their hosts")
struct HostLinesTests {
    private func leave(_ lines: inout HostLines<Int>, _ hosts: String...) -> [Int?] {
        hosts.map { lines.leave($0) }
    }

    @Test("so many go to a host at a time, the others in their order, and other hosts do not wait for them")
    func order() {
        var lines = HostLines<Int>(limit: 2)
        var mayGo: [Bool] = []
        for (item, host) in [(1, "a"), (2, "a"), (3, "a"), (4, "a"), (5, "b")] {
            mayGo.append(lines.enter(item, to: host))
        }
        #expect(mayGo == [true, true, false, false, true])
        #expect(lines.underWay == 3)
        #expect(lines.waiting == 2)
        #expect(leave(&lines, "a", "a") == [3, 4])
        #expect(leave(&lines, "a", "a", "b") == [nil, nil, nil])
        #expect(lines.underWay == 0)
        #expect(lines.busiest(5).isEmpty)
    }

    @Test("what is not wanted any more leaves the line")
    func remove() {
        var lines = HostLines<Int>(limit: 1)
        for item in 1...5 { _ = lines.enter(item, to: "a") }
        let removed = lines.remove(from: "a") { $0.isMultiple(of: 2) }
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
        var lines = HostLines<Int>(limit: 1)
        for (host, count) in [("a", 1), ("b", 3), ("c", 2)] {
            for item in 0..<count { _ = lines.enter(item, to: host) }
        }
        #expect(lines.busiest(2).map(\.host) == ["b", "c"])
        #expect(lines.busiest(2).map(\.waiting) == [2, 1])
    }
}
