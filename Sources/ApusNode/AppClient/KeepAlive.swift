import NIOCore

/// The `Keep-Alive` response header.
enum KeepAlive {
    /// How long a connection may stay unused, as announced by `Keep-Alive: timeout=5`; `nil` when nothing is said.
    ///
    /// One second (or half of a shorter time) is taken off: the server counts from when it sent the response, and a
    /// request that meets the closing connection is lost. Node.js announces 5 s and closes on time.
    static func timeout(in headers: AppHeaders) -> TimeAmount? {
        guard let value = headers.first(name: "Keep-Alive") else { return nil }
        var rest = value.utf8[...]
        while !rest.isEmpty {
            let parameter = rest.prefix { $0 != UInt8(ascii: ",") }
            rest = rest[parameter.endIndex...].dropFirst()
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            guard Substring(name.trimmed).lowercased() == "timeout",
                let seconds = UInt32(Substring(parameter[name.endIndex...].dropFirst().trimmed))
            else { continue }
            let announced = TimeAmount.seconds(Int64(seconds))
            return announced - min(.seconds(1), .nanoseconds(announced.nanoseconds / 2))
        }
        return nil
    }
}

extension Substring.UTF8View {
    /// Without the spaces and tabs around it.
    fileprivate var trimmed: Substring.UTF8View {
        var view = self[...]
        while let first = view.first, first == 0x20 || first == 0x09 { view = view.dropFirst() }
        while let last = view.last, last == 0x20 || last == 0x09 { view = view.dropLast() }
        return view
    }
}
