import ApusCore
import ApusEngine

/// The steps of a run as a graph: what came after what, and what went on at the same time.
struct StepGraph {
    /// A step, in a column of those that came after as many others.
    struct Node: Hashable {
        /// Its place in the trace.
        var index: Int
        var column: Int
        var row: Int
    }

    private(set) var nodes: [Node] = []
    /// From one place in the trace to another.
    private(set) var edges: [(from: Int, to: Int)] = []
    /// Whether the run has more steps.
    private(set) var isCut: Bool
    private let trace: RunTrace

    /// Steps that are drawn.
    static let most = 40
    private static let (column, row, width, height) = (168.0, 36.0, 140.0, 26.0)

    init(_ trace: RunTrace) {
        self.trace = trace
        let steps = trace.steps.indices.filter { trace.steps[$0].kind != .plan }
        isCut = steps.count > Self.most
        let shown = Array(steps.prefix(Self.most))
        var columns: [Int: Int] = [:]
        var rows: [Int: Int] = [:]
        for index in shown.sorted(by: { trace.steps[$0].createdAt < trace.steps[$1].createdAt }) {
            let before = shown.filter { precedes($0, index) }
            let column = (before.compactMap { columns[$0] }.max() ?? -1) + 1
            columns[index] = column
            nodes.append(Node(index: index, column: column, row: rows[column, default: 0]))
            rows[column, default: 0] += 1
            for other in before where !before.contains(where: { precedes(other, $0) }) {
                edges.append((other, index))
            }
        }
    }

    /// Whether a step had ended when the other one came up.
    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (trace.steps[left], trace.steps[right])
        guard let end = left.endedAt, left.state.isFinal else { return false }
        return end <= right.createdAt && left.createdAt < right.createdAt
    }

    /// - Parameter link: of a step, from 1.
    func part(_ link: (Int) -> Link) -> Part {
        let places = Dictionary(nodes.map { ($0.index, $0) }) { $1 }
        let columns = (nodes.map(\.column).max() ?? 0) + 1
        let rows = (nodes.map(\.row).max() ?? 0) + 1
        return [
            "width": .number(Double(columns) * Self.column), "height": .number(Double(rows) * Self.row),
            "nodes": .list(nodes.map { node(trace.steps[$0.index], $0, link($0.index + 1)) }),
            "edges": .list(edges.compactMap { line(places[$0.from], places[$0.to]) }),
            "cut": isCut ? .text("The first \(Self.most) steps.") : false,
        ]
    }

    private func node(_ step: RunTrace.Step, _ node: Node, _ link: Link) -> Part {
        let name = step.name.visible()
        let (x, y) = (Double(node.column) * Self.column + 1, Double(node.row) * Self.row + 4)
        let title = "\(name), \(step.kind.words)"
        return [
            "x": .number(x), "y": .number(y), "textX": .number(x + 8), "textY": .number(y + 17),
            "name": .text(name.count > 18 ? "\(name.prefix(17))…" : name), "title": .text(title), "href": link.part,
            "state": step.state.part,
        ]
    }

    private func line(_ from: Node?, _ to: Node?) -> Part? {
        guard let from, let to else { return nil }
        func middle(_ row: Int) -> Double { Double(row) * Self.row + 4 + Self.height / 2 }
        let (x1, x2) = (Double(from.column) * Self.column + Self.width + 1, Double(to.column) * Self.column + 1)
        return [
            "x1": .number(x1), "y1": .number(middle(from.row)), "x2": .number(x2), "y2": .number(middle(to.row)),
            "bend1": .number(x1 + 14), "bend2": .number(x2 - 14),
        ]
    }
}
