import ApusCore
import ArgumentParser

/// A table for people, or what the server answers for programs.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    /// Writes a list.
    /// - Parameters:
    ///   - nothing: what is said to people when the list is empty.
    ///   - row: the cells of an element.
    func write(_ list: RawJSON, _ columns: [String], _ nothing: String, _ row: (JSONView) -> [String]) throws {
        if json { return write(list) }
        guard list.view.count > 0 else { return Logs.write(nothing + "\n") }
        var table = TextTable(columns)
        for element in list.view.elements { table.add(row(element)) }
        Logs.write(table.text)
    }

    func write(_ value: RawJSON) {
        Logs.write(String(decoding: value.bytes, as: UTF8.self) + "\n")
    }

    /// - Parameter members: in the order of their keys.
    func write(object members: [(key: String, value: RawJSON)]) {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in members {
            writer.key(key)
            writer.raw(value)
        }
        writer.endObject()
        write(writer.finish())
    }
}
